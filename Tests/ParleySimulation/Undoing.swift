internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// Undo and redo, and the promise that they never touch what somebody has changed since.
extension Run {
    /// For each register of the records that a plan touches, the changes whose value shows there.
    private typealias Shown = [RecordName: [RegisterName: [ChangeID]]]

    func undo(_ replica: Replica) throws {
        guard replica.workspace.role() != nil else { return }
        try catchUp(replica)
        let choice = try choice(replica)
        guard let plan = try replica.workspace.planUndo(choice) else { return }
        let shown = try heads(of: plan, replica)
        let result = try replica.workspace.undo(choice, note: nextNote())
        try noteDeeds(of: replica)
        guard let result, !result.changes.isEmpty else { return }
        tally[.undone] += 1
        journal.note(
            "\(replica.name) \(plan.kind) \(plan.target.number): \(plan.steps.count) back, \(plan.rests.count) left"
        )
        for change in result.changes { try check(change, of: plan, replica, over: shown) }
    }

    private func choice(_ replica: Replica) throws -> UndoChoice {
        switch dice.below(5) {
        case 0...2: return .newest
        case 3: return .newestUndone
        default:
            let places = try replica.workspace.store.read { Int(try $0.log.lastPosition()) }
            let position = Int64(1 + dice.below(places))
            let entry = try replica.workspace.store.read { try $0.log.entry(at: position) }
            return entry.map { .change($0.header.change) } ?? .newest
        }
    }

    private func heads(of plan: UndoPlan, _ replica: Replica) throws -> Shown {
        try replica.workspace.store.read { tx in
            var heads: Shown = [:]
            for record in Set(plan.steps.map(\.record)) {
                for detail in try tx.detail(of: record) ?? [] {
                    heads[record, default: [:]][detail.name] = ([detail.shown] + detail.equal).map(\.change)
                }
            }
            return heads
        }
    }

    /// What an undo wrote over was its target's, or what another undo had put back.
    private func check(_ change: ChangeID, of plan: UndoPlan, _ replica: Replica, over shown: Shown) throws {
        try replica.workspace.store.read { tx in
            let parts = try tx.parts(of: plan.target)
            guard let position = try tx.log.position(of: change), let body = try tx.body(at: position) else {
                throw Failure("undo", "\(replica.name) cannot read its undo")
            }
            for group in body.written {
                for write in body.writes(of: group) {
                    let over = shown[group.name]?[body.register(of: write)] ?? []
                    let isFree = try over.contains {
                        try parts.contains($0) || tx.act(of: $0)?.isUndoing ?? false
                    }
                    guard isFree || over.isEmpty else {
                        throw Failure(
                            "undo",
                            "\(replica.name) undoes \(plan.target.number) over \(over.map(\.number)), written since, "
                                + "at \(group.name.id.text.prefix(4)).\(body.register(of: write).field)"
                        )
                    }
                }
            }
        }
    }
}
