import ParleyCore

/// A value after `- name: `. It stands as people type it (`FieldType.value(of:)`); further lines are indented
/// by two spaces. What that form cannot hold is JSON: a string in quotes where white space at the ends
/// counts or the text begins with a quote, an array for a tuple; an `x` column always, since it has no type.
enum MarkdownValue {
    static func content(_ raw: Line, _ type: FieldType) throws(ValueFault) -> DraftContent? {
        let text = String(decoding: raw, as: UTF8.self)
        if text.isEmpty { return nil }
        let isTuple = if case .tuple = type { true } else { false }
        let isJSON =
            type == .any || raw.first == UInt8(ascii: "\"") || (raw.first == UInt8(ascii: "[") && isTuple)
        if isJSON, let content = json(raw, type) { return content == .value(.null) ? nil : content }
        return try type.content(of: text)
    }

    /// nil where this is no JSON or not fit, and so may be meant as it stands.
    private static func json(_ raw: Line, _ type: FieldType) -> DraftContent? {
        raw.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            guard let content = try? scanner.given(type, keepsEmpty: true), (try? scanner.expectEnd()) != nil
            else {
                return nil
            }
            return content
        }
    }

    /// - Returns: nil where the value does not fit the type: that, the format does not hold.
    static func text(_ value: Value, _ type: FieldType, reference: (RecordID) -> String) -> String? {
        guard type.accepts(value), value != .null else { return nil }
        var json: [UInt8] = []
        if type == .any {
            json.append(json: value)
        } else {
            if let text = type.typed(value, reference: reference), isSafe(text) { return text }
            json.append(json: value, type, reference: reference)
            if json.starts(with: "{".utf8) { return nil }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private static func isSafe(_ text: String) -> Bool {
        let bytes = Array(text.utf8)[...]
        return !bytes.isEmpty && MarkdownLine.trimmed(bytes).count == bytes.count
            && bytes.first != UInt8(ascii: "\"")
    }

    /// The lines of `- name: value`.
    static func lines(_ name: String, _ value: String) -> [Line] {
        let lines = MarkdownLine.lines(Array("- \(name): \(value)".utf8))
        return lines.enumerated().map { $0 == 0 || $1.isEmpty ? $1 : [0x20, 0x20] + $1 }
    }

    /// An address as it stands before the colon; in quotes where its key holds what could end it.
    static func name(_ address: String) -> String {
        let bytes = Array(address.utf8)
        let isClear =
            !bytes.isEmpty && bytes.last != UInt8(ascii: ":") && bytes.last != 0x20
            && !zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: ":") && $1 == 0x20 }
        if isClear { return address }
        var quoted: [UInt8] = []
        quoted.append(jsonString: address)
        return String(decoding: quoted, as: UTF8.self)
    }

    static func members(_ raw: Line) -> [String] {
        raw.split(separator: UInt8(ascii: "|"))
            .map { String(decoding: MarkdownLine.trimmed($0), as: UTF8.self) }.filter { !$0.isEmpty }
    }

    /// Can this member stand in a list that `members` splits?
    static func isListed(_ member: String) -> Bool {
        let bytes = Array(member.utf8)[...]
        return !bytes.contains(UInt8(ascii: "|")) && MarkdownLine.trimmed(bytes).count == bytes.count
            && bytes.first != UInt8(ascii: "\"") && member.unicodeScalars.first != "\u{FEFF}"
    }
}
