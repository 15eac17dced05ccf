import ParleyCore

/// Disagreement within the team: L20.
extension LintRule {
    static let teamRules = [
        LintRule(
            "L20", .warning, "ICD 203, standard 7",
            "where the analysts are apart, the dissent is written down"
        ) {
            scope in
            scope.all("judgment").filter { scope.notes("dissent", about: $0.id).isEmpty }.flatMap {
                spread($0, scope) + disagreeing($0)
            }
        }
    ]

    private static func spread(_ judgment: DossierRecord, _ scope: LintScope) -> [Found] {
        let estimates = scope.dossier.currentEstimates(of: judgment.id).sorted { $0.p < $1.p }
        guard let low = estimates.first, let high = estimates.last else { return [] }
        let scale = scope.dossier.scale(of: judgment.id)
        let places = [low, high].map { estimate in
            scale.word(for: estimate.p).band.flatMap { band in
                scale.bands.firstIndex { $0.token == band.token }
            }
        }
        let steps =
            zip(places, places.dropFirst()).compactMap { low, high in
                low.flatMap { low in high.map { $0 - low } }
            }.first ?? 0
        guard high.p - low.p >= 300_000 || steps >= 2 else { return [] }
        return [
            Found(
                judgment.id, nil,
                "divides the team: \(low.analyst) \(percent(low.p)), \(high.analyst) \(percent(high.p)), and no dissent is noted. Write it down: parley note \(judgment.id) \"..\" --kind dissent"
            )
        ]
    }

    private static func disagreeing(_ judgment: DossierRecord) -> [Found] {
        judgment.reasoned("stance").filter { $0.token.hasSuffix("disagree") }.map { stance in
            Found(
                judgment.id, "stance@\(stance.analyst)",
                "is not agreed: \(stance.analyst) says \(stance.token), and no dissent is noted. Write it down: parley note \(judgment.id) \"..\" --kind dissent",
                excerpt: stance.why)
        }
    }
}
