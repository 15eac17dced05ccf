internal import ParleyCore
internal import ParleyStore
internal import ParleyTrust

/// Taking in membership statements, and the upkeep of the workspace's key: an admin's device makes a new one
/// when somebody has come in or gone; where that would be too large, any member hands the present one on.
extension Workspace {
    /// Takes statements in. Where they alter what counts, or bring keys for what waits, the tables are made anew.
    func take(statements: [[UInt8]], in tx: WriteTransaction) throws -> Int {
        let news = try membership.add(statements, to: tx.log)
        if news.isLaw { _ = try tx.rejudge(tx.log.heads().keys.sorted()) }
        return news.count
    }

    /// Whether this device should see to the key.
    var keepsEpoch: Bool {
        switch EpochMaking.need(membership.roster, now: ambient.now()) {
        case .none: false
        case .epoch: role() == .admin
        case .share: role() != nil && membership.roster.newestEpoch.map { membership.ring[$0] != nil } ?? false
        }
    }

    /// Makes the statements that are due.
    /// - Returns: the statements, which are held then and are to be sent.
    func keepEpoch() throws -> [[UInt8]] {
        guard keepsEpoch else { return [] }
        return try store.write { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            guard keepsEpoch else { return [] }
            let made = try epochStatements().map(\.bytes)
            _ = try take(statements: made, in: tx)
            return made
        }
    }

    /// A new key for everybody who is in now, or the newest for those who lack it.
    func epochStatements() throws -> [Statement] {
        let (roster, ring) = (membership.roster, membership.ring)
        switch EpochMaking.need(roster, now: ambient.now()) {
        case .none: return []
        case .share(let devices):
            return try EpochMaking.share(
                with: devices, roster, ring, by: identity, random: ambient.random)
        case .epoch:
            return try EpochMaking.begin(
                roster, membership.statements, ring, by: identity, time: ambient.now(),
                random: ambient.random)
        }
    }
}
