internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// Bundles: what one replica holds, carried to another past the server.
extension Run {
    func carryBundle() throws {
        let (giver, taker) = (dice.pick(replicas), dice.pick(replicas))
        guard giver !== taker, giver.workspace.role() != nil else { return }
        let since = dice.chance(50) ? Frontier() : try frontier(of: taker)
        var pieces: [[UInt8]] = []
        let made = try BundleWriter(giver.workspace).write(since: since) { pieces.append($0) }
        try catchUp(giver)
        journal.note("\(giver.name) bundles \(made.changesets) for \(taker.name)")
        tally[.bundles] += 1
        do {
            try take(pieces, as: taker)
        } catch let error as BundleError {
            journal.note("\(taker.name) refuses the bundle")
            guard provoked.contains(.forks) else { throw error }
        }
        try catchUp(taker)
    }

    /// In pieces of any size, now and then only to see what it would bring.
    private func take(_ pieces: [[UInt8]], as taker: Replica) throws {
        let bytes = pieces.flatMap { $0 }
        let size = 1 + dice.below(max(bytes.count, 1))
        try taker.workspace.apply(isTrial: dice.chance(10), report: { _, _ in }) { hand in
            var rest = bytes[...]
            while !rest.isEmpty {
                try hand(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
        }
    }

    private func frontier(of replica: Replica) throws -> Frontier {
        try replica.workspace.store.read { try $0.log.heads().frontier }
    }
}
