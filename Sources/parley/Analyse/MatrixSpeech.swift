import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyTerminal

/// The matrix of one assessment, told: as a table with colours and letters, as sentences, as JSON.
struct MatrixSpeech {
    let dossier: Dossier
    let root: RecordName
    let matrix: Matrix
    let scoring: Scoring
    let naming: Naming
    let console: Console

    // MARK: The matrix

    func show(sorted sort: MatrixSort) throws {
        if console.options.json { return try console.json(json(sorted: sort)) }
        try expectHypotheses()
        let colour = console.out.colour
        var lines = table(of: ordered(matrix.evidence, by: sort), "evidence").lines(
            width: console.width, colour: colour)
        if !matrix.indicators.isEmpty {
            lines += [""]
            lines += table(of: ordered(matrix.indicators, by: sort), "indicators").lines(
                width: console.width, colour: colour)
        }
        lines +=
            [""]
            + ranking(of: matrix, withLetters: isNarrow).lines(width: console.width, colour: colour)
        let sentences = sentences
        lines += sentences.isEmpty ? [] : [""] + wrapped(sentences)
        try console.page(lines)
        try sayLeftOut()
        if matrix.isUnrated { try console.hint("rate: parley rate E-.. H-.. CC|C|N|I|II|NA") }
    }

    private func wrapped(_ sentences: [String]) -> [String] {
        let lines = sentences.map { visible($0) }
        guard let width = console.width else { return lines }
        return lines.flatMap { $0.wrapped(to: width) }
    }

    func ordered(_ rows: [MatrixRow], by sort: MatrixSort) -> [MatrixRow] {
        guard sort == .diagnosticity else { return rows }
        return rows.descending { $0.diagnosticity ?? -1 }
    }

    private func table(of rows: [MatrixRow], _ heading: String) -> TextTable {
        let cell = TextTable.Column()
        var table = TextTable(
            [.init(), .init(isElastic: true, least: 10), .init(isRight: true)]
                + matrix.hypotheses.map { _ in cell } + [.init(isRight: true)])
        table.add(
            [.init(heading, .heading), .init(""), .init("weight", .faint)]
                + labels.map { .init($0, .strong) } + [.init("apart", .faint)])
        for row in rows {
            let weight = row.weight.value.decimalText(places: 2) + (row.weight.unknown.isEmpty ? "" : "?")
            table.add(
                [
                    .init(naming.short(row.record), .strong), .init(row.record.headline(naming)),
                    .init(weight, .faint),
                ]
                    + row.cells.map { TextTable.Cell(Self.text(of: $0), Self.style(of: $0)) }
                    + [.init(row.diagnosticity?.decimalText(places: 2) ?? "", .faint)])
        }
        return table
    }

    /// What stands above the columns: addresses, or where a terminal is too narrow for them, letters that the
    /// order below explains.
    private var labels: [String] {
        let names = matrix.hypotheses.map { naming.short($0) }
        guard isNarrow else { return names }
        return names.indices.map(Self.letter)
    }

    private static func letter(_ index: Int) -> String {
        index < 26 ? String(UnicodeScalar(UInt8(97 + index))) : "\(index + 1)"
    }

    private var isNarrow: Bool {
        guard let width = console.width else { return false }
        let columns = matrix.hypotheses.reduce(0) { $0 + naming.short($1).columns + 2 }
        return Self.roomForEvidence + columns > width
    }

    /// An address, ten columns of a title, the weight and the number at the end.
    private static let roomForEvidence = 34

    /// The middle rating, and how far the analysts are apart.
    static func text(of cell: MatrixCell) -> String {
        guard let consensus = cell.consensus else { return "." }
        let mark: String =
            switch cell.dispute {
            case .none: ""
            case .mild: "~"
            case .strong, .extreme: "!"
            }
        return consensus.rawValue + mark
    }

    static func style(of cell: MatrixCell) -> Style {
        switch cell.consensus {
        case .veryInconsistent: .failure
        case .inconsistent: .attention
        case .consistent, .veryConsistent: .good
        case .neutral, .notApplicable, nil: .faint
        }
    }

    // MARK: The order

    func rank() throws {
        if console.options.json { return try console.json(.array(matrix.ranking(scoring).map(json))) }
        try expectHypotheses()
        try console.page(
            ranking(of: matrix).lines(width: console.width, colour: console.out.colour)
                + wrapped(sensitivity))
        try sayLeftOut()
    }

    /// - Parameter withLetters: before each address the letter of its column.
    func ranking(of matrix: Matrix, withLetters: Bool = false) -> TextTable {
        var table = TextTable([
            .init(isRight: true), .init(), .init(isElastic: true, least: 12), .init(isRight: true),
            .init(isRight: true), .init(isRight: true), .init(isRight: true),
        ])
        table.add(
            ["", "against", "", "I+II", "score", "weighted", "unrated"].map { .init($0, .faint) })
        for score in matrix.ranking(scoring) {
            let column = matrix.hypotheses.firstIndex { $0.id == score.hypothesis.id } ?? 0
            let letter = withLetters ? Self.letter(column) + " " : ""
            table.add([
                .init("\(score.place)", .strong),
                .init(letter + naming.short(score.hypothesis), .strong),
                .init(score.hypothesis.headline(naming)), .init("\(score.against)"),
                .init(score.plain.decimalText(places: 2)), .init(score.weighted.decimalText(places: 2)),
                .init(score.unrated == 0 ? "" : "\(score.unrated)", .faint),
            ])
        }
        return table
    }

    func sayLeftOut() throws {
        if !matrix.retired.isEmpty {
            try console.note(
                "Left out, since rejected or merged: "
                    + matrix.retired.map { naming.short($0) }.joined(separator: ", ") + ".")
        }
        let flagged = matrix.evidence.filter { !$0.weight.unknown.isEmpty }.count
        if flagged > 0 {
            try console.note(
                "\(counted(flagged, "item")) marked ?: what nobody has judged of it counts in full."
            )
        }
    }

    func expectHypotheses() throws {
        guard matrix.hypotheses.isEmpty else { return }
        throw CommandFailure(
            .notFound, "no-hypotheses", "\(try naming.short(root)) has no live hypothesis.",
            hint: "make one: parley new hypothesis title=\"..\" --under \(try naming.short(root))")
    }

    func expect(analyst: String) throws {
        guard !matrix.analysts.contains(analyst) else { return }
        let others = Matrix(dossier, assessment: root.id).analysts
        throw CommandFailure(
            .notFound, "analyst", "\(CommandFailure.quoted(analyst)) has rated nothing here.",
            hint: others.isEmpty
                ? "rate: parley rate E-.. H-.. CC|C|N|I|II|NA" : "who has: \(others.joined(separator: ", "))")
    }
}
