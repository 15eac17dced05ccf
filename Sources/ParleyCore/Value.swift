/// What a register holds. On the wire and in signatures a value is one item of deterministic CBOR
/// (RFC 8949, section 4.2.1), so that equal values have equal bytes and any language has a decoder.
package enum Value: Hashable, Sendable {
    /// Nothing: the field was cleared.
    case null
    case bool(Bool)
    case int(Int64)
    case text(String)
    case bytes([UInt8])
    /// The components of a tuple, which are written and lost together.
    case list([Value])
    /// An item that this version has no use for (float, map, tag, a larger integer): its bytes, kept whole.
    case other([UInt8])
}

extension Value {
    /// Values are equal if their encodings are the same bytes. (Swift's own `==` of strings would take two
    /// normal forms of one text for equal, and what a changeset says would then depend on who compares.)
    package static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)), (.other(let left), .other(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        default: false
        }
    }

    package static func ref(_ record: RecordID) -> Value { .bytes(record.number.bigEndianBytes) }

    /// The record that a `ref` names; nil where the value is not 16 bytes.
    package var ref: RecordID? {
        guard case .bytes(let bytes) = self, let number = UInt128(bigEndianBytes: bytes) else { return nil }
        return RecordID(number)
    }

    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var int: Int64? {
        if case .int(let number) = self { number } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    package var list: [Value]? {
        if case .list(let items) = self { items } else { nil }
    }
}

// MARK: - CBOR

extension Value {
    static let deepest = 8

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    package func encode(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(0xF6)
        case .bool(let truth): bytes.append(truth ? 0xF5 : 0xF4)
        case .int(let number):
            bytes.append(cborMajor: number < 0 ? 1 : 0, UInt64(number < 0 ? ~number : number))
        case .text(let text):
            bytes.append(cborMajor: 3, UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        case .bytes(let content):
            bytes.append(cborMajor: 2, UInt64(content.count))
            bytes.append(contentsOf: content)
        case .list(let items):
            bytes.append(cborMajor: 4, UInt64(items.count))
            for item in items { item.encode(into: &bytes) }
        case .other(let content): bytes.append(contentsOf: content)
        }
    }

    /// Reads one item and nothing after it.
    package init(decoding bytes: [UInt8], in range: Range<Int>? = nil) throws(MalformedBytes) {
        var reader = ByteReader(bytes, in: range)
        self = try reader.value()
        try reader.expectEnd("value")
    }
}

extension [UInt8] {
    /// Appends the head of a CBOR item, in its shortest form.
    @inline(__always)
    package mutating func append(cborMajor major: UInt8, _ argument: UInt64) {
        let type = major << 5
        switch argument {
        case 0..<24: append(type | UInt8(argument))
        case 24..<0x100:
            append(type | 24)
            append(UInt8(argument))
        case 0x100..<0x1_0000: append(cborHead: type | 25, argument, width: 2)
        case 0x1_0000..<0x1_0000_0000: append(cborHead: type | 26, argument, width: 4)
        default: append(cborHead: type | 27, argument, width: 8)
        }
    }

    private mutating func append(cborHead head: UInt8, _ argument: UInt64, width: Int) {
        append(head)
        for shift in stride(from: (width - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: argument >> UInt64(shift)))
        }
    }
}

extension ByteReader {
    /// The head of a CBOR item: its major type (0 to 7), its additional information and its argument.
    struct ItemHead {
        var major: UInt8
        var info: UInt8
        var argument: UInt64
    }

    /// Steps over one deterministic item and returns where it lies: the hot path, which makes no values.
    @inline(__always)
    package mutating func valueRange() throws(MalformedBytes) -> Range<Int> {
        let start = position
        try skipValue(depth: 0)
        return start..<position
    }

    package mutating func value() throws(MalformedBytes) -> Value {
        try value(depth: 0)
    }

    private mutating func skipValue(depth: Int) throws(MalformedBytes) {
        guard depth <= Value.deepest else { throw failure(.tooDeep, "value") }
        let head = try itemHead()
        switch head.major {
        case 0, 1, 7: return
        case 2: _ = try range(size(head.argument), "bytes")
        case 3: try expectUTF8(try range(size(head.argument), "text"), "text")
        case 4: for _ in 0..<(try size(head.argument)) { try skipValue(depth: depth + 1) }
        case 5: try skipMap(pairs: try size(head.argument), depth: depth)
        default: try skipValue(depth: depth + 1)
        }
    }

    /// Deterministic CBOR sorts the keys of a map by their bytes and repeats none.
    private mutating func skipMap(pairs: Int, depth: Int) throws(MalformedBytes) {
        var previous: Range<Int>?
        for _ in 0..<pairs {
            let start = position
            try skipValue(depth: depth + 1)
            let key = start..<position
            if let previous, !bytes[previous].lexicographicallyPrecedes(bytes[key]) {
                throw failure(.outOfOrder, "map")
            }
            previous = key
            try skipValue(depth: depth + 1)
        }
    }

    private mutating func value(depth: Int) throws(MalformedBytes) -> Value {
        guard depth <= Value.deepest else { throw failure(.tooDeep, "value") }
        let start = position
        let head = try itemHead()
        switch (head.major, head.info, head.argument) {
        case (0, _, 0...UInt64(Int64.max)): return .int(Int64(head.argument))
        case (1, _, 0...UInt64(Int64.max)): return .int(~Int64(head.argument))
        case (2, _, let count): return .bytes(Array(bytes[try range(size(count), "bytes")]))
        case (3, _, let count): return .text(try string(try range(size(count), "text"), "text"))
        case (4, _, let count): return .list(try items(size(count), depth: depth + 1))
        case (7, 20, _): return .bool(false)
        case (7, 21, _): return .bool(true)
        case (7, 22, _): return .null
        default:
            position = start
            try skipValue(depth: depth)
            return .other(Array(bytes[start..<position]))
        }
    }

    private mutating func items(_ count: Int, depth: Int) throws(MalformedBytes) -> [Value] {
        var items: [Value] = []
        items.reserveCapacity(min(count, 8))
        for _ in 0..<count { items.append(try value(depth: depth)) }
        return items
    }

    /// A count that the bytes still to come could hold.
    @inline(__always)
    private func size(_ argument: UInt64) throws(MalformedBytes) -> Int {
        guard argument <= UInt64(remaining) else { throw failure(.truncated, "value") }
        return Int(argument)
    }

    @inline(__always)
    mutating func itemHead() throws(MalformedBytes) -> ItemHead {
        let first = try byte("value")
        let (major, info) = (first >> 5, first & 31)
        if info < 24 { return ItemHead(major: major, info: info, argument: UInt64(info)) }
        return try longItemHead(major, info)
    }

    /// Indefinite lengths (31) and reserved forms are refused, and so is an argument that would be shorter.
    private mutating func longItemHead(_ major: UInt8, _ info: UInt8) throws(MalformedBytes) -> ItemHead {
        guard info <= 27 else { throw failure(.notAllowed, "value") }
        let width = 1 << Int(info - 24)
        var argument: UInt64 = 0
        for index in try range(width, "value") { argument = argument << 8 | UInt64(bytes[index]) }
        guard major == 7 ? Self.isShortest(argument, info) : argument >= Self.least(info) else {
            throw failure(.notMinimal, "value")
        }
        return ItemHead(major: major, info: info, argument: argument)
    }

    /// The least argument that needs this width.
    private static func least(_ info: UInt8) -> UInt64 {
        info == 24 ? 24 : 1 << (4 << UInt64(info - 24))
    }

    /// A simple value from 32 on, or a float that no shorter float holds; there is one NaN.
    private static func isShortest(_ argument: UInt64, _ info: UInt8) -> Bool {
        switch info {
        case 24: return argument >= 32
        case 25: return argument == 0x7E00 || !Float16(bitPattern: UInt16(argument)).isNaN
        case 26:
            let float = Float(bitPattern: UInt32(argument))
            return !float.isNaN && Float(Float16(float)) != float
        default:
            let double = Double(bitPattern: argument)
            return !double.isNaN && Double(Float(double)) != double
        }
    }
}
