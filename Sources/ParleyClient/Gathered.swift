internal import ParleyProtocol
internal import ParleyStore

/// Runs of changesets that have come one after the other, to be applied together: each transaction writes
/// most pages of the tables that a large one touches, so a few large ones are faster than many small ones.
struct Gathered {
    private(set) var runs: [ChangesetRun] = []
    private var bytes = 0
    /// Bytes of changesets, packed as they come, after which they are applied: unpacked they take some ten
    /// times as much memory while they are merged.
    private let most: Int

    /// - Parameter isClone: what comes are records that are not here. They are put behind each other, so a larger
    ///   transaction would not touch fewer pages.
    init(isClone: Bool) { most = isClone ? 4 << 20 : 6 << 20 }

    /// KiB of the file's pages that are kept in memory while so much comes: each transaction touches most of the
    /// tables' pages.
    static let cache = StoreFile.cache * 3 / 2

    var isFull: Bool { bytes >= most }

    /// Begins anew with nothing.
    /// - Returns: what was gathered.
    mutating func take() -> Gathered {
        defer { (runs, bytes) = ([], 0) }
        return self
    }

    mutating func append(_ run: ChangesetRun) {
        runs.append(run)
        bytes += run.changesets.reduce(0) { $0 + $1.count }
    }

    /// About how many bytes of values are in them, unpacked.
    var unpackedBytes: Int { bytes * 3 }
}
