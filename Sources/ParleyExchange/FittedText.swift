import ParleyCore

/// Texts of other origins, made fit for our fields.
enum FittedText {
    /// One line: no breaks or runs of spaces, no controls, cut behind a word at the longest line.
    static func line(_ text: String) -> String {
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
        let clean = cleaned(text).trimmingSpaces()
        guard clean.utf8.count > FieldType.longestText else { return clean }
        var end = clean.utf8.index(clean.utf8.startIndex, offsetBy: FieldType.longestText)
        while end.samePosition(in: clean.unicodeScalars) == nil { end = clean.utf8.index(before: end) }
        return String(clean[..<end])
    }

    /// What only differs from `text` in ways that nobody misses: how lines end, and space around it.
    static func unbroken(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar != "\n" || previous != "\r" { scalars.append(scalar == "\r" ? "\n" : scalar) }
            previous = scalar
        }
        return String(scalars)
    }

    private static func cleaned(_ text: String) -> String {
        let kept = unbroken(text).unicodeScalars.filter { scalar in
            scalar == "\n" || scalar == "\t" || !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value))
        }
        return String(String.UnicodeScalarView(kept))
    }
}
