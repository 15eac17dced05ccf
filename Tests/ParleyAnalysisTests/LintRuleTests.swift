@testable import ParleyAnalysis
import ParleyCore
import Testing

/// An assessment of which nothing is wrong, and a change to it that one rule finds fault with.
struct LintCase: Sendable {
    var rule: String
    var name: String
    /// What the findings stand at: `3.criterion`; record numbers and fields.
    var places: [String]
    var change: @Sendable (inout Sample) -> Void

    init(
        _ rule: String, _ name: String, at places: [String],
        _ change: @escaping @Sendable (inout Sample) -> Void
    ) {
        (self.rule, self.name, self.places, self.change) = (rule, name, places, change)
    }
}

@Suite("Lint")
struct LintRuleTests {
    /// 1 the assessment, 2 a section, 3 and 4 judgments, 5 a driver, 6 an assumption, 7 and 8 hypotheses,
    /// 9 to 11 evidence, 12 and 13 sources, 14 an indicator.
    static var clean: Sample {
        var sample = Sample()
        sample.add(
            "assessment", 1,
            [
                "title": "Talks", "bluf": "Talks go on and nothing moves.", "audience": "planners",
                "horizon": "2027",
                "implications": "Plan for a long time.", "scale": "icd203", "status": "review",
                "tlp": "amber",
                "scope_sources": "Two sources.",
            ])
        sample.add("section", 2, ["title": "Outlook", "text": "Little moves.", "parent": "#1"])
        for number in [3, 4] {
            sample.add(
                "judgment", number,
                [
                    "title": "Talks restate positions", "likelihood": "likely", "confidence": "moderate",
                    "basis": "Two reports agree.", "criterion": "A text is signed or not.", "due": "2027-06",
                    "parent": "#1",
                ])
        }
        sample.add("driver", 5, ["title": "Endurance", "parent": "#1"])
        sample.add(
            "assumption", 6,
            ["title": "No hidden channel", "linchpin": "yes", "if_wrong": "All of it.", "parent": "#1"])
        sample.add("hypothesis", 7, ["title": "Waits", "parent": "#1"])
        sample.add("hypothesis", 8, ["title": "Bargains", "parent": "#1"])
        for (number, source) in [(9, 12), (10, 13), (11, 13)] {
            sample.add(
                "evidence", number,
                [
                    "title": "Report", "source": "#\(source)", "locator": "p. 4", "happened": "2026-10",
                    "parent": "#1", "credibility@olga": "2",
                ])
        }
        for number in [12, 13] {
            sample.add(
                "source", number,
                [
                    "title": "Paper", "descriptor": "A daily.", "issued": "2026-10-01",
                    "reliability@olga": "B", "parent": "#1",
                ])
        }
        sample.add(
            "indicator", 14,
            [
                "title": "A draft", "observable": "A text.", "threshold": "one", "window": "2027",
                "checked": "2026-11-20", "parent": "#1",
            ])
        sample.link(3, "depends_on", 5)
        sample.link(4, "depends_on", 5)
        sample.link(14, "watches", 5)
        sample.link(14, "watches", 6)
        sample.link(8, "alternative_to", 7)
        for number in [9, 10, 11] {
            sample.link(number, "supports", 5)
            sample.link(number, "bears_on", 7, ["olga": "C"])
            sample.link(number, "bears_on", 8, ["olga": "I"])
        }
        return sample
    }

    static let judgmentCases = [
        LintCase("L01", "no likelihood in review", at: ["3.likelihood"]) { $0.set(3, ["likelihood": nil]) },
        LintCase("L01", "neither confidence nor basis", at: ["3.confidence", "3.basis"]) {
            $0.set(3, ["confidence": nil, "basis": nil])
        },
        LintCase("L01", "a draft may lack them", at: []) {
            $0.set(1, ["status": "draft"])
            $0.set(3, ["likelihood": nil])
        },
        LintCase("L05", "the median lies outside the word's band", at: ["3.likelihood"]) {
            $0.add("estimate", 20, ["judgment": "#3", "value@olga": "50%", "value@ben": "52%"])
        },
        LintCase("L05", "an edge belongs to both words", at: []) {
            $0.add("estimate", 20, ["judgment": "#3", "value@olga": "80%"])
        },
        LintCase("L05", "nobody is sure by 100 %", at: ["3.likelihood", "20.value@ben"]) {
            $0.add("estimate", 20, ["judgment": "#3", "value@ben": "100%"])
        },
        LintCase("L07", "high confidence on one source", at: ["3.confidence"]) {
            $0.set(3, ["confidence": "high"])
            $0.set(13, ["origin": "#12"])
        },
        LintCase("L07", "high confidence on bad sources", at: ["3.confidence"]) {
            $0.set(3, ["confidence": "high"])
            for source in [12, 13] { $0.set(source, ["reliability@olga": "E"]) }
        },
        LintCase("L07", "two good sources carry high confidence", at: []) {
            $0.set(3, ["confidence": "high"])
        },
        LintCase("L12", "a judgment hangs in the air", at: ["4."]) { $0.unlink(4, "depends_on", 5) },
        LintCase("L12", "evidence bears on it directly", at: []) {
            $0.unlink(4, "depends_on", 5)
            $0.link(9, "undermines", 4)
        },
        LintCase("L21", "no criterion and no due date", at: ["3.criterion", "3.due"]) {
            $0.set(3, ["criterion": nil, "due": nil])
        },
        LintCase("L21", "due yesterday, no outcome", at: ["3.outcome"]) { $0.set(3, ["due": "2026-11-24"]) },
        LintCase("L21", "due yesterday, with an outcome", at: []) {
            $0.set(3, ["due": "2026-11-24", "outcome": "yes | 2026-11-23"])
        },
        LintCase("L21", "due within this month, which is not over", at: []) { $0.set(3, ["due": "2026-11"]) },
    ]

    static let wordCases = [
        LintCase("L02", "confidence and likelihood in one sentence", at: ["3.basis"]) {
            $0.set(3, ["basis": "We judge with high confidence that this is likely."])
        },
        LintCase("L02", "in two sentences", at: []) {
            $0.set(3, ["basis": "This is likely. Our confidence is high."])
        },
        LintCase("L03", "two rows", at: ["2.text"]) {
            $0.set(1, ["bluf": "This is very likely."])
            $0.set(2, ["text": "That is highly probable."])
        },
        LintCase("L03", "another scale than the assessment's", at: ["2.text"]) {
            $0.set(2, ["text": "A realistic possibility."])
        },
        LintCase("L03", "one row", at: []) { $0.set(2, ["text": "It is unlikely. That is almost certain."]) },
        LintCase("L03", "two rows with a disclaimer", at: []) {
            $0.set(
                1,
                [
                    "bluf": "This is very likely.",
                    "scope_sources": "Terms of both rows mean the same probability.",
                ])
            $0.set(2, ["text": "That is highly probable."])
        },
        LintCase("L04", "a hedge without a word of the scale", at: ["3.title"]) {
            $0.set(3, ["title": "Moscow might bargain"])
        },
        LintCase("L04", "a hedge beside a word of the scale", at: []) {
            $0.set(3, ["title": "It is unlikely that Moscow might bargain"])
        },
        LintCase("L04", "might as a noun", at: []) { $0.set(3, ["title": "Its military might wanes"]) },
        LintCase("L06", "an absolute word", at: ["3.title"]) {
            $0.set(3, ["title": "Moscow will never yield"])
        },
        LintCase("L06", "almost certainly is a word of the scale", at: []) {
            $0.set(3, ["title": "Moscow will almost certainly not yield"])
        },
        LintCase("L06", "a section may tell of somebody's vow", at: []) {
            $0.set(2, ["text": "Victory is inevitable, they say."])
        },
        LintCase("L18", "no bottom line", at: ["1.bluf"]) { $0.set(1, ["bluf": nil]) },
        LintCase("L18", "61 words", at: ["1.bluf"]) {
            $0.set(1, ["bluf": String(repeating: "word ", count: 61)])
        },
        LintCase("L18", "60 words", at: []) { $0.set(1, ["bluf": String(repeating: "word ", count: 60)]) },
        LintCase("L18", "judgments only within a section", at: ["1."]) {
            $0.set(3, ["parent": "#2"])
            $0.set(4, ["parent": "#2"])
        },
        LintCase("L24", "201 words", at: ["2.text"]) {
            $0.set(2, ["text": String(repeating: "word ", count: 201)])
        },
        LintCase("L24", "200 words", at: []) { $0.set(2, ["text": String(repeating: "word ", count: 200)]) },
        LintCase("L24", "a bare table", at: ["2.text"]) { $0.set(2, ["text": "| a |\n|---|\n| 1 |"]) },
        LintCase("L27", "advice in a judgment", at: ["3.basis"]) {
            $0.set(3, ["basis": "The West should act."])
        },
        LintCase("L27", "a condition", at: []) { $0.set(3, ["basis": "Should talks fail, little changes."]) },
    ]

    static let sourceCases = [
        LintCase("L08", "evidence from nowhere", at: ["9.source", "9.locator", "9.happened"]) {
            $0.set(9, ["source": nil, "locator": nil, "happened": nil])
        },
        LintCase(
            "L08", "a source of which nothing is known", at: ["12.descriptor", "12.issued", "12.reliability"]
        ) {
            $0.set(12, ["descriptor": nil, "issued": nil, "reliability@olga": nil])
        },
        LintCase("L08", "a year is a date", at: []) { $0.set(9, ["happened": "2026"]) },
        LintCase("L09", "a quotation nobody said", at: ["9.speaker"]) { $0.set(9, ["quote": "We wait."]) },
        LintCase("L09", "second-hand, the original unnamed", at: ["9.access"]) {
            $0.set(9, ["access": "secondhand"])
        },
        LintCase("L09", "a quotation with its speaker, second-hand from a named original", at: []) {
            $0.set(9, ["quote": "We wait.", "speaker": "A minister", "access": "secondhand"])
            $0.set(12, ["origin": "#13"])
        },
        LintCase("L10", "two sources repeat one", at: ["3.", "4."]) { $0.set(13, ["origin": "#12"]) },
        LintCase("L10", "a repeating source that nothing cites", at: []) {
            $0.add(
                "source", 30,
                [
                    "title": "Copy", "descriptor": "x", "issued": "2026", "origin": "#12",
                    "reliability@olga": "B",
                ])
        },
        LintCase("L11", "a machine's words, undisclosed", at: ["12.type"]) {
            $0.set(12, ["type": "ai_generated"])
        },
        LintCase("L11", "disclosed", at: []) {
            $0.set(12, ["type": "ai_generated"])
            $0.set(1, ["scope_sources": "One summary was written by a language model."])
        },
        LintCase("L11", "a web page that may have changed", at: ["12.retrieved"]) {
            $0.set(12, ["url": "https://example.org/a"])
        },
        LintCase("L11", "a web page with a date", at: []) {
            $0.set(12, ["url": "https://example.org/a", "retrieved": "2026-10-02"])
        },
    ]

    static let structureCases = [
        LintCase("L13", "no assumption", at: ["1."]) { $0.drop(6) },
        LintCase("L13", "a linchpin without consequences", at: ["6.if_wrong"]) {
            $0.set(6, ["if_wrong": nil])
        },
        LintCase("L13", "a linchpin that nothing watches", at: ["6."]) { $0.unlink(14, "watches", 6) },
        LintCase("L13", "an unsupported linchpin under high confidence", at: ["6.support"]) {
            $0.set(6, ["support@olga": "unsupported"])
            $0.set(3, ["confidence": "high"])
            $0.link(3, "depends_on", 6)
        },
        LintCase("L13", "no linchpin, nothing to watch", at: []) {
            $0.set(6, ["linchpin": "no", "if_wrong": nil])
        },
        LintCase("L14", "one live hypothesis", at: ["1."]) { $0.set(8, ["standing": "rejected"]) },
        LintCase("L14", "no alternative is marked", at: ["1."]) { $0.unlink(8, "alternative_to", 7) },
        LintCase("L14", "a column and a row that nobody has rated", at: ["15.", "16."]) {
            $0.add("hypothesis", 15, ["title": "Divided", "parent": "#1"])
            $0.add(
                "evidence", 16,
                ["title": "New", "source": "#12", "locator": "x", "happened": "2026", "parent": "#1"])
        },
        LintCase("L14", "a rejected hypothesis needs no ratings", at: []) {
            $0.add("hypothesis", 15, ["title": "Divided", "standing": "rejected", "parent": "#1"])
        },
        LintCase("L15", "two ratings that lie apart set something apart", at: []) {
            $0.rate(9, 8, "olga", "N")
        },
        LintCase("L15", "an item that sets nothing apart", at: ["9."]) { $0.rate(9, 8, "olga", "C") },
        LintCase("L15", "an item that decides alone", at: ["9."]) {
            $0.rate(9, 8, "olga", "II")
            $0.rate(10, 7, "olga", "I")
            $0.rate(10, 8, "olga", "C")
            $0.rate(11, 7, "olga", "C")
            $0.rate(11, 8, "olga", "N")
        },
        LintCase("L16", "what speaks against the lead hypothesis is nowhere discussed", at: ["11."]) {
            $0.rate(11, 7, "olga", "I")
        },
        LintCase("L16", "a section cites it", at: []) {
            $0.rate(11, 7, "olga", "I")
            $0.link(2, "cites", 11)
        },
        LintCase(
            "L17", "for nobody, without consequences, without end",
            at: ["1.audience", "1.implications", "1.horizon"]
        ) {
            $0.set(1, ["audience": nil, "implications": nil, "horizon": nil])
        },
        LintCase("L17", "the horizon is past", at: ["1.horizon"]) { $0.set(1, ["horizon": "2026-10"]) },
        LintCase("L17", "a superseded one may look back", at: []) {
            $0.set(1, ["horizon": "2026-10", "status": "superseded"])
        },
        LintCase("L19", "a successor that does not say what is new", at: ["1.change"]) {
            $0.set(1, ["previous": "#90"])
        },
        LintCase("L19", "a successor that does", at: []) {
            $0.set(1, ["previous": "#90", "change": "One more source."])
        },
        LintCase("L25", "a red item in an amber assessment", at: ["9.tlp"]) { $0.set(9, ["tlp": "red"]) },
        LintCase("L25", "an amber item in an amber assessment", at: []) { $0.set(9, ["tlp": "amber"]) },
        LintCase("L26", "published with unread values and an open question", at: ["3.", "31.resolved"]) {
            $0.set(1, ["status": "published"])
            $0.amend(3) { $0.review = 2 }
            $0.add("note", 31, ["kind": "question", "about": "#3", "body@olga": "Which talks?"])
        },
        LintCase("L26", "not published yet", at: []) { $0.amend(3) { $0.review = 2 } },
    ]

    static let watchCases = [
        LintCase("L20", "30 points apart", at: ["3."]) {
            $0.add("estimate", 20, ["judgment": "#3", "value@olga": "50%", "value@ben": "80%"])
        },
        LintCase("L20", "within two neighbouring bands", at: []) {
            $0.add("estimate", 20, ["judgment": "#3", "value@olga": "56%", "value@ben": "84%"])
        },
        LintCase("L20", "a colleague disagrees", at: ["3.stance@ben"]) {
            $0.set(3, ["stance@ben": "disagree | too sure"])
        },
        LintCase("L20", "the dissent is written down", at: []) {
            $0.set(3, ["stance@ben": "disagree | too sure"])
            $0.add("note", 31, ["kind": "dissent", "about": "#3", "body@ben": "Too sure."])
        },
        LintCase(
            "L22", "nothing to see, no threshold, no window",
            at: ["14.observable", "14.threshold", "14.window"]
        ) {
            $0.set(14, ["observable": nil, "threshold": nil, "window": nil])
        },
        LintCase("L22", "not looked at for long", at: ["14.checked"]) {
            $0.set(14, ["checked": "2026-09-01"])
        },
        LintCase("L22", "its window is past", at: ["14.window"]) { $0.set(14, ["window": "2026-10"]) },
        LintCase("L22", "seen, and the judgments stand as before", at: ["14.seen", "14.seen"]) {
            $0.set(14, ["state": "seen", "seen": "2026-11-20"])
        },
        LintCase("L22", "seen, and weighed since", at: []) {
            $0.set(14, ["state": "seen", "seen": "2026-11-20"])
            for judgment in [3, 4] { $0.amend(judgment) { $0.changed = Instant("2026-11-21T00:00:00Z")! } }
        },
        LintCase("L22", "retired", at: []) { $0.set(14, ["state": "retired", "threshold": nil]) },
        LintCase("L23", "nothing watches", at: ["3.", "4."]) { $0.unlink(14, "watches", 5) },
        LintCase("L23", "each is watched itself", at: []) {
            $0.unlink(14, "watches", 5)
            $0.link(14, "watches", 3)
            $0.link(14, "watches", 4)
        },
    ]

    static let cases = judgmentCases + wordCases + sourceCases + structureCases + watchCases

    @Test("an assessment that keeps all rules is clean")
    func cleanAssessment() {
        let findings = Lint(Self.clean.dossier).findings()
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test(
        "each rule finds its fault where it stands, and not what only looks like it",
        arguments: 0..<cases.count)
    func rule(number: Int) {
        let one = Self.cases[number]
        var sample = Self.clean
        one.change(&sample)
        let findings = Lint(sample.dossier, options: LintOptions(rules: [one.rule])).findings()
        let places = findings.map { "\($0.record.number)." + ($0.field ?? "") }
        #expect(places == one.places, "\(one.rule): \(one.name)")
        #expect(findings.allSatisfy { !$0.message.text { _ in "X" }.isEmpty })
    }

    @Test("every one of the 27 rules has a case that it finds fault with and one that it lets pass")
    func complete() {
        #expect(LintRule.all.map(\.id) == (1...27).map { "L" + ($0 < 10 ? "0" : "") + "\($0)" })
        let firing = Set(Self.cases.filter { !$0.places.isEmpty }.map(\.rule))
        let passing = Set(Self.cases.filter { $0.places.isEmpty }.map(\.rule))
        #expect(firing == Set(LintRule.all.map(\.id)))
        #expect(Set(LintRule.all.map(\.id)).subtracting(passing) == [])
        print("promise: lint-cases count=\(Self.cases.count)")
    }

    @Test("a judgment whose word moved since publication needs a note about the change")
    func moved() {
        let published = Instant("2026-11-01T00:00:00Z")!
        let likelihoods = [Sample.id(3): "unlikely", Sample.id(4): "likely"]
        let past = [Sample.id(1): Publication(at: published, likelihoods: likelihoods)]
        func findings(_ sample: Sample) -> [Finding] { Lint(sample.dossier, publications: past).findings() }
        var sample = Self.clean
        #expect(findings(sample).map(\.rule) == ["L19"] && findings(sample)[0].record == Sample.id(3))
        sample.add(
            "note", 31, ["kind": "change", "about": "#3", "body@olga": "A reverse."],
            at: published.milliseconds - 1)
        #expect(findings(sample).map(\.rule) == ["L19"])
        sample.add(
            "note", 32, ["kind": "change", "about": "#3", "body@olga": "A reverse."],
            at: published.milliseconds + 1)
        #expect(findings(sample).isEmpty)
    }

    @Test("a waiver counts with its reason, at its record, for its rule, until it is resolved")
    func waivers() {
        var sample = Self.clean
        sample.set(3, ["title": "Moscow might bargain"])
        func waiver(_ fields: [String: String]) -> Waiver? {
            var sample = sample
            sample.add("note", 31, fields)
            return Lint(sample.dossier).findings()[0].waiver
        }
        let note = [
            "kind": "review", "title": "waive L04", "about": "#3", "body@ben": "A quotation's own hedge.",
        ]
        #expect(waiver(note) == Waiver(note: Sample.id(31), by: "ben", reason: "A quotation's own hedge."))
        #expect(waiver(note.merging(["title": "Waive l04"]) { $1 }) != nil)
        for change in [
            ["body@ben": " "], ["about": "#4"], ["title": "waive L06"], ["kind": "comment"],
            ["resolved": "yes"],
        ] {
            #expect(waiver(note.merging(change) { $1 }) == nil, "\(change)")
        }
    }

    @Test("what is stricter than the marking it goes out under is never waived")
    func handling() {
        var sample = Self.clean
        sample.set(9, ["tlp": "red"])
        sample.add("note", 31, ["kind": "review", "title": "waive L25", "about": "#9", "body@ben": "fine"])
        let options = LintOptions(ceiling: .green, rules: ["L25"])
        let findings = Lint(sample.dossier, options: options).findings()
        #expect(
            Set(findings.map(\.record)) == [Sample.id(1), Sample.id(9)]
                && findings.allSatisfy { $0.waiver == nil })
    }

    @Test("the findings are the same whatever the order in which records come")
    func order() {
        var sample = Self.clean
        for one in Self.cases where one.name != "no assumption" {
            var changed = sample
            one.change(&changed)
            if Set(changed.images.map(\.name.id)).count == changed.images.count { sample = changed }
        }
        let expected = Lint(sample.dossier).findings()
        #expect(expected.count > 15)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10 { #expect(Lint(sample.shuffled(by: &generator)).findings() == expected) }
    }
}
