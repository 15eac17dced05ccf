// What most texts are, seen without reading their code points.

extension String {
    /// Nothing but letters, digits, signs and spaces of ASCII.
    package var isPrintableASCII: Bool {
        var text = self
        return text.withUTF8(\.isPrintableASCII)
    }
}

extension UnsafeBufferPointer<UInt8> {
    var isASCII: Bool { allWords { $0 & Self.highBits == 0 } }

    /// The highest bit of a byte is set in the difference where the byte, or one before it, is less than a space, and
    /// in the sum where it is a delete.
    fileprivate var isPrintableASCII: Bool {
        allWords { word in
            let (difference, sum) = (word &- 0x2020_2020_2020_2020, word &+ 0x0101_0101_0101_0101)
            return (word | difference | sum) & Self.highBits == 0
        }
    }

    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Eight bytes at a time, the last ones with spaces.
    @inline(__always)
    private func allWords(_ holds: (UInt64) -> Bool) -> Bool {
        let bytes = UnsafeRawBufferPointer(self)
        var place = 0
        while place + 8 <= bytes.count {
            guard holds(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) else { return false }
            place += 8
        }
        return holds(bytes[place...].reduce(0x2020_2020_2020_2020) { $0 << 8 | UInt64($1) })
    }
}
