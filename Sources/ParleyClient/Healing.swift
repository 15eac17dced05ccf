package import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// What was mended, for one plain sentence.
package struct Healing: Equatable, Sendable {
    package enum Cause: String, Equatable, Sendable {
        /// This folder was copied, or restored from a backup, and both have written.
        case fork
        /// Another member's chain was forked, and the server holds the other branch.
        case foreignFork = "foreign fork"
        /// What had left this machine was stamped too far ahead.
        case clock
        /// What had left this machine was not in order with what it rests on.
        case stamp
        /// Some bytes in this folder are not what was written.
        case damage
    }

    package var cause: Cause
    /// Own changesets that were written again.
    package var rewritten: Int
    /// Changesets, own or others', that are kept apart and no longer count.
    package var setApart: Int
    /// Who wrote them before, and who does from now on; equal where none had left this machine.
    package var former: DeviceID
    package var device: DeviceID
}

extension Workspace {
    /// Mends the log from a changeset on: what rests on it is taken out, own work among it is written again.
    /// One transaction; after a crash either nothing or all of it has happened.
    /// - Parameters:
    ///   - first: the first changeset that does not stand.
    ///   - refused: own numbers that are kept apart and not written again.
    /// - Returns: nil where there is nothing to mend, since another process has done it.
    func heal(_ cause: Healing.Cause, from first: ChangeID, without refused: Set<UInt64> = []) throws
        -> Healing?
    {
        let healing: Healing? = try store.write { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            let stretch = try Stretch(tx.log, from: first, own: device)
            guard !stretch.isEmpty else { return nil }
            return try heal(cause, stretch, from: first, without: refused, in: tx)
        }
        if let healing, healing.device != healing.former { try store.read { try refreshIdentity($0.log) } }
        if healing != nil { try settleIdentity() }
        return healing
    }

    private func heal(
        _ cause: Healing.Cause, _ stretch: Stretch, from first: ChangeID, without refused: Set<UInt64>,
        in tx: WriteTransaction
    ) throws -> Healing {
        let former = identity
        let cut = stretch.cut[device]
        let left = try tx.log.metaNumber(Meta.left)
        // A forked device shares its name with a stranger for ever; what has left is never encoded anew.
        let isFresh = cut != nil && (cause == .fork || (cut ?? 0) <= left)
        let author = isFresh ? try takeFreshIdentity(tx) : former
        let rewriting = Rewriting(
            tx: tx, workspace: id, former: former, author: author, now: try correctedTime(tx.log),
            sealer: try sealer(for: author.device), statement: membership.roster.newest?.bytes,
            reason: cause.rawValue)
        let count = try rewriting.run(stretch, without: refused)
        if cause == .fork || cause == .foreignFork { try ClaimedForks.add(first, to: tx.log) }
        return Healing(
            cause: cause, rewritten: count,
            setApart: stretch.foreign.count + stretch.own.count - count,
            former: former.device, device: author.device)
    }
}

extension Workspace {
    /// A server cannot read, or cannot verify, something of the own chain: looks for what does not hash to
    /// what was signed, keeps it apart and writes what follows again.
    func healDamage() throws -> Healing? {
        let damaged = try store.read { try $0.log.damagedChanges(of: device, workspace: id) }
        guard let first = damaged.first else { return nil }
        return try heal(.damage, from: first, without: Set(damaged.map(\.number)))
    }
}

extension Log {
    /// The changesets of a chain whose bytes are not those that the chain's hashes speak of.
    func damagedChanges(of device: DeviceID, workspace: WorkspaceID) throws -> [ChangeID] {
        guard let head = try head(of: device) else { return [] }
        var previous = Chain.start(workspace: workspace, device: device)
        var damaged: [ChangeID] = []
        for number in 1...max(head.number, 1) {
            let change = ChangeID(device: device, number: number)
            guard let stored = try rawEntry(of: change) else { break }
            if Chain.next(after: previous, bytes: stored.bytes) != stored.hash { damaged.append(change) }
            previous = stored.hash
        }
        return damaged
    }
}
