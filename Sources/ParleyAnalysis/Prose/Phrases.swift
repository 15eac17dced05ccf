/// Phrases that are looked for in sentences: the longest that begins at a word wins.
struct Phrases: Sendable {
    /// By first word, the longest first.
    private let byFirst: [String: [[String]]]

    init(_ phrases: [String]) {
        let words = phrases.map { $0.split(separator: " ").map(String.init) }
        byFirst = Dictionary(grouping: words, by: { $0[0] }).mapValues { $0.sorted { $0.count > $1.count } }
    }

    var firstWords: Set<String> { Set(byFirst.keys) }

    /// A phrase and the words at which it stands.
    struct Match: Equatable {
        var phrase: String
        var words: Range<Int>
    }

    /// The matches that do not overlap, from left to right; quoted words match nothing.
    func matches(in sentence: Sentence) -> [Match] {
        var found: [Match] = []
        var index = 0
        while index < sentence.words.count {
            guard let match = match(in: sentence, at: index) else {
                index += 1
                continue
            }
            found.append(match)
            index = match.words.upperBound
        }
        return found
    }

    private func match(in sentence: Sentence, at index: Int) -> Match? {
        guard !sentence.words[index].isQuoted, let candidates = byFirst[sentence.words[index].text] else {
            return nil
        }
        for phrase in candidates where index + phrase.count <= sentence.words.count {
            let range = index..<index + phrase.count
            if zip(range, phrase).allSatisfy({ sentence.words[$0].text == $1 }) {
                return Match(phrase: phrase.joined(separator: " "), words: range)
            }
        }
        return nil
    }
}

extension Sentence {
    private static let reports: Set<String> = [
        "believe", "believes", "believed", "think", "thinks", "thought", "claim", "claims", "claimed", "say",
        "says", "said", "insist", "insists", "insisted", "assert", "asserts", "argue", "argues", "argued",
        "regard", "regards", "view", "views", "portray", "portrays", "consider", "considers", "hope", "hopes",
        "fear", "fears", "expect", "expects", "demand", "demands", "demanded", "declare", "declares",
        "declared", "according",
    ]
    private static let ourselves: Set<String> = ["we", "i", "analysts"]

    /// Does somebody else say or believe what stands from this word on? (`Moscow believes ..`, not `we believe ..`)
    func isAttributed(at index: Int) -> Bool {
        words[..<index].indices.contains { verb in
            Self.reports.contains(words[verb].text)
                && !(verb > 0 && Self.ourselves.contains(words[verb - 1].text))
        }
    }

    private static let negations: Set<String> = [
        "not", "no", "never", "hardly", "neither", "nor", "isn't", "aren't", "wasn't", "nothing", "without",
    ]

    /// Is the word denied by one of the three before it?
    func isNegated(at index: Int) -> Bool {
        words[max(0, index - 3)..<index].contains { Self.negations.contains($0.text) }
    }
}
