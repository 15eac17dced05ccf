import Chance
import ParleyAnalysis
import ParleyCore
import Testing

@Suite("Competing hypotheses")
struct MatrixTests {
    /// An assessment (1) with hypotheses 11, 12.. and evidence 21, 22.., rated by one analyst as the rows say.
    static func sample(_ rows: [String], by analyst: String = "olga") -> Sample {
        var sample = Sample()
        sample.add("assessment", 1)
        let columns = rows[0].split(separator: " ").count
        for column in 1...columns { sample.add("hypothesis", 10 + column, ["parent": "#1"]) }
        for (row, ratings) in rows.enumerated() {
            sample.add("evidence", 21 + row, ["parent": "#1"])
            for (column, rating) in ratings.split(separator: " ").enumerated() where rating != "." {
                sample.link(21 + row, "bears_on", 11 + column, [analyst: String(rating)])
            }
        }
        return sample
    }

    static func matrix(_ rows: [String]) -> Matrix {
        Matrix(sample(rows).dossier, assessment: Sample.id(1))
    }

    /// R. Heuer, Psychology of Intelligence Analysis (CIA, 1999), chapter 8, figure 15: will Iraq retaliate for
    /// the bombing of its intelligence headquarters? H1 not at all, H2 by minor terrorist acts, H3 by a major
    /// one. Plus and minus of the figure as C and I. (The book was not at hand: the figure is told from
    /// memory, the counts are those of the rule.)
    static let heuer = ["C C C", "C C I", "C C I", "I C C", "I C C", "I C C"]

    @Test("the worked example of the method's author has the counts that one counts in it by hand")
    func workedExample() {
        let matrix = Self.matrix(Self.heuer)
        let ranking = matrix.ranking()
        #expect(ranking.map(\.hypothesis.id) == [12, 13, 11].map(Sample.id))
        #expect(ranking.map(\.against) == [0, 2, 3])
        #expect(ranking.map(\.plain) == [0, 2, 3])
        #expect(ranking.map(\.place) == [1, 2, 3])
        // E1, a public statement not to retaliate, fits all three and tells nothing.
        #expect(matrix.evidence[0].diagnosticity == 0)
        #expect(matrix.evidence.dropFirst().allSatisfy { ($0.diagnosticity ?? 0) > 1 })
        // No single item decides the lead; without any of E4 to E6 the other two tie.
        let critical = matrix.criticalEvidence()
        #expect(critical.map(\.evidence.id) == [24, 25, 26].map(Sample.id))
        #expect(critical.allSatisfy { !$0.changesLead && $0.scores == [2, 0, 2] })
    }

    @Test("the rule of Open Source ACH: II = 2, I = 1, nothing else counts")
    func rule() {
        let ranking = Self.matrix(["II CC N NA", "I C I .", "C I II N"]).ranking()
        #expect(ranking.map(\.hypothesis.id) == [14, 12, 11, 13].map(Sample.id))
        #expect(ranking.map(\.plain) == [0, 1, 3, 3])
        #expect(ranking.map(\.place) == [1, 2, 3, 3])
        #expect(ranking.map(\.unrated) == [1, 0, 0, 0])
        #expect(Rating.allCases.map { ranking[2].tally[$0] } == [1, 1, 0, 1, 0, 0])
    }

    @Test(
        "diagnosticity is the standard deviation of a row's positions",
        arguments: [
            ("II CC", 2.0), ("I C", 1.5), ("C C C", 0), ("N N", 0), ("I N", 0.75), ("CC NA", nil),
            ("C .", nil),
            ("II II CC CC", 2.0), ("NA II CC", 2.0),
        ] as [(String, Double?)])
    func diagnosticity(row: String, expected: Double?) throws {
        let found = Self.matrix([row]).evidence[0].diagnosticity
        guard let expected else { return #expect(found == nil) }
        #expect(abs(try #require(found) - expected) < 1e-12)
    }

    @Test("each analyst's rating is kept apart; the cell tells the middle one and how far they are apart")
    func consensus() {
        let cell = MatrixCell(ratings: [
            Reasoned(analyst: "a", token: "II"), Reasoned(analyst: "b", token: "CC"),
            Reasoned(analyst: "c", token: "C"), Reasoned(analyst: "d", token: "NA"),
        ])
        #expect(cell.consensus == .consistent)
        #expect(abs((cell.tally.position ?? 0) - 0.5) < 1e-12)
        // Positions -2, 2, 1.5: variance (6.25 + 2.25 + 1) / 3.
        #expect(abs(cell.deviation - (9.5 / 3).squareRoot()) < 1e-12)
        #expect(cell.dispute == .extreme)
        #expect(cell.tally.against == 1)
        #expect(abs(cell.tally.inconsistency - 0.5) < 1e-12, "four ratings, one of them II")
    }

    @Test("what is counted of ratings tells to the last bit what the list of them tells")
    func tally() {
        for seed in 1...2000 as ClosedRange<UInt64> {
            var dice = Dice(seed)
            let ratings = (0..<dice.below(13)).map { _ in dice.pick(Rating.allCases) }
            var tally = RatingTally()
            for rating in ratings { tally.add(rating) }
            let applicable = ratings.filter { $0 != .notApplicable }.sorted()
            let positions = applicable.compactMap(\.position)
            let middle = applicable.isEmpty ? ratings.first : applicable[(applicable.count - 1) / 2]
            #expect(tally.consensus == middle, "seed \(seed)")
            #expect(tally.position == Statistics.mean(positions), "seed \(seed)")
            #expect(tally.deviation == Statistics.deviation(positions) ?? 0, "seed \(seed)")
            #expect(tally.inconsistency == Statistics.mean(ratings.map(\.inconsistency)) ?? 0, "seed \(seed)")
            #expect(tally.against == ratings.filter { $0.inconsistency > 0 }.count, "seed \(seed)")
            for rating in Rating.allCases {
                #expect(tally[rating] == ratings.count { $0 == rating }, "seed \(seed)")
            }
        }
    }

    @Test(
        "dispute has the limits of Open Source ACH",
        arguments: [
            (0.0, Dispute.none), (0.25, .none), (0.26, .mild), (1.0, .mild), (1.01, .strong), (1.74, .strong),
            (1.75, .extreme), (2.0, .extreme),
        ])
    func dispute(deviation: Double, expected: Dispute) {
        #expect(Dispute(deviation: deviation) == expected)
    }

    @Test("of two in the middle the more inconsistent one is shown; NA only where all say so")
    func evenConsensus() {
        func consensus(_ tokens: [String]) -> Rating? {
            MatrixCell(ratings: tokens.map { Reasoned(analyst: $0, token: $0) }).consensus
        }
        #expect(consensus(["C", "I"]) == .inconsistent)
        #expect(consensus(["NA", "NA"]) == .notApplicable)
        #expect(consensus(["NA", "CC"]) == .veryConsistent)
        #expect(consensus([]) == nil)
    }

    @Test("weights are the declared ones; what nobody could judge counts in full and is flagged")
    func weights() {
        var sample = Sample()
        sample.add("assessment", 1)
        sample.add("hypothesis", 11, ["parent": "#1"])
        sample.add("source", 31, ["reliability@olga": "B", "reliability@ben": "D"])
        sample.add("source", 32, ["reliability@olga": "F"])
        sample.add("evidence", 21, ["source": "#31", "credibility@olga": "2", "relevance@olga": "low"])
        sample.add("evidence", 22, ["source": "#32", "credibility@olga": "6"])
        sample.link(21, "bears_on", 11, ["olga": "II"])
        sample.link(22, "bears_on", 11, ["olga": "I"])
        let all = Matrix(sample.dossier, assessment: Sample.id(1))
        #expect(abs(all.evidence[0].weight.value - 0.6 * 0.8 / 3) < 1e-12)
        #expect(all.evidence[0].weight.unknown.isEmpty)
        #expect(all.evidence[1].weight.value == 1)
        #expect(all.evidence[1].weight.unknown == [.reliability, .credibility, .relevance])
        #expect(abs(all.ranking(.weighted)[0].weighted - (2 * 0.6 * 0.8 / 3 + 1)) < 1e-12)
        let olga = Matrix(sample.dossier, assessment: Sample.id(1), by: ["olga"])
        #expect(abs(olga.evidence[0].weight.value - 0.8 * 0.8 / 3) < 1e-12)
    }

    @Test("an item is critical if the order of the hypotheses is another without it")
    func critical() {
        // H1 has 3, H2 has 2: without row 1 they change places; without row 3 they tie.
        let matrix = Self.matrix(["II C", "C I", "I N", "N I", "C C"])
        let critical = matrix.criticalEvidence()
        #expect(critical.map(\.evidence.id) == [21, 23].map(Sample.id))
        #expect(critical.map { $0.lead.map(\.id) } == [[Sample.id(11)], [11, 12].map(Sample.id)])
        #expect(critical[0].scores == [1, 2])
        #expect(critical[1].scores == [2, 2])
    }

    @Test("what if evidence falls, or a cell were rated otherwise")
    func whatIf() {
        let matrix = Self.matrix(Self.heuer)
        let fallen = matrix.without([24, 25, 26].map { Sample.id($0) }.reduce(into: []) { $0.insert($1) })
        #expect(fallen.ranking().map(\.hypothesis.id) == [11, 12, 13].map(Sample.id))
        let changed = matrix.setting(Sample.id(21), Sample.id(12), to: .veryInconsistent)
        #expect(changed.ranking().map(\.plain) == [2, 2, 3])
        #expect(matrix.ranking().map(\.plain) == [0, 2, 3], "the matrix itself is as it was")
    }

    @Test("two analysts are compared cell by cell, the widest gap first")
    func compared() {
        var sample = Self.sample(["C I", "N N", "CC ."])
        sample.link(21, "bears_on", 11, ["olga": "C", "ben": "I"])
        sample.link(22, "bears_on", 12, ["olga": "N", "ben": "C"])
        sample.link(23, "bears_on", 12, ["ben": "II"])
        sample.link(21, "bears_on", 12, ["olga": "I", "ben": "I"])
        let matrix = Matrix(sample.dossier, assessment: Sample.id(1))
        let differences = matrix.differences("olga", "ben")
        #expect(differences.map(\.item.id) == [21, 22].map(Sample.id))
        #expect(differences.map(\.distance) == [3, 1.5])
        let ben = Matrix(sample.dossier, assessment: Sample.id(1), by: ["ben"])
        #expect(ben.analysts == ["ben"])
        #expect(ben.ranking().map(\.plain) == [1, 3])
    }

    @Test("indicators have rows of their own and count for no hypothesis")
    func indicators() {
        var sample = Self.sample(["C C"])
        sample.add("indicator", 41, ["parent": "#1"])
        sample.add("indicator", 42)
        sample.link(41, "bears_on", 11, ["olga": "CC"])
        sample.link(41, "bears_on", 12, ["olga": "II"])
        sample.link(42, "bears_on", 11, ["olga": "I"])
        let matrix = Matrix(sample.dossier, assessment: Sample.id(1))
        #expect(matrix.indicators.map(\.record.id) == [41, 42].map(Sample.id))
        #expect(matrix.indicators[0].diagnosticity == 2)
        #expect(matrix.ranking().map(\.plain) == [0, 0])
    }

    @Test("a second team's hypotheses take the same evidence, each team its own links")
    func teams() {
        var sample = Self.sample(["C I"])
        sample.add("assessment", 2)
        sample.add("hypothesis", 15, ["parent": "#2"])
        sample.link(21, "bears_on", 15, ["ben": "II"])
        let second = Matrix(sample.dossier, assessment: Sample.id(2))
        #expect(second.evidence.map(\.record.id) == [Sample.id(21)])
        #expect(second.hypotheses.map(\.id) == [Sample.id(15)])
        #expect(second.ranking()[0].plain == 2)
        #expect(Matrix(sample.dossier, assessment: Sample.id(1)).ranking().map(\.plain) == [0, 1])
    }

    @Test("rejected and merged hypotheses are left out, and told")
    func retired() {
        var sample = Self.sample(["C I"])
        sample.add("hypothesis", 13, ["parent": "#1", "standing": "rejected"])
        let matrix = Matrix(sample.dossier, assessment: Sample.id(1))
        #expect(matrix.hypotheses.count == 2)
        #expect(matrix.retired.map(\.id) == [Sample.id(13)])
    }

    @Test("by chance: the order of records changes nothing, and taking a row away takes exactly its share")
    func properties() {
        var generator = Dice(7)
        for round in 0..<200 {
            let columns = Int.random(in: 1...5, using: &generator)
            let tokens = ["II", "I", "N", "C", "CC", "NA", "."]
            let rows = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                (0..<columns).map { _ in tokens.randomElement(using: &generator) ?? "." }
                    .joined(separator: " ")
            }
            let sample = Self.sample(rows)
            let matrix = Matrix(sample.dossier, assessment: Sample.id(1))
            let shuffled = Matrix(sample.shuffled(by: &generator), assessment: Sample.id(1))
            #expect(matrix.ranking().map(\.plain) == shuffled.ranking().map(\.plain), "round \(round)")
            #expect(
                matrix.ranking().map(\.hypothesis.id) == shuffled.ranking().map(\.hypothesis.id),
                "round \(round)")
            for item in matrix.criticalEvidence() {
                let without = matrix.without([item.evidence.id]).ranking()
                let lead = without.filter { $0.place == 1 }.map(\.hypothesis.id)
                #expect(Set(item.lead.map(\.id)) == Set(lead), "round \(round): \(rows)")
            }
        }
        print("promise: matrices-by-chance count=200")
    }
}
