import ParleyCore

/// How files name a record: `J-` and the 26 characters of its id; the letter is left out where the kind is
/// not known.
enum RecordAddress {
    static let idLength = 26

    /// What a byte stands for in Crockford's base 32; 0xFF for what is no digit.
    private static let digits: [UInt8] = (0...255).map { Crockford.digit($0) ?? 0xFF }

    /// - Returns: nil where the text is not a whole id.
    static func id(_ text: String) -> (letter: Character?, id: RecordID)? {
        var text = text
        return text.withUTF8 { id($0) }
    }

    static func id(_ text: UnsafeBufferPointer<UInt8>) -> (letter: Character?, id: RecordID)? {
        if text.count == idLength { return number(text).map { (nil, RecordID($0)) } }
        guard text.count == idLength + 2, text[1] == UInt8(ascii: "-"), text[0] < 0x80,
            let number = number(UnsafeBufferPointer(rebasing: text[2...]))
        else { return nil }
        return (Character(Unicode.Scalar(text[0])), RecordID(number))
    }

    /// The last digit holds three bits.
    private static func number(_ characters: UnsafeBufferPointer<UInt8>) -> UInt128? {
        var number: UInt128 = 0
        for character in characters.dropLast() {
            let digit = digits[Int(character)]
            if digit > 31 { return nil }
            number = number << 5 | UInt128(digit)
        }
        let last = digits[Int(characters[idLength - 1])]
        return last > 31 || last & 3 != 0 ? nil : number << 3 | UInt128(last >> 2)
    }

    static func text(_ id: RecordID, kind: Kind?) -> String {
        kind.map { "\($0.letter)-\(id.text)" } ?? id.text
    }
}

extension Kind {
    /// A kind that this version does not know: `#14` and its base fields.
    static func unknown(_ tag: UInt32) -> Kind { Kind(tag, "#\(tag)", "?", own: []) }

    var isUnknown: Bool { name.hasPrefix("#") }

    /// Where the text is an id and its letter, if any, this kind's.
    func id(_ text: String) throws(ValueFault) -> RecordID {
        guard let (given, id) = RecordAddress.id(text) else {
            throw ValueFault(given: text, allowed: "an id of 26 characters, such as \(letter)-3KQ7..")
        }
        if let given, given != letter, !isUnknown {
            throw ValueFault(
                given: text, allowed: "the id of a record of kind \(name), which begins with \(letter)-")
        }
        return id
    }
}

extension Schema {
    /// Reads a kind's name, or `#14` for a kind that this version does not know.
    func kind(named text: String) throws(ValueFault) -> Kind {
        if let kind = self[name: text] { return kind }
        if text.hasPrefix("#"), let tag = UInt32(text.dropFirst()) { return self[tag: tag] ?? .unknown(tag) }
        let near = nearest(to: text, among: kinds.map(\.name))
        let names = near.isEmpty ? kinds.map(\.name) : near
        throw ValueFault(given: text, allowed: "a kind: " + names.joined(separator: ", "))
    }
}

// MARK: - Sentences

extension ValueFault {
    /// `"4O May" is not a date: YYYY, YYYY-MM or YYYY-MM-DD`; what was given is cut to its beginning.
    var sentence: String {
        let beginning = given.prefix(60)
        return "\"\(beginning)\(beginning.endIndex < given.endIndex ? ".." : "")\" is not \(allowed)"
    }
}

extension FieldFault {
    func sentence(kind: String) -> String {
        let hint = candidates.isEmpty ? "" : "; near: " + candidates.joined(separator: ", ")
        return switch reason {
        case .unknownField: "\(kind) has no field \"\(given)\"\(hint)"
        case .needsKey: "\(kind).\(given) needs a key: \(candidates.joined(separator: ", "))"
        case .takesNoKey: "\(kind).\(candidates.first ?? given) takes no key, given \"\(given)\""
        case .badKey: "\(kind): \"\(given)\" is not \(candidates.joined(separator: ", "))"
        }
    }
}
