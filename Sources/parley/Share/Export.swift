import ArgumentParser
import Foundation
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
              parley export A-88PD --format stix -o bundle.json

            JSON Lines loses nothing and is the same bytes each time; deleted records are
            in it too.
            """)

    @Argument(help: "Which records: parley help filters. An assessment's id means it and all under it.")
    var filter: [String] = []
    @Option(name: .long, help: "jsonl, md, csv or stix.")
    var format: String = "jsonl"
    @Option(name: [.short, .long], help: ArgumentHelp("A file; - is standard output.", valueName: "file"))
    var output: String = "-"
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard ["jsonl", "md", "csv", "stix"].contains(format) else {
            throw ValidationError("--format takes jsonl, md, csv or stix.")
        }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let sink = try ByteSink(output, console)
        try workspace.store.read { tx in
            let selection = try Selection(tx, words: filter, now: console.now) {
                try console.staleDays(workspace)
            }
            switch format {
            case "md": try Self.writeMarkdown(tx, selection, to: sink)
            case "csv": try Self.writeCSV(tx, selection, to: sink)
            case "stix":
                try StixExport(tx).write(selection, withDeleted: filter.contains("is:deleted"), to: sink)
            default: try Self.writeJSONLines(tx, selection, to: sink)
            }
        }
        try sink.finish()
        if output != "-" { try console.note("wrote \(output)") }
    }

    private static func writeJSONLines(_ tx: ReadTransaction, _ selection: Selection, to sink: ByteSink)
        throws
    {
        let kinds = KindLookup(tx)
        let writer = JSONLinesWriter { kinds[$0] }
        try selection.forEach { try sink.write(writer.line($0)) }
    }

    private static func writeCSV(_ tx: ReadTransaction, _ selection: Selection, to sink: ByteSink) throws {
        var images: [RecordImage] = []
        try selection.forEach { images.append($0) }
        guard let kind = images.first.flatMap({ Schema.assessments[tag: $0.name.kind] }) else { return }
        guard images.allSatisfy({ $0.name.kind == kind.tag }) else {
            throw CommandFailure(
                .usage, "usage", "A CSV file holds one kind: say which, as kind:\(kind.name).")
        }
        let columns = CSVWriter.columns(of: images.flatMap { $0.registers.map(\.name) }, in: kind)
        let kinds = KindLookup(tx)
        let writer = CSVWriter(kind: kind, columns: columns) { id in
            kinds[id].flatMap { Schema.assessments[tag: $0] }
        }
        try sink.write(writer.header)
        for image in images { try sink.write(writer.row(image)) }
    }

    private static func writeMarkdown(_ tx: ReadTransaction, _ selection: Selection, to sink: ByteSink) throws
    {
        let assessment = try selection.assessment()
        let newest = try tx.log.heads().values.map(\.time.milliseconds).max()
        let text = MarkdownWriter().write(
            assessment, records: try selection.belongings(of: assessment),
            exported: newest.map { Instant(milliseconds: $0) })
        try sink.write(text)
    }
}

/// The records that an export was asked for.
struct Selection {
    let tx: ReadTransaction
    private let filters: [RecordFilter]
    private static let assessmentTag = Schema.assessments[name: "assessment"]?.tag ?? 0
    private static let linkKind = Schema.assessments[name: "link"]
    /// The one record named by its address, with all under it.
    let root: RecordName?

    init(_ tx: ReadTransaction, words: [String], now: Instant, staleDays: @escaping () throws -> Int)
        throws
    {
        self.tx = tx
        if words.count == 1, let address = try? Address(words[0]), address.letter != nil, address.field == nil
        {
            root = try Resolver(tx).record(words[0])
            filters = []
        } else {
            root = nil
            filters = try FilterParser(tx, now: now, staleDays: staleDays).filters(words)
        }
    }

    /// Hands over the images in the order of kinds and ids.
    func forEach(_ body: (RecordImage) throws -> Void) throws {
        if let root {
            guard let image = try tx.image(of: root) else { return }
            for each in ([image] + (try belongings(of: image))).sorted(by: { $0.name < $1.name }) {
                try body(each)
            }
        } else if filters.isEmpty {
            try tx.eachRecord(of: tx.kinds()) { image in
                try body(image)
                return true
            }
        } else {
            let order = [RecordOrder(.kind), RecordOrder(.id)]
            for row in try tx.query(RecordQuery(filters, includesDeleted: true, order: order)).rows {
                if let image = try tx.image(of: row.name) { try body(image) }
            }
        }
    }

    /// The one assessment that a Markdown file holds.
    func assessment() throws -> RecordImage {
        if let root {
            guard root.kind == Self.assessmentTag, let image = try tx.image(of: root) else {
                throw CommandFailure(.failed, "not-assessment", "\(root.shortAddress(8)) is no assessment.")
            }
            return image
        }
        let rows = try tx.query(RecordQuery(filters + [.kinds([Self.assessmentTag])])).rows
        guard rows.count == 1, let image = try tx.image(of: rows[0].name) else {
            let names = rows.prefix(8).map { $0.name.shortAddress(8) }.joined(separator: ", ")
            throw CommandFailure(
                .notFound, rows.isEmpty ? "not-found" : "ambiguous",
                rows.isEmpty
                    ? "There is no assessment to export."
                    : "A Markdown file holds one assessment; there are \(names).",
                hint: "say which: parley export A-.. --format md")
        }
        return image
    }

    /// What lies under a record, and the links from what lies there.
    func belongings(of root: RecordImage) throws -> [RecordImage] {
        var names = try tx.query(RecordQuery([.under(root.name.id)])).rows.map(\.name).filter {
            $0 != root.name
        }
        let members = Set(names.map(\.id) + [root.name.id])
        if let link = Self.linkKind, let from = link[name: "from"] {
            try tx.eachRecord(of: [link.tag], deleted: false) { image in
                if let origin = image[from.tag].ref, members.contains(origin),
                    !members.contains(image.name.id)
                {
                    names.append(image.name)
                }
                return true
            }
        }
        return try names.compactMap { try tx.image(of: $0) }
    }
}

/// Of which kind a referenced record is, each looked up once.
private final class KindLookup {
    private let tx: ReadTransaction
    private var known: [RecordID: UInt32?] = [:]

    init(_ tx: ReadTransaction) { self.tx = tx }

    subscript(id: RecordID) -> UInt32? {
        if let kind = known[id] { return kind }
        let kind = (try? tx.find(id...id, limit: 1))?.first?.kind
        known[id] = .some(kind)
        return kind
    }
}

/// Standard output, or a file that appears whole or not at all.
final class ByteSink {
    private let console: Console
    private let path: String?
    private let handle: FileHandle?
    private var temporary: String { (path ?? "") + ".part" }

    init(_ path: String, _ console: Console) throws {
        self.console = console
        self.path = path == "-" ? nil : path
        guard path != "-" else {
            handle = nil
            return
        }
        guard FileManager.default.createFile(atPath: path + ".part", contents: nil),
            let file = FileHandle(forWritingAtPath: path + ".part")
        else { throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be written.") }
        handle = file
    }

    func write(_ bytes: [UInt8]) throws {
        guard let handle else {
            return try console.out.write(console.out.isTerminal ? Self.harmless(bytes) : bytes)
        }
        do { try handle.write(contentsOf: bytes) } catch {
            throw CommandFailure(
                .store, "disk", "\(temporary) could not be written: \(error.localizedDescription)")
        }
    }

    /// A terminal would obey what stands in somebody's text; only files and pipes get the exact bytes.
    private static func harmless(_ bytes: [UInt8]) -> [UInt8] {
        Array(visibleBlock(String(decoding: bytes, as: UTF8.self)).utf8)
    }

    func finish() throws {
        guard let handle, let path else { return }
        try handle.synchronize()
        try handle.close()
        guard rename(temporary, path) == 0 else {
            throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be written.")
        }
    }
}
