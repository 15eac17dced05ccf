/// Crockford's base 32: digits and capitals without I, L, O and U, so that an address can be read aloud.
/// The most significant five bits come first; the last character holds what is left, shifted up.
package enum Crockford {
    static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var characters: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for byte in bytes {
            pending = (pending << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                characters.append(alphabet[Int(pending >> UInt32(bits)) & 31])
            }
        }
        if bits > 0 { characters.append(alphabet[Int(pending << UInt32(5 - bits)) & 31]) }
        return String(decoding: characters, as: UTF8.self)
    }

    /// The value of one character; small letters count as capitals, O as 0, I and L as 1.
    package static func digit(_ character: UInt8) -> UInt8? {
        let capital = (97...122).contains(character) ? character - 32 : character
        switch capital {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return alphabet.firstIndex(of: capital).map(UInt8.init)
        }
    }

    /// - Returns: the bytes whose encoding this is, as people type it; nil where a character is not of the
    ///   alphabet, the text has a length that no number of bytes gives, or bits that are left over are not 0.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            guard let digit = digit(character) else { return nil }
            pending = (pending << 5 | UInt32(digit)) & 0xFFFF
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(count)))
            }
        }
        let leftover = pending & ((1 << UInt32(count)) - 1)
        return count < 5 && leftover == 0 ? bytes : nil
    }

    /// The range of 128-bit numbers whose encoding begins with `prefix` (1 to 26 characters).
    package static func range(ofPrefix prefix: some StringProtocol) -> ClosedRange<UInt128>? {
        let characters = Array(prefix.utf8)
        guard (1...26).contains(characters.count) else { return nil }
        var low: UInt128 = 0
        var room = 128
        for character in characters {
            guard let digit = digit(character) else { return nil }
            let take = min(5, room)
            if take < 5, digit & ((1 << UInt8(5 - take)) - 1) != 0 { return nil }
            room -= take
            low |= UInt128(digit >> UInt8(5 - take)) << UInt128(room)
        }
        let span: UInt128 = room == 128 ? .max : (1 << UInt128(room)) - 1
        return low...(low | span)
    }
}

extension RecordID {
    /// All 26 characters of the id.
    package var text: String { Crockford.encode(number.bigEndianBytes) }
}

extension DeviceID {
    /// All 26 characters of the id.
    package var text: String { Crockford.encode(number.bigEndianBytes) }
}
