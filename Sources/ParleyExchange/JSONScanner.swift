/// What is wrong with a line of JSON, and at which of its bytes.
struct JSONFault: Error, Equatable {
    var at: Int
    var reason: String

    init(at: Int, _ reason: String) {
        self.at = at
        self.reason = reason
    }
}

/// A cursor over the bytes of one JSON text (RFC 8259, strictly). It lives only as long as the line that it
/// points into, and makes no strings that nobody asked for.
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    @inline(__always)
    func fault(_ reason: String, at offset: Int? = nil) -> JSONFault {
        JSONFault(at: offset ?? position, reason)
    }

    /// The next byte that is not a space; 0 at the end (which no token begins with).
    @inline(__always)
    mutating func peek() -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte != 0x20, byte != 0x0D, byte != 0x09, byte != 0x0A { return byte }
            position += 1
        }
        return 0
    }

    @inline(__always)
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ character: Unicode.Scalar, _ place: StaticString) throws(JSONFault) {
        guard skip(character) else { throw fault("expected '\(character)' \(place)") }
    }

    mutating func expectEnd() throws(JSONFault) {
        _ = peek()
        guard position == bytes.count else { throw fault("something follows the record") }
    }

    mutating func literal(_ word: StaticString) throws(JSONFault) {
        let end = position + word.utf8CodeUnitCount
        let matches =
            end <= bytes.count
            && (0..<word.utf8CodeUnitCount).allSatisfy { bytes[position + $0] == word.utf8Start[$0] }
        guard matches else { throw fault("expected a value") }
        position = end
    }

    /// Calls `member` with each key of an object; it takes the value.
    @inline(__always)
    mutating func object(
        _ member: (inout JSONScanner, JSONString) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try expect("{", "to begin an object")
        if skip("}") { return }
        repeat {
            let key = try string("a name in quotes")
            try expect(":", "after a name")
            try member(&self, key)
        } while skip(",")
        try expect("}", "or ',' after a member")
    }

    /// Calls `element` at each element of an array; it takes the value.
    @inline(__always)
    mutating func array(_ element: (inout JSONScanner) throws(JSONFault) -> Void) throws(JSONFault) {
        try expect("[", "to begin an array")
        if skip("]") { return }
        repeat { try element(&self) } while skip(",")
        try expect("]", "or ',' after an element")
    }
}

// MARK: - Stepping over

extension JSONScanner {
    /// Levels of arrays and objects that are followed.
    static let deepest = 16

    /// Steps over a value whose meaning is read later, or never.
    mutating func skipValue(depth: Int = 0) throws(JSONFault) {
        guard depth <= Self.deepest else { throw fault("nested deeper than \(Self.deepest) levels") }
        switch peek() {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            try object { (scanner, _) throws(JSONFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { (scanner) throws(JSONFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: _ = try number()
        }
    }
}
