import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Score: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "How well estimates have done: Brier scores and calibration.",
        usage: "parley score [HANDLE] [--under A] [--scale icd203|phia] [options]",
        discussion: """
            Examples:
              parley score
              parley score olga
              parley score --under A-7K3F
              parley score --json --fields analysts

            Brier is (p - outcome)², the mean over all judgments that have an outcome: 0 is
            perfect, 0.25 is what 50 % always gets. "last" takes each analyst's last estimate
            before the outcome, "by days" the mean of all days on which one stood. Both are
            the form from 0 to 1; the two-class form, 0 to 2, is twice that. An estimate
            counts by the day it was made; one made after the outcome counts nowhere.
            """)

    @Argument(help: "One analyst: question by question.") var handle: String?
    @Option(help: ArgumentHelp("Only judgments below this record.", valueName: "id")) var under: String?
    @Option(help: ArgumentHelp("The words of the calibration: icd203 or phia.", valueName: "name"))
    var scale: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if let scale, WordScale(rawValue: scale) == nil {
            throw ValidationError("--scale takes icd203 or phia.")
        }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let loading = DossierLoading(tx, now: console.now)
            let root = try under.map { try Resolver(tx).record($0) }
            let dossier =
                try root.map { try loading.assessment($0) } ?? loading.resolved()
            let inside = root.map { root in Set(dossier.tree(of: root.id).map(\.id)) }
            let judgments = dossier.all("judgment").filter { inside?.contains($0.id) ?? true }
            let words = scale.flatMap(WordScale.init) ?? root.flatMap { dossier[$0.id]?.scale } ?? .icd203
            try ScoreSpeech(
                table: ScoreTable(dossier, judgments: judgments), scale: words,
                naming: Naming(tx, workspace.membership), console: console
            ).show(handle)
        }
    }
}

struct ScoreSpeech {
    let table: ScoreTable
    let scale: WordScale
    let naming: Naming
    let console: Console

    func show(_ handle: String?) throws {
        let chosen = try handle.map { [try analyst($0)] } ?? table.analysts
        if console.options.json { return try console.json(json(chosen, isOne: handle != nil)) }
        if table.questions == 0 { return try sayNothing() }
        if chosen.contains(where: { $0.brier != nil }) { try tell(chosen, isOne: handle != nil) }
        try sayRest(chosen)
    }

    private func tell(_ scores: [AnalystScore], isOne: Bool) throws {
        if let one = scores.first, isOne {
            try console.table(questions(of: one))
        } else {
            try console.table(analysts(scores))
        }
        if console.out.isTerminal { try console.page([""] + calibration(scores)) }
    }

    private func analyst(_ handle: String) throws -> AnalystScore {
        if let found = table.analysts.first(where: { $0.analyst == handle }) { return found }
        let near = table.analysts.map(\.analyst)
        throw CommandFailure(
            .notFound, "analyst",
            "\(CommandFailure.quoted(handle)) has made no estimate of a judgment that has an outcome.",
            hint: near.isEmpty
                ? "make one: parley estimate J-.. 70%" : "who has: \(near.prefix(8).joined(separator: ", "))")
    }

    private func sayNothing() throws {
        try console.note("No judgment has an outcome yet.")
        try console.hint("settle one: parley set J-.. outcome=\"yes | 2026-11-21\"")
    }

    private func analysts(_ scores: [AnalystScore]) -> TextTable {
        var table = TextTable([
            .init(), .init(isRight: true), .init(isRight: true), .init(isRight: true), .init(isRight: true),
        ])
        if console.out.isTerminal {
            table.add(["", "judgments", "last", "by days", "two-class"].map { .init($0, .faint) })
        }
        for score in scores + (self.table.group.map { [$0] } ?? []) where score.brier != nil {
            table.add([
                .init(score.analyst, .strong), .init("\(score.questions.count)"),
                .init(Self.text(score.brier), .strong), .init(Self.text(score.timeWeighted)),
                .init(Self.text(score.twoClass), .faint),
            ])
        }
        if scores.filter({ $0.brier != nil }).count > 1, let all = self.table.overall {
            table.add([
                .init("all, each judgment alike", .strong), .init("\(all.judgments)"),
                .init(Self.text(all.brier), .strong), .init(Self.text(all.timeWeighted)),
                .init(Self.text(all.brier * 2), .faint),
            ])
        }
        return table
    }

    private func questions(of score: AnalystScore) -> TextTable {
        var table = TextTable([
            .init(), .init(isElastic: true, least: 12), .init(isRight: true), .init(), .init(isRight: true),
            .init(isRight: true), .init(isRight: true),
        ])
        if console.out.isTerminal {
            table.add(["", "", "said", "came", "last", "by days", "days"].map { .init($0, .faint) })
        }
        for one in score.questions {
            table.add([
                .init(naming.short(one.question.judgment), .strong),
                .init(one.question.judgment.headline(naming)), .init(one.probability.percentText),
                .init(one.question.outcome == 1 ? "yes" : "no"), .init(Self.text(one.last), .strong),
                .init(Self.text(one.timeWeighted)), .init("\(one.days)", .faint),
            ])
        }
        return table
    }

    /// `0.0435`.
    private static func text(_ score: Double?) -> String { score?.decimalText(places: 4) ?? "" }

    private func calibration(_ scores: [AnalystScore]) -> [String] {
        var table = TextTable([
            .init(), .init(), .init(isRight: true), .init(isRight: true), .init(isRight: true), .init(),
        ])
        table.add(
            ["calibration", "", "count", "said", "came true", "95 % interval"].map { .init($0, .faint) })
        for band in scale.calibration(scores.flatMap(\.questions)) {
            let (low, high) = (band.interval.lowerBound, band.interval.upperBound)
            let isIn = band.interval.contains(band.forecast)
            table.add([
                .init(band.band.words[0]), .init(band.band.range, .faint), .init("\(band.count)"),
                .init(band.forecast.percentText), .init(band.observed.percentText),
                .init(
                    "\((low * 100).decimalText(places: 0))-\((high * 100).decimalText(places: 0)) %\(isIn ? "" : "  !")",
                    isIn ? .plain : .attention),
            ])
        }
        return table.lines(width: console.width, colour: console.out.colour)
    }

    private func sayRest(_ scores: [AnalystScore]) throws {
        let after = scores.reduce(0) { $0 + $1.after }
        let late = scores.reduce(0) { $0 + $1.late }
        var sentence = "\(counted(table.questions, "judgment")) with an outcome."
        if table.unanswered > 0 { sentence += " \(table.unanswered) without an estimate in time." }
        if table.void > 0 { sentence += " \(table.void) void, not scored." }
        try console.note(sentence)
        if after > 0 {
            try console.note("\(counted(after, "estimate")) made after the outcome: not counted.")
        }
        if late > 0 {
            try console.note(
                "\(counted(late, "estimate")) entered after the outcome, scored by the day it says it was made."
            )
        }
    }

    // MARK: JSON

    private func json(_ scores: [AnalystScore], isOne: Bool) -> JSON {
        [
            "questions": .int(table.questions), "void": .int(table.void),
            "unanswered": .int(table.unanswered), "scale": .text(scale.rawValue),
            "brier": .decimal(orNull: table.overall?.brier),
            "brierByDays": .decimal(orNull: table.overall?.timeWeighted),
            "analysts": .array(scores.map(json)),
            "median": isOne ? .null : table.group.map(json) ?? .null,
            "calibration": .array(scale.calibration(scores.flatMap(\.questions)).map(json)),
        ]
    }

    private func json(_ score: AnalystScore) -> JSON {
        [
            "analyst": .text(score.analyst), "judgments": .int(score.questions.count),
            "brier": .decimal(orNull: score.brier), "brierByDays": .decimal(orNull: score.timeWeighted),
            "brierTwoClass": .decimal(orNull: score.twoClass), "madeAfterOutcome": .int(score.after),
            "enteredAfterOutcome": .int(score.late), "scores": .array(score.questions.map(json)),
        ]
    }

    private func json(_ score: QuestionScore) -> JSON {
        [
            "id": .text(score.question.judgment.name.fullAddress),
            "outcome": .int(Int(score.question.outcome)),
            "p": .decimal(score.probability), "brier": .decimal(score.last),
            "brierByDays": .decimal(score.timeWeighted), "days": .int(score.days),
        ]
    }

    private func json(_ band: CalibrationBand) -> JSON {
        [
            "token": .text(band.band.token), "word": .text(band.band.words[0]),
            "range": .text(band.band.range), "count": .int(band.count), "forecast": .decimal(band.forecast),
            "observed": .decimal(band.observed), "low": .decimal(band.interval.lowerBound),
            "high": .decimal(band.interval.upperBound),
        ]
    }
}
