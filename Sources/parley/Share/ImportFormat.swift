import ParleyClient
import ParleyCore
import ParleyExchange

/// Reads a source of bytes as drafts, in one of the formats.
enum ImportFormat: String, CaseIterable {
    case jsonl
    case csv
    case md
    case stix

    init?(ending: String) {
        switch ending {
        case "jsonl", "ndjson": self = .jsonl
        case "csv", "tsv", "tab": self = .csv
        case "md", "markdown": self = .md
        case "stix": self = .stix
        default: return nil
        }
    }

    /// A JSON document may be a bundle; which it is stands near its beginning.
    init?(of source: ByteSource) throws {
        if source.ending == "json", StixReader.isStix(try source.beginning()) {
            self = .stix
        } else {
            self.init(ending: source.ending)
        }
    }

    static let wantsKind = CommandFailure(
        .usage, "usage", "A CSV file holds one kind: say which by --kind, as --kind evidence.")
    static let largestMarkdown = 16 * 1024 * 1024

    /// - Returns: what to tell after the report.
    func read(
        _ input: ImportInput, for workspace: Workspace, into sink: (ReadRow) throws -> Void
    ) throws -> [String] {
        let me = try workspace.me()
        switch self {
        case .jsonl: try readJSONLines(input, me, sink)
        case .csv: try readCSV(input, sink)
        case .md:
            let bytes = try input.source.whole(atMost: Self.largestMarkdown)
            input.taken = bytes.count
            input.frame = .markdown(exported: MarkdownReader.exported(bytes))
            for draft in MarkdownReader(me: me).read(bytes) { try sink(ReadRow(draft)) }
        case .stix: return try StixImport(me: me, workspace).read(input, into: sink)
        }
        return []
    }

    private func readJSONLines(
        _ input: ImportInput, _ me: String, _ sink: (ReadRow) throws -> Void
    ) throws {
        let fault = try input.forEachRow(ahead: JSONLinesReader(me: me), sink).fault
        if let fault { throw fault }
    }

    private func readCSV(_ input: ImportInput, _ sink: (ReadRow) throws -> Void) throws {
        guard let kind = input.kind else { throw Self.wantsKind }
        let reader = CSVReader(kind: kind, options: input.csv)
        let fault = try input.forEachRow(ahead: reader, sink).fault
        if let fault {
            throw CommandFailure(
                .failed, "header",
                "\(input.name), line \(fault.line): \(fault.reason). \(input.nothingWritten)")
        }
    }
}
