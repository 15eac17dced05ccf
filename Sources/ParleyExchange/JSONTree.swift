package import ParleyCore

/// Any JSON as a tree that can be asked for its parts.
package indirect enum JSONTree: Equatable, Sendable {
    case null
    case bool(Bool)
    /// Exactly what was written, never a binary float.
    case number(JSONNumber)
    case text(String)
    case list([JSONTree])
    /// In the order of the document; no name stands twice.
    case object([JSONMember])
}

package struct JSONMember: Equatable, Sendable {
    package var name: String
    package var value: JSONTree
}

/// A number of at most 19 digits, exactly.
package struct JSONNumber: Equatable, Sendable {
    let decimal: DecimalNumber

    /// The number, if it is whole and fits.
    package var int64: Int64? { decimal.int64 }

    /// The shortest JSON form of the same digits: `1.0` is `1`.
    package var text: String { decimal.json }
}

extension JSONTree {
    /// The member of an object; nil where this is none or has no such member.
    package subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The element of a list; nil where this is none or is shorter.
    package subscript(index: Int) -> JSONTree? {
        guard case .list(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }

    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var list: [JSONTree]? {
        if case .list(let items) = self { items } else { nil }
    }

    package var members: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    /// What this is, for messages: `an object`.
    package var type: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .text: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

// MARK: - As a value of a field

extension JSONTree {
    /// The value that an `x` field holds, as JSON Lines would give it; nil where it is nested deeper than a
    /// value may be.
    package var value: Value? {
        let value = unchecked
        switch value {
        case .list, .other: return (try? Value(decoding: value.encoded)) == value ? value : nil
        default: return value
        }
    }

    private var unchecked: Value {
        switch self {
        case .null: .null
        case .bool(let truth): .bool(truth)
        case .number(let number): number.decimal.value
        case .text(let text): .text(text)
        case .list(let items): .list(items.map(\.unchecked))
        case .object(let members): Self.map(members)
        }
    }

    /// A CBOR map in its one order: by the bytes of the encoded names.
    private static func map(_ members: [JSONMember]) -> Value {
        let pairs = members.map { (key: Value.text($0.name).encoded, value: $0.value.unchecked.encoded) }
        var bytes: [UInt8] = []
        bytes.append(cborMajor: 5, UInt64(pairs.count))
        for pair in pairs.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            bytes += pair.key + pair.value
        }
        return .other(bytes)
    }
}

// MARK: - Reading

extension JSONTree {
    /// Reads one JSON text and nothing after it.
    package init(parsing bytes: [UInt8]) throws(DraftFault) {
        do {
            self = try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
                var scanner = JSONScanner(buffer)
                let tree = try scanner.tree()
                try scanner.expectEnd()
                return tree
            }
        } catch {
            let before = bytes.prefix(error.at)
            let line = before.count { $0 == 0x0A } + 1
            let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            let column = bytes[start..<max(start, before.count)].count { $0 & 0xC0 != 0x80 } + 1
            throw DraftFault(line: line, column: column, reason: error.reason)
        }
    }
}

extension JSONScanner {
    mutating func tree(depth: Int = 0) throws(JSONFault) -> JSONTree {
        guard depth <= Self.deepest else { throw fault("nested deeper than \(Self.deepest) levels") }
        switch peek() {
        case UInt8(ascii: "\""): return .text(try text(try string()))
        case UInt8(ascii: "{"): return try objectTree(depth: depth)
        case UInt8(ascii: "["):
            var items: [JSONTree] = []
            try array { (scanner) throws(JSONFault) in items.append(try scanner.tree(depth: depth + 1)) }
            return .list(items)
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return .number(JSONNumber(decimal: try number()))
        }
    }

    private mutating func objectTree(depth: Int) throws(JSONFault) -> JSONTree {
        var members: [JSONMember] = []
        var names: Set<[UInt8]> = []
        try object { (scanner, name) throws(JSONFault) in
            let text = try scanner.text(name)
            guard names.insert(Array(text.utf8)).inserted else {
                throw scanner.fault("the name \"\(text.prefix(60))\" stands twice", at: name.range.lowerBound)
            }
            members.append(JSONMember(name: text, value: try scanner.tree(depth: depth + 1)))
        }
        return .object(members)
    }
}
