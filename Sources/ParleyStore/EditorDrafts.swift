internal import GRDB
package import ParleyCore

/// What somebody types into a field, kept until it is saved or dropped: never bound to the store, so that no
/// remote write changes text or caret.
package struct EditorDraft: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    /// The change that set the value on which the draft is based.
    package var base: ChangeID?
    package var baseValue: Value
    package var text: String
    package var caret: Int
    /// The newest remote change of this register that the editor has shown.
    package var newest: ChangeID?
    /// Milliseconds since 1970.
    package var created: Int64
    package var updated: Int64

    package init(
        record: RecordName, register: RegisterName, base: ChangeID?, baseValue: Value, text: String,
        caret: Int,
        newest: ChangeID? = nil, created: Int64, updated: Int64
    ) {
        self.record = record
        self.register = register
        self.base = base
        self.baseValue = baseValue
        self.text = text
        self.caret = caret
        self.newest = newest
        self.created = created
        self.updated = updated
    }
}

extension ReadTransaction {
    private static let columns = """
        kind, record, field, key, base_number, base_device, base_value, text, caret, newest_number,
        newest_device, created, updated
        """

    /// All parked drafts, the latest first.
    package func drafts() throws -> [EditorDraft] {
        let rows = try HotStatement(
            db, "SELECT \(Self.columns) FROM draft ORDER BY updated DESC, kind, record, field, key")
        defer { rows.reset() }
        var drafts: [EditorDraft] = []
        while try rows.step() { drafts.append(try draft(rows)) }
        return drafts
    }

    package func draft(of register: RegisterName, in record: RecordName) throws -> EditorDraft? {
        let rows = try HotStatement(
            db,
            """
            SELECT \(Self.columns) FROM draft WHERE kind = ? AND record = ? AND field = ? AND key = ?
            """)
        rows.bindRegister(record, register)
        defer { rows.reset() }
        return try rows.step() ? draft(rows) : nil
    }

    private func draft(_ row: HotStatement) throws -> EditorDraft {
        EditorDraft(
            record: try row.recordName(0), register: try row.registerName(2), base: row.change(4),
            baseValue: try Value(decoding: row.bytes(6)), text: row.text(7) ?? "", caret: Int(row.int(8)),
            newest: row.change(9), created: row.int(11), updated: row.int(12))
    }
}

extension WriteTransaction {
    /// Parks a draft, over an earlier one of the same register.
    package func save(_ draft: EditorDraft) throws {
        let row = try HotStatement(
            db,
            """
            INSERT OR REPLACE INTO draft (kind, record, field, key, base_number, base_device, base_value, text,
                caret, newest_number, newest_device, created, updated)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        row.bindRegister(draft.record, draft.register)
        row.bind(5, draft.base)
        row.bind(7, copying: draft.baseValue.encoded)
        row.bind(8, copyingText: Array(draft.text.utf8))
        row.bind(9, Int64(draft.caret))
        row.bind(10, draft.newest)
        row.bind(12, draft.created)
        row.bind(13, draft.updated)
        try row.run()
    }

    package func dropDraft(of register: RegisterName, in record: RecordName) throws {
        let row = try HotStatement(
            db, "DELETE FROM draft WHERE kind = ? AND record = ? AND field = ? AND key = ?")
        row.bindRegister(record, register)
        try row.run()
    }
}

extension HotStatement {
    fileprivate func bindRegister(_ record: RecordName, _ register: RegisterName) {
        bind(1, Int64(record.kind))
        bind(2, id: record.id.number)
        bind(3, Int64(register.field))
        bind(4, copyingText: Array((register.key ?? "").utf8))
    }

    /// Number and device, from parameter `index` on.
    fileprivate func bind(_ index: Int32, _ change: ChangeID?) {
        guard let change else {
            bindNull(index)
            return bindNull(index + 1)
        }
        bind(index, Int64(change.number))
        bind(index + 1, id: change.device.number)
    }

    fileprivate func change(_ column: Int32) -> ChangeID? {
        guard !isNull(column), let device = id(column + 1) else { return nil }
        return ChangeID(device: DeviceID(device), number: UInt64(int(column)))
    }
}
