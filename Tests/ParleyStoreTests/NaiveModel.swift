import ParleyCore
import ParleyStore

/// The merge law by definition, from a set of changesets and nothing else: a write is a head if and only if
/// no other write to that register has it in its context. Slow, and sharing nothing with the store.
struct NaiveModel {
    /// Errors planted to prove that the comparison sees them.
    enum Defect: CaseIterable {
        case none, noTieBreak, unseenSuperseded, asideLost, voidKeyCounts
    }

    struct Write {
        var change: Change
        var value: Value
        var origin: Origin { change.header.origin }
    }

    struct Register: Equatable {
        var value: Value
        var shown: Origin
        var equal: [Origin]
        var aside: [AsideHead]
    }

    struct Record: Equatable {
        var created: Int64
        var author: String?
        var changed: Int64
        var changedBy: String?
        var review: Int
        var registers: [RegisterName: Register]
    }

    var defect = Defect.none
    private var writes: [RecordName: [RegisterName: [Write]]] = [:]

    init(_ changes: [Change], defect: Defect = .none) {
        self.defect = defect
        for change in changes {
            guard let body = try? ChangesetBody(decoding: change.body) else { continue }
            for group in body.written {
                for encoded in body.writes(of: group) {
                    let register = body.register(of: encoded)
                    if isVoid(register, of: group.name.kind, by: change), defect != .voidKeyCounts {
                        continue
                    }
                    let write = Write(change: change, value: body.value(of: encoded))
                    writes[group.name, default: [:]][register, default: []].append(write)
                }
            }
        }
    }

    private func isVoid(_ register: RegisterName, of kind: UInt32, by change: Change) -> Bool {
        guard let key = register.key, let field = Schema.assessments[tag: kind]?[tag: register.field] else {
            return false
        }
        return field.merge == .each && !key.hasPrefix("~")
            && key != StoreRules.plain.analyst(change.header.change.device)
    }

    private func heads(_ writes: [Write]) -> [Write] {
        let heads = writes.filter { write in
            !writes.contains { other in
                defect == .unseenSuperseded
                    ? other.origin > write.origin
                        && other.change.header.change.device != write.origin.stamp.device
                    : other.change.covers(write.origin.change)
            }
        }
        if defect == .noTieBreak { return heads.sorted { $0.origin.stamp.time > $1.origin.stamp.time } }
        return heads.sorted { $0.origin > $1.origin }
    }

    private func register(_ writes: [Write]) -> Register {
        let heads = heads(writes)
        let shown = heads[0]
        var aside = heads.filter { $0.value != shown.value }.map {
            AsideHead(origin: $0.origin, value: $0.value)
        }
        if defect == .asideLost, aside.count > 1 { aside.removeLast() }
        return Register(
            value: shown.value, shown: shown.origin,
            equal: heads.dropFirst().filter { $0.value == shown.value }.map(\.origin), aside: aside)
    }

    var records: [RecordName: Record] {
        writes.mapValues { registers in
            let stamps = registers.values.joined().map(\.origin.stamp).sorted()
            let merged = registers.mapValues { register($0) }
            let analyst = StoreRules.plain.analyst
            return Record(
                created: stamps[0].time.milliseconds, author: analyst(stamps[0].device),
                changed: stamps[stamps.count - 1].time.milliseconds,
                changedBy: analyst(stamps[stamps.count - 1].device),
                review: merged.values.reduce(0) { $0 + $1.aside.count }, registers: merged)
        }
    }

    /// Heads `deleted = true` and heads of other registers that have not seen each other.
    func overlooked(_ record: RecordName) -> Set<String> {
        // What `deleted` means to a kind that this version does not know, a later version will know.
        guard Schema.assessments[tag: record.kind] != nil else { return [] }
        let registers = writes[record] ?? [:]
        let deletions = heads(registers[RegisterName(field: 7)] ?? []).filter { $0.value == .bool(true) }
        var pairs: Set<String> = []
        for (register, writes) in registers where register != RegisterName(field: 7) {
            for edit in heads(writes) {
                for deletion in deletions
                where edit.origin != deletion.origin && !edit.change.covers(deletion.origin.change)
                    && !deletion.change.covers(edit.origin.change)
                {
                    pairs.insert("\(register) \(edit.origin.change) \(deletion.origin.change)")
                }
            }
        }
        return pairs
    }
}

extension WorkspaceStore {
    /// What the tables say, in the model's words.
    func modelled(_ record: RecordName) throws -> NaiveModel.Record? {
        try read { tx in
            guard let book = try tx.bookkeeping(of: record), let details = try tx.detail(of: record) else {
                return nil
            }
            var registers: [RegisterName: NaiveModel.Register] = [:]
            for detail in details {
                registers[detail.name] = NaiveModel.Register(
                    value: detail.value, shown: detail.shown, equal: detail.equal, aside: detail.aside)
            }
            return NaiveModel.Record(
                created: book.created, author: book.author, changed: book.changed, changedBy: book.changedBy,
                review: book.review, registers: registers)
        }
    }

    func overlookedPairs(_ record: RecordName) throws -> Set<String> {
        try read { tx in
            Set(
                try tx.overlooked(limit: 10_000, of: record).map {
                    "\($0.register) \($0.edit) \($0.deletion)"
                })
        }
    }
}
