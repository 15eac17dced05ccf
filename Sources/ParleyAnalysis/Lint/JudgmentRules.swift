import ParleyCore

/// Likelihood, confidence and whether a judgment can be scored: L01, L05, L07, L12, L21.
extension LintRule {
    static let judgmentRules = [
        LintRule(
            "L01", .error, "ICD 203, standard 2", "in review a judgment says how likely, how sure, and why"
        ) { scope in
            guard scope.isInReview else { return [] }
            return scope.all("judgment").flatMap(lacks)
        },
        LintRule(
            "L05", .error, "ICD 203, standard 2",
            "the word and the analysts' numbers agree; nothing is 0 or 100 %"
        ) {
            scope in scope.all("judgment").flatMap { outside($0, scope) + extremes($0, scope) }
        },
        LintRule(
            "L07", .warning, "ICD 203, standard 1", "high confidence rests on two independent, good sources"
        ) {
            scope in
            scope.all("judgment").filter { $0.choice("confidence") == "high" }.flatMap { thin($0, scope) }
        },
        LintRule(
            "L12", .error, "ICD 203, standards 3 and 6",
            "a chain of links leads from each judgment to evidence"
        ) {
            scope in
            scope.all("judgment").filter { scope.dossier.evidenceChains(of: $0.id).isEmpty }.map {
                Found(
                    $0.id, nil,
                    "rests on no evidence. Link what supports it: parley link E-.. \($0.id) --as supports")
            }
        },
        LintRule(
            "L21", .warning, "ICD 203, standard 8", "a judgment can be scored: criterion, due date, outcome"
        ) {
            scope in scope.all("judgment").flatMap { unscored($0, scope.today) }
        },
    ]

    private static func lacks(_ judgment: DossierRecord) -> [Found] {
        var found: [Found] = []
        if judgment.choice("likelihood") == nil {
            found.append(
                Found(
                    judgment.id, "likelihood",
                    "has no likelihood. Say how likely it is, in a word of the scale."))
        }
        if judgment.choice("confidence") == nil {
            found.append(
                Found(
                    judgment.id, "confidence",
                    "has no confidence. Say how sure you are: low, moderate or high."))
        }
        if judgment.text("basis") == nil {
            found.append(
                Found(
                    judgment.id, "basis",
                    "gives no basis for its confidence. Say what it rests on and what is missing."))
        }
        return found
    }

    private static func outside(_ judgment: DossierRecord, _ scope: LintScope) -> [Found] {
        let numbers = scope.dossier.currentEstimates(of: judgment.id).map(\.probability)
        guard let token = judgment.choice("likelihood"), let median = Statistics.median(numbers),
            let band = scope.dossier.scale(of: judgment.id).band(token: token)
        else { return [] }
        let p = Int64((median * 1_000_000).rounded())
        if band.contains(p) { return [] }
        return [
            Found(
                judgment.id, "likelihood",
                "says \(band.words[0]) (\(band.range)), but the median of \(numbers.count) estimates is \(percent(p)). Change the word, or estimate anew."
            )
        ]
    }

    private static func extremes(_ judgment: DossierRecord, _ scope: LintScope) -> [Found] {
        scope.dossier.currentEstimates(of: judgment.id).filter { $0.p == 0 || $0.p == 1_000_000 }.map {
            Found(
                $0.record, "value@\($0.analyst)",
                "puts \(judgment.id) at \(percent($0.p)), which leaves no room for being wrong. Estimate anew, from 1 to 99 %."
            )
        }
    }

    private static func thin(_ judgment: DossierRecord, _ scope: LintScope) -> [Found] {
        let evidence = scope.dossier.evidenceChains(of: judgment.id).compactMap { scope.dossier[$0.evidence] }
        let origins = Set(evidence.compactMap { $0.ref("source").map(scope.dossier.origin) })
        if origins.count < 2 {
            return [
                Found(
                    judgment.id, "confidence",
                    "is of high confidence and rests on \(origins.count == 0 ? "no source" : "one source"). Two independent ones are needed; else lower it."
                )
            ]
        }
        let grades = evidence.map { grade($0, scope.dossier) }
        guard grades.contains(.bad), !grades.contains(.good) else { return [] }
        return [
            Found(
                judgment.id, "confidence",
                "is of high confidence, and nothing it rests on is rated C and 3 or better. Find better evidence, or lower it."
            )
        ]
    }

    private enum Grade { case good, unknown, bad }

    /// Of an item: D, E and 4, 5 are bad; F, 6 and no rating are unknown.
    private static func grade(_ evidence: DossierRecord, _ dossier: Dossier) -> Grade {
        let source = evidence.ref("source").flatMap { dossier[$0] }
        let reliability = source.flatMap { worst($0.choices("reliability"), of: "ABCDE") }
        let credibility = worst(evidence.choices("credibility"), of: "12345")
        let grades = [reliability, credibility].compactMap { $0 }
        if grades.contains(where: { $0 >= 3 }) { return .bad }
        return grades.count == 2 ? .good : .unknown
    }

    /// The place of the analysts' middle grade, from 0; the worse of two in the middle.
    private static func worst(_ ratings: [(analyst: String, token: String)], of grades: String) -> Int? {
        let grades = Array(grades)
        let places = ratings.compactMap { rating in grades.firstIndex { String($0) == rating.token } }
            .sorted()
        return places.isEmpty ? nil : places[places.count / 2]
    }

    private static func unscored(_ judgment: DossierRecord, _ today: Day) -> [Found] {
        var found: [Found] = []
        if judgment.text("criterion") == nil {
            found.append(
                Found(
                    judgment.id, "criterion", "has no criterion. Say what, once it is seen, will settle it."))
        }
        guard let due = judgment.date("due") else {
            return found + [Found(judgment.id, "due", "has no due date. Say by when it will be settled.")]
        }
        let outcome = judgment.tuple("outcome")?.text("result")
        if Day(lastOf: due) < today, outcome == nil {
            found.append(
                Found(
                    judgment.id, "outcome",
                    "was due \(Day(lastOf: due).text) and has no outcome. Enter it: outcome=\"yes | DATE\", or set due anew."
                ))
        }
        return found
    }
}

extension Dossier {
    /// The source at which a chain of `origin`s ends: what repeats another is no second source.
    func origin(of source: RecordID) -> RecordID {
        var (seen, last): (Set<RecordID>, RecordID) = ([source], source)
        while let next = self[last]?.ref("origin"), seen.insert(next).inserted { last = next }
        return last
    }
}
