/// Follows one JSON value to its end through chunks of bytes, by its brackets and quotes alone: it keeps
/// nothing of the value and does not judge what is between them.
struct JSONSpan {
    enum Step {
        /// The value ends before this index.
        case ends(Int)
        /// All bytes belong to it, and more is to come.
        case goesOn
        /// A bracket at this index closes what it did not open, or opens too much.
        case fault(Int, String)
    }

    private enum Shape { case unknown, text, brackets, word }

    /// Brackets that may be open at once in what is only stepped over.
    static let deepest = 512

    private var shape = Shape.unknown
    private var isInText = false
    private var isEscaped = false
    /// The closing bracket of each open one.
    private var closing: [UInt8] = []

    /// Begins at the first byte of a value, which is no space.
    mutating func follow(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Step {
        var index = start
        while index < bytes.count {
            if isInText {
                index = endOfText(bytes, from: index)
                if isInText { return .goesOn }
                if shape == .text { return .ends(index) }
                continue
            }
            let byte = bytes[index]
            if shape == .unknown { begin(byte) }
            if shape == .word, Self.endsWord(byte) { return .ends(index) }
            index += 1
            if let step = take(byte, at: index) { return step }
        }
        return .goesOn
    }

    private mutating func begin(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): shape = .text
        case UInt8(ascii: "{"), UInt8(ascii: "["): shape = .brackets
        default: shape = .word
        }
    }

    /// - Parameter next: the index after the byte.
    private mutating func take(_ byte: UInt8, at next: Int) -> Step? {
        switch byte {
        case UInt8(ascii: "\""): isInText = true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard closing.count < Self.deepest else {
                return .fault(next - 1, "nested deeper than \(Self.deepest) levels")
            }
            closing.append(byte + 2)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard closing.popLast() == byte else {
                return .fault(next - 1, "'\(Character(Unicode.Scalar(byte)))' closes what was not opened")
            }
            if closing.isEmpty { return .ends(next) }
        default: break
        }
        return nil
    }

    /// A number or a word ends where something else begins, or at the end of the document.
    private static func endsWord(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            || byte == UInt8(ascii: ":")
    }

    /// - Returns: the index after the closing quote, or the end of the bytes.
    private mutating func endOfText(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInText = false
                return index
            }
        }
        return index
    }

    /// Whether the value is complete if nothing follows: only a number or a word can be.
    var mayEndHere: Bool { shape == .word }
}
