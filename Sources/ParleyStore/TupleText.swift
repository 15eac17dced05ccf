internal import ParleyCore

/// Tuples as JSON arrays, for `json_extract` and for people. The component's type says how to read an item
/// back, so nothing is lost: a reference and a text are both JSON strings.
enum TupleText {
    static func encode(_ cbor: UnsafeRawBufferPointer) -> [UInt8] {
        guard let value = try? Value(decoding: Array(cbor)) else { return [] }
        return encode(value)
    }

    static func encode(_ value: Value) -> [UInt8] {
        var text: [UInt8] = []
        append(value, to: &text)
        return text
    }

    private static func append(_ value: Value, to text: inout [UInt8]) {
        switch value {
        case .text(let string): append(quoted: string, to: &text)
        case .bytes(let bytes): append(quoted: bytes.hex, to: &text)
        case .other(let bytes): append(quoted: bytes.hex, to: &text)
        case .null, .bool, .int: text.append(contentsOf: value.diagnostic.utf8)
        case .list(let items):
            text.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                append(item, to: &text)
            }
            text.append(UInt8(ascii: "]"))
        }
    }

    private static func append(quoted string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0..<0x20: text.append(contentsOf: ("\\u00" + [byte].hex).utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    /// Reads what `encode` wrote.
    static func decode(_ text: [UInt8], _ components: [Component]) -> Value? {
        var reader = Reader(text: text)
        return reader.tuple(components)
    }

    private struct Reader {
        let text: [UInt8]
        var position = 0

        private mutating func skip(_ byte: UInt8) -> Bool {
            guard position < text.count, text[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func tuple(_ components: [Component]) -> Value? {
            guard skip(UInt8(ascii: "[")) else { return nil }
            var items: [Value] = []
            for component in components {
                guard let item = item(component.type) else { return nil }
                items.append(item)
                if skip(UInt8(ascii: "]")) { return .list(items) }
                guard skip(UInt8(ascii: ",")) else { return nil }
            }
            return nil
        }

        private mutating func item(_ type: FieldType) -> Value? {
            if case .tuple(let components) = type, position < text.count, text[position] == UInt8(ascii: "[")
            {
                return tuple(components)
            }
            if let string = string() {
                return type == .ref ? [UInt8](hex: string).map(Value.bytes) : .text(string)
            }
            return word()
        }

        private mutating func word() -> Value? {
            let start = position
            while position < text.count, !(text[position] == 0x2C || text[position] == 0x5D) { position += 1 }
            switch String(decoding: text[start..<position], as: UTF8.self) {
            case "null": return .null
            case "true": return .bool(true)
            case "false": return .bool(false)
            case let digits: return Int64(digits).map(Value.int)
            }
        }

        private mutating func string() -> String? {
            guard skip(UInt8(ascii: "\"")) else { return nil }
            var content: [UInt8] = []
            while position < text.count, text[position] != UInt8(ascii: "\"") {
                guard let byte = character() else { return nil }
                content.append(byte)
            }
            return skip(UInt8(ascii: "\"")) ? String(decoding: content, as: UTF8.self) : nil
        }

        private mutating func character() -> UInt8? {
            guard skip(UInt8(ascii: "\\")) else {
                defer { position += 1 }
                return text[position]
            }
            if skip(UInt8(ascii: "u")) {
                defer { position += 4 }
                guard position + 4 <= text.count else { return nil }
                return [UInt8](hex: String(decoding: text[position + 2..<position + 4], as: UTF8.self))?.first
            }
            defer { position += 1 }
            return position < text.count ? text[position] : nil
        }
    }
}
