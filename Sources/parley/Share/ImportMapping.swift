import ParleyClient
import ParleyCore
import ParleyExchange

/// A mapping file that an import reads its source by.
struct ImportMapping {
    private let mapping: Mapping
    private let format: Mapping.Format
    private let me: String
    /// The source's name, as the mapping has it.
    var source: String? { mapping.source }

    /// - Parameters:
    ///   - format: the one that the command names, which goes before the mapping's.
    ///   - csv: likewise, what it says of the cells.
    init(file: String, format: String?, csv: CSVOptions, me: String) throws {
        let bytes = try ByteSource(file).whole(atMost: Mapping.longestFile)
        do {
            var mapping = try Mapping(yaml: bytes, me: me)
            if let delimiter = csv.delimiter { mapping.delimiter = delimiter }
            if csv.decimalComma { mapping.decimalComma = true }
            self.mapping = mapping
        } catch {
            throw CommandFailure(
                .failed, "mapping", "The mapping \(file), \(error.place): \(error.reason).",
                hint: "parley help mapping")
        }
        guard let format else {
            (self.format, self.me) = (mapping.format, me)
            return
        }
        guard let named = Mapping.Format(rawValue: format) else {
            throw CommandFailure(.usage, "usage", "A mapping reads json, jsonl or csv, not \(format).")
        }
        (self.format, self.me) = (named, me)
    }

    /// Which of the values of `--map` is a file: the others are pairs of a column and a field.
    static func file(among values: [String]) throws -> String? {
        let files = values.filter { !$0.contains("=") }
        guard files.isEmpty || values.count == 1 else {
            throw CommandFailure(
                .usage, "usage", "--map takes one mapping file, or pairs COLUMN=FIELD, not both.")
        }
        return files.first
    }

    /// The nearest of the formats without a mapping.
    var nearest: ImportFormat { format == .csv ? .csv : .jsonl }

    /// Hands on the records of the source.
    /// - Returns: what to tell of elements that became none, and of paths that led nowhere.
    func read(_ input: ImportInput, into sink: (ReadRow) throws -> Void) throws -> [String] {
        let (reader, broken) = try input.forEachRow(ahead: MappedReader(mapping, as: format, me: me), sink)
        if let broken { try end(broken, input, reader.count, sink) }
        return Self.remarks(on: reader)
    }

    private static func remarks(on reader: MappedReader) -> [String] {
        var remarks: [String] = []
        if reader.unused > 0 {
            remarks.append("  \(reader.unused) of \(reader.count) elements are no record by this mapping")
        }
        // An empty cell of a CSV file is absent, so a column may be there and never be seen.
        if reader.count > 0, !reader.unseen.isEmpty {
            remarks.append("  nothing stands anywhere at: \(reader.unseen.joined(separator: ", "))")
        }
        return remarks
    }

    /// What stood before the place where a document breaks off counts.
    private func end(
        _ fault: DraftFault, _ input: ImportInput, _ count: Int, _ sink: (ReadRow) throws -> Void
    ) throws {
        guard count > 0 else {
            throw CommandFailure(
                .failed, "document", "\(input.name), \(fault.place): \(fault.reason). \(input.nothingWritten)"
            )
        }
        try sink(ReadRow(.failure(fault)))
    }
}
