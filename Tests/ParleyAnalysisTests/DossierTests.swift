import ParleyAnalysis
import ParleyCore
import Testing

@Suite("A dossier")
struct DossierTests {
    @Test("reads fields by name, and what a field does not accept as absent")
    func fields() {
        var sample = Sample()
        sample.add(
            "judgment", 1,
            [
                "title": "Talks", "likelihood": "likely", "due": "2027-03", "basis": "  ",
                "outcome": "yes | 2027-01-02", "stance@olga": "agree | as before",
            ])
        sample.add("evidence", 2, ["credibility@ben": "2", "credibility@olga": "4", "tags:moscow": "yes"])
        let dossier = sample.dossier
        let judgment = dossier[Sample.id(1)]!
        #expect(judgment.title == "Talks")
        #expect(judgment.choice("likelihood") == "likely")
        #expect(judgment.date("due") == CivilDate("2027-03"))
        #expect(judgment.text("basis") == nil)
        #expect(judgment.text("nothing") == nil)
        #expect(judgment.tuple("outcome")?.text("result") == "yes")
        #expect(judgment.tuple("outcome")?.date("date") == CivilDate("2027-01-02"))
        #expect(judgment.reasoned("stance") == [Reasoned(analyst: "olga", token: "agree", why: "as before")])
        let evidence = dossier[Sample.id(2)]!
        #expect(evidence.choices("credibility").map(\.analyst) == ["ben", "olga"])
        #expect(evidence.choices("credibility").map(\.token) == ["2", "4"])
        #expect(evidence.members("tags") == ["moscow"])
    }

    @Test("orders by kind, order key, creation and id, whatever the order in which records come")
    func order() {
        var sample = Sample()
        sample.add("section", 5, ["title": "no key, later"], at: 9)
        sample.add("section", 6, ["title": "no key, earlier"], at: 8)
        sample.add("section", 3, ["title": "b", "order": "b"], at: 1)
        sample.add("section", 4, ["title": "a", "order": "a"], at: 2)
        sample.add("section", 8, ["title": "gone", "deleted": "yes"])
        sample.add("assessment", 7, ["title": "first"])
        let expected = [7, 4, 3, 6, 5].map(Sample.id)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            #expect(sample.shuffled(by: &generator).records.map(\.id) == expected)
        }
        #expect(sample.dossier.all("section").count == 4)
        #expect(sample.dossier[Sample.id(8)] == nil)
    }

    @Test("finds the assessment above, and ends a circle of parents where it began")
    func parents() {
        var sample = Sample()
        sample.add("assessment", 1)
        sample.add("judgment", 2, ["parent": "#1"])
        sample.add("evidence", 3, ["parent": "#2"])
        sample.add("section", 4, ["parent": "#5"])
        sample.add("section", 5, ["parent": "#4"])
        let dossier = sample.dossier
        #expect(dossier.assessment(of: Sample.id(3))?.id == Sample.id(1))
        #expect(dossier.assessment(of: Sample.id(4)) == nil)
        #expect(dossier.tree(of: Sample.id(1)).map(\.id) == [1, 2, 3].map(Sample.id))
        #expect(dossier.tree(of: Sample.id(4)).map(\.id) == [4, 5].map(Sample.id))
        #expect(dossier.children(of: Sample.id(1), kind: "judgment").map(\.id) == [Sample.id(2)])
    }

    @Test("follows links from a judgment to evidence by the shortest way, and back to judgments")
    func chains() {
        var sample = Sample()
        sample.add("judgment", 1)
        sample.add("driver", 2)
        sample.add("evidence", 3)
        sample.add("evidence", 4)
        let needs = sample.link(1, "depends_on", 2)
        let supports = sample.link(3, "supports", 2)
        sample.link(3, "related_to", 1)
        sample.link(2, "depends_on", 1)
        let dossier = sample.dossier
        let chains = dossier.evidenceChains(of: Sample.id(1))
        #expect(chains.map(\.evidence) == [Sample.id(3)])
        #expect(chains.first?.links.map(\.id) == [needs, supports])
        #expect(dossier.judgments(on: Sample.id(3)).map(\.id) == [Sample.id(1)])
        #expect(dossier.judgments(on: Sample.id(4)).isEmpty)
    }

    @Test("names references to what is not here, in tuples too")
    func dangling() {
        var sample = Sample()
        sample.add("judgment", 1, ["parent": "#9", "outcome": "no | 2026-01-01 | #8"])
        let link = sample.link(1, "cites", 7)
        #expect(
            sample.dossier.dangling() == [
                DanglingReference(record: Sample.id(1), field: "parent", target: Sample.id(9)),
                DanglingReference(record: Sample.id(1), field: "outcome", target: Sample.id(8)),
                DanglingReference(record: link, field: "to", target: Sample.id(7)),
            ])
    }

    @Test("is as strict as the strictest of everything in it, and of what it is linked to")
    func markings() {
        var sample = Sample()
        sample.add("assessment", 1, ["tlp": "green"])
        sample.add("judgment", 2, ["parent": "#1", "tlp": "clear"])
        sample.add("assessment", 10)
        sample.add("evidence", 11, ["parent": "#10", "tlp": "amber"])
        #expect(sample.dossier.effectiveMarking(of: Sample.id(1)) == .green)
        sample.link(11, "supports", 2)
        #expect(sample.dossier.effectiveMarking(of: Sample.id(1)) == .amber)
        sample.amend(2) { $0.unseenMarkings = ["amber+strict"] }
        #expect(sample.dossier.effectiveMarking(of: Sample.id(1)) == .amberStrict)
        sample.add("judgment", 3, ["tlp": "red"])
        #expect(sample.dossier.effectiveMarking(of: Sample.id(1)) == .amberStrict)
        #expect(sample.dossier.effectiveMarking(of: Sample.id(10)) == .amberStrict)
    }

    @Test("takes of each analyst the estimate made last, by the day it was made on, not by its arrival")
    func estimates() {
        var sample = Sample()
        sample.add("judgment", 1)
        sample.add("estimate", 2, ["judgment": "#1", "value@olga": "70% | high | 2026-11-02 | new"], at: 5)
        sample.add("estimate", 3, ["judgment": "#1", "value@olga": "40% | low | 2026-10-02"], at: 9)
        sample.add(
            "estimate", 4,
            ["judgment": "#1", "value@ben": "55%", "value@~market": "0.5 | | 2026-11"],
            at: Instant("2026-11-24T23:00:00Z")!.milliseconds)
        let current = sample.dossier.currentEstimates(of: Sample.id(1))
        #expect(current.map(\.analyst) == ["ben", "olga", "~market"])
        #expect(current.map(\.p) == [550_000, 700_000, 500_000])
        #expect(current.map(\.madeOn.text) == ["2026-11-24", "2026-11-02", "2026-11-30"])
        #expect(current.map(\.isDated) == [false, true, true])
        #expect(sample.dossier.estimates(of: Sample.id(1)).map(\.record) == [3, 2, 4, 4].map(Sample.id))
    }
}

extension Dossier {
    /// The strictest of everything in an assessment, and of what it is linked to, wherever that lies.
    fileprivate func effectiveMarking(of assessment: RecordID) -> Marking? {
        marking(of: contents(of: assessment))
    }
}
