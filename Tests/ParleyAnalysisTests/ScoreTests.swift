import Chance
import Foundation
import ParleyAnalysis
import ParleyCore
import Testing

@Suite("Estimates and scores")
struct ScoreTests {
    private static func close(_ left: Double?, _ right: Double, _ tolerance: Double = 1e-12) -> Bool {
        left.map { abs($0 - right) < tolerance } ?? false
    }

    @Test(
        "pools are what a pocket calculator says",
        arguments: [
            (Pool.median, [0.2, 0.6, 0.9], 1.0, 0.6), (.median, [0.2, 0.6], 1, 0.4), (.median, [0.7], 1, 0.7),
            // The odds of 0.2 and 0.8 are 1 to 4 and 4 to 1.
            (.logOdds, [0.2, 0.8], 1, 0.5), (.logOdds, [0.9], 1, 0.9),
            // (0.9 / 0.1 * 0.6 / 0.4) ^ (1/2) = 3.674.. to 1
            (.logOdds, [0.9, 0.6], 1, 0.786_061_230_9),
            // 0.8² / (0.8² + 0.2²)
            (.median, [0.8], 2, 0.941_176_470_6), (.logOdds, [0.8, 0.8], 2, 0.941_176_470_6),
            (.median, [0.5], 3, 0.5), (.median, [1], 2.5, 1), (.median, [0], 2.5, 0),
            // 0 enters as 1 %, 1 as 99 %.
            (.logOdds, [0, 1], 1, 0.5), (.logOdds, [1], 1, 0.99),
        ])
    func pools(pool: Pool, of numbers: [Double], exponent: Double, expected: Double) {
        #expect(Self.close(pool.combine(numbers, exponent: exponent), expected, 1e-9))
    }

    @Test("no pool of nothing; and the order of people changes no pool")
    func poolOrder() {
        #expect(Pool.median.combine([]) == nil && Pool.logOdds.combine([]) == nil)
        var generator = Dice(3)
        for _ in 0..<100 {
            let numbers = (0..<7).map { _ in Double.random(in: 0...1, using: &generator) }
            for pool in Pool.allCases {
                let shuffled = numbers.shuffled(using: &generator)
                #expect(pool.combine(numbers, exponent: 1.5) == pool.combine(shuffled, exponent: 1.5))
            }
        }
    }

    @Test("the spread is in points and in bands of the assessment's scale")
    func spread() throws {
        var sample = Sample()
        sample.add("assessment", 1, ["scale": "phia"])
        sample.add("judgment", 2, ["parent": "#1"])
        sample.add("estimate", 3, ["judgment": "#2", "value@olga": "30%"])
        sample.add("estimate", 4, ["judgment": "#2", "value@ben": "85%"])
        let pooled = try #require(sample.dossier.pooled(Sample.id(2)))
        #expect(pooled.analysts == 2)
        #expect(Self.close(pooled.probability, 0.575) && Self.close(pooled.spread, 0.55))
        #expect(pooled.bandsApart == 3)
        #expect(sample.dossier.pooled(Sample.id(1)) == nil)
    }

    // MARK: Scores

    private static func table(_ outcome: String, _ estimates: [(String, String)], at time: Int64 = 0)
        -> ScoreTable
    {
        var sample = Sample()
        sample.add("judgment", 1, ["outcome": outcome])
        for (index, estimate) in estimates.enumerated() {
            sample.add(
                "estimate", 10 + index, ["judgment": "#1", "value@\(estimate.0)": estimate.1], at: time)
        }
        let dossier = sample.dossier
        return ScoreTable(dossier, judgments: dossier.all("judgment"))
    }

    @Test("a forecast carried forward: ten days at 60 %, five at 90 %, and it came true")
    func timeWeighted() throws {
        let table = Self.table(
            "yes | 2026-01-16", [("olga", "60% | | 2026-01-01"), ("olga", "90% | | 2026-01-11")])
        let score = try #require(table.analysts.first?.questions.first)
        #expect(score.days == 15)
        #expect(Self.close(score.last, 0.01))
        #expect(Self.close(score.timeWeighted, 1.65 / 15))
        #expect(Self.close(table.analysts[0].twoClass, 0.02))
    }

    @Test("of two on one day the later entry counts, and what was made after the outcome counts nowhere")
    func afterwards() throws {
        let table = Self.table(
            "no | 2026-01-11",
            [
                ("olga", "50% | | 2026-01-01"), ("olga", "20% | | 2026-01-01"),
                ("olga", "1% | | 2026-01-12"), ("ben", "1% | | 2026-02-01"),
            ])
        let olga = try #require(table.analysts.first { $0.analyst == "olga" })
        #expect(Self.close(olga.brier, 0.04) && Self.close(olga.timeWeighted, 0.04))
        #expect(olga.questions[0].days == 10 && olga.after == 1)
        let ben = try #require(table.analysts.first { $0.analyst == "ben" })
        #expect(ben.brier == nil && ben.after == 1)
        #expect(table.questions == 1 && table.unanswered == 0)
    }

    @Test(
        "made on the day of the outcome it counts for that day alone; a date of a year is known from its start"
    )
    func sameDay() throws {
        let same = Self.table("yes | 2026-01-11", [("olga", "80% | | 2026-01-11")])
        #expect(same.analysts[0].questions[0].days == 1)
        #expect(Self.close(same.analysts[0].timeWeighted, 0.04))
        let year = Self.table("yes | 2026", [("olga", "80% | | 2026-01-02"), ("ben", "80% | | 2025-12-30")])
        #expect(year.analysts.map(\.after) == [0, 1])
        #expect(year.analysts[0].questions[0].days == 2)
    }

    @Test("an outcome without a date has no days; void ones and open ones are not scored")
    func undated() {
        let undated = Self.table("yes", [("olga", "80% | | 2026-01-11"), ("olga", "70% | | 2026-02-11")])
        #expect(undated.analysts[0].questions[0].days == 0)
        #expect(Self.close(undated.analysts[0].timeWeighted, 0.09))
        let void = Self.table("void | 2026-01-11", [("olga", "80% | | 2026-01-01")])
        #expect(void.questions == 0 && void.void == 1 && void.analysts.isEmpty)
        #expect(Self.table("yes | 2026-01-11", []).unanswered == 1)
    }

    @Test("what was entered after the outcome is scored by the day it says, and told")
    func late() throws {
        let time = try #require(Instant("2026-06-01T12:00:00Z")).milliseconds
        let table = Self.table("yes | 2026-01-11", [("~feed", "80% | | 2026-01-01")], at: time)
        #expect(table.analysts[0].late == 1 && Self.close(table.analysts[0].brier, 0.04))
    }

    @Test("the median of standing forecasts is one more analyst")
    func group() throws {
        let table = Self.table(
            "yes | 2026-01-21",
            [("olga", "40% | | 2026-01-01"), ("ben", "80% | | 2026-01-11"), ("olga", "60% | | 2026-01-16")])
        let group = try #require(table.group?.questions.first)
        // 0.4 for 10 days, 0.6 for 5, 0.7 for 5: 10 x 0.36 + 5 x 0.16 + 5 x 0.09.
        #expect(group.steps.map(\.day.text) == ["2026-01-01", "2026-01-11", "2026-01-16"])
        #expect(Self.close(group.timeWeighted, 4.85 / 20))
        #expect(Self.close(table.group?.brier, 0.09))
        #expect(Self.table("yes | 2026-01-21", [("olga", "40%")]).group == nil)
    }

    @Test("calibration counts by band: how many, the mean forecast, how many came true")
    func calibration() {
        var sample = Sample()
        let numbers = [
            ("60%", "yes"), ("70%", "yes"), ("75%", "no"), ("3%", "no"), ("95%", "yes"), ("100%", "yes"),
        ]
        for (index, (p, outcome)) in numbers.enumerated() {
            sample.add("judgment", 1 + index, ["outcome": "\(outcome) | 2026-02-01"])
            sample.add(
                "estimate", 101 + index, ["judgment": "#\(1 + index)", "value@olga": "\(p) | | 2026-01-01"])
        }
        let dossier = sample.dossier
        let scores = ScoreTable(dossier, judgments: dossier.all("judgment")).analysts[0].questions
        let bands = WordScale.icd203.calibration(scores)
        #expect(bands.map(\.band.token) == ["almost_no_chance", "likely", "almost_certain"])
        #expect(bands.map(\.count) == [1, 3, 2])
        #expect(Self.close(bands[1].forecast, 2.05 / 3) && Self.close(bands[1].observed, 2.0 / 3))
        #expect(bands[2].observed == 1 && bands[0].observed == 0)
    }

    @Test(
        "Wilson's interval",
        arguments: [
            (0, 10, 0.0, 0.277_532_8), (10, 10, 0.722_467_2, 1.0), (5, 10, 0.236_593_1, 0.763_406_9),
            (1, 1, 0.206_549_3, 1), (81, 263, 0.255_256_9, 0.366_156_3),
        ])
    func wilson(hits: Int, count: Int, low: Double, high: Double) {
        let interval = Statistics.wilson(hits, of: count)
        #expect(Self.close(interval.lowerBound, low, 1e-4) && Self.close(interval.upperBound, high, 1e-4))
    }

    @Test("by chance: scores lie between 0 and 1, and the order of records changes none")
    func properties() {
        var generator = Dice(11)
        for round in 0..<200 {
            var sample = Sample()
            let outcome = ["yes", "no"].randomElement(using: &generator) ?? "yes"
            sample.add("judgment", 1, ["outcome": "\(outcome) | 2026-03-01"])
            for index in 0..<Int.random(in: 1...12, using: &generator) {
                let who = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
                let day = Day("2026-01-01") + Int.random(in: 0...80, using: &generator)
                let p = Int.random(in: 0...100, using: &generator)
                sample.add(
                    "estimate", 10 + index, ["judgment": "#1", "value@\(who)": "\(p)% | | \(day.text)"])
            }
            let plain = ScoreTable(sample.dossier, judgments: sample.dossier.all("judgment"))
            let dossier = sample.shuffled(by: &generator)
            let shuffled = ScoreTable(dossier, judgments: dossier.all("judgment"))
            #expect(plain.analysts.map(\.timeWeighted) == shuffled.analysts.map(\.timeWeighted))
            #expect(plain.group?.timeWeighted == shuffled.group?.timeWeighted, "round \(round)")
            for score in plain.analysts.flatMap(\.questions) {
                #expect((0...1).contains(score.timeWeighted) && (0...1).contains(score.last))
                let daily = Self.daily(score)
                #expect(Self.close(score.timeWeighted, daily), "round \(round)")
            }
        }
        print("promise: scores-by-chance count=200")
    }

    /// The mean of the daily scores, day by day.
    private static func daily(_ score: QuestionScore) -> Double {
        let known = score.question.known ?? Day(number: 0)
        var (day, sum, count) = (score.steps[0].day, 0.0, 0)
        repeat {
            let p = score.steps.last { $0.day <= day }?.p ?? 0
            sum += (p - score.question.outcome) * (p - score.question.outcome)
            (day, count) = (day + 1, count + 1)
        } while day < known
        return sum / Double(count)
    }
}
