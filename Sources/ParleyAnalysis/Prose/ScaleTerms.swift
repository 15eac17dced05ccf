/// A column of words for likelihood. Terms of one column may stand together in a product; ICD 203 (2015),
/// D.6.e.(2)(a) asks for a disclaimer where both of its rows are used, and the PHIA yardstick is another scale
/// with other bands.
package enum WordColumn: String, CaseIterable, Sendable {
    case icdFirst, icdSecond, phia

    package var name: String {
        switch self {
        case .icdFirst: "ICD 203, first row"
        case .icdSecond: "ICD 203, second row"
        case .phia: "PHIA yardstick"
        }
    }
}

/// A term of likelihood in a sentence, and the columns that have it.
package struct ScaleTerm: Equatable, Sendable {
    package var text: String
    package var columns: Set<WordColumn>
    /// The words of the sentence.
    var words: Range<Int>
}

/// Finds the terms of both rows of ICD 203 and of the PHIA yardstick.
enum ScaleTerms {
    /// The terms as they may stand in a sentence, adverbs too.
    private static let columns: [String: Set<WordColumn>] = {
        let table: [WordColumn: [String]] = [
            .icdFirst: [
                "almost no chance", "very unlikely", "unlikely", "roughly even chance",
                "roughly an even chance",
                "likely", "very likely", "almost certain", "almost certainly",
            ],
            .icdSecond: [
                "remote", "remotely", "highly improbable", "improbable", "roughly even odds", "probable",
                "probably", "highly probable", "highly probably", "nearly certain", "nearly certainly",
            ],
            .phia: [
                "remote chance", "highly unlikely", "unlikely", "realistic possibility", "likely or probable",
                "likely", "probable", "probably", "highly likely", "almost certain", "almost certainly",
            ],
        ]
        var columns: [String: Set<WordColumn>] = [:]
        for (column, terms) in table { for term in terms { columns[term, default: []].insert(column) } }
        return columns
    }()

    /// Ordinary English that begins as a term does and is none.
    private static let others = [
        "probable cause", "remote control", "remote sensing", "remote work", "more likely", "less likely",
        "most likely", "least likely", "more probable", "less probable", "most probable", "most probably",
        "as likely", "equally likely", "how likely", "more unlikely", "likely to be more",
        "realistic possibility of error",
    ]
    private static let phrases = Phrases(Array(columns.keys) + others)
    static let firstWords = phrases.firstWords
    private static let chances: Set<String> = [
        "chance", "possibility", "probability", "likelihood", "prospect",
    ]
    private static let copulas: Set<String> = [
        "is", "are", "was", "were", "be", "remains", "remain", "seems", "seem", "looks", "appears", "as",
    ]

    /// Comparatives say which of two is likelier and not how likely, so they are no terms.
    static func all(in sentence: Sentence) -> [ScaleTerm] {
        phrases.matches(in: sentence).compactMap { match in
            guard let columns = columns[match.phrase], !isPlace(match, in: sentence) else { return nil }
            return ScaleTerm(text: match.phrase, columns: columns, words: match.words)
        }
    }

    /// `a remote village`: the word alone is a term after a form of `be` or before `chance` and its like.
    private static func isPlace(_ match: Phrases.Match, in sentence: Sentence) -> Bool {
        guard match.phrase == "remote" || match.phrase == "remotely" else { return false }
        if match.phrase == "remotely" { return true }
        let next = sentence[match.words.upperBound]
        let last = sentence[match.words.lowerBound - 1]
        return !chances.contains(next) && !(copulas.contains(last) && !next.hasSuffix("ly"))
    }
}

/// A level of analytic confidence in a sentence, as `high confidence` or `confidence is low`.
enum ConfidenceTerms {
    private static let levels: Set<String> = [
        "high", "moderate", "medium", "low", "highly", "moderately", "fairly", "limited", "strong",
    ]
    static let words: Set<String> = ["confidence", "confident", "confidently"]
    /// Whose confidence is no analytic confidence.
    private static let owners: Set<String> = [
        "its", "their", "his", "her", "consumer", "consumers", "business", "investor", "investors", "market",
        "markets", "public", "voter", "voters", "military", "self",
    ]
    private static let between: Set<String> = [
        "is", "was", "remains", "in", "this", "our", "the", "judgment", "judgement", "of", "level", "at",
        "be",
        "assessment", "a", "very", "and", "only", "still",
    ]

    /// - Returns: the phrase with its level, and where it stands; nil where there is none.
    static func first(in sentence: Sentence) -> (text: String, words: Range<Int>)? {
        for index in sentence.words.indices where Self.words.contains(sentence[index]) {
            guard !sentence.words[index].isQuoted, !isOwned(sentence, index) else { continue }
            if let level = level(near: index, in: sentence) {
                let range = min(level, index)..<max(level, index) + 1
                return (sentence.words[range].map(\.text).joined(separator: " "), range)
            }
        }
        return nil
    }

    private static func level(near index: Int, in sentence: Sentence) -> Int? {
        if index > 0, levels.contains(sentence[index - 1]) { return index - 1 }
        if index > 2, sentence[index - 1] == "of", sentence[index - 2] == "level",
            levels.contains(sentence[index - 3])
        {
            return index - 3
        }
        guard sentence[index] == "confidence" else { return nil }
        var next = index + 1
        while next < sentence.words.count, next <= index + 6 {
            if levels.contains(sentence[next]) { return next }
            guard between.contains(sentence[next]) else { return nil }
            next += 1
        }
        return nil
    }

    private static func isOwned(_ sentence: Sentence, _ index: Int) -> Bool {
        let before = [sentence[index - 1], sentence[index - 2]]
        return before.contains { owners.contains($0) || $0.hasSuffix("'s") || $0.hasSuffix("s'") }
    }
}
