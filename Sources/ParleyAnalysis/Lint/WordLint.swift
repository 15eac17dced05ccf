import ParleyCore

/// Words in the analysts' own sentences, English and heuristic: L02, L03, L04, L06, L18, L24, L27.
extension LintRule {
    static let wordRules = [
        LintRule(
            "L02", .error, "ICD 203, standard 2", "confidence and likelihood stand in different sentences"
        ) {
            scope in
            scope.eachSentence { text, sentence in
                guard let confidence = ConfidenceTerms.first(in: sentence),
                    let term = ScaleTerms.all(in: sentence).first
                else { return nil }
                return Found(
                    text.record.id, text.field,
                    "has \"\(confidence.text)\" and \"\(term.text)\" in one sentence. Divide it in two.",
                    excerpt: sentence.text)
            }
        },
        LintRule(
            "L03", .warning, "ICD 203, standard 2", "words of one row of one scale only, or a disclaimer",
            check: mixed),
        LintRule("L04", .warning, "ICD 203, standard 2", "a hedged judgment has a word of the scale") {
            scope in
            scope.eachSentence(of: "judgment", ["title", "text"]) { text, sentence in
                guard let hedge = Hedges.all(in: sentence).first, ScaleTerms.all(in: sentence).isEmpty else {
                    return nil
                }
                return Found(
                    text.record.id, text.field,
                    "hedges by \"\(hedge.phrase)\" and does not say how likely. State it plainly and set likelihood.",
                    excerpt: sentence.text)
            }
        },
        LintRule("L06", .warning, "ICD 203, standard 2", "no words that leave no room for being wrong") {
            scope in
            scope.eachSentence { text, sentence in
                guard ["assessment", "judgment"].contains(text.record.kind.name),
                    let word = Absolutes.all(in: sentence).first
                else { return nil }
                return Found(
                    text.record.id, text.field,
                    "says \"\(word.phrase)\". Judgments are probable, not sure: use a word of the scale.",
                    excerpt: sentence.text)
            }
        },
        LintRule(
            "L18", .warning, "ICD 203, standard 6",
            "a bottom line within 60 words, and judgments before the text", check: bottomLine),
        LintRule(
            "L24", .warning, "ICD 203, standards 6 and 9",
            "sections within 200 words; tables with caption and source"
        ) {
            scope in scope.all("section").flatMap(section)
        },
        LintRule("L27", .warning, "ICD 203, objectivity", "a judgment gives no advice") { scope in
            scope.eachSentence(of: "judgment", ["title", "text", "basis"]) { text, sentence in
                Advocacy.all(in: sentence).first.map { word in
                    Found(
                        text.record.id, text.field,
                        "says \"\(word.phrase)\": that is advice. Say what is so or what will be, not what is to be done.",
                        excerpt: sentence.text)
                }
            }
        },
    ]

    private static func mixed(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment else { return [] }
        let all: Set<WordColumn> = assessment.scale == .phia ? [.phia] : [.icdFirst, .icdSecond]
        var (columns, first): (Set<WordColumn>, ScaleTerm?) = (
            assessment.isSet("scale") ? all : Set(WordColumn.allCases), nil
        )
        for text in scope.texts {
            for sentence in text.sentences {
                for term in ScaleTerms.all(in: sentence) {
                    let both = columns.intersection(term.columns)
                    if both.isEmpty {
                        if isDisclaimed(scope) { return [] }
                        let other =
                            first.map { "beside \"\($0.text)\"" }
                            ?? "where the assessment's scale is \(assessment.scale.title)"
                        return [
                            Found(
                                text.record.id, text.field,
                                "uses \"\(term.text)\" \(other). Keep to one row of one scale, or say in the source summary that they mean the same probability.",
                                excerpt: sentence.text)
                        ]
                    }
                    if both != columns || first == nil { first = term }
                    columns = both
                }
            }
        }
        return []
    }

    private static func isDisclaimed(_ scope: LintScope) -> Bool {
        let texts =
            (scope.assessment?.text("scope_sources").map { [$0] } ?? [])
            + scope.all("section").compactMap { $0.text("text") }
        return texts.contains(where: ScaleDisclaimer.stands)
    }

    private static func bottomLine(_ scope: LintScope) -> [Found] {
        guard let assessment = scope.assessment else { return [] }
        var found: [Found] = []
        if let bluf = assessment.text("bluf") {
            let count = bluf.wordCount
            if count > 60 {
                found.append(
                    Found(assessment.id, "bluf", "is a bottom line of \(count) words. Say it within 60."))
            }
        } else {
            found.append(
                Found(assessment.id, "bluf", "has no bottom line. Say first what a hurried reader must know.")
            )
        }
        let sections = scope.all("section")
        let leads = scope.all("judgment").contains {
            $0.ref("parent").flatMap { scope.dossier[$0] }?.kind.name != "section"
        }
        if !sections.isEmpty, !leads {
            found.append(
                Found(
                    assessment.id, nil,
                    "has sections and no judgment before them. Put its judgments directly under it."))
        }
        return found
    }

    private static func section(_ section: DossierRecord) -> [Found] {
        guard let text = section.text("text") else { return [] }
        var found: [Found] = []
        let count = text.wordCount
        if count > 200 {
            found.append(
                Found(
                    section.id, "text",
                    "has \(count) words. Divide it: up to 200 each, so that two can write at once."))
        }
        guard text.utf8.contains(UInt8(ascii: "|")) else { return found }
        return found
            + MarkdownTables.lacks(in: text).map { line, missing in
                Found(
                    section.id, "text",
                    "has a table without \(missing.joined(separator: " and ")). Add a line \"Table: ..\" and a line \"Source: ..\" beside it.",
                    excerpt: line)
            }
    }
}

extension LintScope {
    /// What a rule finds in the sentences of the analysts' texts, of all or of some fields of one kind.
    func eachSentence(
        of kind: String? = nil, _ fields: Set<String>? = nil, _ find: (AnalystText, Sentence) -> Found?
    ) -> [Found] {
        texts.filter { text in
            (kind == nil || text.record.kind.name == kind) && (fields?.contains(text.field) ?? true)
        }.flatMap { text in text.sentences.compactMap { find(text, $0) } }
    }
}
