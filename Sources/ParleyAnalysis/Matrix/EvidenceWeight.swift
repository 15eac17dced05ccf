internal import ParleyCore

/// How much one item of evidence counts: the product of three factors. The Admiralty code and the method of
/// competing hypotheses give no numbers; these are Parley's, declared here and nowhere else: even steps from
/// the best (1) down. What nobody could judge (F, 6, or no rating) counts in full and is flagged: a discount
/// in the middle would claim a knowledge that nobody has.
package struct EvidenceWeight: Equatable, Sendable {
    package enum Factor: String, CaseIterable, Sendable {
        case reliability, credibility, relevance
    }

    /// What each token counts.
    package static let table: [Factor: [String: Double]] = [
        .reliability: ["A": 1, "B": 0.8, "C": 0.6, "D": 0.4, "E": 0.2],
        .credibility: ["1": 1, "2": 0.8, "3": 0.6, "4": 0.4, "5": 0.2],
        .relevance: ["high": 1, "medium": 2.0 / 3, "low": 1.0 / 3],
    ]

    package var value: Double
    /// The factors of which nothing is known.
    package var unknown: [Factor]

    /// - Parameter evidence: its credibility and relevance count, and the reliability of its source.
    /// - Parameter analysts: whose ratings count; nil for everybody's. Of several the mean counts.
    init(of evidence: DossierRecord, in dossier: Dossier, by analysts: Set<String>?) {
        let source = evidence.ref("source").flatMap { dossier[$0] }
        let tokens: [(Factor, [(analyst: String, token: String)])] = [
            (.reliability, source?.choices("reliability") ?? []),
            (.credibility, evidence.choices("credibility")), (.relevance, evidence.choices("relevance")),
        ]
        (value, unknown) = (1, [])
        for (factor, ratings) in tokens {
            let counted = ratings.filter { analysts?.contains($0.analyst) ?? true }
            let known = counted.compactMap { Self.table[factor]?[$0.token] }
            if let mean = Statistics.mean(known) { value *= mean } else { unknown.append(factor) }
        }
    }
}
