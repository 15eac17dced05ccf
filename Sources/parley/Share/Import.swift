import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyTerminal

struct ImportCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring records in from files, merged with what people have written since.",
        discussion: """
            Examples:
              parley import assessment.md
              parley import questions.jsonl --source forecastbench
              parley import feed.csv --kind evidence --key url --source feed
              parley import monday.csv tuesday.csv --kind evidence # one act, one report
              some-program | parley import - --format jsonl --source nightly
              parley import feed.csv --kind evidence --key url -n  # what would happen, value by value
              parley import set.json --map forecastbench.yaml      # any JSON or CSV, by a mapping
              parley import bundle.json                            # STIX 2.1

            The source's last import is the base: what it does not say anew is left alone,
            and what people changed stays, named in the report; --overwrite is the only way
            past. Absent values clear nothing. Refused rows go to FILE.refused, to be mended
            and imported by themselves. An import that was killed is continued by the same
            command.
            """)

    @Argument(help: "Files; - reads standard input.")
    var files: [String]
    @Option(name: .long, help: "jsonl, csv, md or stix; otherwise by the file's ending.")
    var format: String?
    @Option(name: .long, help: ArgumentHelp("Which kind a CSV file holds.", valueName: "kind"))
    var kind: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A column and its field, may be repeated; or a mapping file.", valueName: "col=field|file"))
    var map: [String] = []
    @Option(
        name: .long,
        help: ArgumentHelp("The column that tells records apart, or row.", valueName: "column|row"))
    var key: String?
    @Option(name: .long, help: ArgumentHelp("Between cells: comma, semicolon or tab.", valueName: "name"))
    var delimiter: String?
    @Option(
        name: .long, help: ArgumentHelp("Decimal sign of numbers in CSV: point or comma.", valueName: "sign"))
    var decimal: String = "point"
    @Option(name: .long, help: ArgumentHelp("The source's name; otherwise each file's.", valueName: "name"))
    var source: String?
    @Option(
        name: .customLong("on-error"),
        help: ArgumentHelp("stop writes nothing; skip leaves bad rows out.", valueName: "stop|skip"))
    var onError: String = "skip"
    @Option(
        name: .long,
        help: ArgumentHelp("Where the refused rows go; otherwise FILE.refused.", valueName: "file"))
    var refused: String?
    @Flag(name: .long, help: "Write over what people changed.")
    var overwrite = false
    @Flag(name: .customLong("allow-older"), help: "Take what is older than the version here.")
    var allowOlder = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "When this file was exported from here; Markdown says so itself.", valueName: "time"))
    var base: String?
    @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Only say what would happen.")
    var dryRun = false
    @Option(
        name: [.customShort("m"), .customLong("note")],
        help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var note: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard ["stop", "skip"].contains(onError) else {
            throw ValidationError("--on-error takes stop or skip.")
        }
        guard ["point", "comma"].contains(decimal) else {
            throw ValidationError("--decimal takes point or comma.")
        }
        guard delimiter.map({ Self.delimiters[$0] != nil }) ?? true else {
            throw ValidationError("--delimiter takes comma, semicolon or tab.")
        }
        guard files.count(where: { $0 == "-" }) < 2 else {
            throw ValidationError("Standard input can be read once.")
        }
        guard refused == nil || files.count == 1 else {
            throw ValidationError("--refused names one file: import one at a time, or leave it out.")
        }
        for pair in map where pair.contains("=") && pair.split(separator: "=", maxSplits: 1).count != 2 {
            throw ValidationError("--map takes COLUMN=FIELD, not \"\(pair)\".")
        }
    }

    private static let delimiters: [String: UInt8] = [
        "comma": UInt8(ascii: ","), "semicolon": UInt8(ascii: ";"), "tab": UInt8(ascii: "\t"),
    ]

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let me = try workspace.me()
        let mapping = try mapping(me: me)
        let inputs = try files.map { try input($0, mapping, me: me) }
        for input in inputs.dropFirst() { input.isFirst = false }
        var settings = Importer.Options(files: inputs.map(\.file))
        (settings.overwrites, settings.note, settings.isDetailed) = (overwrite, note, dryRun)
        settings.allowsOlder = allowOlder
        let report = ImportReport(inputs, console, workspace, isDry: dryRun)
        if !dryRun, onError == "skip" { report.keepRefused(at: refused, again: again) }
        defer { if !dryRun { indexFew(report.total, workspace) } }
        try ImportRun(inputs, report, console, workspace)
            .run(settings, strict: onError == "stop", dry: dryRun)
        try report.say()
    }

    /// Much is left to the first search, which does all of it at once.
    private func indexFew(_ total: ImportTally, _ workspace: Workspace) {
        guard total.created + total.changed < 2_000 else { return }
        _ = try? workspace.catchUpIndex(forMilliseconds: 50)
    }

    // MARK: Files

    /// Opens a file and finds out how to read it. Nothing is written before that is clear of every file.
    private func input(_ path: String, _ mapping: ImportMapping?, me: String) throws -> ImportInput {
        let source = try ByteSource(path)
        let format = try mapping?.nearest ?? format(of: source)
        let name = source.originalName
        var file = ImportFile(source: self.source ?? mapping?.source ?? name, name: source.name)
        file.digest = source.digest
        file.exported = try exported(source, format)
        file.isPart = source.isRefused
        if format == .csv, mapping == nil, kind == nil {
            throw ImportFormat.wantsKind
        }
        return ImportInput(
            source, as: file, format: format, mapping: mapping,
            kind: try kind.map { try Self.kind(named: $0) }, csv: csvOptions(file.source, me: me))
    }

    private func format(of source: ByteSource) throws -> ImportFormat {
        if let found = try format.map(ImportFormat.init(rawValue:)) ?? ImportFormat(of: source) {
            return found
        }
        if source.ending == "json", format == nil {
            throw CommandFailure(
                .usage, "usage",
                "\(source.name) is one JSON document: how its elements become records is said by a mapping file, --map FILE.",
                hint:
                    "parley help mapping    if each of its lines is a record: --format jsonl; if it is a bundle: --format stix"
            )
        }
        throw CommandFailure(
            .usage, "usage",
            "The format of \(source.name) is not clear: say it by --format jsonl, csv, md or stix.")
    }

    /// A file that was exported and edited is merged against what the workspace held at that time.
    private func exported(_ source: ByteSource, _ format: ImportFormat) throws -> Instant? {
        if let base {
            guard let time = Instant(base) else {
                throw CommandFailure(.usage, "usage", "--base takes a time such as 2026-11-21T14:02:11.204Z.")
            }
            return time
        }
        guard format == .md, !source.isStandardInput else { return nil }
        return MarkdownReader.exported(
            try ByteSource(source.path).whole(atMost: ImportFormat.largestMarkdown))
    }

    private func mapping(me: String) throws -> ImportMapping? {
        guard let file = try ImportMapping.file(among: map) else { return nil }
        guard kind == nil, key == nil else {
            throw CommandFailure(
                .usage, "usage", "--kind and --key are not for a mapping: it says both itself.")
        }
        return try ImportMapping(file: file, format: format, csv: csvOptions("", me: me), me: me)
    }

    private func csvOptions(_ source: String, me: String) -> CSVOptions {
        var csv = CSVOptions(source: source)
        csv.delimiter = delimiter.flatMap { Self.delimiters[$0] }
        csv.decimalComma = decimal == "comma"
        csv.key = key.map { $0 == "row" ? .row : .column($0) }
        csv.me = me
        for pair in map where pair.contains("=") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            csv.map[parts[0]] = parts[1]
        }
        return csv
    }

    static func kind(named name: String) throws -> Kind {
        guard let kind = Schema.assessments[name: name] else {
            let kinds = Schema.assessments.kinds.map(\.name)
            throw ClientError.unknownKind(name, candidates: nearest(to: name, among: kinds))
        }
        return kind
    }

    // MARK: Again

    /// The command that imports mended rows of a file; nil where rows by themselves are not who they were.
    private func again(_ input: ImportInput, _ path: String) -> String? {
        guard key != "row" else { return nil }
        var words = ["parley", "import", path, "--source", input.file.source]
        let given: [(String, String?)] = [
            ("--format", format ?? (input.source.isStandardInput ? input.format.rawValue : nil)),
            ("--kind", kind), ("--key", key), ("--delimiter", delimiter),
            ("--decimal", decimal == "point" ? nil : decimal), ("--base", base), ("-w", options.workspace),
        ]
        for (name, value) in given { if let value { words += [name, value] } }
        for value in map { words += ["--map", value] }
        if overwrite { words.append("--overwrite") }
        if allowOlder { words.append("--allow-older") }
        return words.map(shellQuoted).joined(separator: " ")
    }
}
