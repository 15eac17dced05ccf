import ParleyCore
import Yams

/// A node of a mapping file, with its name for messages.
struct MappingNode {
    let node: Node
    /// `fields`, `records`..
    let name: String

    var line: Int { node.mark?.line ?? 1 }

    func fault(_ reason: String) -> DraftFault {
        DraftFault(line: line, column: node.mark?.column ?? 0, reason: reason)
    }

    /// The members of a mapping whose names are free.
    func members() throws(DraftFault) -> [(name: String, value: MappingNode)] {
        guard case .mapping(let mapping) = node else {
            throw fault("\(name): expected names and values, \"name: value\"")
        }
        var members: [(name: String, value: MappingNode)] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                throw MappingNode(node: key, name: name).fault("\(self.name): a name must be plain text")
            }
            // An empty value has the place of what follows it: its name's is nearer.
            members.append((name, MappingNode(node: value, name: name)))
        }
        return members
    }

    /// The members of a mapping with a fixed set of names.
    func members(of allowed: [String]) throws(DraftFault) -> [String: MappingNode] {
        guard case .mapping(let mapping) = node else {
            throw fault("\(name): expected names and values; it may have \(allowed.joined(separator: ", "))")
        }
        var members: [String: MappingNode] = [:]
        for (key, value) in mapping {
            let place = MappingNode(node: key, name: name)
            guard let name = key.scalar?.string, allowed.contains(name) else {
                let given = key.scalar?.string ?? ""
                throw place.fault(Self.unknown(given, in: self.name, among: allowed))
            }
            members[name] = MappingNode(node: value, name: name)
        }
        return members
    }

    static func unknown(_ given: String, in what: String, among allowed: [String]) -> String {
        let near = nearest(to: given, among: allowed)
        let hint =
            near.isEmpty
            ? "allowed are \(allowed.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"
        return "\(what) has no \"\(given.prefix(60))\": \(hint)"
    }

    /// A scalar as it is written; nil for an empty one without quotes.
    func scalar() throws(DraftFault) -> String? {
        guard let scalar = node.scalar else {
            throw fault("\(name): expected one value, not a list or more names")
        }
        return scalar.isEmptyPlain ? nil : scalar.string
    }

    func text() throws(DraftFault) -> String {
        guard let text = try scalar(), !text.isEmpty else { throw fault("\(name) is empty") }
        return text
    }

    /// One value, or a list of them.
    func texts() throws(DraftFault) -> [String] {
        guard let sequence = node.sequence else { return [try scalar() ?? ""] }
        var texts: [String] = []
        for item in sequence { texts.append(try MappingNode(node: item, name: name).scalar() ?? "") }
        return texts
    }

    func items() throws(DraftFault) -> [MappingNode] {
        guard let sequence = node.sequence else {
            throw fault("\(name): expected a list, each item after a dash")
        }
        return sequence.map { MappingNode(node: $0, name: name) }
    }

    func truth() throws(DraftFault) -> Bool {
        switch try text() {
        case "true", "yes": true
        case "false", "no": false
        default: throw fault("\(name) is true or false")
        }
    }

    func one<Choice: CaseIterable & RawRepresentable<String>>(of type: Choice.Type) throws(DraftFault)
        -> Choice
    {
        let text = try text()
        guard let choice = Choice(rawValue: text) else {
            throw fault(Self.unknown(text, in: name, among: type.allCases.map(\.rawValue)))
        }
        return choice
    }
}
