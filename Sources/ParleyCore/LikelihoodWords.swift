/// The words for likelihood, by the token that is stored. Their bands stand with the analysis.
package enum LikelihoodWords {
    /// Intelligence Community Directive 203, section D.6.e.(2)(a): both rows.
    package static let icd203: [(token: String, words: [String])] = [
        ("almost_no_chance", ["almost no chance", "remote"]),
        ("very_unlikely", ["very unlikely", "highly improbable"]),
        ("unlikely", ["unlikely", "improbable"]),
        ("even", ["roughly even chance", "roughly even odds"]),
        ("likely", ["likely", "probable"]),
        ("very_likely", ["very likely", "highly probable"]),
        ("almost_certain", ["almost certain", "nearly certain"]),
    ]

    /// The yardstick of the Professional Head of Intelligence Assessment (UK).
    package static let phia: [(token: String, words: [String])] = [
        ("almost_no_chance", ["remote chance"]),
        ("very_unlikely", ["highly unlikely"]),
        ("unlikely", ["unlikely"]),
        ("even", ["realistic possibility"]),
        ("likely", ["likely", "probable"]),
        ("very_likely", ["highly likely"]),
        ("almost_certain", ["almost certain"]),
    ]

    /// The token that a word of either scale stands for, whatever its case; `almost certainly` too. No word
    /// stands for different tokens in the two.
    package static func token(for word: String) -> String? {
        let wanted = folded(word)
        return (icd203 + phia).first { entry in
            folded(entry.token) == wanted || entry.words.contains { $0 == wanted || $0 + "ly" == wanted }
        }?.token
    }

    /// Small letters, one space between words.
    package static func folded(_ word: String) -> String {
        word.lowercased().split { $0 == " " || $0 == "_" || $0 == "-" }.joined(separator: " ")
    }
}
