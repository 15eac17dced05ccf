internal import ParleyCore

/// `FieldType.accepts` on bytes: the same answers, without making a String for what is common. What it does
/// not decide by looking at bytes it hands to `accepts`.
struct Conformance: Sendable {
    private enum Form: Sendable {
        case line, text, int, probability, date, bool, ref
        case choice([[UInt8]])
        case slow
    }

    let type: FieldType
    private let form: Form

    init(_ type: FieldType) {
        self.type = type
        form =
            switch type {
            case .line: .line
            case .text: .text
            case .int: .int
            case .probability: .probability
            case .date: .date
            case .bool: .bool
            case .ref: .ref
            case .choice(let tokens): .choice(tokens.map { Array($0.utf8) })
            case .instant, .url, .tuple, .any: .slow
            }
    }

    /// - Parameter bytes: one item of CBOR that has been checked.
    @inline(__always)
    func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes[0] == CBORItem.null { return true }
        let item = CBORItem(bytes)
        switch form {
        case .line: return item.major == 3 && fitsLine(item, bytes)
        case .text: return item.major == 3 && fitsText(item, bytes)
        case .int: return item.integer != nil
        case .probability: return item.integer.map { (0...1_000_000).contains($0) } ?? false
        case .bool: return item.truth != nil
        case .ref: return item.major == 2 && item.payload.count == 16
        case .date: return item.major == 3 && Self.isDate(item.payload)
        case .choice(let tokens): return item.major == 3 && tokens.contains { Self.equal($0, item.payload) }
        case .slow: return decides(bytes)
        }
    }

    /// So few bytes are few characters.
    private func fitsLine(_ item: CBORItem, _ bytes: UnsafeRawBufferPointer) -> Bool {
        if item.payload.count <= FieldType.longestLine, Self.isFree(item.payload, breaks: false) {
            return true
        }
        return decides(bytes)
    }

    private func fitsText(_ item: CBORItem, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard item.payload.count <= FieldType.longestText else { return false }
        return Self.isFree(item.payload, breaks: true) || decides(bytes)
    }

    private func decides(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let value = try? Value(decoding: Array(bytes)) else { return false }
        return type.accepts(value)
    }

    /// Surely free of controls. C1 controls begin with C2, as do a few signs: those are left to `accepts`.
    private static func isFree(_ text: UnsafeRawBufferPointer, breaks: Bool) -> Bool {
        var start = 0
        while start + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            if mayHoldControl(word),
                !isFree(UnsafeRawBufferPointer(rebasing: text[start..<start + 8]), breaks)
            {
                return false
            }
            start += 8
        }
        return isFree(UnsafeRawBufferPointer(rebasing: text[start...]), breaks)
    }

    /// Whether any of eight bytes is a control, DEL or C2; at times also where none is.
    @inline(__always)
    private static func mayHoldControl(_ word: UInt64) -> Bool {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let (deletes, leads) = (word ^ 0x7F &* ones, word ^ 0xC2 &* ones)
        let controls = (word &- 0x20 &* ones) & ~word
        return (controls | (deletes &- ones) & ~deletes | (leads &- ones) & ~leads) & highs != 0
    }

    private static func isFree(_ text: UnsafeRawBufferPointer, _ breaks: Bool) -> Bool {
        for byte in text where byte < 0x20 || byte == 0x7F || byte == 0xC2 {
            guard breaks, byte == 9 || byte == 10 else { return false }
        }
        return true
    }

    private static func equal(_ token: [UInt8], _ text: UnsafeRawBufferPointer) -> Bool {
        token.count == text.count
            && token.withUnsafeBytes { ValueBytes(buffer: $0) == ValueBytes(buffer: text) }
    }

    private static func isDate(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 4 || text.count == 7 || text.count == 10, let year = number(text[0..<4]) else {
            return false
        }
        guard text.count > 4 else { return true }
        guard text[4] == 0x2D, let month = number(text[5..<7]), (1...12).contains(month) else { return false }
        guard text.count > 7 else { return true }
        guard text[7] == 0x2D, let day = number(text[8..<10]) else { return false }
        return (1...CivilDate.days(in: month, of: year)).contains(day)
    }

    @inline(__always)
    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        var number = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 48)
        }
        return number
    }
}

/// One item of CBOR, as it lies. Only for bytes that `ChangesetBody` or `Value` have checked.
struct CBORItem {
    static let null: UInt8 = 0xF6

    let major: UInt8
    let argument: UInt64
    private let headSize: Int
    private let bytes: UnsafeRawBufferPointer

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        major = bytes[0] >> 5
        let info = bytes[0] & 31
        guard info >= 24, info <= 27 else {
            argument = UInt64(info)
            headSize = 1
            return
        }
        headSize = 1 + 1 << Int(info - 24)
        var argument: UInt64 = 0
        for index in 1..<headSize { argument = argument << 8 | UInt64(bytes[index]) }
        self.argument = argument
    }

    /// The content of a text or byte string.
    @inline(__always)
    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[headSize...]) }

    var integer: Int64? {
        guard major < 2, argument <= UInt64(Int64.max) else { return nil }
        return major == 0 ? Int64(argument) : ~Int64(argument)
    }

    var truth: Bool? { bytes[0] == 0xF5 ? true : bytes[0] == 0xF4 ? false : nil }
}
