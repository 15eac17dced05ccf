/// Finds the rows of a CSV text (RFC 4180) in chunks of bytes; a row ends in LF, CRLF or CR outside quotes.
/// A cursor runs over a buffer that is compacted once per chunk.
struct CSVRows {
    /// Bytes of one row at most; a quote that is not closed within them is taken for a mistake in its line.
    static let longestRow = 1024 * 1024

    private enum Place { case cellStart, plain, quoted, afterQuote }

    struct Row {
        var bytes: [UInt8]
        /// The line that it begins in.
        var line: Int
        var isWhole = true
    }

    /// nil until it is known: then each of `,` `;` and tab begins a cell.
    var delimiter: UInt8?
    private var buffer: [UInt8] = []
    private var start = 0
    private var cursor = 0
    private var place = Place.cellStart
    /// The line of `start`, and line breaks in quotes since.
    private var line = 1
    private var breaks = 0
    /// The line break behind the first row.
    private(set) var lineEnd: [UInt8] = []

    init(delimiter: UInt8?) { self.delimiter = delimiter }

    mutating func append(_ chunk: ArraySlice<UInt8>) {
        buffer.removeFirst(start)
        cursor -= start
        start = 0
        buffer.append(contentsOf: chunk)
    }

    /// - Parameter isLast: whether the text ends here, so that its last row may lack a line break.
    mutating func next(isLast: Bool) -> Row? {
        while cursor == start, let end = reasonEnd(isLast: isLast) {
            _ = take(to: end, next: min(buffer.count, end + breakLength(at: end)))
        }
        if cursor == start, mayBeReason(isLast: isLast) { return nil }
        let end = buffer.withUnsafeBufferPointer { findEnd($0, isLast: isLast) }
        if let end { return take(to: end, next: end + breakLength(at: end)) }
        if start < buffer.count, isLast, place != .quoted {
            return take(to: buffer.count, next: buffer.count)
        }
        let isStuck = isLast ? start < buffer.count : cursor - start > Self.longestRow
        return isStuck ? takeBrokenLine() : nil
    }

    /// Whether what begins here may be the beginning of a reason, and more must be read to know.
    private func mayBeReason(isLast: Bool) -> Bool {
        let here = buffer[start...].prefix(RowFrame.reason.count)
        guard !isLast, let first = here.first, first == RowFrame.reason[0] else { return false }
        return RowFrame.reason.starts(with: here)
    }

    /// - Returns: where the reason that begins here ends, if one does and its end is here.
    private func reasonEnd(isLast: Bool) -> Int? {
        guard start < buffer.count, buffer[start] == RowFrame.reason[0],
            buffer[start...].starts(with: RowFrame.reason)
        else { return nil }
        let end = buffer[start...].firstIndex { $0 == 0x0A || $0 == 0x0D }
        // A CR at the end of a chunk may be half of a CRLF.
        if let end, isLast || buffer[end] == 0x0A || end + 1 < buffer.count { return end }
        return isLast ? buffer.count : nil
    }

    private mutating func take(to end: Int, next: Int) -> Row {
        let row = Row(bytes: Array(buffer[start..<end]), line: line)
        if lineEnd.isEmpty { lineEnd = end < next ? Array(buffer[end..<next]) : [0x0A] }
        line += breaks + 1
        (start, cursor, place, breaks) = (next, next, .cellStart, 0)
        return row
    }

    /// A quote was opened and not closed: its line alone is refused, and reading goes on in the next one.
    private mutating func takeBrokenLine() -> Row {
        let end = buffer[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? buffer.count
        breaks = 0
        var row = take(to: end, next: min(buffer.count, end + breakLength(at: end)))
        row.isWhole = false
        return row
    }

    private func breakLength(at index: Int) -> Int {
        index + 1 < buffer.count && buffer[index] == 0x0D && buffer[index + 1] == 0x0A ? 2 : 1
    }

    /// - Returns: the index of the line break after the row that begins at `start`.
    private mutating func findEnd(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) -> Int? {
        var (index, place) = (cursor, place)
        defer { (cursor, self.place) = (index, place) }
        while index < bytes.count {
            let byte = bytes[index]
            if place == .quoted {
                if byte == UInt8(ascii: "\"") { place = .afterQuote }
                if byte == 0x0A ? index == start || bytes[index - 1] != 0x0D : byte == 0x0D { breaks += 1 }
            } else if byte == 0x0A || byte == 0x0D {
                // A CR at the end of a chunk may be half of a CRLF.
                return byte == 0x0D && index + 1 == bytes.count && !isLast ? nil : index
            } else if isDelimiter(byte) {
                place = .cellStart
            } else if byte == UInt8(ascii: "\""), place != .plain {
                place = .quoted
            } else {
                place = .plain
            }
            index += 1
        }
        return nil
    }

    @inline(__always)
    private func isDelimiter(_ byte: UInt8) -> Bool {
        if let delimiter { return byte == delimiter }
        return byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte == 0x09
    }
}

/// One cell of a row, where it lies in the row's bytes.
struct CSVCell {
    var range: Range<Int>
    var isQuoted = false
    /// Holds doubled quotes or carriage returns, so its content is not simply its bytes.
    var isFolded = false
    /// Printable ASCII throughout.
    var isPlain = true
}

struct CSVCellFault: Error {
    var at: Int
    var reason: String
}

/// Cuts a row into cells.
struct CSVCells {
    let bytes: UnsafeBufferPointer<UInt8>
    let delimiter: UInt8
    private var position = 0
    private var isDone = false

    init(_ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8) {
        self.bytes = bytes
        self.delimiter = delimiter
    }

    mutating func next() throws(CSVCellFault) -> CSVCell? {
        if isDone { return nil }
        var cell = CSVCell(range: position..<position)
        cell.isQuoted = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
        if cell.isQuoted { position += 1 }
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if cell.isQuoted ? byte == UInt8(ascii: "\"") && endsHere(&cell) : byte == delimiter { break }
            if byte < 0x20 || byte >= 0x7F { cell.isPlain = false }
            if byte == 0x0D { cell.isFolded = true }
            position += 1
        }
        cell.range = start..<position
        if cell.isQuoted { try closeQuote() }
        isDone = position >= bytes.count
        position += 1
        return cell
    }

    /// At a quote inside quotes: is it the closing one? Steps onto the second of a doubled one.
    private mutating func endsHere(_ cell: inout CSVCell) -> Bool {
        guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "\"") else { return true }
        position += 1
        cell.isFolded = true
        return false
    }

    private mutating func closeQuote() throws(CSVCellFault) {
        position += 1
        if position < bytes.count, bytes[position] != delimiter {
            throw CSVCellFault(at: position, reason: "text after the closing quote of a cell")
        }
    }

    static let notUTF8 = "not UTF-8; a file in Latin-1 is converted by: iconv -f WINDOWS-1252 -t UTF-8 FILE"

    /// The cell's text: quotes undoubled, line breaks as LF.
    func text(_ cell: CSVCell) throws(CSVCellFault) -> String {
        let content = UnsafeBufferPointer(rebasing: bytes[cell.range])
        if cell.isPlain, !cell.isFolded { return String(decoding: content, as: UTF8.self) }
        let text =
            cell.isFolded
            ? String(validating: unfolded(cell), as: UTF8.self)
            : String(validating: content, as: UTF8.self)
        guard let text else {
            throw CSVCellFault(
                at: cell.range.lowerBound + firstInvalidUTF8(content), reason: CSVCells.notUTF8)
        }
        return text
    }

    private func unfolded(_ cell: CSVCell) -> [UInt8] {
        var text: [UInt8] = []
        var previous: UInt8 = 0
        for byte in bytes[cell.range] {
            let isSecondQuote = cell.isQuoted && byte == UInt8(ascii: "\"") && previous == byte
            let isAfterCR = byte == 0x0A && previous == 0x0D
            previous = isSecondQuote ? 0 : byte
            if !isSecondQuote, !isAfterCR { text.append(byte == 0x0D ? 0x0A : byte) }
        }
        return text
    }
}

// MARK: - Formulas

/// Spreadsheets run cells that begin with one of `= + - @`. A cell of text that begins so, after any number
/// of apostrophes, is written with one apostrophe more and read with one less.
enum Formula {
    private static let apostrophe = UInt8(ascii: "'")
    private static let signs = Set("=+-@".utf8)

    static func guarded(_ text: String) -> String {
        isFormula(text.utf8[...]) && !isNumber(text) ? "'" + text : text
    }

    static func restored(_ text: String) -> String {
        guard text.utf8.first == apostrophe, isFormula(text.utf8.dropFirst()) else { return text }
        return String(decoding: text.utf8.dropFirst(), as: UTF8.self)
    }

    private static func isFormula(_ text: Substring.UTF8View) -> Bool {
        text.first { $0 != apostrophe }.map(signs.contains) ?? false
    }

    /// `-5` calculates nothing.
    private static func isNumber(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "-") && text.utf8.count > 1
            && text.utf8.dropFirst().allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }
}
