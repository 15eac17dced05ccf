import ParleyCore

/// Signposts: L22, L23.
extension LintRule {
    static let indicatorRules = [
        LintRule(
            "L22", .warning, "ICD 203, standard 2",
            "an indicator can be seen, is looked at, and has consequences"
        ) {
            scope in
            scope.all("indicator").filter { $0.choice("state") != "retired" }.flatMap {
                unseeable($0) + unlooked($0, scope) + ignored($0, scope.dossier)
            }
        },
        LintRule(
            "L23", .warning, "ICD 203, standard 2",
            "an indicator watches each judgment, or what it depends on"
        ) {
            scope in
            scope.all("judgment").filter { !isWatched($0, scope.dossier) }.map {
                Found(
                    $0.id, nil,
                    "is watched by no indicator, and neither is what it depends on. Say what would change it: parley link I-.. \($0.id) --as watches"
                )
            }
        },
    ]

    private static func unseeable(_ indicator: DossierRecord) -> [Found] {
        let advice = [
            ("observable", "Say what somebody would see."),
            ("threshold", "Say how much of it counts."),
            ("window", "Say until when it is to be watched."),
        ]
        return advice.filter { !indicator.isSet($0.0) }.map { field, advice in
            Found(indicator.id, field, "has no \(field). \(advice)")
        }
    }

    /// By the rule of what is due, so that lint, `signposts` and `status` never differ.
    private static func unlooked(_ indicator: DossierRecord, _ scope: LintScope) -> [Found] {
        let rule = DueRule(today: scope.today, staleDays: scope.options.staleDays)
        let due = rule.indicator(
            state: indicator.choice("state"), window: indicator.date("window"),
            checked: indicator.date("checked"),
            created: Day(indicator.facts.created))
        switch due {
        case .windowPassed(let end):
            return [
                Found(
                    indicator.id, "window",
                    "was to be watched until \(end.text), which is past. Retire it, or set a new window.")
            ]
        case .checked(let days):
            return [
                Found(
                    indicator.id, "checked",
                    "was looked at last \(days) days ago. Look, then set state and checked.")
            ]
        case .neverChecked(let days):
            return [
                Found(
                    indicator.id, "checked",
                    "was never looked at in \(days) days. Look, then set state and checked.")
            ]
        case .unsettled, nil: return []
        }
    }

    /// Seen, and what it watches stands as before.
    private static func ignored(_ indicator: DossierRecord, _ dossier: Dossier) -> [Found] {
        guard indicator.choice("state") == "seen", let date = indicator.tuple("seen")?.date("date") else {
            return []
        }
        let seen = Day(lastOf: date)
        let watched = dossier.links(from: indicator.id, "watches").map(\.to)
        let judgments = watched.flatMap { id in
            dossier[id]?.kind.name == "judgment" ? [dossier[id]].compactMap { $0 } : dossier.judgments(on: id)
        }
        let untouched = judgments.filter {
            Day($0.facts.changed) < seen && dossier.lastEstimate(of: $0.id).map { $0 < seen } ?? true
        }
        var known: Set<RecordID> = []
        return untouched.filter { known.insert($0.id).inserted }.map {
            Found(
                indicator.id, "seen",
                "was seen on \(seen.text), and \($0.id) has not been touched since. Weigh it anew, or note why it stands."
            )
        }
    }

    private static func isWatched(_ judgment: DossierRecord, _ dossier: Dossier) -> Bool {
        let carriers = dossier.links(from: judgment.id, "depends_on").map(\.to)
        return ([judgment.id] + carriers).contains { id in
            dossier.links(to: id, "watches").contains { dossier[$0.from]?.kind.name == "indicator" }
        }
    }
}

extension Dossier {
    fileprivate func lastEstimate(of judgment: RecordID) -> Day? {
        estimates(of: judgment).last.map { $0.madeOn }
    }
}
