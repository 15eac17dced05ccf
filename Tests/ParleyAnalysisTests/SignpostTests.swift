import ParleyAnalysis
import ParleyCore
import Testing

@Suite("Signposts and assumptions")
struct SignpostTests {
    private static let rule = DueRule(today: Day("2026-11-25"), staleDays: 30)

    @Test(
        "an indicator is due when its window has passed or nobody has looked for too long",
        arguments: [
            // state, window, checked, created, reason
            (nil, "2026-11-24", "2026-11-24", "2026-11-01", DueReason.windowPassed(Day("2026-11-24"))),
            (nil, "2026-11-25", "2026-11-24", "2026-11-01", nil),
            (nil, "2026-11", "2026-11-24", "2026-11-01", nil),
            (nil, "2026-10", "2026-11-24", "2026-11-01", .windowPassed(Day("2026-10-31"))),
            (nil, "2026", "2026-11-24", "2026-11-01", nil),
            ("not_seen", nil, "2026-10-26", "2026-01-01", nil),
            ("not_seen", nil, "2026-10-25", "2026-01-01", .checked(daysAgo: 31)),
            ("ambiguous", nil, "2026-10", "2026-01-01", .checked(daysAgo: 55)),
            (nil, nil, nil, "2026-10-26", nil), (nil, nil, nil, "2026-10-25", .neverChecked(days: 31)),
            ("seen", "2026-10", nil, "2026-01-01", nil), ("retired", "2026-10", nil, "2026-01-01", nil),
        ] as [(String?, String?, String?, String, DueReason?)])
    func indicators(state: String?, window: String?, checked: String?, created: String, reason: DueReason?) {
        let found = Self.rule.indicator(
            state: state, window: window.flatMap { CivilDate($0) },
            checked: checked.flatMap { CivilDate($0) },
            created: Day(created))
        #expect(found == reason)
    }

    @Test("a judgment is due when its date has passed without an outcome")
    func judgments() {
        #expect(Self.rule.judgment(due: CivilDate("2026-11-25"), isSettled: false) == nil)
        #expect(
            Self.rule.judgment(due: CivilDate("2026-11-24"), isSettled: false)
                == .unsettled(since: Day("2026-11-24")))
        #expect(Self.rule.judgment(due: CivilDate("2026-11"), isSettled: false) == nil)
        #expect(Self.rule.judgment(due: CivilDate("2026-10"), isSettled: true) == nil)
        #expect(Self.rule.judgment(due: nil, isSettled: false) == nil)
    }

    /// J1 depends on driver 2, which depends on assumption 3; J4 depends on assumption 5.
    private static func sample() -> Sample {
        var sample = Sample()
        sample.add("judgment", 1)
        sample.add("driver", 2)
        sample.add("assumption", 3, ["linchpin": "yes", "support@olga": "caveated | one source"])
        sample.add("judgment", 4)
        sample.add("assumption", 5, ["if_wrong": "All is otherwise."])
        sample.add("indicator", 6, ["window": "2026-10"])
        sample.add("indicator", 7, ["state": "seen", "seen": "2026-11-20 | #9"])
        sample.add("indicator", 8, ["checked": "2026-11-20"])
        sample.add("evidence", 9)
        sample.link(1, "depends_on", 2)
        sample.link(2, "depends_on", 3)
        sample.link(4, "depends_on", 5)
        sample.link(6, "watches", 3)
        sample.link(7, "undermines", 5)
        sample.link(7, "watches", 4)
        sample.link(8, "watches", 2)
        return sample
    }

    @Test("due ones first, then what was seen; each with what it watches and the judgments that rest on that")
    func signposts() {
        let dossier = Self.sample().dossier
        let found = dossier.signposts(among: dossier.records)
        #expect(found.map(\.indicator.id) == [6, 7, 8].map(Sample.id))
        #expect(found[0].due == .windowPassed(Day("2026-10-31")))
        #expect(found[0].watched.map(\.id) == [Sample.id(3)])
        #expect(found[0].judgments.map(\.id) == [Sample.id(1)])
        #expect(found[1].watched.map(\.id) == [4, 5].map(Sample.id))
        #expect(found[1].judgments.map(\.id) == [Sample.id(4)])
        #expect(found[1].seen == Day("2026-11-20") && found[1].evidence == Sample.id(9))
        #expect(found[2].due == nil && found[2].judgments.map(\.id) == [Sample.id(1)])
    }

    @Test("linchpins first; each with its support, what follows if it is wrong, and what falls with it")
    func assumptions() {
        let dossier = Self.sample().dossier
        let found = dossier.assumptions(among: dossier.records)
        #expect(found.map(\.assumption.id) == [3, 5].map(Sample.id))
        #expect(found.map(\.isLinchpin) == [true, false])
        #expect(found[0].support == [Reasoned(analyst: "olga", token: "caveated", why: "one source")])
        #expect(found[0].judgments.map(\.id) == [Sample.id(1)])
        #expect(found[0].others.map(\.id) == [Sample.id(2)])
        #expect(found[0].watchers.map(\.id) == [Sample.id(6)])
        #expect(found[1].ifWrong == "All is otherwise.")
        #expect(found[1].judgments.map(\.id) == [Sample.id(4)])
        #expect(found[1].watchers.map(\.id) == [Sample.id(7)])
    }

    @Test("a circle of links ends where it began")
    func circles() {
        var sample = Sample()
        sample.add("assumption", 1)
        sample.add("assumption", 2)
        sample.add("judgment", 3)
        sample.link(1, "depends_on", 2)
        sample.link(2, "depends_on", 1)
        sample.link(3, "depends_on", 2)
        let dossier = sample.dossier
        #expect(dossier.assumptions(among: dossier.records).map { $0.judgments.count } == [1, 1])
    }
}
