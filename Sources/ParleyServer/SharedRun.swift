internal import ParleyCore
internal import ParleyProtocol

/// A piece of a log encoded once for all peers that stand at the same place.
struct SharedRun {
    let from: Int64
    let through: Int64
    let isAtEnd: Bool
    /// nil where nothing is to be sent.
    let frame: [UInt8]?
    /// The last number of each chain in the run.
    let last: Frontier
    private let changes: [ChangeID]

    init(from: Int64, _ run: ChangesetRun, through: Int64, isAtEnd: Bool) {
        self.from = from
        self.through = through
        self.isAtEnd = isAtEnd
        frame = run.changesets.isEmpty ? nil : Message.changesets(run).frame.encoded
        changes = run.signatures.map(\.change)
        last = Frontier(covering: changes)
    }

    /// Does a peer that holds `frontier` lack all of it, or nothing of it?
    func isWhole(to frontier: Frontier) -> Bool {
        changes.allSatisfy { frontier[$0.device] == 0 } || isHeld(by: frontier)
    }

    func isHeld(by frontier: Frontier) -> Bool { changes.allSatisfy { frontier.covers($0) } }
}
