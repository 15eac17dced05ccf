package import ParleyCore

/// What people call a change: `@` and the first characters of a hash over device and number, so that the
/// name outlives re-authoring, where the old address stays as an alias.
package struct ChangeAddress: Hashable, Sendable {
    /// The first 16 bytes of the hash, the most significant first.
    package let number: UInt128

    package init(_ change: ChangeID) {
        var text = change.device.number.bigEndianBytes
        text.append(uint64: change.number)
        number = UInt128(folding: Label.changeAddress.hash(text).prefix(16))
    }

    /// The first 8 bytes, for an index.
    package var index: UInt64 { UInt64(truncatingIfNeeded: number >> 64) }

    /// Characters after the `@` that are shown at least.
    package static let shortest = 4

    /// `@` and `length` characters (4 to 26) in small letters.
    package func text(length: Int = shortest) -> String {
        let all = Crockford.encode(number.bigEndianBytes).lowercased()
        return "@" + all.prefix(max(length, Self.shortest))
    }

    /// The addresses that `text` may mean: `@` and 1 to 26 characters, in capitals or not.
    /// - Returns: nil if it is no address.
    package static func range(of text: some StringProtocol) -> ClosedRange<UInt128>? {
        guard text.first == "@" else { return nil }
        return Crockford.range(ofPrefix: text.dropFirst())
    }

    /// The same range as far as an index by ``index`` can tell; compare ``number`` after it.
    package static func indexRange(of range: ClosedRange<UInt128>) -> ClosedRange<UInt64> {
        UInt64(
            truncatingIfNeeded: range.lowerBound >> 64)...UInt64(truncatingIfNeeded: range.upperBound >> 64)
    }
}
