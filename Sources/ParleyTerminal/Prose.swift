extension String {
    /// As `wrapped`, for texts that people have broken for a wider page: a paragraph with a line that does not
    /// fit is broken anew as a whole. Lists, tables, quotes and whatever is indented keep their lines.
    package func rewrapped(to width: Int) -> [String] {
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        var result: [String] = []
        var paragraph: [Substring] = []
        func finish() {
            let isWide = paragraph.contains { $0.columns > width }
            result += paragraph.joined(separator: isWide ? " " : "\n").wrapped(to: width)
            paragraph = []
        }
        for line in lines {
            if !paragraph.isEmpty, !Self.isProse(line) || !Self.isProse(paragraph[0]) { finish() }
            paragraph.append(line)
        }
        finish()
        return result
    }

    /// Does the line begin as a sentence or its middle does?
    private static func isProse(_ line: Substring) -> Bool {
        guard let first = line.first, !line.hasSuffix("  "), !line.contains("|") else { return false }
        return first.isLetter || "(\"'".contains(first)
    }
}
