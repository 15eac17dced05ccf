package import ParleyCore

/// Reads a format: bytes go in as they come, records come out.
package protocol DraftReader {
    /// - Throws: what it cannot go on after.
    mutating func feed(
        _ chunk: ArraySlice<UInt8>, into sink: (Result<RecordDraft, DraftFault>) -> Void
    ) throws(DraftFault)

    /// That was the last of them.
    mutating func finish(into sink: (Result<RecordDraft, DraftFault>) -> Void) throws(DraftFault)

    /// What stands around the rows, as far as it has been read.
    var frame: RowFrame { get }
}

extension JSONLinesReader: DraftReader {
    package var frame: RowFrame { .lines }
}

extension CSVReader: DraftReader {}

extension MappedReader: DraftReader {}

extension StixReader: DraftReader {
    package var frame: RowFrame { .bundle }
}
