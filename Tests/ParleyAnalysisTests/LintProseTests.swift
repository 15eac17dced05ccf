import Testing

@testable import ParleyAnalysis

@Suite("The words of analysts")
struct LintProseTests {
    @Test(
        "a text is cut into sentences, and abbreviations, numbers and initials end none",
        arguments: [
            ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
            (
                "As Dr. E. Petrova said at 3.5 p.m. it holds. Yes.",
                ["As Dr. E. Petrova said at 3.5 p.m. it holds.", "Yes."]
            ),
            (
                "He said \u{201C}Stop. Now.\u{201D} Then he went.",
                ["He said \u{201C}Stop.", "Now.\u{201D}", "Then he went."]
            ),
            ("First line\ngoes on.\n\nSecond paragraph", ["First line goes on.", "Second paragraph"]),
            (
                "## A heading\nText.\n- one item\n- another\n1. a third",
                ["A heading", "Text.", "one item", "another", "a third"]
            ),
            ("Mine.\n> Theirs, quoted.\n```\ncode. More.\n```\n| a | b |\n", ["Mine."]),
            ("", []), ("...", []), ("Wait... what?", ["Wait...", "what?"]),
        ] as [(String, [String])])
    func sentences(text: String, expected: [String]) {
        #expect(Sentence.all(in: text).map(\.text) == expected)
    }

    @Test(
        "terms of likelihood are found, the longest first, and ordinary English is not",
        arguments: [
            ("This is very unlikely.", ["very unlikely"]),
            ("That is unlikely, and this likely.", ["unlikely", "likely"]),
            ("It is highly probable.", ["highly probable"]),
            ("It is likely or probable.", ["likely or probable"]),
            ("There is a remote chance.", ["remote chance"]), ("A remote village.", []),
            ("Success is remote.", ["remote"]),
            ("Remote sensing shows it.", []), ("It will almost certainly fail.", ["almost certainly"]),
            ("This is more likely than that.", []), ("A realistic possibility.", ["realistic possibility"]),
            ("He said it was \"very likely\" then.", []), ("There was probable cause.", []),
            ("Roughly even odds.", ["roughly even odds"]), ("Unlikelihood", []),
        ] as [(String, [String])])
    func terms(text: String, expected: [String]) {
        #expect(Sentence.all(in: text).flatMap { ScaleTerms.all(in: $0) }.map(\.text) == expected)
    }

    @Test(
        "levels of confidence are the analysts' own",
        arguments: [
            ("We have high confidence in this.", "high confidence"),
            ("Confidence is moderate.", "confidence is moderate"),
            ("Our confidence in this judgment is low.", "confidence in this judgment is low"),
            ("We are highly confident.", "highly confident"), ("Consumer confidence is low.", nil),
            ("Moscow's high confidence grew.", nil), ("They won the confidence of the people.", nil),
            ("A low level of confidence.", "low level of confidence"),
        ] as [(String, String?)])
    func confidence(text: String, expected: String?) {
        #expect(Sentence.all(in: text).compactMap { ConfidenceTerms.first(in: $0)?.text }.first == expected)
    }

    @Test(
        "hedges are found, and nouns, months, denials and other people's hedges are not",
        arguments: [
            ("Moscow might bargain.", ["might"]), ("The might of the army.", []),
            ("Its military might grew.", []),
            ("It may end.", ["may"]), ("It ended in May 2025.", []), ("By May it was over.", []),
            ("On 3 May it ended.", []),
            ("We cannot rule out a coup.", ["cannot rule out"]), ("They could not agree.", []),
            ("Reply as soon as possible.", []), ("A deal is possible.", ["possible"]),
            ("This suggests a turn.", ["suggests"]),
            ("Moscow believes it may win.", []), ("We believe it may win.", ["may"]),
            ("A \u{201C}possible\u{201D} deal.", []),
            ("Perhaps.", ["perhaps"]),
        ] as [(String, [String])])
    func hedges(text: String, expected: [String]) {
        #expect(Sentence.all(in: text).flatMap { Hedges.all(in: $0) }.map(\.phrase) == expected)
    }

    @Test(
        "absolute words are found, and terms of the scale and denials are not",
        arguments: [
            ("Moscow will never yield.", ["will never"]), ("It is inevitable.", ["inevitable"]),
            ("It is not inevitable.", []),
            ("It will almost certainly fail.", []), ("It will certainly fail.", ["certainly"]),
            ("There is no doubt.", ["no doubt"]), ("Certain groups left.", []),
            ("It is certain to fail.", ["is certain"]),
            ("The leaders think victory is inevitable.", []), ("It is nearly certain to hold.", []),
        ] as [(String, [String])])
    func absolutes(text: String, expected: [String]) {
        #expect(Sentence.all(in: text).flatMap { Absolutes.all(in: $0) }.map(\.phrase) == expected)
    }

    @Test(
        "advice is found, and conditions, inferences and what others demand are not",
        arguments: [
            ("The West should act.", ["should"]), ("Should the talks fail, war goes on.", []),
            ("They must have known.", []),
            ("Kyiv must give way.", ["must"]), ("Moscow says Kyiv must give way.", []),
            ("We recommend patience.", ["we recommend"]),
        ] as [(String, [String])])
    func advocacy(text: String, expected: [String]) {
        #expect(Sentence.all(in: text).flatMap { Advocacy.all(in: $0) }.map(\.phrase) == expected)
    }

    @Test("every text in which a rule finds something holds one of the trigger words")
    func triggers() {
        for text in [
            "Moscow might bargain.", "MIGHT", "x cannot rule out", "(Probably)", "high confidence",
            "no doubt", "Should",
        ] {
            #expect(TriggerWords.shared.occur(in: text), "\(text)")
        }
        for text in ["Moscow bargains.", "mighty", "", "\u{43C}\u{430}\u{439}"] {
            #expect(!TriggerWords.shared.occur(in: text), "\(text)")
        }
    }

    @Test("a table says what it is and where it comes from")
    func tables() {
        let table = "| a | b |\n|---|---|\n| 1 | 2 |"
        #expect(MarkdownTables.lacks(in: table).map(\.missing) == [["caption", "source"]])
        #expect(MarkdownTables.lacks(in: "**Table 1:** losses\n\n" + table + "\n\nSource: S1").isEmpty)
        #expect(MarkdownTables.lacks(in: "Table 1: losses\n" + table).map(\.missing) == [["source"]])
        #expect(MarkdownTables.lacks(in: "a | b is no table").isEmpty)
    }
}
