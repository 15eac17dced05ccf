import ParleyClient
import ParleyCore
import ParleyExchange

/// One opened file of an import, and how it is read.
final class ImportInput {
    let source: ByteSource
    /// What is told of it in each changeset.
    let file: ImportFile
    let format: ImportFormat
    let mapping: ImportMapping?
    let kind: Kind?
    let csv: CSVOptions
    /// What stands around its rows: known once reading has begun.
    var frame = RowFrame.lines
    /// Whether other files of the run stand before it.
    var isFirst = true
    /// What a person is told of it after the report.
    private(set) var remarks: [String] = []

    init(
        _ source: ByteSource, as file: ImportFile, format: ImportFormat, mapping: ImportMapping?, kind: Kind?,
        csv: CSVOptions
    ) {
        self.source = source
        self.file = file
        self.format = format
        self.mapping = mapping
        self.kind = kind
        self.csv = csv
    }

    var name: String { source.name }

    var nothingWritten: String { isFirst ? "Nothing was written." : "Nothing of it was written." }

    func read(for workspace: Workspace, into sink: (ByteSource.Row) throws -> Void) throws {
        remarks =
            try mapping?.read(self, into: sink) ?? format.read(self, for: workspace, into: sink)
    }
}
