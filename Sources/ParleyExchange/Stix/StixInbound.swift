import ParleyCore

/// Makes a draft of an object that did not come from Parley. What it makes is a function of the object alone,
/// so that an export can tell what an import of it will say.
struct StixInbound {
    let object: StixObject
    let names: StixNames
    /// The record that an id names, where it is known to be one of ours.
    let known: (StixID) -> RecordName?
    private(set) var writes: [RegisterName: DraftContent] = [:]

    init(_ object: StixObject, _ names: StixNames, known: @escaping (StixID) -> RecordName?) throws(StixFault)
    {
        (self.object, self.names, self.known) = (object, names, known)
        try readProperties()
        if writes[RegisterName(field: Field.titleTag)] == nil {
            set("title", .value(.text(object.fallbackTitle)))
        }
        readReferences()
        if object.isRevoked { writes[RegisterName(field: 8, key: "revoked")] = .value(.bool(true)) }
        writes[RegisterName(field: Field.keysTag, key: object.id.key)] = .value(.bool(true))
        readOwn()
    }

    func draft(line: Int) -> RecordDraft {
        RecordDraft(
            kind: object.type.kind.tag, line: line, keys: [object.id.key],
            writes: writes.sorted { $0.key < $1.key }.map { DraftWrite($0.key, $0.value) })
    }

    // MARK: Properties

    private mutating func readProperties() throws(StixFault) {
        let taken = ["type", "id"]
        for member in object.members where !taken.contains(member.name) {
            guard let member = StixExtension.withoutOurs(member) else { continue }
            let lens = object.type.lenses.first { $0.property == member.name }
            let fields = lens?.read(member.value) ?? [:]
            for (register, value) in fields { writes[register] = .value(value) }
            if let lens, isExact(lens, fields, member.value) { continue }
            try carry(member)
        }
        // By what it carries a record is known to be such an object.
        if !writes.keys.contains(where: StixCarried.foreign.carries) {
            try carry(JSONMember(name: "type", value: .text(object.type.name)))
        }
    }

    private mutating func carry(_ member: JSONMember) throws(StixFault) {
        let (register, value) = try StixCarried.foreign.write(member)
        writes[register] = .value(value)
    }

    private func isExact(_ lens: StixLens, _ fields: Registers, _ value: JSONTree) -> Bool {
        if case .title = lens, fields[RegisterName(field: Field.titleTag)] == .text(object.fallbackTitle) {
            return false
        }
        if lens == .tags, object.isRevoked { return false }
        return lens.write(fields) == value
    }

    // MARK: References

    /// `external_references`: those with an id are keys.
    private mutating func readReferences() {
        for reference in object["external_references"]?.list ?? [] {
            if let key = Self.key(of: reference) {
                writes[RegisterName(field: Field.keysTag, key: key)] = .value(.bool(true))
            }
        }
    }

    private static func key(of reference: JSONTree) -> String? {
        guard let system = reference["source_name"]?.text?.trimmingSpaces(), !system.isEmpty,
            let id = reference["external_id"]?.text?.trimmingSpaces(), !id.isEmpty
        else { return nil }
        let key = canonical(system) + ":" + id
        let isReserved = ["stix", StixCitation.system].contains(canonical(system))
        return RegisterName.isKey(key) && !isReserved ? key : nil
    }

    /// As keys are written: ASCII capitals of the system made small.
    private static func canonical(_ system: String) -> String {
        String(
            String.UnicodeScalarView(
                system.unicodeScalars.map {
                    ("A"..."Z").contains($0) ? Unicode.Scalar(UInt8($0.value + 32)) : $0
                }))
    }

    /// The record that a `.._ref` names.
    func reference(_ text: String?) -> DraftContent? {
        guard let id = text.flatMap(StixID.init) else { return nil }
        if let record = known(id) { return .value(.ref(record.id)) }
        return .record(key: id.key, kind: StixType.kind(of: id.type))
    }

    // MARK: What a kind has of its own

    private mutating func readOwn() {
        switch object.type.kind.name {
        case "actor": set("type", StixWords.actorType(object).map { .value(.text($0)) })
        case "evidence": readEvidence()
        case "link": readLink()
        case "note" where object.type.name == "opinion":
            set("kind", .value(.text("comment")))
            set("about", reference(object["object_refs"]?[0]?.text))
        default: break
        }
    }

    private mutating func readEvidence() {
        set("type", .value(.text(StixWords.evidenceType(object))))
        set("happened", StixWords.day(object).map { .value(.text($0)) })
        if let first = StixCitation.all(of: object, names).first {
            set("source", .record(key: first.key, kind: first.kind))
        }
        if let credibility = StixWords.credibility(object), let field = object.type.kind[name: "credibility"]
        {
            writes[RegisterName(field: field.tag, key: StixWords.voice(object))] = .value(.text(credibility))
        }
    }

    private mutating func readLink() {
        let tokens =
            if case .choice(let tokens) = object.type.kind[name: "rel"]?.type { tokens } else { [String]() }
        set("from", reference(object.text("source_ref")))
        set("to", reference(object.text("target_ref")))
        let type = object.text("relationship_type") ?? ""
        set("rel", .value(.text(StixRelation.rel(of: type, among: tokens))))
    }

    private mutating func set(_ field: String, _ content: DraftContent?) {
        guard let field = object.type.kind[name: field], let content else { return }
        writes[RegisterName(field: field.tag)] = content
    }
}

extension StixInbound {
    /// A relationship without two ends is no link.
    func expectEnds() throws(StixFault) {
        for name in ["source_ref", "target_ref"] {
            guard let text = object.text(name) else {
                throw StixFault(reason: "a relationship without \(name)")
            }
            guard StixID(text) != nil else {
                throw StixFault(reason: "\(name): \"\(text.prefix(60))\" is not TYPE--UUID")
            }
        }
        guard object.text("relationship_type") != nil else {
            throw StixFault(reason: "a relationship without relationship_type")
        }
    }
}
