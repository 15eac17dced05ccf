import ParleyCore

/// Any JSON as a value, without loss: a number that is no 64-bit integer becomes a decimal fraction, an
/// object a CBOR map with text keys. `{"cbor":"f6.."}` is the value that those bytes encode, which is how
/// values without a JSON form are written.
extension JSONScanner {
    mutating func anyValue() throws(JSONFault) -> Value {
        _ = peek()
        let start = position
        let value = try anyValue(depth: 0)
        switch value {
        case .list, .other:
            guard (try? Value(decoding: value.encoded)) == value else {
                throw fault("nested too deeply", at: start)
            }
        default: break
        }
        return value
    }

    private mutating func anyValue(depth: Int) throws(JSONFault) -> Value {
        guard depth <= Self.deepest else { throw fault("nested too deeply") }
        switch peek() {
        case UInt8(ascii: "\""): return .text(try text(try string()))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "["):
            var items: [Value] = []
            try array { (scanner) throws(JSONFault) in items.append(try scanner.anyValue(depth: depth + 1)) }
            return .list(items)
        case UInt8(ascii: "{"): return try map(depth: depth)
        default: return try number().value
        }
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(JSONFault) -> Value {
        try literal(word)
        return value
    }

    private mutating func map(depth: Int) throws(JSONFault) -> Value {
        let start = position
        var pairs: [(key: [UInt8], value: Value)] = []
        try object { (scanner, name) throws(JSONFault) in
            let key = Value.text(try scanner.text(name)).encoded
            pairs.append((key, try scanner.anyValue(depth: depth + 1)))
        }
        if pairs.count == 1, pairs[0].key == Value.rawName { return try raw(pairs[0].value, at: start) }
        pairs.sort { $0.key.lexicographicallyPrecedes($1.key) }
        if zip(pairs, pairs.dropFirst()).contains(where: { $0.key == $1.key }) {
            throw fault("a name stands twice in this object", at: start)
        }
        var bytes: [UInt8] = []
        bytes.append(cborMajor: 5, UInt64(pairs.count))
        for pair in pairs { bytes += pair.key + pair.value.encoded }
        return .other(bytes)
    }

    private func raw(_ value: Value, at start: Int) throws(JSONFault) -> Value {
        guard let hex = value.text, let bytes = [UInt8](hex: hex), let value = try? Value(decoding: bytes)
        else {
            throw fault("\"cbor\" takes one item of deterministic CBOR in hexadecimal digits", at: start)
        }
        return value
    }
}

extension Value {
    fileprivate static let rawName = Value.text("cbor").encoded

    /// The pairs of a CBOR map whose keys are all text; nil for any other value.
    fileprivate var pairs: [(key: String, value: Value)]? {
        guard case .other(let bytes) = self, bytes.first.map({ $0 >> 5 }) == 5 else { return nil }
        var reader = ByteReader(bytes)
        guard let count = try? reader.head().argument, count <= UInt64(bytes.count) else { return nil }
        var pairs: [(key: String, value: Value)] = []
        for _ in 0..<count {
            guard let key = try? reader.value().text, let value = try? reader.value() else { return nil }
            pairs.append((key, value))
        }
        return pairs
    }
}

// MARK: - Writing

extension [UInt8] {
    /// Appends `value` as `anyValue` reads it. Names in objects are sorted by their UTF-8.
    mutating func append(json value: Value) {
        switch value {
        case .null: append(contentsOf: "null".utf8)
        case .bool(let truth): append(contentsOf: (truth ? "true" : "false").utf8)
        case .int(let number): append(contentsOf: String(number).utf8)
        case .text(let text): append(jsonString: text)
        case .list(let items): appendJSONArray(items) { $0.append(json: $1) }
        case .bytes: append(rawJSON: value)
        case .other: append(jsonOfOther: value)
        }
    }

    mutating func appendJSONArray<Item>(_ items: [Item], _ element: (inout [UInt8], Item) -> Void) {
        append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            element(&self, item)
        }
        append(UInt8(ascii: "]"))
    }

    /// The members in their order.
    mutating func appendJSONObject<Member>(
        _ members: [(name: String, value: Member)], _ element: (inout [UInt8], Member) -> Void
    ) {
        append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(jsonString: member.name)
            append(UInt8(ascii: ":"))
            element(&self, member.value)
        }
        append(UInt8(ascii: "}"))
    }

    private mutating func append(jsonOfOther value: Value) {
        if let number = DecimalNumber(value) { return append(contentsOf: number.json.utf8) }
        guard let pairs = value.pairs, pairs.count != 1 || pairs[0].key != "cbor" else {
            return append(rawJSON: value)
        }
        let sorted = pairs.sorted { $0.key.isBefore($1.key) }
        appendJSONObject(sorted.map { ($0.key, $0.value) }) { $0.append(json: $1) }
    }

    /// `{"cbor":"hex"}`: for what has no other form.
    mutating func append(rawJSON value: Value) {
        append(contentsOf: "{\"cbor\":\"\(value.encoded.hex)\"}".utf8)
    }

    /// A JSON string: quotes, backslashes and what a terminal would obey escaped, all else as it is. Only `\n`
    /// and `\t` of the short escapes are used.
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: append(contentsOf: [0x5C, byte])
            case 0x0A: append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x09: append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0..<0x20, 0x7F: append(contentsOf: "\\u00\([byte].hex)".utf8)
            case 0x80..<0xC0:
                append(byte)
                escapeHidden()
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Escapes the scalar that has just been completed, if a terminal would obey it or a reader not see it: a
    /// control, what turns the direction of a line, a separator of lines, a byte order mark. What only joins
    /// letters stays.
    private mutating func escapeHidden() {
        switch (self[count - 2], self[count - 1]) {
        case (0xC2, 0x80..<0xA0), (0xD8, 0x9C): escape(last: 2)
        case (0x80, 0x8E...0x8F), (0x80, 0xA8...0xAE), (0x81, 0xA6...0xA9):
            if self[count - 3] == 0xE2 { escape(last: 3) }
        case (0xBB, 0xBF): if self[count - 3] == 0xEF { escape(last: 3) }
        default: break
        }
    }

    private mutating func escape(last length: Int) {
        let scalar = String(decoding: self[(count - length)...], as: UTF8.self).unicodeScalars.first
        let number = UInt16(truncatingIfNeeded: scalar?.value ?? 0)
        removeLast(length)
        append(contentsOf: "\\u\([UInt8(number >> 8), UInt8(number & 255)].hex)".utf8)
    }
}
