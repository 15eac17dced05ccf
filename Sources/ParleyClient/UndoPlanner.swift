package import ParleyCore

/// A register that an undo or a redo puts back.
package struct UndoStep: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    package var now: Value
    package var then: Value
    /// The undone act made the record, so the record goes as a whole.
    package var unmakes = false
}

/// A register that an undo or a redo leaves as it is.
package struct UndoRest: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// Something else is shown there now.
        case changedSince(ChangeID)
        /// Only its analyst may write it.
        case belongs(to: String)
    }
    package var record: RecordName
    package var register: RegisterName
    package var reason: Reason
    /// The undone act made the record, which stays as a whole because of this register.
    package var keepsRecord = false
}

/// What undoing an act means for one record. Pure: the record's past in, steps out.
///
/// 1. Undo puts back, for each register that its target wrote, what showed before the target's author: the
///    merge over the target's context, all parts of the target thought away.
/// 2. Only where the target is still what shows, or equal to it: what somebody has written since is left.
/// 3. A value that an undo or a redo put back stands for the write that it was taken from. So undo may be
///    repeated: after the last edit is undone, the one before it is what shows.
/// 4. A record that the target made is deleted, if all that shows of it is the target's own; else it is left
///    as a whole, since it would take the work of others out of sight.
package struct UndoPlanner {
    private let past: RecordPast
    private let target: Set<ChangeID>
    private let me: String?
    private(set) var steps: [UndoStep] = []
    private(set) var rests: [UndoRest] = []

    /// - Parameters:
    ///   - target: the changeset or all parts of the batch.
    ///   - me: whose keys may be written.
    package init(_ past: RecordPast, target: Set<ChangeID>, me: String?) {
        self.past = past
        self.target = target
        self.me = me
        let parts = past.changes.filter { target.contains($0.id) }
        guard let last = parts.last else { return }
        if made(by: last) {
            planUnmaking()
        } else {
            for register in Set(parts.flatMap { $0.writes.map(\.name) }).sorted() { plan(register, parts) }
        }
    }

    // MARK: Registers

    private mutating func plan(_ register: RegisterName, _ parts: [PastChange]) {
        let heads = past.heads(of: register)
        guard let shown = heads.first, let last = parts.last(where: { $0[register] != nil }) else { return }
        let isTargets = heads.contains { $0.content == shown.content && isOfTarget($0, register) }
        guard isTargets || Flaw.isPlanted(.undoOverLaterEdit) else {
            return rest(register, .changedSince(shown.origin.change))
        }
        if let owner = register.owner(in: past.record), owner != me {
            return rest(register, .belongs(to: owner))
        }
        let before = past.heads(of: register, before: last.id, without: target).first
        steps.append(
            UndoStep(
                record: past.record, register: register, now: shown.content,
                then: before?.content ?? register.unset))
    }

    private mutating func rest(_ register: RegisterName, _ reason: UndoRest.Reason) {
        rests.append(UndoRest(record: past.record, register: register, reason: reason))
    }

    /// Rule 3: is the head a part of the target, or does it stand for one?
    private func isOfTarget(_ head: Head<Value>, _ register: RegisterName) -> Bool {
        var passed: Set<ChangeID> = []
        var next: ChangeID? = head.origin.change
        while let change = next, passed.insert(change).inserted {
            if target.contains(change) { return true }
            next = source(of: change, register)
        }
        return false
    }

    /// From which write an undo or a redo took the value that it put back.
    private func source(of change: ChangeID, _ register: RegisterName) -> ChangeID? {
        guard let change = past[change],
            let undone = past.changes.last(where: {
                change.targets.contains($0.id) && $0[register] != nil
            }),
            let head = past.heads(of: register, before: undone.id, without: change.targets).first,
            head.content == change[register]
        else { return nil }
        return head.origin.change
    }

    // MARK: Records

    /// Before the target its author held nothing of the record.
    private func made(by last: PastChange) -> Bool {
        past.changes.allSatisfy { target.contains($0.id) || !past.has(last.id, seen: $0.id) }
    }

    private mutating func planUnmaking() {
        let deleted = RegisterName(field: Field.deletedTag)
        let deletion = past.heads(of: deleted).first
        if let deletion, deletion.content == .bool(true) {
            return rest(deleted, .changedSince(deletion.origin.change))
        }
        // Somebody has decided that the record stays.
        if let deletion, !isOfTarget(deletion, deleted), !isUndoing(deletion) {
            return rest(deleted, .changedSince(deletion.origin.change))
        }
        if let other = othersWork() {
            let reason = UndoRest.Reason.changedSince(other.change)
            return rests.append(
                UndoRest(
                    record: past.record, register: other.register, reason: reason, keepsRecord: true))
        }
        steps.append(
            UndoStep(
                record: past.record, register: deleted, now: deletion?.content ?? .null,
                then: .bool(true), unmakes: true))
    }

    private func isUndoing(_ head: Head<Value>) -> Bool { past[head.origin.change]?.act.isUndoing ?? false }

    /// A head that is set and not the target's.
    private func othersWork() -> (register: RegisterName, change: ChangeID)? {
        if Flaw.isPlanted(.undoOverLaterEdit) { return nil }
        for register in past.registers where register.field != Field.deletedTag {
            let heads = past.heads(of: register)
            let other = heads.first { $0.content != .null && !isOfTarget($0, register) }
            if let other { return (register, other.origin.change) }
        }
        return nil
    }
}

extension RegisterName {
    /// What a register is set to where it had never been written.
    var unset: Value { field == Field.deletedTag ? .bool(false) : .null }

    /// The analyst who alone may write this register of `record`; nil where everybody may.
    package func owner(in record: RecordName) -> String? {
        guard let key, !key.hasPrefix("~"),
            Schema.assessments[tag: record.kind]?[tag: field]?.merge == .each
        else { return nil }
        return key
    }
}
