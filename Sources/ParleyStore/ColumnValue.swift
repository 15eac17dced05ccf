internal import GRDB
internal import ParleyCore

/// Values in the columns of their fields, and back without loss: texts as TEXT, numbers and truths as
/// INTEGER, references as 16 bytes, tuples as a JSON array in which a reference is 32 hexadecimal digits.
extension LiveColumn {
    /// Binds a value that this column's type accepts.
    @inline(__always)
    func bind(_ value: UnsafeRawBufferPointer, at index: Int32, to statement: HotStatement) {
        if value[0] == CBORItem.null { return statement.bindNull(index) }
        let item = CBORItem(value)
        switch item.major {
        case 3: statement.bind(index, utf8: item.payload)
        case 2: statement.bind(index, blob: item.payload)
        case 0, 1: statement.bind(index, item.integer ?? 0)
        case 7: statement.bind(index, item.truth == true ? 1 : 0)
        default: statement.bind(index, copyingText: TupleText.encode(value))
        }
    }

    /// The value in a column as CBOR.
    func encoded(_ column: Int32, of row: HotStatement, into arena: Arena) -> UnsafeRawBufferPointer {
        guard let major = textMajor, !row.isNull(column) else {
            var bytes: [UInt8] = []
            value(column, of: row).encode(into: &bytes)
            return arena.copy(bytes)
        }
        var head: [UInt8] = []
        let content = row.borrowedBytes(column)
        head.append(cborMajor: major, UInt64(content.count))
        return arena.copy(head, content)
    }

    /// Whether a column has that value.
    func holds(_ value: UnsafeRawBufferPointer, _ column: Int32, of row: HotStatement) -> Bool {
        let isNull = value[0] == CBORItem.null
        if isNull || row.isNull(column) { return isNull && row.isNull(column) }
        guard let major = textMajor else {
            var bytes: [UInt8] = []
            self.value(column, of: row).encode(into: &bytes)
            return bytes.withUnsafeBytes { ValueBytes(buffer: $0) == ValueBytes(buffer: value) }
        }
        let item = CBORItem(value)
        return item.major == major
            && ValueBytes(buffer: item.payload) == ValueBytes(buffer: row.borrowedBytes(column))
    }

    /// The major type of values that stand in the column byte for byte.
    private var textMajor: UInt8? {
        switch field.type {
        case .int, .probability, .bool, .tuple: nil
        case .ref: 2
        case .line, .text, .date, .instant, .choice, .url, .any: 3
        }
    }

    func value(_ column: Int32, of row: HotStatement) -> Value {
        if row.isNull(column) { return .null }
        switch field.type {
        case .int, .probability: return .int(row.int(column))
        case .bool: return .bool(row.int(column) != 0)
        case .ref: return .bytes(row.bytes(column))
        case .tuple(let components): return TupleText.decode(row.bytes(column), components) ?? .null
        case .line, .text, .date, .instant, .choice, .url, .any: return .text(row.text(column) ?? "")
        }
    }
}
