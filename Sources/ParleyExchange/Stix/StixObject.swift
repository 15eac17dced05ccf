import ParleyCore

/// One object of a bundle, with what every object has.
struct StixObject {
    let id: StixID
    let type: StixType
    let members: [JSONMember]

    init(_ tree: JSONTree) throws(StixFault) {
        guard let members = tree.members else {
            throw StixFault(reason: "this is \(tree.type), not an object")
        }
        guard let type = tree["type"]?.text else { throw StixFault(reason: "an object without a type") }
        guard type != "bundle" else { throw StixFault(reason: "a bundle within a bundle") }
        guard let id = tree["id"] else { throw StixFault(reason: "a \(type.prefix(60)) without an id") }
        guard let text = id.text, let name = StixID(text), let known = StixType.of(name.type) else {
            throw StixFault(reason: "the id \(id.quoted) is not TYPE--UUID")
        }
        guard name.type == type else {
            throw StixFault(reason: "the id \(id.quoted) is not the id of a \(type.prefix(60))")
        }
        // Names of properties are ASCII; two forms of one letter would be two names that nobody tells apart.
        guard Set(members.map(\.name)).count == members.count else {
            throw StixFault(reason: "two of its properties have the same name in other bytes")
        }
        (self.id, self.type, self.members) = (name, known, members)
    }

    subscript(name: String) -> JSONTree? { members.first { $0.name == name }?.value }

    func text(_ name: String) -> String? { self[name]?.text }

    var isRevoked: Bool { self["revoked"]?.isTrue == true }

    /// What an object is called that has no name.
    var fallbackTitle: String {
        let line = FittedText.line(wording ?? "")
        return line.isEmpty ? "\(type.name) \(id.short)" : line
    }

    private var wording: String? {
        switch type.name {
        case "relationship": return text("relationship_type")
        case "opinion": return text("opinion").map { "opinion: " + $0 }
        case "note": return text("content").map { String($0.prefix { $0 != "\n" }) }
        default:
            let names = [
                "name", "value", "path", "subject", "display_name", "account_login", "key", "pattern",
            ]
            return names.lazy.compactMap(text).first { !FittedText.line($0).isEmpty }.map {
                "\(type.name) \($0)"
            }
        }
    }
}
