package import ParleyCore
internal import ParleyProtocol

/// A row of a file, with all that can be said of it without the workspace: that is worked out where the file is
/// read, on a thread of its own. It is handed on from hand to hand, which is why it is no value.
package final class ReadRow: Sendable {
    /// The record, or why the row is none. Of a draft that has `values` the writes are there alone.
    let content: Result<RecordDraft, DraftFault>
    /// What the draft states; nil where it refers to records by name, which have to be looked up.
    let values: [RegisterImage]?
    /// It writes keys that are not among the draft's.
    let holdsOtherKeys: Bool
    /// The record that its first key stands for, where no other has it; nil where the row has an id or no key.
    let derived: RecordID?
    /// About how many bytes it will take.
    let weight: Int

    package init(_ content: Result<RecordDraft, DraftFault>) {
        guard case .success(var draft) = content else {
            (self.content, values, holdsOtherKeys, derived) = (content, nil, false, nil)
            if case .failure(let fault) = content { weight = 64 + fault.raw.count } else { weight = 0 }
            return
        }
        weight = draft.weight
        holdsOtherKeys = draft.writes.contains { $0.register.field == Field.keysTag }
        derived = draft.id == nil ? draft.keys.first.map { DerivedID.record(kind: draft.kind, key: $0) } : nil
        values = draft.plainValues
        if values != nil { draft.writes = [] }
        self.content = .success(draft)
    }

    /// The draft with its writes; nil where the row is none.
    var draft: RecordDraft? {
        guard case .success(var draft) = content else { return nil }
        if let values { draft.writes = values.map { DraftWrite($0.name, .value($0.value)) } }
        return draft
    }

    /// The fields it states, as a mask; all where it states one that has no place in a mask.
    var fields: UInt64 {
        if let values { return Self.mask(of: values.map(\.name)) }
        guard case .success(let draft) = content else { return 0 }
        let beside: UInt64 =
            1 << UInt64(Field.keysTag) | (draft.version == nil ? 0 : 1 << UInt64(Field.columnsTag))
        return beside | Self.mask(of: draft.writes.map(\.register))
    }

    private static func mask(of registers: [RegisterName]) -> UInt64 {
        registers.reduce(0) { $1.field < Field.tagLimit ? $0 | 1 << UInt64($1.field) : .max }
    }
}

extension RecordDraft {
    /// The values of all its registers by their names, its keys and its version among them; of two values of one
    /// register the later stays.
    func stated(_ value: (DraftWrite) throws -> Value) rethrows -> [RegisterImage] {
        var values: [RegisterImage] = []
        values.reserveCapacity(writes.count + keys.count + 1)
        for write in writes { values.append(RegisterImage(write.register, try value(write))) }
        for key in keys {
            let register = RegisterName(field: Field.keysTag, key: DerivedID.canonical(key))
            values.append(RegisterImage(register, .bool(true)))
        }
        if let version, !values.contains(where: { $0.name == ImportVersion.register }) {
            values.append(RegisterImage(ImportVersion.register, .text(version.text)))
        }
        values.sortKeepingLast()
        return values
    }

    fileprivate var plainValues: [RegisterImage]? {
        struct Refers: Error {}
        return try? stated { write in
            guard case .value(let value) = write.content else { throw Refers() }
            return value
        }
    }

    fileprivate var weight: Int {
        writes.reduce(32) { sum, write in
            switch write.content {
            case .value(.text(let text)), .text(let text): sum + 8 + text.utf8.count
            default: sum + 16
            }
        }
    }
}
