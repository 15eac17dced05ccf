import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct ReportCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write an assessment as a report: judgments first, then what they rest on.",
        usage:
            "parley report A-.. [--format txt|md|html] [-o FILE] [--tlp MARKING] [--since @CHANGE|TIME] [options]",
        discussion: """
            Examples:
              parley report A-7K3F
              parley report A-7K3F --format html -o posture.html
              parley report A-7K3F --format md --tlp green > posture.md
              parley report A-7K3F --since 2026-11-01

            The HTML file is complete in itself: pictures, no script, no address outside. It
            reads on paper, in the dark, by keyboard and by a screen reader.

            --tlp leaves out what is stricter, and says so. What has changed is told since the
            newest publication, or since --since. The same state gives the same bytes on the
            same day. Check first: parley lint A-7K3F
            """)

    @Argument(help: "The assessment, as A-7K3F.", completion: .record) var assessment: String
    @Option(help: "txt, md or html.") var format: String?
    @Option(name: [.short, .long], help: ArgumentHelp("A file; - is standard output.", valueName: "file"))
    var output = "-"
    @Option(help: ArgumentHelp("Leave out what is stricter.", valueName: "marking")) var tlp: String?
    @Option(help: ArgumentHelp("Tell what has changed since then.", valueName: "@change|time")) var since:
        String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    private static let formats = ["txt", "md", "html"]

    func validate() throws {
        if let format, !Self.formats.contains(format) {
            throw ValidationError("--format takes txt, md or html.")
        }
        if let tlp, Marking(rawValue: tlp) == nil {
            throw ValidationError("--tlp takes clear, green, amber, amber+strict or red.")
        }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let report = try workspace.store.read { tx in try self.report(tx, workspace, console) }
        keepToTheEnd(report)
        if console.options.json { return try console.json(Self.json(report)) }
        switch format ?? Self.format(of: output) {
        case "html": try write(HTMLReport(report.document).text(), console)
        case "md": try write(MarkdownReport(report.document).text(), console)
        default: try writeText(report.document, console)
        }
    }

    /// By the file's name, where nobody says.
    private static func format(of path: String) -> String {
        formats.first { path.hasSuffix("." + $0) } ?? (path.hasSuffix(".htm") ? "html" : "txt")
    }

    private func report(_ tx: ReadTransaction, _ workspace: Workspace, _ console: Console) throws -> Report {
        let record = try Resolver(tx).record(assessment)
        guard record.kindName == "assessment" else {
            throw CommandFailure(
                .failed, "not-assessment", "\(try tx.address(of: record)) is no assessment.",
                hint: "list them: parley list kind:assessment")
        }
        let dossier = try DossierLoading(tx, now: console.now).assessment(record)
        let past = try ReportHistory(tx, dossier, record, now: console.now).past(since: since)
        let ceiling = tlp.flatMap(Marking.init)
        guard
            let report = Report(dossier, assessment: record.id, options: .init(ceiling: ceiling, past: past))
        else {
            throw CommandFailure(
                .notPermitted, "tlp",
                "\(try tx.address(of: record)) is itself stricter than \(ceiling?.label ?? "that"), or deleted. Nothing was written.",
                hint: "see its marking: parley show \(try tx.address(of: record)).tlp")
        }
        return report
    }

    private func write(_ text: String, _ console: Console) throws {
        let sink = try ByteSink(output, console)
        try sink.write(Array(text.utf8))
        try sink.finish()
        if output != "-" { try console.note("wrote \(output)") }
    }

    private func writeText(_ document: Document, _ console: Console) throws {
        guard output == "-" else {
            let lines = ReportText(width: 80, colour: Colour(isOn: false)).lines(document)
            return try write(lines.joined(separator: "\n") + "\n", console)
        }
        let text = ReportText(width: min(console.width ?? 80, 100), colour: console.out.colour)
        try console.page(text.lines(document))
    }

    private static func json(_ report: Report) -> JSON {
        [
            "title": .text(report.document.title), "marking": .text(report.document.marking),
            "withheld": .int(report.withheld), "markdown": .text(MarkdownReport(report.document).text()),
        ]
    }
}
