import ParleyCore

/// Texts of other origins, made fit for our fields.
enum FittedText {
    /// One line: no breaks or runs of spaces, no controls, cut behind a word at the longest line.
    static func line(_ text: String) -> String {
        if isPlain(text), text.utf8.count <= FieldType.longestLine, isOneLine(text.utf8) { return text }
        let words = cleaned(text).unicodeScalars.split { $0.properties.isWhitespace }
        let flat = words.map { String($0) }.joined(separator: " ")
        guard flat.unicodeScalars.count > FieldType.longestLine else { return flat }
        let beginning = String(
            String.UnicodeScalarView(flat.unicodeScalars.prefix(FieldType.longestLine - 1)))
        let end = beginning.lastIndex(of: " ") ?? beginning.endIndex
        return String(beginning[..<end]) + "…"
    }

    /// Line breaks as LF, no other controls but tabs, no space around it, cut at the longest text.
    static func text(_ text: String) -> String {
        let clean = isPlain(text) ? text.trimmingSpaces() : cleaned(text).trimmingSpaces()
        guard clean.utf8.count > FieldType.longestText else { return clean }
        var end = clean.utf8.index(clean.utf8.startIndex, offsetBy: FieldType.longestText)
        while end.samePosition(in: clean.unicodeScalars) == nil { end = clean.utf8.index(before: end) }
        return String(clean[..<end])
    }

    /// What only differs from `text` in ways that nobody misses: how lines end, and space around it.
    static func unbroken(_ text: String) -> String {
        guard text.utf8.contains(0x0D) else { return text }
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar != "\n" || previous != "\r" { scalars.append(scalar == "\r" ? "\n" : scalar) }
            previous = scalar
        }
        return String(scalars)
    }

    /// ASCII without controls but tab and LF, which is what most texts are.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x0A || $0 == 0x09 }
    }

    /// Words with one space between them.
    private static func isOneLine(_ text: String.UTF8View) -> Bool {
        var previous: UInt8 = 0x20
        for byte in text {
            if byte == 0x0A || byte == 0x09 || (byte == 0x20 && previous == 0x20) { return false }
            previous = byte
        }
        return previous != 0x20
    }

    private static func cleaned(_ text: String) -> String {
        let kept = unbroken(text).unicodeScalars.filter { scalar in
            scalar == "\n" || scalar == "\t" || !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value))
        }
        return String(String.UnicodeScalarView(kept))
    }
}
