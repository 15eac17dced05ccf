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
    private static let mostPiecesAhead = 6

    /// What a reader makes of one piece of the source.
    fileprivate struct Piece<Reader> {
        var rows: [ReadRow]
        var frame: RowFrame
        /// Bytes of the source, up to its end.
        var taken: Int
        /// After the last piece, the reader and what it cannot go on after.
        var end: (reader: Reader, fault: DraftFault?)?
    }

    /// Reads the rows on a thread of its own, some pieces ahead of who takes them.
    /// - Returns: the reader as it is then, and what it cannot go on after; the rows before that are passed on.
    func forEachRow<Reader: DraftReader & Sendable>(
        ahead reader: Reader, _ sink: (ReadRow) throws -> Void
    ) throws -> (reader: Reader, fault: DraftFault?) {
        let pieces = source.pieces
        var end: (Reader, DraftFault?) = (reader, nil)
        try Ahead<Piece<Reader>>.run(most: Self.mostPiecesAhead) { put in
            try Self.read(pieces, by: reader, put)
        } take: { piece in
            end = try take(piece, sink) ?? end
        }
        return end
    }

    /// The same on this thread.
    func forEachRow<Reader: DraftReader>(
        by reader: Reader, _ sink: (ReadRow) throws -> Void
    ) throws -> (reader: Reader, fault: DraftFault?) {
        var end: (Reader, DraftFault?) = (reader, nil)
        try Self.read(source.pieces, by: reader) { end = try take($0, sink) ?? end }
        return end
    }

    private static func read<Reader: DraftReader>(
        _ pieces: ByteSource.Pieces, by reader: Reader, _ put: (Piece<Reader>) throws -> Void
    ) throws {
        var (reader, rows, taken): (Reader, [ReadRow], Int) = (reader, [], 0)
        var fault: DraftFault?
        do {
            while let bytes = try pieces.next() {
                taken += bytes.count
                try reader.feed(bytes[...]) { rows.append(ReadRow($0)) }
                try put(Piece(rows: rows, frame: reader.frame, taken: taken))
                rows = []
            }
            try reader.finish { rows.append(ReadRow($0)) }
        } catch let broken as DraftFault {
            fault = broken
        }
        try put(Piece(rows: rows, frame: reader.frame, taken: taken, end: (reader, fault)))
    }

    private func take<Reader>(
        _ piece: Piece<Reader>, _ sink: (ReadRow) throws -> Void
    ) throws -> (Reader, DraftFault?)? {
        (frame, taken) = (piece.frame, piece.taken)
        for row in piece.rows { try sink(row) }
        return piece.end
    }
}

extension ImportInput.Piece: Sendable where Reader: Sendable {}
