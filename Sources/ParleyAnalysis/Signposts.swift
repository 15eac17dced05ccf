package import ParleyCore

/// An indicator: what it watches, whether somebody should look, and what rests on what it watches.
package struct Signpost: Sendable {
    package var indicator: DossierRecord
    /// Judgments, drivers, assumptions, hypotheses, in order.
    package var watched: [DossierRecord]
    /// The judgments among what is watched, and those that rest on it, in order.
    package var judgments: [DossierRecord]
    package var due: DueReason?
    /// The day it was seen, and the evidence of it.
    package var seen: Day?
    package var evidence: RecordID?

    package var state: String { indicator.choice("state") ?? "not_seen" }

    fileprivate init(_ indicator: DossierRecord, in dossier: Dossier, _ rule: DueRule) {
        self.indicator = indicator
        let links = dossier.links(from: indicator.id).filter {
            ["watches", "undermines", "supports"].contains($0.relation)
        }
        watched = dossier.inOrder(Set(links.map(\.to)))
        judgments = dossier.inOrder(
            Set(
                watched.flatMap { record in
                    (record.kind.name == "judgment" ? [record] : []) + dossier.judgments(on: record.id)
                }.map(\.id)))
        due = rule.indicator(
            state: indicator.choice("state"), window: indicator.date("window"),
            checked: indicator.date("checked"), created: Day(indicator.facts.created))
        let tuple = indicator.tuple("seen")
        seen = tuple?.date("date").map { Day(firstOf: $0) }
        evidence = tuple?.ref("evidence")
    }
}

/// A key assumption: how well supported it is, what follows if it is wrong, and what rests on it.
package struct AssumptionCheck: Sendable {
    package var assumption: DossierRecord
    package var isLinchpin: Bool
    /// Each analyst's: solid, caveated or unsupported.
    package var support: [Reasoned]
    package var ifWrong: String?
    /// The judgments that rest on it, through whatever lies between, in order.
    package var judgments: [DossierRecord]
    /// What depends on it directly and is no judgment: drivers, other assumptions, hypotheses.
    package var others: [DossierRecord]
    /// Indicators that watch or undermine it.
    package var watchers: [DossierRecord]

    fileprivate init(_ assumption: DossierRecord, in dossier: Dossier) {
        self.assumption = assumption
        isLinchpin = assumption.flag("linchpin")
        support = assumption.reasoned("support")
        ifWrong = assumption.text("if_wrong")
        judgments = dossier.judgments(on: assumption.id)
        others = dossier.inOrder(Set(dossier.resting(on: assumption.id).map(\.above)))
            .filter { $0.kind.name != "judgment" }
        let links = dossier.links(to: assumption.id).filter {
            ["watches", "undermines"].contains($0.relation)
        }
        watchers = dossier.inOrder(Set(links.map(\.from))).filter { $0.kind.name == "indicator" }
    }
}

extension Dossier {
    /// All indicators among these records: first what is due, then what was seen, then the rest.
    package func signposts(
        among records: some Sequence<DossierRecord>, staleDays: Int = DueRule.usualDays
    ) -> [Signpost] {
        let rule = DueRule(today: today, staleDays: staleDays)
        let all = records.filter { $0.kind.name == "indicator" }.map { Signpost($0, in: self, rule) }
        return all.filter { $0.due != nil } + all.filter { $0.due == nil && $0.state == "seen" }
            + all.filter { $0.due == nil && $0.state != "seen" }
    }

    /// All assumptions among these records, the linchpins first.
    package func assumptions(among records: some Sequence<DossierRecord>) -> [AssumptionCheck] {
        let all = records.filter { $0.kind.name == "assumption" }.map { AssumptionCheck($0, in: self) }
        return all.filter(\.isLinchpin) + all.filter { !$0.isLinchpin }
    }

    /// Those of these records that are here, in order.
    func inOrder(_ ids: Set<RecordID>) -> [DossierRecord] {
        ids.compactMap { index.places[$0] }.sorted().map { records[$0] }
    }
}
