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

    /// What came of statements that somebody else handed over.
    struct Received {
        /// Taken, and not held before.
        var count: Int
        var intake: StatementIntake
        var doubts: [Doubt]
    }

    /// Takes in of others' statements what those that are held bear out.
    func receive(statements: [[UInt8]], in tx: WriteTransaction) throws -> Received {
        try membership.refresh(from: tx.log)
        let before = membership.roster
        let intake = try membership.statements.intake(of: statements, workspace: id)
        let count = intake.new.isEmpty ? 0 : try take(statements: intake.new.map(\.bytes), in: tx)
        let doubts = count == 0 ? [] : membership.usedTwice(since: before)
        return Received(count: count, intake: intake, doubts: doubts)
    }

    /// Whether this device should see to the key.
    var keepsEpoch: Bool {
        switch EpochMaking.need(membership.roster, now: ambient.now()) {
        case .none: false
        case .epoch: role() == .admin
        case .share:
            role() != nil && membership.roster.newestEpoch.map { membership.ring[$0] != nil } ?? false
        }
    }

    /// Makes the statements that are due.
    /// - Returns: their hashes; they are held then and are to be sent.
    func keepEpoch() throws -> [StatementHash] {
        guard keepsEpoch else { return [] }
        return try store.write { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            guard keepsEpoch else { return [] }
            let made = try epochStatements()
            _ = try take(statements: made.map(\.bytes), in: tx)
            return made.map(\.hash)
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
