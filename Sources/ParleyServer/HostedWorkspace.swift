package import ParleyCore
package import ParleyProtocol
package import ParleyStore
package import ParleyTrust

/// One workspace as the server holds it: its log, the heads of its chains, its membership. Nothing here
/// looks into a body.
///
/// Invariant: `heads`, `statements` and `roster` say what the file says; they change after a commit only.
package final class HostedWorkspace {
    package let id: WorkspaceID
    private let log: LogFile
    private(set) var heads: [DeviceID: ChainHead]
    private(set) var statements: StatementSet
    private(set) var roster: Roster
    /// The position of the newest changeset in the log.
    private(set) var position: Int64

    package init(id: WorkspaceID, log: LogFile) throws {
        self.id = id
        self.log = log
        let (heads, held, position) = try log.read { log in
            (try log.heads(), try log.statements(), try log.lastPosition())
        }
        self.heads = heads
        self.position = position
        statements = try StatementSet(held.map { try Statement(held: $0) })
        roster = Roster(statements, workspace: id)
    }

    package var digests: Digests {
        Digests(frontier: Digests.frontier(frontierEntries), statements: statements.digest)
    }

    package var frontierEntries: [FrontierEntry] {
        heads.frontier.sorted.map { FrontierEntry(change: $0, hash: heads[$0.device]?.hash ?? []) }
    }

    // MARK: Writing

    package struct Outcome {
        /// One verdict a run, in the order of the runs.
        package var verdicts: [Admission.Verdict] = []
        /// Log positions of what is new: `from` excluded, `through` included.
        package var from: Int64
        package var through: Int64
    }

    /// Judges and stores everything, in one durable transaction. When this throws nothing was stored.
    /// - Parameters:
    ///   - runs: what came in during one turn of the loop, and from whom.
    ///   - latest: the latest stamp that a device may give its own changesets.
    package func store(
        _ runs: [(from: DeviceID, run: ChangesetRun)], latest: HybridTime
    ) throws -> Outcome {
        var heads = heads
        var outcome = Outcome(from: position, through: position)
        do {
            try log.write { log in
                for (device, run) in runs {
                    let verdict = try judge(run, from: device, onto: heads, latest, log)
                    if Flaw.isPlanted(.cursorMovedBeforeApply) { self.heads = verdict.heads }
                    for entry in verdict.entries { outcome.through = try log.append(entry) }
                    for signature in verdict.signatures { try log.save(signature) }
                    heads = verdict.heads
                    outcome.verdicts.append(verdict)
                }
                let changed = Set(outcome.verdicts.flatMap { $0.entries.map(\.header.change.device) })
                for device in changed { if let head = heads[device] { try log.save(head, of: device) } }
            }
        } catch { guard Flaw.isPlanted(.acknowledgedBeforeCommit) else { throw error } }
        self.heads = heads
        position = outcome.through
        return outcome
    }

    private func judge(
        _ run: ChangesetRun, from device: DeviceID, onto heads: [DeviceID: ChainHead], _ latest: HybridTime,
        _ log: Log
    ) throws -> Admission.Verdict {
        let gate = Admission.Gate(pusher: device, latest: latest)
        let admission = Admission(workspace: id, roster: roster, gate: gate)
        return try admission.judge(run.changesets, run.signatures, onto: heads) { try log.mark(of: $0) }
    }

    /// Takes statements: of a newcomer only such as count and displace nothing, judged by the server's own
    /// clock, so that an enrolment cannot be dated back; of a member all whose authority is held, even void
    /// ones, so that a restored server is given back what it lost and digests agree.
    /// - Parameter now: the server's clock for a newcomer's; nil for a member's.
    /// - Returns: those that are new.
    package func add(_ offered: [[UInt8]], at now: Int64?) throws -> [[UInt8]] {
        var set = statements
        var new: [Statement] = []
        var rest = set.news(among: offered)
        var progressed = true
        while progressed, !rest.isEmpty {
            progressed = false
            for statement in rest where try isWelcome(statement, in: set, at: now) {
                try set.insert(statement)
                new.append(statement)
                progressed = true
            }
            rest.removeAll { set[$0.hash] != nil }
        }
        guard !new.isEmpty else { return [] }
        try log.write { log in
            for statement in new { try log.save(statement: statement.bytes, hash: statement.hash.bytes) }
        }
        statements = set
        roster = Roster(set, workspace: id)
        return new.map(\.bytes)
    }

    private func isWelcome(_ statement: Statement, in set: StatementSet, at now: Int64?) throws -> Bool {
        if case .found = statement.content { return statement.workspace == id }
        let refusal = try Roster.refusal(of: statement, joining: set, workspace: id)
        if let now {
            let isExpired = set.grant(usedBy: statement).map { now > $0.until } ?? false
            return refusal == nil && !isExpired
        }
        switch refusal {
        case .void(.noAuthority), .void(.otherWorkspace), .restsOnMissing: return false
        case nil, .void, .displaces: return true
        }
    }

    // MARK: Reading

    /// What comes after `position` in the log and is not covered by `beyond`, as a message, and how far it
    /// reaches.
    package func run(
        after position: Int64, beyond frontier: Frontier
    ) throws -> (run: ChangesetRun, position: Int64, isAtEnd: Bool) {
        let slice = try log.read {
            try $0.slice(after: position, beyond: frontier, own: nil, limit: Limits.slice)
        }
        let run = ChangesetRun(changesets: slice.items.map(\.bytes), signatures: slice.signatures)
        return (run, slice.position, slice.isAtEnd)
    }

    package func start(for frontier: Frontier) throws -> Int64 {
        try log.read { try $0.start(for: frontier) }
    }

    /// Does the peer's chain part from ours? Compared at the lower of the two numbers.
    package func forks(with entries: [FrontierEntry]) throws -> [ChangeID] {
        try log.read { log in
            try entries.compactMap { entry in
                guard let head = heads[entry.change.device], head.number >= entry.change.number else {
                    return nil
                }
                let own =
                    try head.number == entry.change.number ? head.hash : log.mark(of: entry.change)?.hash
                return own == entry.hash ? nil : entry.change
            }
        }
    }
}
