/// What is wrong with bytes that do not decode, and where.
package struct MalformedBytes: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case truncated, trailing, notMinimal, notUTF8, tooDeep, tooLong, outOfOrder, notAllowed
    }
    package var reason: Reason
    /// Bytes from the beginning of what was being read.
    package var offset: Int
    package var what: String

    package init(_ reason: Reason, at offset: Int, reading what: String) {
        self.reason = reason
        self.offset = offset
        self.what = what
    }
}

/// A cursor over bytes. Every length is checked before anything is taken or allocated.
package struct ByteReader {
    package let bytes: [UInt8]
    package internal(set) var position: Int
    package let end: Int

    package init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    package var remaining: Int { end - position }
    package var isAtEnd: Bool { position == end }

    @inline(__always)
    package mutating func byte(_ what: StaticString = "byte") throws(MalformedBytes) -> UInt8 {
        guard position < end else { throw failure(.truncated, what) }
        defer { position += 1 }
        return bytes[position]
    }

    /// Takes `count` bytes without copying them: their range in `bytes`.
    @inline(__always)
    package mutating func range(_ count: Int, _ what: StaticString = "bytes") throws(MalformedBytes) -> Range<
        Int
    > {
        guard count >= 0, count <= remaining else { throw failure(.truncated, what) }
        defer { position += count }
        return position..<position + count
    }

    package mutating func take(_ count: Int, _ what: StaticString = "bytes") throws(MalformedBytes) -> [UInt8]
    {
        Array(bytes[try range(count, what)])
    }

    /// An unsigned LEB128 number in its shortest form, at most 64 bits.
    @inline(__always)
    package mutating func varint(_ what: StaticString = "number") throws(MalformedBytes) -> UInt64 {
        let first = try byte(what)
        if first < 0x80 { return UInt64(first) }
        return try longVarint(UInt64(first & 0x7F), what)
    }

    private mutating func longVarint(_ low: UInt64, _ what: StaticString) throws(MalformedBytes) -> UInt64 {
        var value = low
        for shift in stride(from: 7, through: 63, by: 7) {
            let next = try byte(what)
            if next == 0 || (shift == 63 && next > 1) { throw failure(.notMinimal, what) }
            value |= UInt64(next & 0x7F) << UInt64(shift)
            if next < 0x80 { return value }
        }
        throw failure(.notMinimal, what)
    }

    /// A varint that counts or measures something, bounded before anyone allocates by it.
    package mutating func length(atMost limit: Int, _ what: StaticString = "length") throws(MalformedBytes)
        -> Int
    {
        let value = try varint(what)
        guard value <= UInt64(limit) else { throw failure(.tooLong, what) }
        return Int(value)
    }

    package mutating func uint64(_ what: StaticString = "number") throws(MalformedBytes) -> UInt64 {
        var value: UInt64 = 0
        for index in try range(8, what) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    @inline(__always)
    package mutating func uint128(_ what: StaticString = "id") throws(MalformedBytes) -> UInt128 {
        let range = try range(16, what)
        return bytes.withUnsafeBytes {
            UInt128(bigEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt128.self))
        }
    }

    package mutating func text(atMost limit: Int, _ what: StaticString = "text") throws(MalformedBytes)
        -> String
    {
        try string(try range(try length(atMost: limit, what), what), what)
    }

    /// The text in a range that was taken.
    func string(_ range: Range<Int>, _ what: StaticString) throws(MalformedBytes) -> String {
        let text = bytes.withUnsafeBufferPointer { buffer in
            let content = UnsafeBufferPointer(rebasing: buffer[range])
            // The validating one takes five times as long over a short text.
            return content.isASCII
                ? String(decoding: content, as: UTF8.self) : String(validating: content, as: UTF8.self)
        }
        guard let text else { throw failure(.notUTF8, what) }
        return text
    }

    /// Whether what lies in a range that was taken is a text.
    @inline(__always)
    func expectUTF8(_ range: Range<Int>, _ what: StaticString) throws(MalformedBytes) {
        let isText = bytes.withUnsafeBufferPointer { buffer in
            let content = UnsafeBufferPointer(rebasing: buffer[range])
            return content.isASCII || String(validating: content, as: UTF8.self) != nil
        }
        guard isText else { throw failure(.notUTF8, what) }
    }

    package func failure(_ reason: MalformedBytes.Reason, _ what: StaticString) -> MalformedBytes {
        MalformedBytes(reason, at: position, reading: "\(what)")
    }

    package func expectEnd(_ what: StaticString) throws(MalformedBytes) {
        guard isAtEnd else { throw failure(.trailing, what) }
    }
}

extension [UInt8] {
    /// Appends an unsigned LEB128 number in its shortest form.
    @inline(__always)
    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    package mutating func append(uint64 value: UInt64) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    package mutating func append(uint128 value: UInt128) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends a varint length and the UTF-8 bytes of `text`.
    package mutating func append(text: String) {
        append(varint: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
