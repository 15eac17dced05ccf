import ParleyAnalysis
import ParleyTerminal

/// `parley help analysis`: the rules by which methods reckon, from the tables they reckon with.
enum AnalysisTopic {
    static var text: String {
        """
        Analysis: how Parley reckons

        Words and probabilities. A word is a band, never a number. Edges that two bands share belong
        to the upper one; a number in no band is given the nearest word and said to lie between.

        \(scale(.icd203))

        \(scale(.phia))

        Competing hypotheses (R. Heuer, Psychology of Intelligence Analysis, chapter 8; scores as in
        Open Source ACH). Against a hypothesis: I counts 1, II counts 2; N, C, CC and NA count nothing.
        A cell that several have rated counts the mean. Dispute is the standard deviation of II -2,
        I -1.5, N 0, C 1.5, CC 2: mild to 1, strong to 1.74, then extreme. "apart" is that of a row's
        cells: 0 sets no hypothesis apart. Critical is what changes the order when it is left out.

        Weights multiply. They are Parley's own, in even steps, since no standard gives any; of several
        analysts the mean counts. What nobody could judge (F, 6, or nothing said) counts in full and
        is marked ?.

        \(weights)

        Estimates become one by their median, or by the mean of their log-odds (--pool logodds; beyond
        1 and 99 % they enter as 1 and 99 %). --extremize a turns p into p^a / (p^a + (1-p)^a).

        Scores. Brier is (p - outcome)², from 0 to 1; over two classes it would be twice that. A forecast
        stands from its day until the analyst's next; "by days" is the mean over all days from the first
        forecast to the day before the outcome, as in the Good Judgment Project. An estimate made in
        2026-11, no day given, counts from the last of that month.

        Due is an indicator whose window has passed or that nobody has checked for lint.stale_days (30),
        and a judgment past its due date without an outcome.
        """
    }

    private static func scale(_ scale: WordScale) -> String {
        ([scale.title] + scale.legend.map { "  " + $0 }).joined(separator: "\n")
    }

    private static var weights: String {
        EvidenceWeight.Factor.allCases.map { factor in
            let steps = (EvidenceWeight.table[factor] ?? [:]).sorted {
                ($1.value, $0.key) < ($0.value, $1.key)
            }
            return "  \(factor.rawValue.padded(to: 13))"
                + steps.map { "\($0.key) \($0.value.decimalText(places: 2))" }.joined(separator: ", ")
        }.joined(separator: "\n")
    }
}
