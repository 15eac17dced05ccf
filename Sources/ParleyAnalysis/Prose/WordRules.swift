/// What a word rule found in a sentence: the words as written.
struct WordHit: Equatable {
    var phrase: String
    var words: Range<Int>
}

/// Hedges that say that something can be, and not how likely it is.
enum Hedges {
    private static let phrases = Phrases([
        "may", "might", "could", "possible", "possibly", "suggest", "suggests", "perhaps", "maybe",
        "conceivable",
        "conceivably", "cannot rule out", "cannot be ruled out", "can't rule out", "cannot exclude",
        "cannot be excluded", "could not rule out",
        // Ordinary English that begins alike and hedges nothing.
        "as soon as possible", "as possible", "if possible", "where possible", "wherever possible",
        "could not", "might and main", "may day",
    ])
    static let firstWords = phrases.firstWords
    private static let harmless: Set<String> = [
        "as soon as possible", "as possible", "if possible", "where possible", "wherever possible",
        "could not", "might and main", "may day",
    ]

    static func all(in sentence: Sentence) -> [WordHit] {
        phrases.matches(in: sentence).filter { match in
            let first = match.words.lowerBound
            return !harmless.contains(match.phrase) && !isNoun(match, in: sentence)
                && !sentence.isAttributed(at: first)
        }.map { WordHit(phrase: $0.phrase, words: $0.words) }
    }

    private static let owners: Set<String> = [
        "the", "its", "his", "her", "their", "our", "military", "economic", "naval", "industrial",
        "financial",
        "nuclear", "air", "brute", "full", "political", "sheer", "with", "and", "all",
    ]
    private static let months: Set<String> = [
        "in", "by", "since", "until", "of", "last", "next", "this", "late", "early", "before", "after", "to",
    ]

    /// `its might`, `military might`; `in May`, `May 2026`.
    private static func isNoun(_ match: Phrases.Match, in sentence: Sentence) -> Bool {
        let index = match.words.lowerBound
        let (last, next) = (sentence[index - 1], sentence[index + 1])
        switch match.phrase {
        case "might": return owners.contains(last) || last.hasSuffix("'s") || next == "of" || next.isEmpty
        case "may":
            let isNumber = next.utf8.first.map { (48...57).contains($0) } ?? false
            let isCapital = sentence.words[index].isCapital && index > 0
            let follows = months.contains(last) || last.utf8.allSatisfy { (48...57).contains($0) }
            return isNumber || isCapital || (index > 0 && follows)
        default: return false
        }
    }
}

/// Words that leave no room for being wrong.
enum Absolutes {
    private static let phrases = Phrases([
        "will never", "can never", "will always", "certainly", "certain to", "is certain", "are certain",
        "inevitable",
        "inevitably", "impossible", "undoubtedly", "without doubt", "without a doubt", "without any doubt",
        "no doubt", "beyond doubt", "definitely", "guaranteed", "unquestionably",
        // Terms of the scale, and a vow to be careful.
        "almost certainly", "nearly certainly", "almost certain to", "nearly certain to", "is almost certain",
        "all but certainly", "next to impossible",
    ])
    static let firstWords = phrases.firstWords
    private static let harmless: Set<String> = [
        "almost certainly", "nearly certainly", "almost certain to", "nearly certain to", "is almost certain",
        "all but certainly",
    ]
    private static let holdNegation: Set<String> = [
        "will never", "can never", "no doubt", "without doubt", "without a doubt", "without any doubt",
    ]

    static func all(in sentence: Sentence) -> [WordHit] {
        phrases.matches(in: sentence).filter { match in
            let first = match.words.lowerBound
            if harmless.contains(match.phrase) || sentence.isAttributed(at: first) { return false }
            return holdNegation.contains(match.phrase) || !sentence.isNegated(at: first)
        }.map { WordHit(phrase: $0.phrase, words: $0.words) }
    }
}

/// Words that tell somebody what to do.
enum Advocacy {
    private static let phrases = Phrases([
        "should", "must", "ought to", "we recommend", "recommend that", "it is essential that",
        // What must have been is an inference, no advice.
        "must have", "should have been", "should it", "should they", "must-have",
    ])
    static let firstWords = phrases.firstWords
    private static let harmless: Set<String> = [
        "must have", "should have been", "should it", "should they", "must-have",
    ]

    static func all(in sentence: Sentence) -> [WordHit] {
        phrases.matches(in: sentence).filter { match in
            let first = match.words.lowerBound
            if harmless.contains(match.phrase) || sentence.isAttributed(at: first) { return false }
            // `Should the talks fail, ..` is a condition.
            return !(match.phrase == "should" && first == 0)
        }.map { WordHit(phrase: $0.phrase, words: $0.words) }
    }
}

/// Does a text say that words of different rows or scales mean the same chances?
enum ScaleDisclaimer {
    private static let marks = [
        "interchangeabl", "same probability", "same likelihood", "same chance",
        "same assessment of probability",
        "same range", "same band",
    ]

    static func stands(in text: String) -> Bool {
        let text = text.lowercased()
        return marks.contains { text.contains($0) }
    }
}

/// Tables in Markdown, and whether a caption and a source stand beside each.
enum MarkdownTables {
    /// - Returns: for each table its first line, and what it lacks: `caption`, `source`.
    static func lacks(in text: String) -> [(line: String, missing: [String])] {
        let paragraphs = paragraphs(of: text)
        return paragraphs.indices.compactMap { index in
            let paragraph = paragraphs[index]
            guard let first = paragraph.firstIndex(where: isRow),
                paragraph.contains(where: isRule)
            else { return nil }
            var beside = paragraph.filter { !isRow($0) }
            if index > 0 { beside += paragraphs[index - 1] }
            if index + 1 < paragraphs.count { beside += paragraphs[index + 1] }
            let words = beside.map { $0.lowercased() }
            var missing: [String] = []
            if !words.contains(where: { startsWith("table", $0) }) { missing.append("caption") }
            if !words.contains(where: { $0.contains("source:") || $0.contains("sources:") }) {
                missing.append("source")
            }
            return missing.isEmpty ? nil : (paragraph[first], missing)
        }
    }

    private static func paragraphs(of text: String) -> [[String]] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .split(whereSeparator: { line in line.allSatisfy(\.isWhitespace) })
            .map { $0.map(String.init) }
    }

    private static func isRow(_ line: String) -> Bool { line.drop { $0 == " " }.first == "|" }

    private static func isRule(_ line: String) -> Bool {
        line.contains("-") && line.allSatisfy { "|-: \r".contains($0) } && isRow(line)
    }

    /// `Table 2: ..`, also in bold or italics.
    private static func startsWith(_ word: String, _ line: String) -> Bool {
        line.drop { !$0.isLetter }.hasPrefix(word)
    }
}

extension String {
    /// The number of its words, as a word processor counts them.
    var wordCount: Int {
        utf8.split { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }.filter { word in
            word.contains { ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || (48...57).contains($0) || $0 >= 0x80 }
        }.count
    }
}
