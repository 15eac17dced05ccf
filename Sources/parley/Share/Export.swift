import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyStore
import ParleyTerminal

struct ExportCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract:
            "Write records out: everything as JSON Lines or STIX, one assessment as Markdown, one kind as CSV.",
        discussion: """
            Examples:
              parley export > everything.jsonl
              parley export kind:judgment since:7d -o judgments.jsonl
              parley export A-88PD --format md -o assessment.md
              parley export kind:evidence --format csv -o evidence.csv
              parley export A-88PD --tlp green -o for-partners.jsonl
              parley export --history -o archive.jsonl   # with all that was ever written
              parley export A-88PD --format stix -o bundle.json

            JSON Lines loses nothing and is the same bytes each time; deleted records are
            in it too. --tlp leaves out what is stricter, what lies below that, and what is
            said of it, and tells how much.
            """)

    @Argument(help: "Which records: parley help filters. An assessment's id means it and all under it.")
    var filter: [String] = []
    @Option(name: .long, help: "jsonl, md, csv or stix.")
    var format: String = "jsonl"
    @Option(name: [.short, .long], help: ArgumentHelp("A file; - is standard output.", valueName: "file"))
    var output: String = "-"
    @Option(help: ArgumentHelp("Leave out what is stricter.", valueName: "marking")) var tlp: String?
    @Flag(help: "JSON Lines: each field's writes too, by whom and when.") var history = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard ["jsonl", "md", "csv", "stix"].contains(format) else {
            throw ValidationError("--format takes jsonl, md, csv or stix.")
        }
        if let tlp, Marking(rawValue: tlp) == nil {
            throw ValidationError("--tlp takes clear, green, amber, amber+strict or red.")
        }
        guard !history || (format == "jsonl" && tlp == nil) else {
            throw ValidationError(
                history && tlp != nil
                    ? "--history and --tlp exclude each other: what a field held before may have been stricter."
                    : "--history is for JSON Lines.")
        }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let sink = try ByteSink(output, console)
        // A terminal that shows the records cannot show beside them how far it is.
        let progress = ProgressLine(
            "export", isWatched: output != "-" || !console.out.isTerminal, passes: format == "csv" ? 2 : 1,
            console)
        var withheld: String?
        do {
            defer { progress.wipe() }
            try workspace.store.read { tx in
                let ceiling = try tlp.flatMap(Marking.init).map { try ExportCeiling($0, tx) }
                let selection = try ExportSelection(
                    tx, words: filter, ceiling: ceiling, progress: progress, now: console.now
                ) { try console.staleDays(workspace) }
                try write(tx, selection, workspace, to: sink)
                withheld = ceiling.flatMap { Self.sentence(on: selection, $0.marking) }
            }
            try sink.finish()
        } catch {
            sink.abandon()
            throw error
        }
        if let withheld { try console.note(withheld) }
        if output != "-" { try console.note("wrote \(output)") }
    }

    private func write(
        _ tx: ReadTransaction, _ selection: ExportSelection, _ workspace: Workspace, to sink: ByteSink
    ) throws {
        switch format {
        case "md": try Self.writeMarkdown(tx, selection, to: sink)
        case "csv": try Self.writeCSV(tx, selection, to: sink)
        case "stix":
            let withDeleted = filter.contains("is:deleted")
            try StixExport(tx, selection).write(withDeleted: withDeleted, to: sink)
        default:
            let naming = Naming(tx, workspace.membership)
            let past = history ? RegisterHistory(tx: tx, attribution: Attribution(tx, naming)) : nil
            try Self.writeJSONLines(tx, selection, past, to: sink)
        }
    }

    private static func sentence(on selection: ExportSelection, _ ceiling: Marking) -> String? {
        guard !selection.strict.isEmpty || !selection.hanging.isEmpty else { return nil }
        return "left out: \(counted(selection.strict.count, "record")) stricter than \(ceiling.label), and "
            + "\(selection.hanging.count) that hang on such"
    }

    private static func writeJSONLines(
        _ tx: ReadTransaction, _ selection: ExportSelection, _ history: RegisterHistory?, to sink: ByteSink
    ) throws {
        let kinds = KindLookup(tx)
        let writer = JSONLinesWriter { kinds[$0] }
        guard let history else { return try selection.forEach { try sink.write(writer.line($0)) } }
        var images: [RecordImage] = []
        let flush = {
            for (image, past) in zip(images, try history.writes(of: images.map(\.name))) {
                try sink.write(writer.line(image, history: past))
            }
            images.removeAll(keepingCapacity: true)
        }
        try selection.forEach { image in
            images.append(image)
            if images.count == RegisterHistory.many { try flush() }
        }
        try flush()
    }

    /// Twice through the records: the columns stand before the first row.
    private static func writeCSV(_ tx: ReadTransaction, _ selection: ExportSelection, to sink: ByteSink)
        throws
    {
        var registers: Set<RegisterName> = []
        var tag: UInt32?
        try selection.forEach { image in
            registers.formUnion(image.registers.lazy.map(\.name))
            if tag == nil { tag = image.name.kind }
            if tag != image.name.kind { throw manyKinds(tag) }
        }
        guard let kind = tag.flatMap({ Schema.assessments[tag: $0] }) else { return }
        let columns = CSVWriter.columns(of: registers, in: kind)
        let kinds = KindLookup(tx)
        let writer = CSVWriter(kind: kind, columns: columns) { id in
            kinds[id].flatMap { Schema.assessments[tag: $0] }
        }
        try sink.write(writer.header)
        try selection.forEach { try sink.write(writer.row($0)) }
    }

    private static func manyKinds(_ tag: UInt32?) -> CommandFailure {
        let kind = tag.flatMap { Schema.assessments[tag: $0] }?.name ?? "judgment"
        return CommandFailure(.usage, "usage", "A CSV file holds one kind: say which, as kind:\(kind).")
    }

    private static func writeMarkdown(
        _ tx: ReadTransaction, _ selection: ExportSelection, to sink: ByteSink
    ) throws {
        let assessment = try selection.assessment()
        let newest = try tx.log.heads().values.map(\.time.milliseconds).max()
        try MarkdownWriter().write(
            assessment, records: try selection.belongings(of: assessment),
            exported: newest.map { Instant(milliseconds: $0) }
        ) { bytes in try sink.write(bytes) }
    }
}
