import ParleyCore

/// Alternatives, evidence, sources, and how well earlier judgments did.
extension Report {
    var alternatives: [Block] {
        let ranking = matrix.ranking()
        if ranking.isEmpty { return [] }
        let rated = !matrix.isUnrated
        let rows: [[[Span]]] = ranking.map { score in
            [
                [.own(labels[score.hypothesis.id] + " "), .theirs(score.hypothesis.title)],
                [.own(rated ? "\(score.place)" : "not rated")], [.own(Self.number(score.plain))],
                [.own(Self.number(score.weighted))], [.own("\(score.unrated)")],
            ]
        }
        var blocks: [Block] = [
            heading("Alternatives", "alternatives"),
            .paragraph([
                "What speaks against a hypothesis counts, what fits does not: the least inconsistent leads. Weights",
                " come from reliability, credibility and relevance.",
            ]),
            table(
                "Hypotheses, the least inconsistent first",
                header: ["Hypothesis", "Place", "Inconsistency", "Weighted", "Not rated"], rows,
                of: ranking.map(\.hypothesis)),
        ]
        if !matrix.retired.isEmpty {
            blocks.append(
                .paragraph(["Put aside: "] + matrix.retired.flatMap { [.theirs($0.title), ". "] as [Span] }))
        }
        if let chart { blocks.append(.figure(.matrix(chart))) }
        let critical = matrix.criticalEvidence().filter(\.changesLead)
        if !critical.isEmpty {
            blocks.append(
                .paragraph(
                    ["The lead changes if one of these is left out: "] + list(critical.map(\.evidence)) + [
                        "."
                    ]))
        }
        return blocks
    }

    /// The most telling evidence first.
    var chart: MatrixChart? {
        if matrix.isUnrated { return nil }
        let scores = Dictionary(uniqueKeysWithValues: matrix.ranking().map { ($0.hypothesis.id, $0.plain) })
        let columns = matrix.hypotheses.map { hypothesis in
            MatrixChart.Column(
                labels[hypothesis.id], hypothesis.title, score: Self.number(scores[hypothesis.id] ?? 0))
        }
        let rows = matrix.evidence.descending { $0.diagnosticity ?? -1 }.map { row in
            MatrixChart.Row(
                labels[row.record.id], row.record.title,
                row.cells.map { .init($0.consensus?.rawValue ?? "", isDisputed: $0.dispute >= .strong) })
        }
        return MatrixChart(columns: columns, rows: rows)
    }

    /// `2`, `2.5`.
    static func number(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: Evidence and sources

    var evidence: [Block] {
        let all = inside("evidence")
        if all.isEmpty { return [] }
        let rows: [[[Span]]] = all.map { item in
            [
                [.own(labels[item.id] + " "), .theirs(item.title)] + quotation(item),
                [
                    .own(
                        [item.choice("type"), item.choice("access")].compactMap { $0 }.joined(separator: ", ")
                    )
                ],
                [.own(item.date("happened").map { _ in item.value("happened").text ?? "" } ?? "undated")],
                [.own(grades(item, "credibility"))],
                source(item),
            ]
        }
        return [
            heading("Evidence", "evidence"),
            table(
                "Evidence", header: ["Item", "Type", "Date", "Credibility", "Source"], rows, of: all),
        ]
    }

    private func quotation(_ item: DossierRecord) -> [Span] {
        guard let quote = item.text("quote") else { return [] }
        let speaker: [Span] = item.text("speaker").map { [" (", .theirs($0), ")"] } ?? []
        return [". \u{201C}", .theirs(quote), "\u{201D}"] + speaker
    }

    private func source(_ item: DossierRecord) -> [Span] {
        guard let id = item.ref("source") else { return ["none"] }
        guard dossier[id] != nil else { return ["not in this report"] }
        return [reference(id)] + (item.text("locator").map { [", ", .theirs($0)] } ?? [])
    }

    /// `2` where all agree, else `2 olga, 4 ben`.
    private func grades(_ record: DossierRecord, _ field: String) -> String {
        let grades = record.choices(field)
        guard let first = grades.first else { return "not rated" }
        if grades.allSatisfy({ $0.token == first.token }) { return first.token }
        return grades.map { "\($0.token) \($0.analyst)" }.joined(separator: ", ")
    }

    var sources: [Block] {
        let all = inside("source")
        guard !all.isEmpty || assessment.text("scope_sources") != nil else { return [] }
        var blocks: [Block] = [heading("Sources", "sources")]
        if let summary = assessment.text("scope_sources") { blocks.append(.prose(summary)) }
        if all.isEmpty { return blocks }
        let rows: [[[Span]]] = all.map { source in
            [
                [.own(labels[source.id] + " "), .theirs(described(source))],
                [.own(source.choice("type") ?? "not said")], [.own(source.value("issued").text ?? "unknown")],
                [.own(grades(source, "reliability"))],
                source.ref("origin").map { [reference($0)] } ?? [""],
            ]
        }
        blocks.append(
            table(
                "Sources", header: ["Source", "Type", "Issued", "Reliability", "Repeats"], rows, of: all))
        return blocks
    }

    private func described(_ source: DossierRecord) -> String {
        let names = ["creator", "title", "publisher"].compactMap { source.text($0) }.joined(separator: ", ")
        let rest = ["descriptor", "url"].compactMap { source.text($0) }
        return ([names] + rest).filter { !$0.isEmpty }.joined(separator: ". ")
    }

    // MARK: Outcomes

    var trackRecord: [Block] {
        let table = ScoreTable(dossier, judgments: inside("judgment"))
        let scores = table.analysts.filter { $0.brier != nil }
        if scores.isEmpty { return [] }
        let rows: [[[Span]]] = (scores + (table.group.map { [$0] } ?? [])).map { score in
            [
                [.theirs(score.analyst)], [.own("\(score.questions.count)")], [.own(Self.brier(score.brier))],
                [.own(Self.brier(score.timeWeighted))],
            ]
        }
        let bins = assessment.scale.calibration(scores.flatMap(\.questions)).map { band in
            CalibrationChart.Bin(
                band.band.words[0], count: band.count, forecast: Int64(band.forecast * 1_000_000),
                observed: Int64(band.observed * 1_000_000))
        }
        return [
            heading("How we did", "track-record"),
            .table(
                DocumentTable(
                    "Brier scores, from 0 (best) to 1",
                    header: ["Who", "Judgments", "Last estimate", "Over time"],
                    rows: rows)),
            .figure(.calibration(CalibrationChart(bins: bins))),
        ]
    }

    private static func brier(_ score: Double?) -> String {
        guard let score else { return "none" }
        let thousandths = Int((score * 1000).rounded())
        let digits = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
