import ParleyCore

/// Sources and what is quoted from them: L08, L09, L10, L11.
extension LintRule {
    static let sourceRules = [
        LintRule(
            "L08", .warning, "ICD 203, standard 1; ICD 206",
            "evidence and sources are described so that one finds them again"
        ) {
            scope in scope.all("evidence").flatMap(undescribed) + scope.all("source").flatMap(unknown)
        },
        LintRule(
            "L09", .warning, "ICD 203, standard 1",
            "a quotation has a speaker, what is second-hand an original"
        ) {
            scope in scope.all("evidence").flatMap { unheard($0, scope.dossier) }
        },
        LintRule(
            "L10", .warning, "ICD 203, standard 1",
            "no two sources repeat the same third (circular reporting)"
        ) {
            scope in scope.all("judgment").flatMap { circular($0, scope.dossier) }
        },
        LintRule(
            "L11", .warning, "ICS 206-01",
            "what a machine wrote is disclosed; a web page has a date and a copy"
        ) {
            scope in scope.all("source").flatMap { unproved($0, scope) }
        },
    ]

    private static func undescribed(_ evidence: DossierRecord) -> [Found] {
        var found: [Found] = []
        if evidence.ref("source") == nil {
            found.append(
                Found(
                    evidence.id, "source", "has no source. Say where it comes from: source=R-..",
                    level: .error))
        }
        if evidence.text("locator") == nil {
            found.append(
                Found(
                    evidence.id, "locator",
                    "has no locator. Say where in the source it stands: a page, a paragraph."))
        }
        if evidence.date("happened") == nil {
            found.append(
                Found(
                    evidence.id, "happened",
                    "has no date. Say when it happened; a year is better than nothing."))
        }
        return found
    }

    private static func unknown(_ source: DossierRecord) -> [Found] {
        var found: [Found] = []
        if source.text("descriptor") == nil {
            found.append(
                Found(source.id, "descriptor", "has no descriptor. Say what it is, and how it can know."))
        }
        if source.date("issued") == nil {
            found.append(Found(source.id, "issued", "has no date of issue. Say when it appeared."))
        }
        if source.choices("reliability").isEmpty {
            found.append(
                Found(
                    source.id, "reliability",
                    "is rated by nobody. Say how reliable it is, A to F: reliability=B"))
        }
        return found
    }

    private static func unheard(_ evidence: DossierRecord, _ dossier: Dossier) -> [Found] {
        if evidence.text("quote") != nil, evidence.text("speaker") == nil {
            return [
                Found(
                    evidence.id, "speaker", "is a quotation without a speaker. Say who said it.",
                    excerpt: evidence.text("quote"))
            ]
        }
        let source = evidence.ref("source").flatMap { dossier[$0] }
        guard evidence.choice("access") == "secondhand", source?.ref("origin") == nil else { return [] }
        return [
            Found(
                evidence.id, "access",
                "is second-hand, and its original is not named. Make the original a source, and the source's origin."
            )
        ]
    }

    private static func circular(_ judgment: DossierRecord, _ dossier: Dossier) -> [Found] {
        let chains = dossier.evidenceChains(of: judgment.id)
        var seen: Set<RecordID> = []
        let sources = chains.compactMap { dossier[$0.evidence]?.ref("source") }.filter {
            seen.insert($0).inserted
        }
        let groups = Dictionary(grouping: sources, by: dossier.origin)
        return groups.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { origin, sources in
            Found(
                judgment.id, nil,
                "rests on \(list: sources.sorted()), which all go back to \(origin): that is one source. Count it once, or find another."
            )
        }
    }

    private static let machineWords = [
        "ai", "ai-generated", "llm", "machine-generated", "machine-written", "chatbot", "generative",
        "artificial",
    ]

    private static func unproved(_ source: DossierRecord, _ scope: LintScope) -> [Found] {
        var found: [Found] = []
        if source.choice("type") == "ai_generated", let assessment = scope.assessment, !discloses(assessment)
        {
            found.append(
                Found(
                    source.id, "type",
                    "was made by a machine, and the source summary of \(assessment.id) does not say so. Disclose it in scope_sources."
                ))
        }
        let isWeb = source.text("url").map { $0.hasPrefix("http:") || $0.hasPrefix("https:") } ?? false
        if isWeb, source.date("retrieved") == nil, source.text("copy") == nil {
            found.append(
                Found(
                    source.id, "retrieved",
                    "is a web page without a date of retrieval or a copy. Set one; pages change and vanish."))
        }
        return found
    }

    private static func discloses(_ assessment: DossierRecord) -> Bool {
        guard let summary = assessment.text("scope_sources") else { return false }
        let words = Sentence.all(in: summary).flatMap { $0.words.map(\.text) }
        let isModel = zip(words, words.dropFirst()).contains { $0 == "language" && $1.hasPrefix("model") }
        return isModel || words.contains { machineWords.contains($0) }
    }
}
