import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyTerminal

/// What follows from a matrix, in sentences, and what the order would be if something were otherwise.
extension MatrixSpeech {
    var sentences: [String] {
        if matrix.isUnrated { return ["Nobody has rated anything yet."] }
        return sensitivity + alike + disputes + gaps
    }

    /// Cells that nobody has rated.
    private var gaps: [String] {
        let cells = matrix.evidence.reduce(0) { $0 + $1.cells.count }
        let blank = matrix.evidence.reduce(0) { $0 + $1.cells.count { $0.tally.isEmpty } }
        guard blank > 0 else { return [] }
        return [
            "\(blank) of \(counted(cells, "cell")) unrated: a hypothesis with gaps looks better than it is."
        ]
    }

    /// Evidence whose loss would change the order.
    var sensitivity: [String] {
        let critical = matrix.criticalEvidence(scoring)
        let leading = critical.filter(\.changesLead)
        var lines = leading.prefix(Self.mostNamed).map { item in
            let lead = item.lead.map { naming.short($0) }.joined(separator: ", ")
            return
                "If \(naming.short(item.evidence)) falls, \(lead) \(item.lead.count > 1 ? "tie" : "leads")."
        }
        if leading.count > Self.mostNamed {
            lines.append("\(leading.count - Self.mostNamed) more would change the lead: --json names them.")
        }
        let others = critical.count - leading.count
        if others > 0 { lines.append("\(counted(others, "item")) would change the order behind it.") }
        return lines
    }

    private static let mostNamed = 8

    /// Items that fit all hypotheses alike.
    private var alike: [String] {
        let rows = (matrix.evidence + matrix.indicators).filter {
            $0.diagnosticity.map { $0 < 1e-9 } ?? false
        }
        guard !rows.isEmpty else { return [] }
        let names = rows.prefix(Self.mostNamed).map { naming.short($0.record) }.joined(separator: ", ")
        let rest = rows.count > Self.mostNamed ? " and \(rows.count - Self.mostNamed) more" : ""
        return ["\(names)\(rest) \(rows.count > 1 ? "set" : "sets") no hypothesis apart."]
    }

    /// The cells over which analysts are far apart, the widest first.
    private var disputes: [String] {
        let cells = matrix.evidence.indices.flatMap { row in
            matrix.hypotheses.indices.compactMap { column in
                matrix.evidence[row].cells[column].dispute >= .strong ? (row: row, column: column) : nil
            }
        }
        let widest = cells.descending { matrix.evidence[$0.row].cells[$0.column].deviation }
        var lines = widest.prefix(Self.mostNamed).map { place in
            let (row, hypothesis) = (matrix.evidence[place.row], matrix.hypotheses[place.column])
            let ratings = row.cells[place.column].ratings.map { "\($0.analyst) \($0.rating.rawValue)" }
            return "In dispute: \(naming.short(row.record))/\(naming.short(hypothesis)): "
                + ratings.joined(separator: ", ")
        }
        if widest.count > Self.mostNamed { lines.append("\(widest.count - Self.mostNamed) more in dispute.") }
        return lines
    }

    // MARK: Two analysts

    func compare(_ text: String) throws {
        let names = text.split(separator: ",").map { String($0).trimmingSpaces() }
        guard names.count == 2, names[0] != names[1] else {
            throw CommandFailure(
                .usage, "usage", "--compare takes two handles.", hint: "as in: --compare olga,ben")
        }
        for name in names { try expect(analyst: name) }
        let differences = matrix.differences(names[0], names[1])
        if console.options.json { return try console.json(json(names, differences)) }
        var lines: [String] = []
        for name in names {
            let own = Matrix(dossier, assessment: root.id, by: [name])
            lines += [name] + ranking(of: own).lines(width: console.width, colour: console.out.colour) + [""]
        }
        lines += comparison(names, differences).lines(width: console.width, colour: console.out.colour)
        try console.page(lines)
        try console.note(
            differences.isEmpty
                ? "They rate alike wherever both have." : "\(counted(differences.count, "cell")) apart.")
    }

    private func comparison(_ names: [String], _ differences: [MatrixDifference]) -> TextTable {
        var table = TextTable([.init(), .init(isElastic: true, least: 10), .init(), .init(), .init()])
        guard !differences.isEmpty else { return table }
        table.add(
            ["cell", ""].map { .init($0, .faint) } + names.map { .init($0, .faint) } + [
                .init("apart", .faint)
            ])
        for difference in differences {
            table.add([
                .init("\(naming.short(difference.item))/\(naming.short(difference.hypothesis))", .strong),
                .init(difference.item.headline(naming)), .init(difference.first.rating.rawValue),
                .init(difference.second.rating.rawValue),
                .init(difference.distance.decimalText(places: 1), .faint),
            ])
        }
        return table
    }

    // MARK: What if

    func whatIf(_ changed: Matrix) throws {
        if console.options.json {
            return try console.json([
                "before": .array(matrix.ranking(scoring).map(json)),
                "after": .array(changed.ranking(scoring).map(json)),
            ])
        }
        try expectHypotheses()
        let before = Dictionary(uniqueKeysWithValues: matrix.ranking(scoring).map { ($0.hypothesis.id, $0) })
        var table = TextTable([
            .init(isRight: true), .init(), .init(), .init(isElastic: true, least: 12), .init(isRight: true),
            .init(isRight: true),
        ])
        table.add(["", "was", "", "", "score", "was"].map { .init($0, .faint) })
        for score in changed.ranking(scoring) {
            let old = before[score.hypothesis.id]
            table.add([
                .init("\(score.place)", .strong), .init(old.map { "\($0.place)" } ?? "", .faint),
                .init(naming.short(score.hypothesis), .strong), .init(score.hypothesis.headline(naming)),
                .init(scoring.score(score).decimalText(places: 2)),
                .init(old.map { scoring.score($0).decimalText(places: 2) } ?? "", .faint),
            ])
        }
        try console.page(table.lines(width: console.width, colour: console.out.colour))
        try console.note("Nothing was written.")
    }

    /// An item of evidence of this matrix.
    func evidence(_ text: String, _ resolver: Resolver) throws -> RecordID {
        let record = try resolver.record(text)
        guard matrix.evidence.contains(where: { $0.record.id == record.id }) else {
            throw CommandFailure(
                .notFound, "not-in-matrix", "\(text) is no evidence of \(try naming.short(root)).",
                hint: "look: parley ach show \(try naming.short(root))")
        }
        return record.id
    }

    /// `E-4X2A/H-91C0=II`.
    func cell(_ text: String, _ resolver: Resolver) throws -> (RecordID, RecordID, Rating) {
        let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
        let ends = (sides.first ?? "").split(separator: "/").map(String.init)
        guard sides.count == 2, ends.count == 2, let rating = Rating(rawValue: sides[1].uppercased()) else {
            throw CommandFailure(
                .usage, "usage", "\(CommandFailure.quoted(text)) is no cell with a rating.",
                hint: "as in: --set E-4X2A/H-91C0=II; ratings: CC, C, N, I, II, NA")
        }
        let hypothesis = try resolver.record(ends[1])
        guard matrix.hypotheses.contains(where: { $0.id == hypothesis.id }) else {
            throw CommandFailure(
                .notFound, "not-in-matrix",
                "\(ends[1]) is no live hypothesis of \(try naming.short(root)).",
                hint: "look: parley ach rank \(try naming.short(root))")
        }
        return (try evidence(ends[0], resolver), hypothesis.id, rating)
    }
}
