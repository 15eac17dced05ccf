/// A string token: where its content lies, and what is known about it without a second look.
struct JSONString {
    /// The bytes between the quotes.
    var range: Range<Int>
    var isEscaped: Bool
    /// Printable ASCII throughout, so also free of controls and escapes.
    var isPlain: Bool

    var isEmpty: Bool { range.isEmpty }
}

private let eightBytes: UInt64 = 0x0101_0101_0101_0101
private let highBits: UInt64 = 0x8080_8080_8080_8080

/// The high bit of each byte of `word` that is zero (exact up to and including the first).
@inline(__always)
private func zeroBytes(_ word: UInt64) -> UInt64 { (word &- eightBytes) & ~word & highBits }

extension JSONScanner {
    @inline(__always)
    mutating func string(_ wanted: StaticString = "a string in quotes") throws(JSONFault) -> JSONString {
        guard peek() == UInt8(ascii: "\"") else { throw fault("expected \(wanted)") }
        position += 1
        var token = JSONString(range: position..<position, isEscaped: false, isPlain: true)
        let start = position
        while true {
            if skipRun() { token.isPlain = false }
            guard position < bytes.count else { throw fault("the string has no end", at: start - 1) }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte == UInt8(ascii: "\\") else { throw fault("a control character must be escaped") }
            token.isEscaped = true
            token.isPlain = false
            position = min(position + 2, bytes.count)
        }
        token.range = start..<position
        position += 1
        return token
    }

    /// Goes on to the next quote, backslash or control, eight bytes at a time.
    /// - Returns: whether a byte on the way was not printable ASCII.
    @inline(__always)
    private mutating func skipRun() -> Bool {
        var unusual: UInt64 = 0
        let base = UnsafeRawPointer(bytes.baseAddress)
        while let base, position + 8 <= bytes.count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let controls = (word &- 0x20 &* eightBytes) & ~word & highBits
            let stops = zeroBytes(word ^ 0x22 &* eightBytes) | zeroBytes(word ^ 0x5C &* eightBytes) | controls
            let strange = (word & highBits) | zeroBytes(word ^ 0x7F &* eightBytes)
            if stops != 0 {
                let run = stops.trailingZeroBitCount & ~7
                position += run >> 3
                return unusual | (strange & ((1 << UInt64(run)) - 1)) != 0
            }
            unusual |= strange
            position += 8
        }
        while position < bytes.count, bytes[position] >= 0x20, bytes[position] != 0x22,
            bytes[position] != 0x5C
        {
            if bytes[position] >= 0x7F { unusual = 1 }
            position += 1
        }
        return unusual != 0
    }

    /// The text that a token means.
    @inline(__always)
    func text(_ token: JSONString) throws(JSONFault) -> String {
        if token.isEscaped { return try unescaped(token) }
        let content = UnsafeBufferPointer(rebasing: bytes[token.range])
        if token.isPlain { return String(decoding: content, as: UTF8.self) }
        guard let text = String(validating: content, as: UTF8.self) else { throw notUTF8(token.range) }
        return text
    }

    func equals(_ token: JSONString, _ word: StaticString) -> Bool {
        token.range.count == word.utf8CodeUnitCount
            && (0..<token.range.count).allSatisfy { bytes[token.range.lowerBound + $0] == word.utf8Start[$0] }
    }

    private func unescaped(_ token: JSONString) throws(JSONFault) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(token.range.count)
        var index = token.range.lowerBound
        while index < token.range.upperBound {
            if bytes[index] == UInt8(ascii: "\\") {
                index = try appendEscape(at: index, token.range.upperBound, to: &content)
            } else {
                content.append(bytes[index])
                index += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw notUTF8(token.range) }
        return text
    }

    /// - Returns: the index after the escape.
    private func appendEscape(
        at index: Int, _ end: Int, to content: inout [UInt8]
    ) throws(JSONFault) -> Int {
        guard index + 1 < end else { throw fault("unfinished escape", at: index) }
        switch bytes[index + 1] {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(bytes[index + 1])
        case UInt8(ascii: "u"): return try appendScalar(at: index, end, to: &content)
        default: throw fault("unknown escape", at: index)
        }
        return index + 2
    }

    private func appendScalar(
        at index: Int, _ end: Int, to content: inout [UInt8]
    ) throws(JSONFault) -> Int {
        let first = try unit(at: index, end)
        var (number, next) = (UInt32(first), index + 6)
        if (0xD800...0xDBFF).contains(first), next + 1 < end, bytes[next] == UInt8(ascii: "\\") {
            let second = try unit(at: next, end)
            if (0xDC00...0xDFFF).contains(second) {
                number = 0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF
                next += 6
            }
        }
        guard let scalar = Unicode.Scalar(number) else { throw fault("half of a surrogate pair", at: index) }
        content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        return next
    }

    /// The number behind `\u`.
    private func unit(at index: Int, _ end: Int) throws(JSONFault) -> UInt16 {
        guard index + 6 <= end, bytes[index + 1] == UInt8(ascii: "u") else {
            throw fault("unfinished escape", at: index)
        }
        var unit: UInt16 = 0
        for digit in bytes[index + 2..<index + 6] {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else {
                throw fault("\\u takes four hexadecimal digits", at: index)
            }
            unit = unit << 4 | UInt16(value)
        }
        return unit
    }

    /// Names the first byte that is wrong.
    private func notUTF8(_ range: Range<Int>) -> JSONFault {
        JSONFault(at: range.lowerBound + firstInvalidUTF8(bytes[range]), "not UTF-8")
    }
}

/// How many bytes of valid UTF-8 stand at the beginning.
func firstInvalidUTF8(_ bytes: some Sequence<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var valid = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { valid += UTF8.width(scalar) }
    return valid
}
