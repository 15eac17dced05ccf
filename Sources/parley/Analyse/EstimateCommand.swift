import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

extension Pool: ExpressibleByArgument {}

struct EstimateCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate",
        abstract: "Say how likely a judgment is, or see what everybody says.",
        usage: """
            parley estimate J 70% [--confidence moderate] [--why TEXT] [--made-on DATE] [options]
            parley estimate J [--pool median|logodds] [--extremize 1.5] [options]
            """,
        discussion: """
            Examples:
              parley estimate J-88PD 70%
              parley estimate J-88PD 0.35 --confidence low --why "two sources only"
              parley estimate J-88PD 60% --made-on 2026-10-02
              parley estimate J-88PD 40% --as-voice desk
              parley estimate J-88PD
              parley estimate J-88PD --pool logodds --extremize 1.5

            An estimate is added, never changed: earlier ones stay for the score. It is yours
            alone, and counts from the day it was made. Without a number: each analyst's way,
            the number of all together, and its word in the assessment's scale.
            """)

    @Argument(help: "The judgment or the hypothesis, as J-88PD.", completion: .record) var id: String
    @Argument(help: "The probability, as 70% or 0.7.") var probability: String?
    @Option(help: "How sure you are of the grounds: low, moderate or high.") var confidence: String?
    @Option(help: "The reason.") var why: String?
    @Option(help: ArgumentHelp("The day it was made; today if none is given.", valueName: "date"))
    var madeOn: String?
    @Option(help: ArgumentHelp("For somebody who is no member, as ~NAME.", valueName: "name"))
    var asVoice: String?
    @Option(help: "How many become one: median or logodds.") var pool = Pool.median
    @Option(help: ArgumentHelp("Multiply the pooled log-odds.", valueName: "factor")) var extremize = 1.0
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard extremize > 0, extremize <= 10 else {
            throw ValidationError("--extremize takes a factor above 0, at most 10.")
        }
        guard probability == nil else { return }
        if confidence != nil || why != nil || madeOn != nil || asVoice != nil {
            throw ValidationError("An estimate needs its number, as in: parley estimate \(id) 70%.")
        }
    }

    func run(_ console: Console) throws {
        guard let probability else { return try show(console) }
        let millionths = try number(probability)
        let workspace = try console.openWorkspace()
        let record = RecordName(
            kind: try New.kind(named: "estimate").tag, id: workspace.randomID())
        let key =
            try asVoice.map { "~" + ($0.hasPrefix("~") ? String($0.dropFirst()) : $0) } ?? workspace.me()
        let day = try day(console.now)
        var scale = WordScale.icd203
        let report = try workspace.write(.command("estimate"), to: record) { maker in
            let about = try EstimateTarget(id, maker.parser.resolver)
            scale = about.scale
            let parts = [FieldType.percent(millionths), confidence ?? "", day, why?.trimmingSpaces() ?? ""]
            return try maker.writes(
                about.assignments + [Assignment(field: "value@" + key, text: parts.joined(separator: " | "))],
                to: record)
        }
        try report.sayNew(console)
        try console.note("\(FieldType.percent(millionths)): \(scale.phrase(for: millionths)).")
    }

    /// A probability; a word is a band and none.
    private func number(_ text: String) throws -> Int64 {
        if let millionths = FieldType.millionths(text) { return millionths }
        if let band = WordScale.icd203.band(word: text) {
            let example = (band.low + band.high) / 2
            throw CommandFailure(
                .failed, "value",
                "\(CommandFailure.quoted(text)) is a band of probabilities (ICD 203: \(band.range)), not a number. Nothing was written.",
                hint: "say where in it you are: parley estimate \(id) \(FieldType.percent(example))")
        }
        let meant = Double(text).map { $0 > 1 && $0 <= 100 } ?? false
        throw CommandFailure(
            .failed, "value",
            "\(CommandFailure.quoted(text)) is not \(FieldType.probability.allowed). Nothing was written.",
            hint: "as in: parley estimate \(id) \(meant ? text + "%" : "70%")")
    }

    private func day(_ now: Instant) throws -> String {
        let today = Day(now)
        guard let madeOn else { return today.text }
        guard let date = CivilDate(madeOn) else {
            throw CommandFailure(
                .failed, "value",
                "--made-on: \(CommandFailure.quoted(madeOn)) is not \(FieldType.date.allowed). Nothing was written."
            )
        }
        guard Day(firstOf: date) <= today else {
            throw CommandFailure(
                .failed, "value",
                "--made-on: \(madeOn) is still to come; today is \(today.text). Nothing was written.")
        }
        return madeOn
    }

    private func show(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let about = try EstimateTarget(id, Resolver(tx))
            let dossier = try DossierLoading(tx, now: console.now).assessment(about.record)
            try EstimateSpeech(
                dossier: dossier, record: about.record, scale: about.scale, pool: pool, exponent: extremize,
                naming: Naming(tx, workspace.membership), console: console
            ).show()
        }
    }
}

/// What an estimate is about: a judgment or a hypothesis, and the assessment in whose words it is told.
struct EstimateTarget {
    let record: RecordName
    let scale: WordScale
    private let parent: RecordName?

    init(_ text: String, _ resolver: Resolver) throws {
        record = try resolver.record(text)
        guard ["judgment", "hypothesis"].contains(record.kindName) else {
            throw CommandFailure(
                .failed, "kind",
                "An estimate is of a judgment or a hypothesis, and \(text) is neither, but of kind \(record.kindName).",
                hint: "look: parley list kind:judgment,hypothesis")
        }
        let above = try resolver.tx.above(record)
        parent = above.first
        let assessment = try above.first { $0.kindName == "assessment" }.flatMap {
            try resolver.tx.image(of: $0)
        }
        let tag = Schema.assessments[name: "assessment"]?[name: "scale"]?.tag ?? 0
        scale = assessment?[tag].text.flatMap(WordScale.init) ?? .icd203
    }

    /// The fields that place a new estimate.
    var assignments: [Assignment] {
        [Assignment(field: record.kindName, text: record.fullAddress)]
            + (parent.map { [Assignment(field: "parent", text: $0.fullAddress)] } ?? [])
    }
}
