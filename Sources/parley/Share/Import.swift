import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyStore
import ParleyTerminal

struct ImportCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring records in from a file, merged with what people have written since.",
        discussion: """
            Examples:
              parley import assessment.md
              parley import questions.jsonl --source forecastbench
              parley import feed.csv --kind evidence --key url --source feed
              some-program | parley import - --format jsonl --source nightly
              parley import feed.csv --kind evidence --key url -n  # what would happen
              parley import set.json --map forecastbench.yaml      # any JSON or CSV, by a mapping
              parley import bundle.json                            # STIX 2.1

            The source's last import is the base: what it does not say anew is left alone,
            and what people changed stays, named in the report; --overwrite is the only way
            past. Absent values clear nothing.
            """)

    @Argument(help: "A file; - reads standard input.")
    var file: String
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
    @Option(name: .long, help: ArgumentHelp("The source's name; otherwise the file's.", valueName: "name"))
    var source: String?
    @Option(
        name: .customLong("on-error"),
        help: ArgumentHelp("stop writes nothing; skip leaves bad rows out.", valueName: "stop|skip"))
    var onError: String = "skip"
    @Flag(name: .long, help: "Write over what people changed.")
    var overwrite = false
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
        for pair in map where pair.contains("=") && pair.split(separator: "=", maxSplits: 1).count != 2 {
            throw ValidationError("--map takes COLUMN=FIELD, not \"\(pair)\".")
        }
    }

    private static let delimiters: [String: UInt8] = [
        "comma": UInt8(ascii: ","), "semicolon": UInt8(ascii: ";"), "tab": UInt8(ascii: "\t"),
    ]

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let source = try ByteSource(file)
        let mapping = try mapping(me: try workspace.me())
        guard
            let format = try mapping?.nearest ?? format.map(ImportFormat.init(rawValue:))
                ?? ImportFormat(of: source)
        else {
            throw CommandFailure(
                .usage, "usage",
                "The format of \(source.name) is not clear: say it by --format jsonl, csv, md or stix.")
        }
        var settings = Importer.Options(source: self.source ?? mapping?.source ?? source.name)
        (settings.overwrites, settings.note, settings.digest) = (overwrite, note, try source.digest())
        settings.exported = try exported(source, format)
        let run = ImportRun(workspace, console, source, format)
        run.mapping = mapping
        if format == .stix { run.stix = StixImport(me: try workspace.me(), workspace) }
        run.kind = try kind.map { try Self.kind(named: $0) }
        run.csv = csvOptions(settings.source, me: try workspace.me())
        let outcome = try run.run(settings, strict: onError == "stop", dry: dryRun)
        defer { if !dryRun { _ = try? workspace.catchUpIndex(forMilliseconds: 300) } }
        defer { for remark in run.remarks { try? console.note(remark) } }
        try ImportReport(outcome, source: source, isDry: dryRun).say(console, workspace)
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
        return MarkdownReader.exported(try ByteSource(file).whole(atMost: ImportFormat.largestMarkdown))
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
}

/// One import from the first byte to the last.
final class ImportRun {
    struct Outcome {
        var rows = 0
        var tally = Importer.Tally()
        var kept: [Importer.Kept] = []
        var faults: [DraftFault] = []
        var changes: [ChangeID] = []
    }

    private struct RolledBack: Error { var outcome: Outcome }

    private let workspace: Workspace
    private let console: Console
    private let source: ByteSource
    private let format: ImportFormat
    private var outcome = Outcome()
    private var meter: Meter
    var mapping: ImportMapping?
    var stix: StixImport?
    /// What a person is told after the report.
    private(set) var remarks: [String] = []
    var kind: Kind?
    var csv = CSVOptions(source: "")

    init(_ workspace: Workspace, _ console: Console, _ source: ByteSource, _ format: ImportFormat) {
        self.workspace = workspace
        self.console = console
        self.source = source
        self.format = format
        meter = Meter(source.name, now: SystemAmbient.now())
    }

    /// - Parameters:
    ///   - strict: one bad row, and nothing at all is written.
    ///   - dry: everything is done and then undone.
    func run(_ options: Importer.Options, strict: Bool, dry: Bool) throws -> Outcome {
        defer { if meter.isShown { try? console.messages.wipe() } }
        guard strict || dry else {
            let importer = Importer(workspace, options)
            do { try fill(importer) } catch let error as StoreError { throw unfinished(error, importer) }
            return outcome
        }
        do {
            try workspace.store.write { tx in
                try fill(Importer(workspace, options, in: tx))
                if dry || !outcome.faults.isEmpty { throw RolledBack(outcome: outcome) }
            }
        } catch let undone as RolledBack {
            if dry { return undone.outcome }
            throw refusal(of: undone.outcome)
        }
        return outcome
    }

    private func fill(_ importer: Importer) throws {
        var early: [DraftFault] = []
        let take = { (draft: Result<RecordDraft, DraftFault>) in
            self.outcome.rows += 1
            switch draft {
            case .success(let draft): try importer.add(draft)
            case .failure(let fault): early.append(fault)
            }
            try self.progress()
        }
        if let mapping {
            remarks = try mapping.read(source, into: take)
        } else if let stix {
            remarks = try stix.read(source, into: take)
        } else {
            try format.read(source, kind: kind, csv: csv, me: try workspace.me(), into: take)
        }
        try importer.finish()
        outcome.tally = importer.tally
        outcome.tally.refused += early.count
        outcome.faults = (early + importer.faults).sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        (outcome.kept, outcome.changes) = (importer.kept, importer.changes)
    }

    private func progress() throws {
        guard outcome.rows.isMultiple(of: 256), console.messages.isTerminal, !console.options.quiet,
            let line = meter.line(done: outcome.rows, now: SystemAmbient.now())
        else { return }
        try console.messages.draw(line, width: console.messages.width(environment: console.environment) ?? 80)
    }

    /// An import goes into the store in parts of a thousand records: those before the failure are there.
    private func unfinished(_ error: StoreError, _ importer: Importer) -> CommandFailure {
        var failure = CommandFailure(describing: error)
        guard let change = importer.changes.last?.shortAddress else { return failure }
        let tally = importer.tally
        if error.code == .diskFull { failure.message = "The disk is full." }
        failure.message +=
            " The import is not complete: \(tally.created) new, \(tally.changed) changed so far, and they stay."
        let first = error.code == .diskFull ? "make room, " : ""
        failure.hint =
            "\(first)import it again: what has an id or a key is not doubled    or: parley undo \(change)"
        return failure
    }

    private func refusal(of outcome: Outcome) -> CommandFailure {
        let first = outcome.faults[0]
        return CommandFailure(
            .failed, "refused",
            "\(source.name): \(outcome.faults.count) of \(outcome.rows) rows are refused; the first is \(first.place): \(first.reason). Nothing was written.",
            hint: "import the others: --on-error skip")
    }
}

extension DraftFault {
    var place: String { column > 0 ? "line \(line), column \(column)" : "line \(line)" }
}
