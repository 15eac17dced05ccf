import ParleyCore

/// One element of a file of any format, before a mapping looks at it.
struct Element {
    var tree: JSONTree
    var number: Int
    var line: Int
    /// Its bytes, for the refused rows.
    var raw: [UInt8]
}

/// Elements of JSON Lines: each line is one.
struct JSONElementParser: LineParser {
    private var count = 0

    mutating func read(
        _ line: UnsafeBufferPointer<UInt8>, _ number: Int, _ sink: (Result<Element, DraftFault>) -> Void
    ) {
        var scanner = JSONScanner(line)
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.position = 3 }
        if RowFrame.isReason(line) { return }
        if scanner.peek() == 0, scanner.position == line.count { return }
        count += 1
        do {
            let tree = try scanner.tree()
            try scanner.expectEnd()
            sink(.success(Element(tree: tree, number: count, line: number, raw: Array(line))))
        } catch {
            let column = line[..<min(error.at, line.count)].reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            sink(.failure(DraftFault(line: number, column: column, reason: error.reason, raw: Array(line))))
        }
    }
}

/// Elements of a CSV file: each row is an object of its cells, by the names of their columns. An empty cell
/// is no member.
struct CSVElements {
    private var rows: CSVRows
    private var delimiter: UInt8?
    private var names: [String]?
    private(set) var frame = RowFrame.lines
    private var isFirst = true
    private var count = 0

    init(delimiter: UInt8?) {
        self.delimiter = delimiter
        rows = CSVRows(delimiter: delimiter)
    }

    mutating func append(_ chunk: ArraySlice<UInt8>) { rows.append(chunk) }

    mutating func read(
        isLast: Bool, _ sink: (Result<Element, DraftFault>) -> Void
    ) throws(DraftFault) {
        while var row = rows.next(isLast: isLast) {
            if isFirst { try CSVHeader.takeMark(&row) }
            isFirst = false
            if row.bytes.isEmpty { continue }
            guard let names else {
                let sniffed = delimiter ?? CSVHeader.sniff(row.bytes)
                (delimiter, rows.delimiter) = (sniffed, sniffed)
                names = try CSVHeader.names(row, delimiter: sniffed)
                frame = .rows(under: row.bytes, lineEnd: rows.lineEnd)
                continue
            }
            count += 1
            sink(element(row, names))
        }
        if isLast, names == nil { throw DraftFault(line: 1, reason: CSVHeader.isEmpty) }
    }

    private func element(_ row: CSVRows.Row, _ names: [String]) -> Result<Element, DraftFault> {
        guard row.isWhole else {
            return .failure(DraftFault(line: row.line, reason: CSVHeader.openQuote, raw: row.bytes))
        }
        do throws(DraftFault) {
            let cells = try CSVHeader.cells(row, delimiter ?? UInt8(ascii: ","))
            guard cells.count == names.count else {
                throw row.fault(CSVHeader.ragged(cells.count, names.count), at: nil)
            }
            let members = zip(names, cells).filter { !$1.isEmpty }.map {
                JSONMember(name: $0, value: .text(Formula.restored($1)))
            }
            return .success(Element(tree: .object(members), number: count, line: row.line, raw: row.bytes))
        } catch {
            return .failure(error)
        }
    }
}
