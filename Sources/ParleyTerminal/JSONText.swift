/// A JSON value whose objects keep the order in which they are declared, so that equal output is equal bytes.
package indirect enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    /// To six places, without zeros at the end.
    case decimal(Double)
    case text(String)
    case array([JSON])
    case object([JSONMember])

    package static func int(_ number: Int) -> JSON { .int(Int64(number)) }

    /// null where there is no number.
    package static func decimal(orNull number: Double?) -> JSON { number.map(JSON.decimal) ?? .null }

    /// null where there is no text.
    package static func text(orNull text: String?) -> JSON { text.map(JSON.text) ?? .null }
}

package struct JSONMember: Equatable, Sendable {
    package var name: String
    package var value: JSON

    package init(_ name: String, _ value: JSON) {
        self.name = name
        self.value = value
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral text: String) { self = .text(text) }

    package init(integerLiteral number: Int64) { self = .int(number) }

    package init(booleanLiteral truth: Bool) { self = .bool(truth) }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { JSONMember($0.0, $0.1) })
    }

    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON {
    /// Only the named members of an object, in its own order; of an array, the same for each.
    package func narrowed(to names: [String]) -> JSON {
        switch self {
        case .object(let members): .object(members.filter { names.contains($0.name) })
        case .array(let items): .array(items.map { $0.narrowed(to: names) })
        default: self
        }
    }

    /// One line of text. Whatever a terminal would obey is escaped, so the line may be shown as it is and
    /// nothing of the value is lost.
    package var line: String {
        var text = ""
        write(into: &text)
        return text
    }

    private func write(into text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let truth): text += truth ? "true" : "false"
        case .int(let number): text += String(number)
        case .decimal(let number): text += number.decimalText(places: 6)
        case .text(let content): Self.quote(content, into: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.write(into: &text)
            }
            text += "]"
        case .object(let members): Self.write(members, into: &text)
        }
    }

    private static func write(_ members: [JSONMember], into text: inout String) {
        text += "{"
        for (index, member) in members.enumerated() {
            if index > 0 { text += "," }
            quote(member.name, into: &text)
            text += ":"
            member.value.write(into: &text)
        }
        text += "}"
    }

    private static func quote(_ content: String, into text: inout String) {
        if content.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            text += "\""
            text += content
            text += "\""
            return
        }
        text += "\""
        for scalar in content.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if scalar.isHidden {
                    for unit in String(Character(scalar)).utf16 { text += escape(unit) }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
