import ParleyCore

/// The fast lane of the bulk formats.
extension FieldType {
    /// Whether printable ASCII is fit, without the closer look that `accepts` takes.
    @inline(__always)
    func takesPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        switch self {
        case .line: range.count <= Self.longestLine
        case .text, .any: range.count <= Self.longestText
        case .date: Self.isOrdinaryDate(bytes, range)
        default: false
        }
    }

    /// `YYYY-MM-DD` with a day that every month has.
    @inline(__always)
    private static func isOrdinaryDate(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == 10 else { return false }
        func digit(_ index: Int) -> UInt8 { bytes[range.lowerBound + index] &- 48 }
        let dash = UInt8(ascii: "-") &- 48
        let month = digit(5) &* 10 &+ digit(6)
        let day = digit(8) &* 10 &+ digit(9)
        return max(digit(0), digit(1), digit(2), digit(3)) <= 9 && digit(4) == dash && digit(7) == dash
            && max(digit(5), digit(6), digit(8), digit(9)) <= 9 && (1...12).contains(month)
            && (1...28).contains(day)
    }
}
