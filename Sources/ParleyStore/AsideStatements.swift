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
        let record: RecordID
        let place: RowPlace
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
            db, "INSERT INTO aside (kind, row, field, key, stamp, device, number, value, record)", columns: 9)
    }

    /// What the table has of one register.
    func load(
        _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?, into arena: Arena
    ) throws -> [Stored] {
        let found =
            try loading
            ?? HotStatement(
                db,
                """
                SELECT stamp, device, number, value, rowid FROM aside
                WHERE kind = ? AND row = ? AND field = ? AND key = ?
                """)
        loading = found
        found.bindRegister(row.place, field, key)
        defer { found.reset() }
        var heads: [Stored] = []
        while try found.step() {
            let value = ValueBytes(buffer: arena.copy(found.borrowedBytes(3)))
            let head = Head(origin: try found.origin(0), content: value)
            heads.append(Stored(rowid: found.int(4), head: head))
        }
        return heads
    }

    /// Keeps the head for `flush`; its value must stay where it is until then.
    func save(
        _ head: Head<ValueBytes>, _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?
    ) {
        pending.append(
            Pending(head: head, record: row.name.id, place: row.place, field: field, key: key))
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
        pending.sort { ($0.place, $0.field) < ($1.place, $1.field) }
        try saving.insert(pending) { new, row, first in
            row.bindRegister(new.place, new.field, new.key, from: first)
            row.bind(first + 4, Int64(new.head.origin.stamp.time.number))
            row.bind(first + 5, id: new.head.origin.stamp.device.number)
            row.bind(first + 6, Int64(new.head.origin.number))
            row.bind(first + 7, blob: new.head.content.buffer)
            row.bind(first + 8, id: new.record.number)
        }
        pending.removeAll(keepingCapacity: true)
        recordStart = 0
    }
}
