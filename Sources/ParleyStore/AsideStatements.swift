internal import GRDB
internal import ParleyCore

/// The table of heads whose value differs from the shown one.
///
/// Rows are visited in another order than this table has, so new heads are kept back and written in its
/// order when the batch ends. Until then `load` finds them among those of the record at hand.
final class AsideStatements {
    private struct Pending {
        let head: Head<ValueBytes>
        let record: RecordName
        let field: UInt32
        let key: UnsafeRawBufferPointer?

        func isOf(_ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?) -> Bool {
            self.field == field && self.record == record && sameKey(key)
        }

        private func sameKey(_ other: UnsafeRawBufferPointer?) -> Bool {
            guard let key, let other else { return key == nil && other == nil }
            return ValueBytes(buffer: key) == ValueBytes(buffer: other)
        }
    }

    private let db: Database
    private let scratch: Arena
    private var pending: [Pending] = []
    /// Where the pending heads of the record at hand begin.
    private var recordStart = 0
    private var record: RecordName?
    /// The stored heads of the record at hand, read at once where they are few.
    private var stored: [Pending] = []
    private var isStoredRead = false
    private var storedCount = 0
    private var loadingRecord: HotStatement?
    private var loading: HotStatement?
    private var saving: HotStatement?

    /// Beyond so many for one record they are written at once, so that finding them stays cheap.
    private static let mostOfRecord = 64
    private static let most = 50_000
    private static let mostAtOnce = 256
    private static let mostBytes = 4 << 20

    init(_ db: Database, _ scratch: Arena) {
        self.db = db
        self.scratch = scratch
    }

    /// The next heads are those of `record`, of which `count` are stored.
    func openRecord(_ record: RecordName, stored count: Int) {
        self.record = record
        stored.removeAll(keepingCapacity: true)
        storedCount = count
        isStoredRead = count == 0
    }

    func load(
        _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) throws -> [Head<ValueBytes>] {
        var heads: [Head<ValueBytes>] = []
        if storedCount > Self.mostAtOnce {
            heads = try loadRegister(record, field, key)
        } else {
            if !isStoredRead { try loadRecord(record) }
            for old in stored where old.isOf(record, field, key) { heads.append(old.head) }
        }
        for new in pending[recordStart...] where new.isOf(record, field, key) { heads.append(new.head) }
        return heads
    }

    private func loadRecord(_ record: RecordName) throws {
        let row =
            try loadingRecord
            ?? HotStatement(
                db, "SELECT stamp, device, number, value, field, key FROM aside WHERE kind = ? AND record = ?"
            )
        loadingRecord = row
        row.bind(1, Int64(record.kind))
        row.bind(2, id: record.id.number)
        defer { row.reset() }
        while try row.step() {
            let key = row.borrowedBytes(5)
            stored.append(
                Pending(
                    head: try head(row), record: record, field: UInt32(row.int(4)),
                    key: key.isEmpty ? nil : scratch.copy(key)))
        }
        isStoredRead = true
    }

    private func loadRegister(
        _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) throws -> [Head<ValueBytes>] {
        let row =
            try loading
            ?? HotStatement(
                db,
                """
                SELECT stamp, device, number, value FROM aside
                WHERE kind = ? AND record = ? AND field = ? AND key = ?
                """)
        loading = row
        row.bindRegister(record, field, key)
        defer { row.reset() }
        var heads: [Head<ValueBytes>] = []
        while try row.step() { heads.append(try head(row)) }
        return heads
    }

    private func head(_ row: HotStatement) throws -> Head<ValueBytes> {
        let value = ValueBytes(buffer: scratch.copy(row.borrowedBytes(3)))
        return Head(origin: try row.origin(0), content: value)
    }

    /// Keeps the head for `flush`; its value must stay where it is until then.
    func save(
        _ head: Head<ValueBytes>, _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) throws {
        pending.append(Pending(head: head, record: record, field: field, key: key))
        if pending.count - recordStart > Self.mostOfRecord { try flush() }
    }

    func remove(
        _ head: Head<ValueBytes>, _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) throws {
        let isNew: (Pending) -> Bool = { $0.head.origin == head.origin && $0.isOf(record, field, key) }
        if let index = pending[recordStart...].firstIndex(where: isNew) {
            pending.remove(at: index)
            return
        }
        stored.removeAll { $0.head.origin == head.origin && $0.isOf(record, field, key) }
        let row = try HotStatement(
            db,
            """
            DELETE FROM aside
            WHERE kind = ? AND record = ? AND field = ? AND key = ? AND stamp = ? AND device = ?
            """)
        row.bindRegister(record, field, key)
        row.bind(5, Int64(head.origin.stamp.time.number))
        row.bind(6, id: head.origin.stamp.device.number)
        try row.run()
    }

    /// The next heads are another record's.
    func closeRecord() throws {
        stored.removeAll(keepingCapacity: true)
        record = nil
        if pending.count > Self.most || scratch.size > Self.mostBytes { try flush() }
        if pending.isEmpty { scratch.reset() }
        recordStart = pending.count
    }

    /// Writes what was kept back, in the order of the table.
    func flush() throws {
        pending.sort { ($0.record, $0.field) < ($1.record, $1.field) }
        for new in pending { try insert(new) }
        if isStoredRead { stored += pending.filter { $0.record == record } }
        pending.removeAll(keepingCapacity: true)
        recordStart = 0
    }

    private func insert(_ new: Pending) throws {
        let row =
            try saving
            ?? HotStatement(
                db,
                """
                INSERT INTO aside (kind, record, field, key, stamp, device, number, value)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        saving = row
        row.bindRegister(new.record, new.field, new.key)
        row.bind(5, Int64(new.head.origin.stamp.time.number))
        row.bind(6, id: new.head.origin.stamp.device.number)
        row.bind(7, Int64(new.head.origin.number))
        row.bind(8, blob: new.head.content.buffer)
        try row.run()
    }
}
