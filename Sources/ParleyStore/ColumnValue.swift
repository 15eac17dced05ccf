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
    func encoded(_ column: Int32, of row: HotStatement) -> [UInt8] {
        if row.isNull(column) { return [CBORItem.null] }
        var bytes: [UInt8] = []
        switch field.type {
        case .int, .probability: Value.int(row.int(column)).encode(into: &bytes)
        case .bool: bytes.append(row.int(column) != 0 ? 0xF5 : 0xF4)
        case .ref: bytes.append(2, row.borrowedBytes(column))
        case .tuple(let components):
            (TupleText.decode(row.bytes(column), components) ?? .null).encode(into: &bytes)
        case .line, .text, .date, .instant, .choice, .url, .any: bytes.append(3, row.borrowedBytes(column))
        }
        return bytes
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

extension [UInt8] {
    fileprivate mutating func append(_ major: UInt8, _ content: UnsafeRawBufferPointer) {
        reserveCapacity(content.count + 9)
        append(cborMajor: major, UInt64(content.count))
        append(contentsOf: content)
    }
}
