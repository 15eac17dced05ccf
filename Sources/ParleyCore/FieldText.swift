/// Why a text is not a value of a field: what was given and what is allowed. The sentence that names the
/// field is made by whoever knows it.
package struct ValueFault: Error, Equatable, Sendable {
    package var given: String
    package var allowed: String

    package init(given: String, allowed: String) {
        self.given = given
        self.allowed = allowed
    }
}

extension FieldType {
    /// Code points of a line. (Not what a reader takes for characters: one of those has no longest form.)
    package static let longestLine = 200
    /// Bytes of UTF-8 in one field.
    package static let longestText = 64 * 1024

    /// Does a value that came from elsewhere fit this type? (If not, it merges all the same and is shown as
    /// unknown.) Null fits every type: the field was cleared.
    package func accepts(_ value: Value) -> Bool {
        if value == .null { return true }
        switch self {
        case .line: return value.text.map { Self.isLine($0) } ?? false
        case .text: return value.text.map { Self.isText($0) } ?? false
        case .url: return value.text.map { Self.isURL($0) } ?? false
        case .int: return value.int != nil
        case .probability: return value.int.map { (0...1_000_000).contains($0) } ?? false
        case .date: return value.text.map { CivilDate($0) != nil } ?? false
        case .instant: return value.text.map { Instant($0) != nil } ?? false
        case .choice(let tokens): return value.text.map { tokens.contains($0) } ?? false
        case .bool: return value.bool != nil
        case .ref: return value.ref != nil
        case .tuple(let components): return Self.fits(value, components)
        case .any: return true
        }
    }

    /// What may be written here, for messages: "yes or no", "one of low, moderate, high".
    package var allowed: String {
        switch self {
        case .line: "one line of at most \(Self.longestLine) characters"
        case .text: "text of at most 64 KiB"
        case .int: "a whole number"
        case .probability: "a probability from 0 to 1, or 0% to 100%"
        case .date: "a date: YYYY, YYYY-MM or YYYY-MM-DD"
        case .instant: "a moment: YYYY-MM-DDTHH:MM:SSZ"
        case .choice(let tokens):
            "one of " + tokens.joined(separator: ", ") + (self == .likelihood ? ", or a word for it" : "")
        case .bool: "yes or no"
        case .ref: "the id of a record"
        case .url: "an address with a scheme, such as https://.., at most 2,000 characters"
        case .tuple(let components):
            components.map(\.name).joined(separator: " | ") + " ("
                + components.map(\.type.allowed)
                .joined(separator: "; ") + ")"
        case .any: "any value"
        }
    }

    private static func isLine(_ text: String) -> Bool {
        if text.utf8.count <= longestLine, text.isPrintableASCII { return true }
        return text.unicodeScalars.count <= longestLine
            && !text.unicodeScalars.contains { isControl($0) || $0 == "\n" || $0 == "\t" }
    }

    private static func isText(_ text: String) -> Bool {
        text.utf8.count <= longestText
            && (text.isPrintableASCII || !text.unicodeScalars.contains(where: isControl))
    }

    private static func isURL(_ text: String) -> Bool {
        guard text.utf8.count <= 2000, let colon = text.firstIndex(of: ":"), isLineFree(text) else {
            return false
        }
        let scheme = text[..<colon].utf8
        return !scheme.isEmpty && text.index(after: colon) < text.endIndex
            && scheme.allSatisfy { isASCIILetterOrDigit($0) || $0 == 43 || $0 == 45 || $0 == 46 }
    }

    private static func isLineFree(_ text: String) -> Bool {
        !text.unicodeScalars.contains { $0.properties.isWhitespace || isControl($0) }
    }

    private static func isASCIILetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// C0 and C1 controls other than tab and line feed.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }

    private static func fits(_ value: Value, _ components: [Component]) -> Bool {
        guard case .list(let items) = value, (1...components.count).contains(items.count) else {
            return false
        }
        return items.indices.allSatisfy { components[$0].type.accepts(items[$0]) }
    }
}

// MARK: - From what people type

extension FieldType {
    /// The value that a typed text means. References are resolved by `reference`, since only a workspace
    /// knows which record `J-88P` is.
    ///
    /// Tuples separate their components by `|`; the last component takes the rest, so a reason may hold one.
    package func value(
        of text: String, reference: (String) throws(ValueFault) -> RecordID
    ) throws(ValueFault) -> Value {
        let value: Value? =
            switch self {
            case .line, .text, .url, .date, .instant, .any: .text(text)
            case .choice(let tokens): .text(token(text, among: tokens))
            case .int: Int64(text).map(Value.int)
            case .probability: Self.millionths(text).map(Value.int)
            case .bool: Self.truth(text).map(Value.bool)
            case .ref: .ref(try reference(text))
            case .tuple(let components): try Self.tuple(text, components, reference)
            }
        guard let value, accepts(value) else { throw ValueFault(given: text, allowed: allowed) }
        return value
    }

    /// Choices are their tokens and nothing near them, but for likelihood, whose words are the analysts' own:
    /// `Very likely` or `highly probable` for `very_likely`.
    private func token(_ text: String, among tokens: [String]) -> String {
        if tokens.contains(text) || self != .likelihood { return text }
        return LikelihoodWords.token(for: text) ?? text
    }

    private static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "true", "on", "1": true
        case "no", "false", "off", "0": false
        default: nil
        }
    }

    /// `60%`, `60 %`, `0.6`, `.6`, `1`: millionths, without a rounding error. More digits than a millionth
    /// holds are rounded half up. A bare number above 1 is refused: 60 could mean either.
    package static func millionths(_ text: String) -> Int64? {
        let isPercent = text.hasSuffix("%")
        let number = isPercent ? String(text.dropLast()).trimmingSpaces() : text
        guard let scaled = decimal(number, places: isPercent ? 4 : 6) else { return nil }
        return scaled <= 1_000_000 ? scaled : nil
    }

    /// A decimal numeral times ten to the `places`, rounded half up.
    private static func decimal(_ text: String, places: Int) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }), parts[0].count <= 7
        else {
            return nil
        }
        let fraction = parts.count > 1 ? Array(parts[1]) : []
        guard let whole = CivilDate.digits(parts[0]), fraction.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        let padded = (fraction + [UInt8](repeating: 48, count: places + 1)).prefix(places)
        let next = fraction.count > places ? fraction[places] : 48
        let power = (0..<places).reduce(Int64(1)) { product, _ in product * 10 }
        return Int64(whole) * power + Int64(CivilDate.digits(padded) ?? 0) + (next >= 53 ? 1 : 0)
    }

    private static func tuple(
        _ text: String, _ components: [Component], _ reference: (String) throws(ValueFault) -> RecordID
    ) throws(ValueFault) -> Value {
        let parts = text.split(
            separator: "|", maxSplits: components.count - 1, omittingEmptySubsequences: false)
        var items: [Value] = []
        for (part, component) in zip(parts, components) {
            let trimmed = String(part).trimmingSpaces()
            items.append(
                trimmed.isEmpty ? .null : try component.type.value(of: trimmed, reference: reference))
        }
        return .tuple(items)
    }
}

extension Value {
    /// A tuple without the empty components at its end, which are never written.
    package static func tuple(_ items: [Value]) -> Value {
        var kept = items
        while kept.count > 1, kept.last == .null { kept.removeLast() }
        return .list(kept)
    }
}

extension String {
    package func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = {
            $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" || $0 == "\r"
        }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}

// MARK: - To what people read

extension FieldType {
    /// The text that `value(of:)` reads back. `name` shows a reference.
    package func text(of value: Value, name: (RecordID) -> String) -> String {
        switch (self, value) {
        case (_, .null): return ""
        case (.probability, .int(let millionths)): return Self.percent(millionths)
        case (.ref, _): return value.ref.map(name) ?? value.diagnostic
        case (.tuple(let components), .list(let items)):
            return zip(items, components).map { $1.type.text(of: $0, name: name) }.joined(separator: " | ")
        case (_, .text(let text)): return text
        case (_, .bool(let truth)): return truth ? "yes" : "no"
        case (_, .int(let number)): return String(number)
        default: return value.diagnostic
        }
    }

    /// `62.5%` from 625,000 millionths.
    package static func percent(_ millionths: Int64) -> String {
        let sign = millionths < 0 ? "-" : ""
        let (whole, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: 10_000)
        guard rest != 0 else { return "\(sign)\(whole)%" }
        var digits = String(rest)
        digits = String(repeating: "0", count: 4 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(whole).\(digits)%"
    }
}

extension Value {
    /// How a value is shown that its field has no form for (compare RFC 8949, section 8).
    package var diagnostic: String {
        switch self {
        case .null: "null"
        case .bool(let truth): truth ? "true" : "false"
        case .int(let number): String(number)
        case .text(let text): "\"\(text)\""
        case .bytes(let bytes): "h'\(bytes.hex)'"
        case .list(let items): "[" + items.map(\.diagnostic).joined(separator: ", ") + "]"
        case .other(let bytes): "cbor'\(bytes.hex)'"
        }
    }
}

extension Sequence<UInt8> {
    /// Two small hexadecimal digits a byte.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        let characters = flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: characters, as: UTF8.self)
    }
}

extension [UInt8] {
    /// - Returns: nil unless the text is pairs of hexadecimal digits.
    package init?(hex: some StringProtocol) {
        let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
