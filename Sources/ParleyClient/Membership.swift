package import ParleyCore
internal import ParleyStore
package import ParleyTrust
internal import Synchronization

/// The membership as this process knows it, shared with the rules of the store, which ask whose device
/// wrote something.
package final class Membership: Sendable {
    private struct State {
        var statements: StatementSet
        var roster: Roster
    }

    package let workspace: WorkspaceID
    private let state: Mutex<State>

    init(workspace: WorkspaceID) {
        self.workspace = workspace
        let none = StatementSet()
        state = Mutex(State(statements: none, roster: Roster(none, workspace: workspace)))
    }

    package var roster: Roster { state.withLock { $0.roster } }
    package var statements: StatementSet { state.withLock { $0.statements } }

    package func analyst(of device: DeviceID) -> String? {
        state.withLock { $0.roster.analyst(of: device)?.text }
    }

    /// Takes in what the store holds, if another process has added to it.
    func refresh(from log: Log) throws {
        let held = try log.statements()
        guard held.count != statements.count else { return }
        let set = try StatementSet(held.map { try Statement(held: $0) })
        let roster = Roster(set, workspace: workspace)
        state.withLock { $0 = State(statements: set, roster: roster) }
    }

    /// Keeps those of `offered` that verify and are new; what they are worth is the roster's to say.
    /// - Returns: how many were new.
    func add(_ offered: [[UInt8]], to log: Log) throws -> Int {
        try refresh(from: log)
        var set = statements
        var count = 0
        for statement in statements.news(among: offered) where try set.insert(statement) {
            try log.save(statement: statement.bytes, hash: statement.hash.bytes)
            count += 1
        }
        let roster = Roster(set, workspace: workspace)
        state.withLock { $0 = State(statements: set, roster: roster) }
        return count
    }
}
