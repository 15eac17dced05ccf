package import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Records one direction of a session: what somebody lacks who holds a given frontier. For rooms without a
/// network.
package struct BundleWriter {
    private let workspace: Workspace

    package init(_ workspace: Workspace) { self.workspace = workspace }

    package struct Tally: Equatable, Sendable {
        package var statements = 0
        package var changesets = 0
    }

    /// Hands over the bundle's bytes in pieces. The mark that own work has left is durable before the piece
    /// that holds it is handed over.
    /// - Parameter since: what the reader holds.
    package func write(
        since: Frontier = Frontier(), to sink: ([UInt8]) throws -> Void
    ) throws -> Tally {
        var tally = Tally()
        let (entries, statements, start) = try workspace.store.read { tx in
            try workspace.membership.refresh(from: tx.log)
            let entries = try base(at: since, tx.log)
            let reach = Frontier(covering: entries.map(\.change))
            return (entries, workspace.membership.statements.bytes, try tx.log.start(for: reach))
        }
        try sink(try preface().frame.encoded)
        try sink(Message.frontier(entries).frame.encoded)
        for part in statements.parts(ofBytes: Limits.statements) {
            try sink(Message.statements(part).frame.encoded)
        }
        tally.statements = statements.count
        var position = start
        var isAtEnd = false
        while !isAtEnd {
            let handed = try workspace.handOver(after: position, beyond: since)
            (position, isAtEnd) = (handed.position, handed.isAtEnd)
            guard !handed.run.changesets.isEmpty else { continue }
            try sink(Message.changesets(handed.run).frame.encoded)
            tally.changesets += handed.run.changesets.count
        }
        try sink(Message.caughtUp.frame.encoded)
        return tally
    }

    private func preface() throws -> BundlePreface {
        BundlePreface(
            workspace: workspace.id, device: workspace.device,
            time: try workspace.store.read { try workspace.correctedTime($0.log) })
    }

    /// What the reader must hold, as far as it is known here, with chain hashes: so another branch is seen.
    private func base(at since: Frontier, _ log: Log) throws -> [FrontierEntry] {
        let held = try log.heads().frontier
        return try since.sorted.compactMap { change in
            let number = min(change.number, held[change.device])
            let reach = ChangeID(device: change.device, number: number)
            guard number > 0, let mark = try log.mark(of: reach) else { return nil }
            return FrontierEntry(change: reach, hash: mark.hash)
        }
    }

    /// What somebody holds who has a change: all that its author had received, and itself.
    package func frontier(at change: ChangeID) throws -> Frontier {
        try workspace.store.read { tx in
            var frontier = Frontier()
            try tx.log.eachPlace(of: change.device, from: 1, through: change.number) {
                frontier.merge($0.header.context)
            }
            frontier[change.device] = change.number
            return frontier
        }
    }
}
