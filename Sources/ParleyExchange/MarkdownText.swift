import ParleyCore

/// One line of a Markdown file, without its line break.
typealias Line = ArraySlice<UInt8>

/// What the format is made of, on bytes: a combining character after a space or a colon hides it from
/// `Character`.
enum MarkdownLine {
    static func lines(_ bytes: [UInt8]) -> [Line] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            $0.last == 0x0D ? $0.dropLast() : $0
        }
    }

    static func isBlank(_ line: Line) -> Bool { line.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    /// The level (1 to 3) and the text of a heading; deeper ones are part of a text.
    static func heading(_ line: Line) -> (level: Int, text: Line)? {
        let level = line.prefix { $0 == UInt8(ascii: "#") }.count
        let rest = line.dropFirst(level)
        guard (1...3).contains(level), rest.isEmpty || rest.first == 0x20 else { return nil }
        return (level, trimmed(rest))
    }

    /// `<!-- J-3KQ7.. 0001 -->`: the id of the item that ends here, and its place among its like.
    static func mark(_ line: Line) -> (id: String, order: String?)? {
        guard line.starts(with: "<!-- ".utf8), line.count > 9, line.suffix(4).elementsEqual(" -->".utf8)
        else {
            return nil
        }
        let parts = line.dropFirst(5).dropLast(4).split(separator: 0x20).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let id = parts.first, parts.count <= 2, RecordAddress.id(id) != nil else { return nil }
        return (id, parts.count > 1 ? parts[1] : nil)
    }

    static func trimmed(_ line: Line) -> Line {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
        guard let first = line.firstIndex(where: { !isSpace($0) }),
            let last = line.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return line[first...last]
    }
}

/// Text between the structure of the file. A line that would be taken for structure (a heading of level 1 to
/// 3, a comment, and in the first line a list item) is written with a backslash before it; so is a line that
/// already has backslashes before such a beginning.
enum MarkdownText {
    static func text(_ lines: some Collection<Line>) -> String? {
        let kept = lines.filter { MarkdownLine.mark($0) == nil }
        guard let first = kept.firstIndex(where: { !MarkdownLine.isBlank($0) }),
            let last = kept.lastIndex(where: { !MarkdownLine.isBlank($0) })
        else { return nil }
        let content = kept[first...last].map { isEscaped($0) ? $0.dropFirst() : $0 }
        return String(decoding: Array(content.joined(separator: [0x0A])), as: UTF8.self)
    }

    /// - Returns: nil where the text would not come back: it is empty, or begins or ends with white space.
    static func lines(_ text: String) -> [Line]? {
        let lines = MarkdownLine.lines(Array(text.utf8))
        guard let first = lines.first, let last = lines.last, !MarkdownLine.isBlank(first),
            !MarkdownLine.isBlank(last), first.first != 0x20, first.first != 0x09
        else { return nil }
        return lines.enumerated().map { needsEscape($1, isFirst: $0 == 0) ? [UInt8(ascii: "\\")] + $1 : $1 }
    }

    private static func isEscaped(_ line: Line) -> Bool {
        line.first == UInt8(ascii: "\\") && isStructure(line.drop { $0 == UInt8(ascii: "\\") }, isFirst: true)
    }

    private static func needsEscape(_ line: Line, isFirst: Bool) -> Bool {
        let begins = line.drop { $0 == UInt8(ascii: "\\") }
        return isStructure(begins, isFirst: isFirst || begins.startIndex > line.startIndex)
    }

    private static func isStructure(_ line: Line, isFirst: Bool) -> Bool {
        MarkdownLine.heading(line) != nil || line.starts(with: "<!--".utf8)
            || (isFirst && line.starts(with: "- ".utf8))
    }
}

/// The thirteen kinds' places in the file, in its order.
enum MarkdownHeading {
    static let bottomLine = "Bottom line"
    static let kinds: [(heading: String, kind: String)] = [
        ("Sections", "section"), ("Judgments", "judgment"), ("Drivers", "driver"),
        ("Assumptions", "assumption"),
        ("Hypotheses", "hypothesis"), ("Evidence", "evidence"), ("Sources", "source"),
        ("Indicators", "indicator"), ("Actors", "actor"), ("Notes", "note"), ("Links", "link"),
        ("Estimates", "estimate"),
    ]

    static func kind(under heading: String, in schema: Schema) -> Kind? {
        kinds.first { $0.heading.lowercased() == heading.lowercased() }.flatMap { schema[name: $0.kind] }
    }

    /// The label by which a file's own assessment is referred to.
    static let assessmentLabel = "assessment"

    /// `J1` of `J1: title`: one to three letters and up to nine digits.
    static func label(_ heading: Line) -> (label: String?, title: Line) {
        let letters = heading.prefix { (65...90).contains($0 & 0xDF) && $0 < 0x80 }
        let digits = heading.dropFirst(letters.count).prefix { (48...57).contains($0) }
        let rest = heading.dropFirst(letters.count + digits.count)
        guard (1...3).contains(letters.count), (1...9).contains(digits.count),
            rest.isEmpty || rest.starts(with: ":".utf8)
        else { return (nil, heading.first == UInt8(ascii: "\\") ? heading.dropFirst() : heading) }
        return (String(decoding: letters + digits, as: UTF8.self), MarkdownLine.trimmed(rest.dropFirst()))
    }
}
