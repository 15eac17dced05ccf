internal import ParleyProtocol
internal import ParleyTrust

/// On whose account the statements of a workspace go, so that one member cannot use up the room of all.
struct StatementAccounts {
    private var authors: [StatementHash: Handle] = [:]
    private var counts: [Handle: Int] = [:]

    init(_ set: StatementSet, _ roster: Roster) {
        let order = roster.depths.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (hash, _) in order {
            if let statement = set[hash] { note(statement, in: set, roster) }
        }
    }

    mutating func note(_ statement: Statement, in set: StatementSet, _ roster: Roster) {
        guard let author = author(of: statement, in: set, roster) else { return }
        authors[statement.hash] = author
        counts[author, default: 0] += 1
    }

    func hasRoom(for statement: Statement, in set: StatementSet, _ roster: Roster, _ quota: Quota) -> Bool {
        guard set.count < StatementSet.most else { return false }
        guard let author = author(of: statement, in: set, roster), roster.role(of: author) != .admin else {
            return true
        }
        return counts[author] ?? 0 < quota.statementsPerAnalyst
    }

    private func author(of statement: Statement, in set: StatementSet, _ roster: Roster) -> Handle? {
        set.account(of: statement, roster) { authors[$0] }
    }
}
