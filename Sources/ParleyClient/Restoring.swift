package import ParleyCore
internal import ParleyStore

/// What writing back a past state of a record would do.
package struct RestorePlan: Equatable, Sendable {
    package var steps: [UndoStep] = []
    /// Registers that differ and that only their own analyst may write.
    package var rests: [UndoRest] = []
}

extension RecordPast {
    /// What must be written so that the registers show what they showed at `moment`.
    /// - Parameters:
    ///   - chosen: these registers; nil for all.
    ///   - me: whose keys may be written.
    /// - Throws: `notYetMade` where nothing had been written of the record.
    package func plan(
        restoring chosen: Set<RegisterName>?, to moment: Moment, me: String?
    ) throws(ClientError) -> RestorePlan {
        guard let then = image(at: moment) else { throw .notYetMade(record) }
        var plan = RestorePlan()
        for register in registers where chosen?.contains(register) ?? true {
            let now = heads(of: register).first?.content ?? .null
            let value = then[register.field, register.key]
            let wanted = value == .null && register == .deleted ? register.unset : value
            if wanted == now || (register == .deleted && now == .null && wanted == register.unset) {
                continue
            }
            if let owner = register.owner(in: record), owner != me {
                plan.rests.append(UndoRest(record: record, register: register, reason: .belongs(to: owner)))
            } else {
                plan.steps.append(UndoStep(record: record, register: register, now: now, then: wanted))
            }
        }
        return plan
    }
}

/// A record, and those of its registers that are meant; nil for all.
package struct RestoreTarget: Equatable, Sendable {
    package var record: RecordName
    package var registers: Set<RegisterName>?

    package init(record: RecordName, registers: Set<RegisterName>? = nil) {
        self.record = record
        self.registers = registers
    }
}

extension Workspace {
    /// What `restore` would do now; nothing is written.
    package func planRestore(_ targets: [RestoreTarget], to moment: Moment) throws -> RestorePlan {
        try store.read { try plan(targets, to: moment, $0) }
    }

    /// Writes back what records showed at `moment`, in one act.
    /// - Returns: what was done, and the changesets made: none where everything shows it already.
    @discardableResult
    package func restore(
        _ targets: [RestoreTarget], to moment: Moment, note: String? = nil
    ) throws -> (plan: RestorePlan, changes: [ChangeID]) {
        var act = Act(.restore, [.tool: .text("restore")])
        if let note, !note.isEmpty { act[.note] = .text(note) }
        var plan = RestorePlan()
        let changes = try commit(act) { tx in
            plan = try self.plan(targets, to: moment, tx)
            return Writes(plan.steps.map { RegisterWrite($0.record, $0.register, $0.then) })
        }
        return (plan, changes)
    }

    private func plan(
        _ targets: [RestoreTarget], to moment: Moment, _ tx: ReadTransaction
    ) throws -> RestorePlan {
        var plan = RestorePlan()
        for target in targets {
            let part = try tx.past(of: target.record, at: moment)
                .plan(restoring: target.registers, to: moment, me: handle)
            plan.steps += part.steps
            plan.rests += part.rests
        }
        return plan
    }
}
