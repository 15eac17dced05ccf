internal import ParleyProtocol

/// Runs of changesets that have come one after the other, to be applied together: each transaction writes
/// most pages of the tables that a large one touches, so a few large ones are faster than many small ones.
struct Gathered {
    private(set) var runs: [ChangesetRun] = []
    private var bytes = 0

    /// Bytes of changesets, packed as they come, after which they are applied: unpacked they take some ten
    /// times as much memory while they are merged.
    static let most = 3 << 20

    var isFull: Bool { bytes >= Self.most }

    mutating func append(_ run: ChangesetRun) {
        runs.append(run)
        bytes += run.changesets.reduce(0) { $0 + $1.count }
    }

    mutating func takeAll() -> [ChangesetRun] {
        defer { self = Gathered() }
        return runs
    }
}
