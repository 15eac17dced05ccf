import ParleyCore

/// What makes an object of ours readable without loss: a property extension that holds the record's kind, its
/// id and all its fields, as a line of JSON Lines has them.
///
/// In an object that came from elsewhere it holds only what the object itself does not say. An opinion made of
/// a judgment's stance is marked as derived: the stance stands among the judgment's fields.
struct StixExtension {
    static let id = "extension-definition--c0777c7d-c1b2-48c6-85f6-be33384230d7"
    private static let author = "identity--2df8a20b-839b-46e8-9b2e-2565cbc7531d"

    let tree: JSONTree

    /// - Returns: nil where the object has none.
    init?(of object: StixObject) {
        guard let tree = object["extensions"]?[Self.id], tree.members != nil else { return nil }
        self.tree = tree
    }

    var isDerived: Bool { tree["derived_from"] != nil }
    var kind: String? { tree["kind"]?.text }

    /// The line of JSON Lines that the fields are read from, as those of this kind where it does not say one.
    func line(kind: String) -> [UInt8] {
        var members = [
            JSONMember(name: "kind", value: .text(self.kind ?? kind)),
            JSONMember(name: "id", value: tree["id"] ?? .text(RecordID(0).text)),
        ]
        if let fields = tree["fields"] { members.append(JSONMember(name: "fields", value: fields)) }
        return JSONTree.object(members).json
    }

    var hasID: Bool { tree["id"] != nil }

    // MARK: Writing

    static func members(_ image: RecordImage, isWhole: Bool, hasID: Bool) -> [JSONMember] {
        guard let line = try? JSONTree(parsing: Array(JSONLinesWriter().line(image).dropLast())) else {
            return []
        }
        let wanted = ["fields"] + (hasID ? ["id"] : []) + (isWhole ? ["kind"] : [])
        let members = (line.members ?? []).filter { wanted.contains($0.name) }
        return [JSONMember(name: "extension_type", value: .text("property-extension"))] + members
    }

    static func derived(from record: RecordID) -> [JSONMember] {
        [
            JSONMember(name: "derived_from", value: .text(record.text)),
            JSONMember(name: "extension_type", value: .text("property-extension")),
        ]
    }

    /// `extensions` with ours beside what else is there.
    static func adding(_ members: [JSONMember], to others: JSONTree?) -> JSONTree {
        .object((others?.members ?? []) + [JSONMember(name: id, value: .object(members))])
    }

    /// - Returns: nil where nothing else is left of the member.
    static func withoutOurs(_ member: JSONMember) -> JSONMember? {
        guard member.name == "extensions", let members = member.value.members else { return member }
        let others = members.filter { $0.name != id }
        if others.count == members.count { return member }
        return others.isEmpty ? nil : JSONMember(name: member.name, value: .object(others))
    }

    // MARK: What it is, in the bundle

    static let nobody = author

    static func isOurs(_ id: String) -> Bool { id == Self.id || id == author }

    /// The definition, and the identity that it names as its author.
    static var objects: [JSONTree] { [definition, identity] }

    private static let time = "2026-11-27T00:00:00.000Z"

    private static var definition: JSONTree {
        object([
            ("type", "extension-definition"), ("spec_version", "2.1"), ("id", id), ("created_by_ref", author),
            ("created", time), ("modified", time), ("name", "Parley record"),
            (
                "description",
                "Kind, id and fields of a record of a Parley workspace, in the form of a line of its JSON Lines."
            ),
            ("schema", "Documentation/Formats.md, STIX, in the sources of Parley"), ("version", "1.0.0"),
        ]).adding(JSONMember(name: "extension_types", value: .texts(["property-extension"])))
    }

    private static var identity: JSONTree {
        object([
            ("type", "identity"), ("spec_version", "2.1"), ("id", author), ("created", time),
            ("modified", time),
            ("name", "Parley"), ("identity_class", "system"),
        ])
    }

    private static func object(_ pairs: [(String, String)]) -> JSONTree {
        .object(pairs.map { JSONMember(name: $0, value: .text($1)) })
    }
}

extension JSONTree {
    fileprivate func adding(_ member: JSONMember) -> JSONTree { .object((members ?? []) + [member]) }
}
