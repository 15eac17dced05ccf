/// A register as people write it: `title`, `stance@olga`, `tags:moscow`, `x.column`.
package struct FieldFault: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case unknownField, needsKey, takesNoKey, badKey
    }
    package var reason: Reason
    package var given: String
    /// Fields of this kind whose names are near, or the form that the field takes.
    package var candidates: [String]
}

extension Kind {
    /// Reads `field`, `field@analyst`, `field:member`, `field.column`, or `#17`, `#17@key` for a field that
    /// this version does not know. `me` fills in for a missing analyst of an `each` field.
    package func register(named text: String, me: String? = nil) throws(FieldFault) -> RegisterName {
        // By bytes: a key may begin with a combining character, which would hide the sign before it.
        if text.utf8.first == UInt8(ascii: "#") { return try unknownRegister(text) }
        let end = text.utf8.firstIndex { "@:.".utf8.contains($0) } ?? text.endIndex
        let name = String(text[..<end])
        guard let field = self[name: name] else {
            throw FieldFault(reason: .unknownField, given: name, candidates: near(name))
        }
        return RegisterName(field: field.tag, key: try key(of: field, in: text, after: end, me: me))
    }

    private func key(
        of field: Field, in text: String, after end: String.Index, me: String?
    ) throws(FieldFault) -> String? {
        guard let separator = field.merge.separator else {
            if end == text.endIndex { return nil }
            throw FieldFault(reason: .takesNoKey, given: text, candidates: [field.name])
        }
        if end == text.endIndex {
            if field.merge == .each, let me { return me }
            throw FieldFault(
                reason: .needsKey, given: text, candidates: [field.name + String(separator) + ".."])
        }
        let key = String(text[text.utf8.index(after: end)...])
        guard text.utf8[end] == separator.asciiValue, RegisterName.isKey(key) else {
            throw FieldFault(
                reason: .badKey, given: text, candidates: [field.name + String(separator) + ".."])
        }
        return key
    }

    private func unknownRegister(_ text: String) throws(FieldFault) -> RegisterName {
        let end = text.utf8.firstIndex(of: UInt8(ascii: "@")) ?? text.endIndex
        guard let tag = UInt32(text[text.utf8.index(after: text.startIndex)..<end]) else {
            throw FieldFault(reason: .unknownField, given: text, candidates: [])
        }
        guard end < text.endIndex else { return RegisterName(field: tag) }
        let key = String(text[text.utf8.index(after: end)...])
        guard RegisterName.isKey(key) else {
            throw FieldFault(reason: .badKey, given: text, candidates: ["#\(tag)@.."])
        }
        return RegisterName(field: tag, key: key)
    }

    /// The address of a register, as `register(named:)` reads it.
    package func text(of register: RegisterName) -> String {
        guard let field = self[tag: register.field], field.merge.isKeyed == (register.key != nil) else {
            return "#\(register.field)" + (register.key.map { "@" + $0 } ?? "")
        }
        guard let key = register.key, let separator = field.merge.separator else { return field.name }
        return field.name + String(separator) + key
    }

    private func near(_ name: String) -> [String] {
        nearest(to: name, among: fields.map(\.name))
    }
}

extension RegisterName {
    package static let longestKey = 512

    /// Keys are one line without controls, 1 to 512 bytes.
    package static func isKey(_ key: String) -> Bool {
        (1...longestKey).contains(key.utf8.count)
            && !key.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}

/// The names that differ from `word` by at most two letters (Levenshtein) or begin with it, nearest first.
package func nearest(to word: String, among names: [String]) -> [String] {
    let scored = names.map { (name: $0, distance: $0.hasPrefix(word) ? 1 : editDistance(word, $0)) }
    return scored.filter { $0.distance <= 2 }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.map(
        \.name)
}

private func editDistance(_ left: String, _ right: String) -> Int {
    let columns = Array(right.utf8)
    var row = Array(0...columns.count)
    for (index, letter) in left.utf8.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in columns.indices {
            let replaced = diagonal + (columns[column] == letter ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
        }
    }
    return row[columns.count]
}
