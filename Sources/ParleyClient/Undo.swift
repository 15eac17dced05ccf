package import ParleyCore
internal import ParleyStore

/// What an undo or a redo will do, or has done.
package struct UndoPlan: Equatable, Sendable {
    /// `undo` or `redo`.
    package var kind: Act.Kind
    /// The act that is undone: the newest changeset of it.
    package var target: ChangeID
    package var steps: [UndoStep] = []
    package var rests: [UndoRest] = []
    /// Own acts, newer than the target, of which nothing shows any more: passed over on the way to it.
    package var passed: [ChangeID] = []

    package var records: Int { Set(steps.map(\.record)).count }

    package func act(note: String?) -> Act {
        var act = Act(
            kind, [.target: Act.target(target), .tool: .text(kind == .undo ? "undo" : "redo")])
        if let note, !note.isEmpty { act[.note] = .text(note) }
        return act
    }
}

/// Which act is meant.
package enum UndoChoice: Equatable, Sendable {
    case change(ChangeID)
    /// The newest own act that is not undone yet.
    case newest
    /// The newest own undo that is not undone (redone) itself.
    case newestUndone
}

extension Workspace {
    /// What an undo would do now; nothing is written.
    /// - Returns: nil where there is nothing to undo.
    package func planUndo(_ choice: UndoChoice = .newest) throws -> UndoPlan? {
        try store.read { try UndoSearch($0, self).plan(choice) }
    }

    /// Undoes or redoes an act by a new changeset. The plan is made anew within the transaction that writes, so
    /// it never puts anything over what has arrived meanwhile.
    /// - Returns: what was done; nil where there was nothing to undo. No changesets where all was left.
    @discardableResult
    package func undo(
        _ choice: UndoChoice = .newest, note: String? = nil
    ) throws -> (plan: UndoPlan, changes: [ChangeID])? {
        try store.write { tx in
            guard let plan = try UndoSearch(tx, self).plan(choice) else { return nil }
            let changes = try commit(plan.act(note: note), in: tx) { _ in
                Writes(plan.steps.map { RegisterWrite($0.record, $0.register, $0.then) })
            }
            return (plan, changes)
        }
    }
}

/// Finds the act that is meant, and plans record by record.
private struct UndoSearch {
    /// Own acts of which nothing shows any more, before a bare undo gives up.
    private static let mostPassed = 64

    let tx: ReadTransaction
    let workspace: Workspace

    init(_ tx: ReadTransaction, _ workspace: Workspace) {
        self.tx = tx
        self.workspace = workspace
    }

    func plan(_ choice: UndoChoice) throws -> UndoPlan? {
        switch choice {
        case .change(let change): return try plan(change)
        case .newest: return try firstPlan { !$0.isUndoing }
        case .newestUndone: return try firstPlan { $0.kind == Act.Kind.undo.rawValue }
        }
    }

    private func plan(_ change: ChangeID) throws -> UndoPlan {
        let parts = try tx.parts(of: change)
        var plan = UndoPlan(kind: .undo, target: parts.max() ?? change)
        var planned: Set<RecordName> = []
        // Part by part: neighbours lie in one body, which is then opened once.
        for part in parts.sorted() {
            guard let position = try tx.log.position(of: part), let body = try tx.body(at: position) else {
                continue
            }
            if body.act.kind == Act.Kind.undo.rawValue { plan.kind = .redo }
            for record in body.written.map(\.name) where planned.insert(record).inserted {
                let planner = UndoPlanner(try tx.past(of: record), target: parts, me: workspace.handle)
                plan.steps += planner.steps
                plan.rests += planner.rests
            }
        }
        return plan
    }

    /// Walks the own chain back, leaving out what is undone already.
    private func firstPlan(_ isWanted: (Act) -> Bool) throws -> UndoPlan? {
        let head = try tx.log.head(of: workspace.device)?.number ?? 0
        var next: ChangeID? = ChangeID(device: workspace.device, number: head)
        var settled: Set<ChangeID> = []
        var passed: [UndoPlan] = []
        while let change = next, change.number > 0, passed.count < Self.mostPassed {
            let body = try tx.log.position(of: change).flatMap { try tx.body(at: $0) }
            next = before(change, body?.act)
            guard let body, !settled.contains(change) else { continue }
            if let target = body.act.targetChange, body.act.isUndoing {
                settled.formUnion(try tx.parts(of: target))
            }
            guard isWanted(body.act), !body.written.isEmpty else { continue }
            var plan = try plan(change)
            settled.formUnion(try tx.parts(of: change))
            plan.passed = passed.map(\.target)
            if !plan.steps.isEmpty { return plan }
            passed.append(plan)
        }
        return passed.first
    }

    /// Where this machine has taken a fresh device name, the walk goes on in the chain that it wrote before:
    /// the first changeset of the fresh one says what it was called there.
    private func before(_ change: ChangeID, _ act: Act?) -> ChangeID? {
        let same = change.number > 1 ? change : act?[.former]?.namedChanges.last
        return same.map { ChangeID(device: $0.device, number: $0.number - 1) }
    }
}

extension Act {
    /// An undo or a redo.
    package var isUndoing: Bool { kind == Kind.undo.rawValue || kind == Kind.redo.rawValue }
}
