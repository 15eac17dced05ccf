// What most texts are, seen without reading their code points.

extension String {
    /// Nothing but letters, digits, signs and spaces of ASCII.
    package var isPrintableASCII: Bool {
        var text = self
        return text.withUTF8 { bytes in bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Eight bytes at a time.
    var isASCII: Bool {
        let bytes = UnsafeRawBufferPointer(self)
        var place = 0
        while place + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 != 0 { return false }
            place += 8
        }
        while place < bytes.count {
            if bytes[place] > 0x7F { return false }
            place += 1
        }
        return true
    }
}
