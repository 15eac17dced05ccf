/// The thirteen kinds of an assessment, from the standards of the analytic field: ICD 203 and 206, the
/// PHIA yardstick, the Admiralty code, TLP 2.0, STIX 2.1, analysis of competing hypotheses.
extension Schema {
    package static let assessments = Schema(kinds: [
        Kind(
            1, "assessment", "A",
            own: [
                Field(16, "question", .line),
                Field(17, "subject", .ref),
                Field(18, "audience", .line),
                Field(19, "bluf", .text),
                Field(20, "horizon", .date),
                Field(21, "implications", .text),
                Field(22, "scope_sources", .text),
                Field(23, "scale", .choice(["icd203", "phia"])),
                Field(24, "status", .choice(["draft", "review", "coordinated", "published", "superseded"])),
                Field(25, "previous", .ref),
                Field(26, "change", .text),
                Field(27, "published", .date),
            ]),
        Kind(2, "section", "S", own: []),
        Kind(
            3, "judgment", "J",
            own: [
                Field(16, "likelihood", .likelihood),
                Field(17, "confidence", .confidence),
                Field(18, "basis", .text),
                Field(19, "criterion", .text),
                Field(20, "due", .date),
                Field(
                    21, "outcome",
                    .tuple([
                        Component("result", .choice(["yes", "no", "void"])), Component("date", .date),
                        Component("source", .ref),
                    ])),
                Field(
                    22, "stance",
                    .reasoned(
                        .choice([
                            "strongly-disagree", "disagree", "neutral", "agree", "strongly-agree",
                        ])), .each),
            ]),
        Kind(
            4, "estimate", "P",
            own: [
                Field(16, "judgment", .ref, .once),
                Field(17, "hypothesis", .ref, .once),
                Field(
                    18, "value",
                    .tuple([
                        Component("p", .probability), Component("confidence", .confidence),
                        Component("made_on", .date), Component("why", .text),
                    ]), .each),
            ]),
        Kind(
            5, "driver", "D",
            own: [
                Field(16, "effect", .choice(["raises", "lowers", "mixed"])),
                Field(17, "trend", .choice(["strengthening", "steady", "weakening", "unknown"])),
                Field(18, "weight", .degree, .each),
            ]),
        Kind(
            6, "assumption", "M",
            own: [
                Field(16, "linchpin", .bool),
                Field(17, "if_wrong", .text),
                Field(18, "support", .reasoned(.choice(["solid", "caveated", "unsupported"])), .each),
            ]),
        Kind(
            7, "hypothesis", "H",
            own: [
                Field(16, "standing", .choice(["live", "rejected", "merged"])),
                Field(17, "exclusive", .bool),
            ]),
        Kind(
            8, "evidence", "E",
            own: [
                Field(
                    16, "type",
                    .choice([
                        "report", "statement", "data", "observation", "argument", "absence",
                    ])),
                Field(17, "happened", .date),
                Field(18, "quote", .text, .once),
                Field(19, "speaker", .line),
                Field(20, "access", .choice(["firsthand", "secondhand", "unknown"])),
                Field(21, "source", .ref),
                Field(22, "locator", .line),
                Field(23, "credibility", .choice(["1", "2", "3", "4", "5", "6"]), .each),
                Field(24, "relevance", .degree, .each),
            ]),
        Kind(
            9, "source", "R",
            own: [
                Field(
                    16, "type",
                    .choice([
                        "official", "media", "academic", "expert", "data_set", "imagery", "social", "human",
                        "internal", "ai_generated", "other",
                    ])),
                Field(17, "publisher", .line),
                Field(18, "creator", .line),
                Field(19, "issued", .date),
                Field(20, "retrieved", .date),
                Field(21, "url", .url),
                Field(22, "copy", .line),
                Field(23, "descriptor", .text),
                Field(24, "origin", .ref),
                Field(25, "reliability", .choice(["A", "B", "C", "D", "E", "F"]), .each),
            ]),
        Kind(
            10, "indicator", "I",
            own: [
                Field(16, "observable", .text),
                Field(17, "threshold", .line),
                Field(18, "window", .date),
                Field(19, "watcher", .line),
                Field(20, "state", .choice(["not_seen", "ambiguous", "seen", "retired"])),
                Field(21, "checked", .date),
                Field(22, "seen", .tuple([Component("date", .date), Component("evidence", .ref)])),
            ]),
        Kind(
            11, "actor", "C",
            own: [
                Field(
                    16, "type",
                    .choice([
                        "state", "government", "organisation", "group", "person", "place", "coalition",
                    ])),
                Field(17, "aliases", .bool, .set),
            ]),
        Kind(
            12, "note", "N",
            own: [
                Field(
                    16, "kind",
                    .choice([
                        "comment", "question", "dissent", "devils_advocate", "premortem", "gap", "correction",
                        "change", "review",
                    ])),
                Field(17, "about", .ref, .once),
                Field(18, "reply", .ref, .once),
                Field(19, "body", .text, .each),
                Field(20, "resolved", .bool),
            ]),
        Kind(
            13, "link", "L",
            own: [
                Field(16, "from", .ref, .once),
                Field(
                    17, "rel",
                    .choice([
                        "supports", "undermines", "depends_on", "bears_on", "watches", "cites",
                        "alternative_to",
                        "subsumes", "duplicates", "updates", "related_to",
                    ]), .once),
                Field(18, "to", .ref, .once),
                Field(19, "rating", .reasoned(.choice(["II", "I", "N", "C", "CC", "NA"])), .each),
            ]),
    ])
}

extension Field {
    /// The fields of every kind.
    package static let base = [
        Field(1, "title", .line),
        Field(2, "text", .text),
        Field(3, "order", .line),
        Field(4, "parent", .ref),
        Field(5, "tlp", .choice(["clear", "green", "amber", "amber+strict", "red"])),
        Field(6, "asof", .date),
        Field(7, "deleted", .bool),
        Field(8, "tags", .bool, .set),
        Field(9, "keys", .bool, .set),
        Field(10, "x", .any, .columns),
    ]

    package static let titleTag: UInt32 = 1
    package static let parentTag: UInt32 = 4
    package static let markingTag: UInt32 = 5
    package static let deletedTag: UInt32 = 7
    package static let tagsTag: UInt32 = 8
    package static let keysTag: UInt32 = 9
    package static let columnsTag: UInt32 = 10
}

extension Kind {
    /// The references by which a record hangs on others: it lies below them or says something of them, so it
    /// goes nowhere that they may not go.
    package var bonds: [String] {
        switch name {
        case "link": ["from", "to", "parent"]
        case "note": ["about", "reply", "parent"]
        case "estimate": ["judgment", "hypothesis", "parent"]
        default: ["parent"]
        }
    }
}

extension FieldType {
    /// ICD 203, section D.6.e.(2)(a); the words and bands stand with the analysis.
    static let likelihood = FieldType.choice([
        "almost_no_chance", "very_unlikely", "unlikely", "even", "likely", "very_likely", "almost_certain",
    ])
    static let confidence = FieldType.choice(["low", "moderate", "high"])
    static let degree = FieldType.choice(["low", "medium", "high"])

    static func reasoned(_ type: FieldType) -> FieldType {
        .tuple([Component("value", type), Component("why", .text)])
    }
}
