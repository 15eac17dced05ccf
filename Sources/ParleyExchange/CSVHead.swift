import ParleyCore

/// The first row of a CSV file: what encoding, which delimiter, what names.
extension CSVHeader {
    static let openQuote = "a quote is opened and not closed"
    static let isEmpty = "no header: the file is empty"

    static func ragged(_ cells: Int, _ columns: Int) -> String {
        "\(cells) cells under a header of \(columns)"
    }

    /// Takes the mark of UTF-8 away.
    static func takeMark(_ row: inout CSVRows.Row) throws(DraftFault) {
        if row.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { row.bytes.removeFirst(3) }
        let isUTF16 = row.bytes.starts(with: [0xFF, 0xFE]) || row.bytes.starts(with: [0xFE, 0xFF])
        if isUTF16 || row.bytes.prefix(4).contains(0) {
            throw DraftFault(line: row.line, reason: JSONDocumentReader.isUTF16)
        }
    }

    /// The names of the columns; one without a name is called after its place.
    static func names(_ row: CSVRows.Row, delimiter: UInt8) throws(DraftFault) -> [String] {
        guard row.isWhole else {
            throw DraftFault(line: row.line, reason: CSVHeader.openQuote, raw: row.bytes)
        }
        var known: [String: Int] = [:]
        var names: [String] = []
        for (index, cell) in try cells(row, delimiter).enumerated() {
            let given = Formula.restored(cell).trimmingSpaces()
            let name = given.isEmpty ? "column \(index + 1)" : given
            if let first = known.updateValue(index + 1, forKey: name) {
                let reason =
                    "columns \(first) and \(index + 1) are both called \"\(name)\": rename one of them"
                throw DraftFault(line: row.line, reason: reason)
            }
            names.append(name)
        }
        return names
    }

    /// The delimiter that stands most often outside quotes; a comma where there is none.
    static func sniff(_ header: [UInt8]) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in header {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let candidates: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09]
        return candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? UInt8(ascii: ",")
    }

    static func cells(_ row: CSVRows.Row, _ delimiter: UInt8) throws(DraftFault) -> [String] {
        do {
            return try row.bytes.withUnsafeBufferPointer { bytes throws(CSVCellFault) in
                var cells = CSVCells(bytes, delimiter: delimiter)
                var texts: [String] = []
                while let cell = try cells.next() { texts.append(try cells.text(cell)) }
                return texts
            }
        } catch {
            throw row.fault(error.reason, at: error.at)
        }
    }
}
