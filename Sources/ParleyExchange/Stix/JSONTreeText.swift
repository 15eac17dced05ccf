import ParleyCore

extension JSONTree {
    /// The tree as JSON on one line, members in their order.
    var json: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(tree: self)
        return bytes
    }

    /// Equal but for the order of members in objects, which means nothing in JSON.
    package func means(_ other: JSONTree) -> Bool { sorted == other.sorted }

    /// Members of all objects by name.
    var sorted: JSONTree {
        switch self {
        case .list(let items): .list(items.map(\.sorted))
        case .object(let members):
            .object(
                members.map { JSONMember(name: $0.name, value: $0.value.sorted) }
                    .sorted { $0.name.isBefore($1.name) })
        default: self
        }
    }

    var isTrue: Bool { bool == true }

    /// The texts of a list; nil where it holds something else.
    var texts: [String]? {
        let texts = list?.compactMap(\.text)
        return texts?.count == list?.count ? texts : nil
    }

    static func texts(_ texts: [String]) -> JSONTree { .list(texts.map { .text($0) }) }
}

extension [UInt8] {
    mutating func append(tree: JSONTree) {
        switch tree {
        case .null: append(json: Value.null)
        case .bool(let truth): append(json: .bool(truth))
        case .number(let number): append(contentsOf: number.text.utf8)
        case .text(let text): append(jsonString: text)
        case .list(let items): appendJSONArray(items) { $0.append(tree: $1) }
        case .object(let members):
            appendJSONObject(members.map { ($0.name, $0.value) }) { $0.append(tree: $1) }
        }
    }
}
