internal import ParleyCore
internal import ParleyStore

/// Rows that wait for what stands behind them: a few in memory, the others in a file.
final class PostponedRows {
    private var recent: [ImportRow] = []
    private var spool: Spool?
    private(set) var count = 0
    private static let most = 2000

    func append(_ row: ImportRow) throws {
        recent.append(row)
        count += 1
        if recent.count >= Self.most { try spill() }
    }

    /// Takes the last ones away again, which were added since a mark.
    func removeLast(_ number: Int) {
        recent.removeLast(min(number, recent.count))
        count -= number
    }

    private func spill() throws {
        let spool = try spool ?? Spool()
        self.spool = spool
        for row in recent {
            guard let draft = row.read.draft else { continue }
            var bytes: [UInt8] = []
            bytes.append(varint: UInt64(row.file))
            bytes.append(varint: UInt64(row.ordinal))
            bytes.append(found: row.found)
            bytes.append(draft: draft)
            var length: [UInt8] = []
            length.append(uint64: UInt64(bytes.count))
            try spool.append(length + bytes)
        }
        recent = []
    }

    /// Hands them over in their order; none is left.
    func drain(_ body: (ImportRow) throws -> Void) throws {
        let (spool, rest) = (spool, recent)
        (self.spool, recent, count) = (nil, [], 0)
        var pending: [UInt8] = []
        try spool?.forEachPiece { piece in
            pending += piece
            var start = 0
            while let end = Self.end(of: pending, from: start) {
                try body(try Self.row(pending, start + 8..<end))
                start = end
            }
            pending.removeFirst(start)
        }
        for row in rest { try body(row) }
    }

    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= 8 else { return nil }
        let length = bytes[start..<start + 8].reduce(0) { $0 << 8 | Int($1) }
        return bytes.count - start - 8 >= length ? start + 8 + length : nil
    }

    private static func row(_ bytes: [UInt8], _ range: Range<Int>) throws -> ImportRow {
        var reader = ByteReader(bytes, in: range)
        let (file, ordinal) = (Int(try reader.varint()), Int(try reader.varint()))
        let found = try reader.found()
        return ImportRow(
            file: file, ordinal: ordinal, read: ReadRow(.success(try reader.draft())), found: found)
    }
}

// MARK: - Bytes of a draft, for this process alone

extension [UInt8] {
    fileprivate mutating func append(found: DraftResolver.Found?) {
        append(varint: found == nil ? 0 : 1)
        guard let found else { return }
        append(varint: UInt64(found.record.kind))
        append(uint128: found.record.id.number)
    }

    fileprivate mutating func append(draft: RecordDraft) {
        append(varint: UInt64(draft.kind))
        append(varint: UInt64(draft.line))
        append(varint: draft.mustExist ? 1 : 0)
        append(uint128: draft.id?.number ?? 0)
        append(optional: draft.label)
        append(optional: draft.version?.text)
        append(varint: UInt64(draft.keys.count))
        for key in draft.keys { append(text: key) }
        append(varint: UInt64(draft.writes.count))
        for write in draft.writes { append(write: write) }
        append(varint: UInt64(draft.raw.count))
        append(contentsOf: draft.raw)
    }

    private mutating func append(optional text: String?) {
        append(varint: text == nil ? 0 : 1)
        if let text { append(text: text) }
    }

    private mutating func append(write: DraftWrite) {
        append(varint: UInt64(write.register.field))
        append(optional: write.register.key)
        switch write.content {
        case .value(let value):
            append(varint: 0)
            value.encode(into: &self)
        case .text(let text):
            append(varint: 1)
            append(text: text)
        case .record(let key, let kind):
            append(varint: 2)
            append(text: key)
            append(varint: UInt64(kind))
        }
    }
}

extension ByteReader {
    fileprivate mutating func found() throws -> DraftResolver.Found? {
        guard try varint() == 1 else { return nil }
        let kind = UInt32(truncatingIfNeeded: try varint())
        // What waited may have been made since: whether it exists is asked again.
        return DraftResolver.Found(
            record: RecordName(kind: kind, id: RecordID(try uint128())), exists: false)
    }

    fileprivate mutating func draft() throws -> RecordDraft {
        var draft = RecordDraft(kind: UInt32(truncatingIfNeeded: try varint()), line: Int(try varint()))
        draft.mustExist = try varint() == 1
        let id = try uint128()
        draft.id = id == 0 ? nil : RecordID(id)
        draft.label = try optionalText()
        draft.version = try optionalText().flatMap { Instant($0) }
        for _ in 0..<(try varint()) { draft.keys.append(try text(atMost: .max)) }
        for _ in 0..<(try varint()) { draft.writes.append(try write()) }
        draft.raw = try take(Int(try varint()))
        return draft
    }

    private mutating func optionalText() throws -> String? {
        try varint() == 1 ? try text(atMost: .max) : nil
    }

    private mutating func write() throws -> DraftWrite {
        let field = UInt32(truncatingIfNeeded: try varint())
        let register = RegisterName(field: field, key: try optionalText())
        switch try varint() {
        case 0: return DraftWrite(register, .value(try value()))
        case 1: return DraftWrite(register, .text(try text(atMost: .max)))
        default:
            let key = try text(atMost: .max)
            return DraftWrite(register, .record(key: key, kind: UInt32(truncatingIfNeeded: try varint())))
        }
    }
}
