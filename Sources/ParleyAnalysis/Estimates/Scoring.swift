package import ParleyCore

/// A judgment of which the outcome is known.
package struct ResolvedQuestion: Sendable {
    package var judgment: DossierRecord
    /// 1 where it came true, 0 where it did not.
    package var outcome: Double
    /// The first day on which it may have been known; nil where nobody wrote a date.
    package var known: Day?

    /// nil where there is no outcome, or it is void: the question was a wrong one.
    init?(_ judgment: DossierRecord) {
        guard let tuple = judgment.tuple("outcome"), let result = tuple.text("result") else { return nil }
        switch result {
        case "yes": outcome = 1
        case "no": outcome = 0
        default: return nil
        }
        self.judgment = judgment
        known = tuple.date("date").map { Day(firstOf: $0) }
    }

    /// Made on the day of the outcome at the latest.
    func isTimely(_ estimate: Estimate) -> Bool { known.map { estimate.madeOn <= $0 } ?? true }

    /// Entered when the outcome was known.
    func isLate(_ estimate: Estimate) -> Bool { known.map { Day(estimate.created) > $0 } ?? false }
}

/// How one analyst did on one question.
///
/// A forecast stands from the day it was made until the next one of the same analyst, the last until the day
/// before the outcome. The time-weighted score is the mean of the daily ones (the rule of the Good Judgment
/// Project: the mean daily Brier score, a forecast carried forward until it is changed); days before the
/// analyst's first forecast do not count. Of several on one day the last counts. A forecast made on the day of
/// the outcome counts, if it is the only one, for that day; one made later counts nowhere.
package struct QuestionScore: Sendable {
    package var question: ResolvedQuestion
    package var analyst: String
    /// Probabilities that were counted, with the days from which they stood.
    package var steps: [(day: Day, p: Double)]
    /// The Brier score of the last forecast, (p - o)², 0 to 1.
    package var last: Double
    /// The time-weighted one; the same as `last` where the outcome has no date.
    package var timeWeighted: Double
    /// How many days the forecasts stood; 0 where the outcome has no date.
    package var days: Int

    /// The last probability that counted.
    package var probability: Double { steps.last?.p ?? 0 }

    init?(_ question: ResolvedQuestion, _ analyst: String, steps: [(day: Day, p: Double)]) {
        guard let first = steps.first, let end = steps.last else { return nil }
        self.question = question
        self.analyst = analyst
        self.steps = steps
        last = Self.brier(end.p, question.outcome)
        guard let known = question.known else {
            (timeWeighted, days) = (last, 0)
            return
        }
        // The day after the last that counts.
        let close = max(known, first.day + 1)
        var sum = 0.0
        for (index, step) in steps.enumerated() {
            let next = index + 1 < steps.count ? min(steps[index + 1].day, close) : close
            sum += Double(max(0, next - step.day)) * Self.brier(step.p, question.outcome)
        }
        days = close - first.day
        timeWeighted = sum / Double(days)
    }

    static func brier(_ p: Double, _ outcome: Double) -> Double { (p - outcome) * (p - outcome) }
}

/// How one analyst did on all questions that have an outcome.
package struct AnalystScore: Sendable {
    package var analyst: String
    package var questions: [QuestionScore]
    /// Estimates made after the outcome was known: not counted.
    package var after: Int
    /// Estimates that were entered after the outcome was known, although they say that they were made before.
    /// They are scored by the day they say.
    package var late: Int

    init(_ analyst: String) { (self.analyst, questions, after, late) = (analyst, [], 0, 0) }

    /// The mean of the questions' scores, each question alike; nil without a question.
    package var brier: Double? { Statistics.mean(questions.map(\.last)) }
    package var timeWeighted: Double? { Statistics.mean(questions.map(\.timeWeighted)) }
    /// The older form over both classes, yes and no: 0 to 2, twice the other for two classes.
    package var twoClass: Double? { brier.map { $0 * 2 } }
}

package struct ScoreTable: Sendable {
    /// By handle in the order of bytes.
    package private(set) var analysts: [AnalystScore] = []
    /// The median of all analysts' standing forecasts, as one more analyst; nil unless some question has
    /// forecasts of two.
    package private(set) var group: AnalystScore?
    package private(set) var questions = 0
    package private(set) var void = 0
    /// Questions with an outcome of which nobody has made an estimate in time.
    package private(set) var unanswered = 0

    /// - Parameter judgments: whose outcomes count; of others nothing is said.
    package init(_ dossier: Dossier, judgments: some Sequence<DossierRecord>) {
        var found: [String: AnalystScore] = [:]
        for judgment in judgments {
            if let question = ResolvedQuestion(judgment) {
                add(question, dossier.trajectories(of: judgment.id), to: &found)
            } else if judgment.tuple("outcome")?.text("result") == "void" {
                void += 1
            }
        }
        analysts = found.values.sorted { $0.analyst.utf8.lexicographicallyPrecedes($1.analyst.utf8) }
    }

    private mutating func add(
        _ question: ResolvedQuestion, _ trajectories: [(analyst: String, estimates: [Estimate])],
        to found: inout [String: AnalystScore]
    ) {
        questions += 1
        var standing: [[(day: Day, p: Double)]] = []
        for (analyst, estimates) in trajectories {
            let timely = estimates.filter { question.isTimely($0) }
            var score = found[analyst] ?? AnalystScore(analyst)
            score.after += estimates.count - timely.count
            score.late += timely.filter { question.isLate($0) }.count
            let steps = Self.steps(timely)
            if let one = QuestionScore(question, analyst, steps: steps) {
                score.questions.append(one)
                standing.append(steps)
            }
            found[analyst] = score
        }
        if standing.isEmpty { unanswered += 1 }
        guard standing.count > 1,
            let median = QuestionScore(question, Self.groupName, steps: Self.medians(standing))
        else { return }
        group = group ?? AnalystScore(Self.groupName)
        group?.questions.append(median)
    }

    /// All analysts together, each judgment alike: the mean over judgments of the mean over analysts; nil where
    /// nothing was scored.
    package var overall: (brier: Double, timeWeighted: Double, judgments: Int)? {
        let byQuestion = Dictionary(grouping: analysts.flatMap(\.questions), by: \.question.judgment.id)
            .sorted { $0.key < $1.key }.map(\.value)
        let last = byQuestion.compactMap { Statistics.mean($0.map(\.last)) }
        let weighted = byQuestion.compactMap { Statistics.mean($0.map(\.timeWeighted)) }
        guard let brier = Statistics.mean(last), let daily = Statistics.mean(weighted) else { return nil }
        return (brier, daily, byQuestion.count)
    }

    /// No handle has a space.
    package static let groupName = "the median"

    /// One a day, the last.
    private static func steps(_ estimates: [Estimate]) -> [(day: Day, p: Double)] {
        var steps: [(day: Day, p: Double)] = []
        for estimate in estimates {
            if steps.last?.day == estimate.madeOn { steps.removeLast() }
            steps.append((estimate.madeOn, estimate.probability))
        }
        return steps
    }

    /// The median of what stood, from every day on which something changed.
    private static func medians(_ all: [[(day: Day, p: Double)]]) -> [(day: Day, p: Double)] {
        Set(all.flatMap { $0.map(\.day) }).sorted().compactMap { day in
            let standing = all.compactMap { steps in steps.last { $0.day <= day }?.p }
            return Statistics.median(standing).map { (day, $0) }
        }
    }
}
