internal import GRDB
internal import ParleyCore

/// The table of heads whose value differs from the shown one.
///
/// Rows are visited in another order than the table's index has, so new heads are kept back and written in the
/// order of the index when the batch ends.
final class AsideStatements {
    /// A head as it stands in the table.
    struct Stored {
        let rowid: Int64
        let head: Head<ValueBytes>
    }

    private struct Pending {
        let head: Head<ValueBytes>
        let record: RecordName
        let field: UInt32
        let key: UnsafeRawBufferPointer?
    }

    private let db: Database
    private let scratch: Arena
    private var pending: [Pending] = []
    /// Where the pending heads of the record at hand begin.
    private var recordStart = 0
    private var loading: HotStatement?
    private let saving: ManyRows

    private static let most = 50_000
    private static let mostBytes = 4 << 20

    init(_ db: Database, _ scratch: Arena) {
        self.db = db
        self.scratch = scratch
        saving = ManyRows(
            db, "INSERT INTO aside (kind, record, field, key, stamp, device, number, value)", columns: 8)
    }

    /// What the table has of one register.
    func load(
        _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?, into arena: Arena
    ) throws -> [Stored] {
        let row =
            try loading
            ?? HotStatement(
                db,
                """
                SELECT stamp, device, number, value, rowid FROM aside
                WHERE kind = ? AND record = ? AND field = ? AND key = ?
                """)
        loading = row
        row.bindRegister(record, field, key)
        defer { row.reset() }
        var heads: [Stored] = []
        while try row.step() {
            let value = ValueBytes(buffer: arena.copy(row.borrowedBytes(3)))
            let head = Head(origin: try row.origin(0), content: value)
            heads.append(Stored(rowid: row.int(4), head: head))
        }
        return heads
    }

    /// Keeps the head for `flush`; its value must stay where it is until then.
    func save(
        _ head: Head<ValueBytes>, _ record: RecordName, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) {
        pending.append(Pending(head: head, record: record, field: field, key: key))
    }

    /// Takes back the head of a plain field that was saved for the record at hand.
    func takeNew(_ field: UInt32) -> Head<ValueBytes>? {
        guard let index = pending[recordStart...].firstIndex(where: { $0.field == field && $0.key == nil })
        else { return nil }
        return pending.remove(at: index).head
    }

    func remove(_ rowid: Int64) throws {
        let row = try HotStatement(db, "DELETE FROM aside WHERE rowid = ?")
        row.bind(1, rowid)
        try row.run()
    }

    /// The next heads are another record's.
    func closeRecord() throws {
        if pending.count > Self.most || scratch.size > Self.mostBytes { try flush() }
        if pending.isEmpty { scratch.reset() }
        recordStart = pending.count
    }

    /// Writes what was kept back.
    func flush() throws {
        if pending.isEmpty { return }
        pending.sort { ($0.record, $0.field) < ($1.record, $1.field) }
        try saving.insert(pending) { new, row, first in
            row.bindRegister(new.record, new.field, new.key, from: first)
            row.bind(first + 4, Int64(new.head.origin.stamp.time.number))
            row.bind(first + 5, id: new.head.origin.stamp.device.number)
            row.bind(first + 6, Int64(new.head.origin.number))
            row.bind(first + 7, blob: new.head.content.buffer)
        }
        pending.removeAll(keepingCapacity: true)
        recordStart = 0
    }
}
