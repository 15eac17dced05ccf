import ParleyCore

/// A record of ours as an object that other programs can read. The extension holds everything; what stands
/// beside it is for them.
struct StixOwn {
    let image: RecordImage
    let id: StixID
    let kind: Kind
    let names: StixNames
    let references: StixReferences
    let facts: StixFacts

    /// The types that records of ours are exported as.
    static let types: Set<String> = ["note", "relationship", "report", "grouping", "identity", "location"]

    private static let derived: Set<String> = [
        "type", "id", "spec_version", "abstract", "content", "name", "description", "object_refs", "labels",
        "external_references", "object_marking_refs", "confidence", "context", "published", "identity_class",
        "region", "relationship_type", "source_ref", "target_ref",
    ]

    /// Whether an export makes this property anew of the record's fields.
    static func isDerived(_ member: JSONMember, _ draft: RecordDraft) -> Bool {
        if member.name == "revoked" {
            let isDeleted = draft.writes.contains {
                $0.register.field == Field.deletedTag && $0.content == .value(.bool(true))
            }
            return isDeleted && member.value.isTrue
        }
        return derived.contains(member.name)
    }

    /// Says that a voice's stance came in as an opinion, which is a record of its own.
    static func marker(of voice: String) -> RegisterName {
        RegisterName(field: Field.columnsTag, key: markerPrefix + voice)
    }

    static func voice(ofMarker register: RegisterName) -> String? {
        guard register.field == Field.columnsTag, let key = register.key, key.hasPrefix(markerPrefix) else {
            return nil
        }
        return String(key.dropFirst(markerPrefix.count))
    }

    private static let markerPrefix = "opinion."

    static func type(of image: RecordImage, _ kind: Kind) -> String {
        func text(_ name: String) -> String? { kind[name: name].flatMap { image[$0.tag].text } }
        func isRef(_ name: String) -> Bool { kind[name: name].map { image[$0.tag].ref != nil } ?? false }
        switch kind.name {
        case "assessment":
            return ["published", "superseded"].contains(text("status")) ? "report" : "grouping"
        case "actor": return text("type") == "place" ? "location" : "identity"
        case "link": return isRef("from") && isRef("to") && text("rel") != nil ? "relationship" : "note"
        default: return "note"
        }
    }

    // MARK: Properties

    var members: [String: JSONTree] {
        var members: [String: JSONTree] = [
            "spec_version": .text("2.1"), "created": .text(facts.created.text),
            "modified": .text(facts.changed.text),
        ]
        if let author = facts.author, id.type == "note" { members["authors"] = .texts([author]) }
        members["labels"] = StixLens.tags.write(registers)
        members["object_marking_refs"] = StixLens.marking.write(registers)
        members["external_references"] = citations.isEmpty ? nil : .list(citations)
        if image[Field.deletedTag] == .bool(true) { members["revoked"] = .bool(true) }
        members.merge(own) { $1 }
        return members
    }

    private var registers: Registers {
        Dictionary(image.registers.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private var own: [String: JSONTree] {
        switch id.type {
        case "report": report.merging(words("name", "description")) { $1 }
        case "grouping": grouping.merging(words("name", "description")) { $1 }
        case "identity":
            ["identity_class": .text(StixWords.identityClass(text("type")))]
                .merging(words("name", "description")) { $1 }
        case "location": ["region": .text(title)].merging(words("name", "description")) { $1 }
        case "relationship": relationship
        default: note
        }
    }

    private func words(_ name: String, _ description: String) -> [String: JSONTree] {
        var words = [name: JSONTree.text(title)]
        if let text = text("bluf") ?? text("text"), !text.isEmpty { words[description] = .text(text) }
        return words
    }

    private var grouping: [String: JSONTree] {
        [
            "context": .text("unspecified"),
            "object_refs": .texts(facts.members.isEmpty ? [StixExtension.nobody] : facts.members),
        ]
    }

    private var report: [String: JSONTree] {
        let day = text("published").flatMap { CivilDate($0) == nil ? nil : $0 }
        let time = day.map { ($0 + "-01-01").prefix(10) + "T00:00:00.000Z" }
        return [
            "published": .text(time.map { String($0) } ?? facts.created.text),
            "object_refs": grouping["object_refs"] ?? .list([]),
        ]
    }

    private var relationship: [String: JSONTree] {
        var members: [String: JSONTree] = [
            "relationship_type": .text(
                StixRelation.type(of: text("rel") ?? "related_to").replacing("_", with: "-")),
            "source_ref": .text(reference("from") ?? ""), "target_ref": .text(reference("to") ?? ""),
        ]
        if let text = text("text") { members["description"] = .text(text) }
        return members
    }

    private var note: [String: JSONTree] {
        var members: [String: JSONTree] = ["content": .text(content), "object_refs": .texts(subjects)]
        if let title = text("title") { members["abstract"] = .text(title) }
        if let confidence = text("confidence").flatMap({ StixWords.confidences[$0] }), kind.name == "judgment"
        {
            members["confidence"] = .whole(confidence)
        }
        return members
    }

    // MARK: Words

    private func text(_ name: String) -> String? {
        kind[name: name].flatMap { image[$0.tag].text }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private var title: String { text("title") ?? text("question") ?? kind.name }

    /// The text, or else what the fields say, a line each.
    private var content: String {
        if let text = text("text") { return text }
        let lines = image.registers.compactMap(line)
        return lines.isEmpty ? title : lines.joined(separator: "\n")
    }

    private func line(_ register: RegisterImage) -> String? {
        guard let field = kind[tag: register.name.field], field.tag >= 16, field.type != .ref else {
            return nil
        }
        let text = field.type.text(of: register.value) { references.id($0).text }
        return text.isEmpty ? nil : "\(kind.text(of: register.name)): \(text)"
    }

    // MARK: References

    private func reference(_ name: String) -> String? {
        kind[name: name].flatMap { image[$0.tag].ref }.map { references.id($0).text }
    }

    /// What a note is about: at least something, as STIX wants it.
    private var subjects: [String] {
        var subjects: [String] = []
        for name in ["about", "reply", "judgment", "hypothesis", "parent"] {
            if let id = reference(name), !subjects.contains(id) { subjects.append(id) }
        }
        return subjects.isEmpty ? [StixExtension.nobody] : subjects
    }

    private var citations: [JSONTree] {
        let keys = image.registers(of: Field.keysTag).compactMap {
            $0.value == .bool(true) ? $0.name.key : nil
        }
        let source = kind[name: "source"].flatMap { image[$0.tag].ref }.flatMap(references.image)
        return (kind.name == "source" ? [image] : []).compactMap(Self.citation)
            + (source.map { [$0] } ?? []).compactMap(Self.citation) + keys.compactMap(Self.reference)
    }

    /// `cve:CVE-2012-0158`: the system, and what it calls the thing.
    private static func reference(_ key: String) -> JSONTree? {
        guard let colon = key.firstIndex(of: ":"), colon > key.startIndex,
            case let id = key[key.index(after: colon)...], !id.isEmpty,
            key[..<colon] != StixCitation.system
        else { return nil }
        return .object([
            JSONMember(name: "source_name", value: .text(String(key[..<colon]))),
            JSONMember(name: "external_id", value: .text(String(id))),
        ])
    }

    private static func citation(_ source: RecordImage) -> JSONTree? {
        guard let kind = Schema.assessments[name: "source"], source.name.kind == kind.tag else { return nil }
        func text(_ name: String) -> String? {
            kind[name: name].flatMap { source[$0.tag].text }.flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let name = text("title") ?? text("publisher"), let url = text("url") ?? text("descriptor")
        else { return nil }
        let pairs = [("source_name", name), (text("url") == nil ? "description" : "url", url)]
        return .object(pairs.map { JSONMember(name: $0, value: .text($1)) })
    }
}
