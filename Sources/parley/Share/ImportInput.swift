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
    /// Bytes of which the rows have been handed on.
    var taken = 0
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

    func read(for workspace: Workspace, into sink: (ReadRow) throws -> Void) throws {
        remarks =
            try mapping?.read(self, into: sink) ?? format.read(self, for: workspace, into: sink)
    }
}

// MARK: - Rows

extension ImportInput {
    /// What one piece of the source holds.
    private struct Piece: Sendable {
        var rows: [ReadRow] = []
        var frame: RowFrame?
        /// Bytes of the source, up to its end.
        var taken = 0
    }

    private static let mostPiecesAhead = 12

    typealias Draft = Result<RecordDraft, DraftFault>

    /// Feeds a reader piece by piece, on a thread of its own and some pieces ahead of who takes the rows.
    /// - Parameter frame: what stands around the rows, where the reader knows.
    /// - Returns: what the reader cannot go on after. The rows before it are passed on.
    func forEachDraft(
        _ sink: (ReadRow) throws -> Void,
        feed: @escaping (ArraySlice<UInt8>, (Draft) -> Void) throws -> Void,
        finish: @escaping ((Draft) -> Void) throws -> Void, frame: @escaping () -> RowFrame? = { nil }
    ) throws -> DraftFault? {
        let source = source
        var broken: DraftFault?
        try Ahead<Piece>.run(most: Self.mostPiecesAhead) { put in
            var piece = Piece()
            func flush() throws {
                (piece.frame, piece.taken) = (frame(), source.taken)
                try put(piece)
                piece.rows.removeAll()
            }
            do {
                try source.forEachPiece { bytes in
                    try feed(bytes) { piece.rows.append(ReadRow($0)) }
                    try flush()
                }
                try finish { piece.rows.append(ReadRow($0)) }
            } catch let fault as DraftFault {
                broken = fault
            }
            try flush()
        } take: { piece in
            if let frame = piece.frame { self.frame = frame }
            taken = piece.taken
            for row in piece.rows { try sink(row) }
        }
        return broken
    }
}
