internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore

/// Turns a draft into a record and values, with the workspace and the rest of the file to look things up in.
struct DraftResolver {
    let tx: ReadTransaction
    let names: ImportLedger
    let sight: ImportSight
    let me: String?

    // MARK: Values

    func values(of row: ReadRow, _ draft: RecordDraft) throws -> [RegisterImage] {
        if row.holdsOtherKeys { sight.noteOtherKey() }
        return try row.values ?? draft.stated { try value(of: $0, in: draft) }
    }

    private func value(of write: DraftWrite, in draft: RecordDraft) throws -> Value {
        switch write.content {
        case .value(let value): return value
        case .record(let key, let kind): return .ref(try record(holding: key, kind: kind).record.id)
        case .text(let text):
            let kind = Schema.assessments[tag: draft.kind]
            let type = kind?[tag: write.register.field]?.type ?? .any
            do throws(ValueFault) {
                return try type.value(of: text) { given throws(ValueFault) in
                    try reference(given, allowed: type.allowed)
                }
            } catch {
                guard names.isComplete else { throw ImportLedger.NotYet() }
                let field = (kind?.name ?? "#\(draft.kind)") + "." + (kind?.text(of: write.register) ?? "?")
                throw DraftFault(
                    line: draft.line, reason: "\(field): \"\(error.given)\" is not \(error.allowed)")
            }
        }
    }

    private func reference(_ text: String, allowed: String) throws(ValueFault) -> RecordID {
        if let known = (try? names.named(text)) ?? nil { return known.id }
        if let found = try? Resolver(tx).reference(text) { return found.id }
        throw ValueFault(given: text, allowed: allowed + " in the workspace or the file")
    }

    /// Nobody can write under a colleague's key: what a file states of other people becomes a voice,
    /// `~name`, unless that very value stands here already by the colleague's own hand.
    func voiced(_ values: [RegisterImage], of draft: RecordDraft, beside image: RecordImage?)
        -> [RegisterImage]
    {
        guard let kind = Schema.assessments[tag: draft.kind],
            values.contains(where: { $0.name.key != nil && kind[tag: $0.name.field]?.merge == .each })
        else { return values }
        return values.compactMap { stated in
            guard kind[tag: stated.name.field]?.merge == .each, let key = stated.name.key, key != me,
                !key.hasPrefix("~")
            else { return stated }
            if image?[stated.name.field, key] == stated.value { return nil }
            return RegisterImage(RegisterName(field: stated.name.field, key: "~" + key), stated.value)
        }
    }

    // MARK: Which record

    struct Found: Sendable {
        var record: RecordName
        var exists: Bool
    }

    /// By id or by key; otherwise it is new. Nil for a link, which is known by its two ends.
    /// - Parameter derived: from its first key.
    func identify(_ draft: RecordDraft, _ derived: RecordID?, random: () throws -> [UInt8]) throws -> Found? {
        if let id = draft.id { return try known(RecordName(kind: draft.kind, id: id)) }
        for key in draft.keys {
            if let found = try holder(of: key, kind: draft.kind) { return found }
        }
        if let derived { return try known(RecordName(kind: draft.kind, id: derived)) }
        if draft.kind == Self.linkKind?.tag { return nil }
        let id = RecordID(UInt128(folding: try random()))
        return Found(record: RecordName(kind: draft.kind, id: id), exists: false)
    }

    private func record(holding key: String, kind: UInt32) throws -> Found {
        try holder(of: key, kind: kind) ?? derived(from: key, kind: kind)
    }

    private func holder(of key: String, kind: UInt32) throws -> Found? {
        if let known = try names.keyed(key) {
            if known.kind == kind { return try self.known(known) }
        } else if try !sight.mayHoldKey(kind, tx) {
            return nil
        }
        return try tx.findByKey(DerivedID.canonical(key), kind: kind).map {
            Found(record: RecordName(kind: kind, id: $0), exists: true)
        }
    }

    private func derived(from key: String, kind: UInt32) throws -> Found {
        try known(RecordName(kind: kind, id: DerivedID.record(kind: kind, key: key)))
    }

    /// A link is the one between these two records with this relation.
    func identify(link draft: RecordDraft, _ values: [RegisterImage]) throws -> Found {
        func value(_ name: String) -> Value? {
            values.first { $0.name == RegisterName(field: Self.linkKind?[name: name]?.tag ?? 0) }?.value
        }
        guard let from = value("from")?.ref, let relation = value("rel")?.text, let to = value("to")?.ref
        else {
            throw DraftFault(line: draft.line, reason: "a link wants from, rel and to")
        }
        let id = DerivedID.link(from: from, relation: relation, to: to)
        return try known(RecordName(kind: draft.kind, id: id))
    }

    private static let linkKind = Schema.assessments[name: "link"]

    private func known(_ record: RecordName) throws -> Found {
        Found(record: record, exists: try sight.mayHold(record, tx) && tx.exists(record))
    }
}
