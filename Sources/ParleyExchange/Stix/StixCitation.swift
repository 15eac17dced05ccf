import ParleyCore

/// An external reference that says where something can be found: a source record, named by all that it says.
struct StixCitation {
    let kind: UInt32
    /// The same whatever the order of the reference's members.
    let key: String
    private let reference: JSONTree
    static let system = "stix-ref"
    private static let source = Schema.assessments[name: "source"]
    private static let link = Schema.assessments[name: "link"]

    private init?(_ reference: JSONTree, _ names: StixNames) {
        guard let kind = Self.source, let name = reference["source_name"]?.text, !name.isEmpty,
            reference["url"]?.text != nil || reference["description"]?.text != nil
        else { return nil }
        self.kind = kind.tag
        self.reference = reference
        key = Self.system + ":" + StixID.uuid(names.uuid(Array("reference".utf8), reference.sorted.json))
    }

    static func all(of object: StixObject, _ names: StixNames) -> [StixCitation] {
        (object["external_references"]?.list ?? []).compactMap { StixCitation($0, names) }
    }

    func draft(line: Int) -> RecordDraft {
        var draft = RecordDraft(kind: kind, line: line, keys: [key])
        let name = [reference["source_name"]?.text, reference["external_id"]?.text].compactMap(\.self)
        add("title", FittedText.line(name.joined(separator: " ")), to: &draft)
        add("url", reference["url"]?.text, to: &draft)
        add("descriptor", reference["description"]?.text.map(FittedText.text), to: &draft)
        return draft
    }

    private func add(_ field: String, _ text: String?, to draft: inout RecordDraft) {
        guard let field = Self.source?[name: field], let text, !text.isEmpty, field.type.accepts(.text(text))
        else {
            return
        }
        draft.writes.append(DraftWrite(RegisterName(field: field.tag), .value(.text(text))))
    }

    /// What says that a record rests on this source, where it has no field for it.
    func link(from object: StixObject, line: Int) -> RecordDraft? {
        guard let link = Self.link, let from = link[name: "from"], let rel = link[name: "rel"],
            let to = link[name: "to"]
        else { return nil }
        let object = DraftContent.record(key: object.id.key, kind: object.type.kind.tag)
        return RecordDraft(
            kind: link.tag, line: line,
            writes: [
                DraftWrite(RegisterName(field: from.tag), object),
                DraftWrite(RegisterName(field: rel.tag), .value(.text("cites"))),
                DraftWrite(RegisterName(field: to.tag), .record(key: key, kind: kind)),
            ])
    }
}

/// The sources that the objects of a file cite, each once, without those that the file brings as records.
struct StixSources {
    /// Sources kept at most; those beyond are handed on at once.
    private static let most = 100_000

    private var waiting: [RecordDraft] = []
    private var known: Set<String> = []
    private var settled: Set<String> = []

    /// - Returns: the draft, where it cannot wait.
    mutating func add(_ draft: RecordDraft) -> RecordDraft? {
        guard let key = draft.keys.first, !settled.contains(key) else { return nil }
        guard waiting.count < Self.most else { return known.contains(key) ? nil : draft }
        if known.insert(key).inserted { waiting.append(draft) }
        return nil
    }

    var drafts: [RecordDraft] { waiting.filter { !settled.contains($0.keys.first ?? "") } }

    /// The record that holds the key is in the file itself.
    mutating func settle(_ key: String) {
        guard key.hasPrefix(StixCitation.system + ":"), settled.count < Self.most else { return }
        settled.insert(key)
    }
}
