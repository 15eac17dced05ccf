import ParleyCore

/// Assumptions, alternatives and the frame of an assessment: L13 to L17, L19, L25, L26.
extension LintRule {
    static let structureRules = [
        LintRule(
            "L13", .warning, "ICD 203, standard 3", "assumptions are stated, and linchpins watched",
            check: assumptions),
        LintRule(
            "L14", .warning, "ICD 203, standard 4",
            "alternatives are stated and every item is rated against them", check: alternatives),
        LintRule(
            "L15", .warning, "ICD 203, standard 4",
            "the evidence tells hypotheses apart, and no single item decides", check: undecided),
        LintRule(
            "L16", .warning, "ICD 203, standard 6",
            "what speaks against the lead hypothesis is discussed in a section", check: contrary),
        LintRule(
            "L17", .warning, "ICD 203, standard 5", "for whom, with what consequences, and until when",
            check: frame),
        LintRule(
            "L19", .error, "ICD 203, standard 7", "what has changed since the last time is said",
            check: unsaid),
        handling,
        LintRule("L26", .error, "Parley", "nothing unread or unanswered in what is published", check: unread),
    ]

    private static var handling: LintRule {
        var rule = LintRule(
            "L25", .error, "TLP 2.0, handling", "nothing is stricter than the marking it goes out under",
            check: stricter)
        rule.isWaivable = false
        return rule
    }

    private static func assumptions(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment else { return [] }
        let all = scope.all("assumption")
        if all.isEmpty {
            return [
                Found(
                    assessment.id, nil,
                    "records no assumption. Ask what must be true for its judgments to hold: parley new assumption .."
                )
            ]
        }
        return all.filter { $0.flag("linchpin") }.flatMap { linchpin($0, scope.dossier) }
    }

    private static func linchpin(_ assumption: DossierRecord, _ dossier: Dossier) -> [Found] {
        var found: [Found] = []
        if assumption.text("if_wrong") == nil {
            found.append(
                Found(
                    assumption.id, "if_wrong",
                    "is a linchpin, and what follows if it is wrong is not said. Say it."))
        }
        let watchers = dossier.links(to: assumption.id).filter {
            ["watches", "undermines"].contains($0.relation) && dossier[$0.from]?.kind.name == "indicator"
        }
        if watchers.isEmpty {
            found.append(
                Found(
                    assumption.id, nil,
                    "is a linchpin that no indicator watches. Link one: parley link I-.. \(assumption.id) --as watches"
                ))
        }
        let support = assumption.reasoned("support").map(\.token)
        let isUnsupported = support.filter { $0 == "unsupported" }.count * 2 > support.count
        let sure = dossier.judgments(on: assumption.id).filter { $0.choice("confidence") == "high" }
        if isUnsupported, !sure.isEmpty {
            found.append(
                Found(
                    assumption.id, "support",
                    "is an unsupported linchpin under \(list: sure.map(\.id)), of high confidence. Support it, or lower that."
                ))
        }
        return found
    }

    private static func alternatives(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment, !scope.all("judgment").isEmpty else { return [] }
        let live = scope.all("hypothesis").filter { ($0.choice("standing") ?? "live") == "live" }
        guard live.count > 1, let matrix = scope.matrix else {
            let count = live.isEmpty ? "no hypothesis" : "only one live hypothesis"
            return [
                Found(
                    assessment.id, nil,
                    "has \(count). State at least one alternative that the evidence could fit as well.")
            ]
        }
        var found: [Found] = []
        let isMarked = live.contains { one in
            (scope.dossier.links(from: one.id, "alternative_to")
                + scope.dossier.links(to: one.id, "alternative_to")).count > 0
        }
        if !isMarked {
            found.append(
                Found(
                    assessment.id, nil,
                    "marks no hypothesis as an alternative. Link it: parley link H-.. H-.. --as alternative_to"
                ))
        }
        for (column, hypothesis) in matrix.hypotheses.enumerated()
        where matrix.evidence.allSatisfy({ $0.cells[column].ratings.isEmpty }) {
            found.append(
                Found(
                    hypothesis.id, nil,
                    "has no evidence rated against it. Rate it: parley rate E-.. \(hypothesis.id) C"))
        }
        for row in matrix.evidence where row.cells.allSatisfy(\.ratings.isEmpty) {
            found.append(
                Found(
                    row.record.id, nil,
                    "is rated against no hypothesis. Rate it: parley rate \(row.record.id) H-.. C"))
        }
        return found
    }

    private static func undecided(_ scope: LintScope) -> [Found] {
        guard let matrix = scope.matrix, matrix.hypotheses.count > 1 else { return [] }
        var found: [Found] = []
        for row in matrix.evidence {
            let ratings = row.cells.map(\.consensus)
            if let first = ratings[0], ratings.allSatisfy({ $0 == first }),
                row.diagnosticity.map({ $0 < 1e-9 }) ?? true
            {
                found.append(
                    Found(
                        row.record.id, nil,
                        "is rated \(first.rawValue) for every hypothesis: it sets none apart. Look for evidence that does."
                    ))
            }
        }
        let leaders = Set(matrix.leaders.map(\.id))
        for item in matrix.criticalEvidence()
        where item.changesLead && leaders.isDisjoint(with: item.lead.map(\.id)) {
            found.append(
                Found(
                    item.evidence.id, nil,
                    "decides alone: without it \(list: item.lead.map(\.id)) leads. Check it twice, and look for more of its kind."
                ))
        }
        return found
    }

    private static func contrary(_ scope: LintScope) -> [Found] {
        guard let matrix = scope.matrix, matrix.leaders.count == 1, let lead = matrix.leaders.first,
            let column = matrix.hypotheses.firstIndex(where: { $0.id == lead.id })
        else { return [] }
        return matrix.evidence.filter { row in
            let cell = row.cells[column]
            let cited = scope.dossier.links(to: row.record.id, "cites").contains {
                scope.dossier[$0.from]?.kind.name == "section"
            }
            return cell.tally.against * 2 > cell.ratings.count && !cited
        }.map {
            Found(
                $0.record.id, nil,
                "speaks against the lead hypothesis \(lead.id), and no section cites it. Discuss it: parley link S-.. \($0.record.id) --as cites"
            )
        }
    }

    private static func frame(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment else { return [] }
        var found: [Found] = []
        if assessment.text("audience") == nil {
            found.append(
                Found(
                    assessment.id, "audience", "does not say for whom it is. Name the reader: audience=\"..\""
                ))
        }
        if assessment.text("implications") == nil {
            found.append(
                Found(
                    assessment.id, "implications",
                    "does not say what follows for its readers. Say it in implications."))
        }
        guard let horizon = assessment.date("horizon") else {
            return found + [
                Found(assessment.id, "horizon", "does not say how far ahead it looks. Set horizon to a date.")
            ]
        }
        if Day(lastOf: horizon) < scope.today, assessment.choice("status") != "superseded" {
            found.append(
                Found(
                    assessment.id, "horizon",
                    "looked ahead to \(Day(lastOf: horizon).text), which is past. Assess anew, or mark it superseded."
                ))
        }
        return found
    }

    private static func unsaid(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment else { return [] }
        var found: [Found] = []
        if assessment.ref("previous") != nil, assessment.text("change") == nil {
            found.append(
                Found(
                    assessment.id, "change",
                    "follows an earlier assessment and does not say what has changed. Say it in change."))
        }
        guard let publication = scope.publication else { return found }
        for judgment in scope.all("judgment") {
            let now = judgment.choice("likelihood")
            guard let then = publication.likelihoods[judgment.id], then != now else { continue }
            let notes =
                scope.notes("change", about: judgment.id) + scope.notes("change", about: assessment.id)
            if notes.contains(where: { $0.facts.created > publication.at }) { continue }
            let words = [then, now].map { $0.flatMap(assessment.scale.band(token:))?.words[0] ?? "nothing" }
            found.append(
                Found(
                    judgment.id, "likelihood",
                    "was \"\(words[0])\" when it was published on \(Day(publication.at).text) and is \"\(words[1])\" now. Say why: parley note \(judgment.id) \"..\" --kind change"
                ))
        }
        return found
    }

    private static func stricter(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment,
            let ceiling = scope.options.ceiling ?? assessment.choice("tlp").flatMap(Marking.init)
        else { return [] }
        return scope.dossier.contents(of: assessment.id).compactMap { record in
            guard let marking = record.marking, marking > ceiling else { return nil }
            return Found(
                record.id, "tlp",
                "is marked \(marking.label), stricter than \(ceiling.label). Leave it out (report --tlp), or ask its owner to lower it."
            )
        }
    }

    private static func unread(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment, assessment.choice("status") == "published" else { return [] }
        return scope.dossier.contents(of: assessment.id).compactMap { record in
            if record.facts.review > 0 {
                return Found(
                    record.id, nil,
                    "is published and holds \(record.facts.review) overwritten values that nobody has looked at: parley conflicts show \(record.id)"
                )
            }
            guard record.kind.name == "note", record.choice("kind") == "question", !record.flag("resolved")
            else {
                return nil
            }
            return Found(
                record.id, "resolved",
                "is a question without an answer in something published. Answer it, then set resolved=yes.",
                excerpt: record.each("body").first?.value.text)
        }
    }
}

extension Matrix {
    /// The hypotheses with the least against them; none before anything is rated.
    var leaders: [DossierRecord] {
        evidence.allSatisfy { $0.cells.allSatisfy(\.ratings.isEmpty) }
            ? [] : ranking().filter { $0.place == 1 }.map(\.hypothesis)
    }
}

extension Marking {
    /// `TLP:AMBER+STRICT`.
    package var label: String { "TLP:" + rawValue.uppercased() }
}
