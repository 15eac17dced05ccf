import ParleyCore
import Yams

/// The YAML between `---` and `---`: names of the assessment's fields, each with a scalar, a list for a set
/// field, and for `x` columns anything that JSON has.
struct FrontMatter {
    enum Content {
        /// A scalar; `isQuoted` where even the empty text is meant.
        case scalar(String, isQuoted: Bool)
        case list([String])
    }

    struct Entry {
        var name: String
        var content: Content
        /// The same as JSON, for fields without a type.
        var json: [UInt8]
        /// Lines from the opening `---`.
        var line: Int
    }

    /// The entry that is no field: the moment of the export.
    static let exported = "exported"

    var entries: [Entry] = []

    init(_ yaml: String) throws(DraftFault) {
        let node = try GuardedYAML.compose(yaml, of: "front matter")
        guard let node, node != Node("", .implicit, .plain) else { return }
        guard case .mapping(let mapping) = node else {
            throw DraftFault(line: 1, reason: "the front matter is not a list of names and values")
        }
        for (key, value) in mapping { entries.append(try Self.entry(key, value)) }
    }

    private static func entry(_ key: Node, _ value: Node) throws(DraftFault) -> Entry {
        let line = key.mark?.line ?? 1
        guard let name = key.scalar?.string else {
            throw DraftFault(line: line, reason: "a name must be plain text")
        }
        var json: [UInt8] = []
        guard json.append(yaml: value) else {
            throw DraftFault(line: line, reason: "\(name): too long or too deep")
        }
        switch value {
        case .scalar(let scalar):
            let content = Content.scalar(scalar.isEmptyPlain ? "" : scalar.string, isQuoted: !scalar.isPlain)
            return Entry(name: name, content: content, json: json, line: line)
        case .sequence(let sequence):
            return Entry(
                name: name, content: .list(sequence.compactMap(\.scalar?.string)), json: json, line: line)
        default:
            return Entry(name: name, content: .list([]), json: json, line: line)
        }
    }
}

extension Node.Scalar {
    var isPlain: Bool { style == .plain || style == .any }
    var isEmptyPlain: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(string) }
}

extension [UInt8] {
    private static let longest = 900 * 1024

    /// Appends a node as JSON: plain scalars that JSON knows as they are, all others as strings.
    /// - Returns: false where it grows too long (aliases can repeat aliases) or too deep.
    fileprivate mutating func append(yaml node: Node, depth: Int = 0) -> Bool {
        guard count <= Self.longest, depth <= JSONScanner.deepest else { return false }
        switch node {
        case .scalar(let scalar): append(yaml: scalar)
        case .sequence(let sequence):
            append(UInt8(ascii: "["))
            for (index, item) in sequence.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                guard append(yaml: item, depth: depth + 1) else { return false }
            }
            append(UInt8(ascii: "]"))
        case .mapping(let mapping):
            append(UInt8(ascii: "{"))
            for (index, pair) in mapping.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(jsonString: pair.key.scalar?.string ?? "")
                append(UInt8(ascii: ":"))
                guard append(yaml: pair.value, depth: depth + 1) else { return false }
            }
            append(UInt8(ascii: "}"))
        default: return false
        }
        return true
    }

    private mutating func append(yaml scalar: Node.Scalar) {
        if scalar.isEmptyPlain { return append(json: .null) }
        guard scalar.isPlain, scalar.string.isJSONWord else { return append(jsonString: scalar.string) }
        append(contentsOf: scalar.string.utf8)
    }
}

extension String {
    /// A JSON number, true or false.
    fileprivate var isJSONWord: Bool {
        if self == "true" || self == "false" { return true }
        return Array(utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return bytes.first != 0x20 && (try? scanner.number()) != nil && scanner.position == bytes.count
        }
    }
}

// MARK: - Writing

extension FrontMatter {
    /// `name: value` as YAML; a text of several lines as a literal block where YAML keeps it.
    ///
    /// What begins with a quote, or with the mark U+FEFF that YAML drops there, is JSON within YAML.
    static func lines(_ name: String, text: String) -> [Line] {
        if text.utf8.first == UInt8(ascii: "\"") || text.unicodeScalars.first == "\u{FEFF}" {
            return [Array("\(quotedName(name)): \(quoted(quoted(text)))".utf8)[...]]
        }
        if isBlock(text) {
            let content = MarkdownLine.lines(Array(text.utf8))
            return [Array("\(quotedName(name)): |-".utf8)[...]]
                + content.map { $0.isEmpty ? $0 : [0x20, 0x20] + $0 }
        }
        return [Array("\(quotedName(name)): \(isPlain(text) ? text : quoted(text))".utf8)[...]]
    }

    static func line(_ name: String, json value: Value) -> Line {
        var json: [UInt8] = []
        json.append(json: value)
        let text = String(decoding: json, as: UTF8.self)
        // YAML drops that mark at the beginning of a string, escaped or not.
        if text.contains("\\ufeff") {
            json = []
            json.append(rawJSON: value)
        }
        return Array("\(quotedName(name)): \(escaped(String(decoding: json, as: UTF8.self)))".utf8)[...]
    }

    static func line(_ name: String, list: [String]) -> Line {
        let items = list.map { isPlain($0) ? $0 : quoted($0) }
        return Array("\(quotedName(name)): [\(items.joined(separator: ", "))]".utf8)[...]
    }

    private static func quotedName(_ name: String) -> String {
        name.utf8.allSatisfy { (97...122).contains($0) || $0 == UInt8(ascii: "_") } ? name : quoted(name)
    }

    /// Letters, digits and a few signs that mean nothing to YAML in the middle of a text.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, last != 0x20,
            first < 0x80,
            Character(Unicode.Scalar(first)).isLetter || Character(Unicode.Scalar(first)).isNumber
        else { return false }
        return !["null", "true", "false", "yes", "no", "on", "off"].contains(text.lowercased())
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0 & 0xDF) || plainSigns.contains($0)
            }
    }

    private static let plainSigns = Set(" ._-+/()?;".utf8)

    private static func isBlock(_ text: String) -> Bool {
        let lines = MarkdownLine.lines(Array(text.utf8))
        guard lines.count > 1, let first = lines.first?.first, first != 0x20, first != 0x09,
            lines.last.map(MarkdownLine.isBlank) == false
        else { return false }
        return lines.allSatisfy { $0.isEmpty || !MarkdownLine.isBlank($0) }
            && escaped(text).utf8.elementsEqual(text.utf8)
            && !text.utf8.contains(0x09)
    }

    private static func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        json.append(jsonString: text)
        return escaped(String(decoding: json, as: UTF8.self))
    }

    /// Escapes what YAML takes for a line break or does not print, which stands in strings only.
    private static func escaped(_ json: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in json.unicodeScalars {
            switch scalar.value {
            case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
                let digits = String(scalar.value, radix: 16)
                text.append(
                    contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
                        .unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
