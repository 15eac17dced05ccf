internal import GRDB
package import ParleyCore

/// A record's row without its fields.
package struct Bookkeeping: Equatable, Sendable {
    /// Milliseconds of the least stamp that touched the record, and whose device made it.
    package var created: Int64
    package var author: String?
    /// Milliseconds of the greatest stamp.
    package var changed: Int64
    package var changedBy: String?
    /// Set-aside heads whose value differs from the shown one, in all registers.
    package var review: Int
    package var isDeleted: Bool
}

/// One register with everything that is known of it.
package struct RegisterDetail: Equatable, Sendable {
    package var name: RegisterName
    package var value: Value
    package var shown: Origin
    /// Heads of equal value, which the shown one has not seen.
    package var equal: [Origin]
    /// Heads of another value, the greatest first.
    package var aside: [AsideHead]
}

package struct AsideHead: Equatable, Sendable {
    package var origin: Origin
    package var value: Value

    package init(origin: Origin, value: Value) {
        self.origin = origin
        self.value = value
    }
}

extension ReadTransaction {
    /// The records whose ids begin as `prefix` does (Crockford base 32), of one kind or of all; at most
    /// `limit`, in the order of kinds and ids.
    package func find(prefix: String, kind: UInt32? = nil, limit: Int = 16) throws -> [RecordName] {
        guard let range = Crockford.range(ofPrefix: prefix) else { return [] }
        return try find(RecordID(range.lowerBound)...RecordID(range.upperBound), kind: kind, limit: limit)
    }

    package func find(
        _ range: ClosedRange<RecordID>, kind: UInt32? = nil, limit: Int = 16
    ) throws -> [RecordName] {
        var found: [RecordName] = []
        for table in LiveSchema.assessments.all where kind == nil || table.holds(kind) {
            let rows = try HotStatement(
                db,
                """
                SELECT \(table.kindSQL), id FROM "\(table.name)" WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3
                """)
            rows.bind(1, id: range.lowerBound.number)
            rows.bind(2, id: range.upperBound.number)
            rows.bind(3, Int64(limit))
            defer { rows.reset() }
            while try rows.step(), found.count < limit {
                let name = try rows.recordName(0)
                if kind == nil || kind == name.kind { found.append(name) }
            }
        }
        return found
    }

    /// The record that holds an external key, `system:native-id`; the least id where several do.
    package func findByKey(_ key: String, kind: UInt32) throws -> RecordID? {
        let row = try HotStatement(
            db,
            """
            SELECT record FROM register INDEXED BY register_key WHERE field = 9 AND key = ? AND kind = ? AND value = x'F5'
            ORDER BY record LIMIT 1
            """)
        row.bind(1, copyingText: Array(key.utf8))
        row.bind(2, Int64(kind))
        defer { row.reset() }
        return try row.step() ? row.id(0).map { RecordID($0) } : nil
    }

    /// Whether there is any record of a kind, deleted ones included.
    package func holdsAny(of kind: UInt32) throws -> Bool {
        let table = LiveSchema.assessments[kind]
        let row = try HotStatement(
            db, "SELECT 1 FROM \"\(table.name)\" WHERE \(table.kindSQL) = ?1 LIMIT 1")
        row.bind(1, Int64(kind))
        defer { row.reset() }
        return try row.step()
    }

    package func exists(_ record: RecordName) throws -> Bool { try bookkeeping(of: record) != nil }

    package func bookkeeping(of record: RecordName) throws -> Bookkeeping? {
        let table = LiveSchema.assessments[record.kind]
        let row = try HotStatement(
            db, "SELECT \(table.bookkeepingSQL) FROM \"\(table.name)\" WHERE \(table.condition)")
        row.bind(record, in: table)
        defer { row.reset() }
        return try row.step() ? row.bookkeeping(0) : nil
    }

    /// Every register that is set, with its value.
    package func image(of record: RecordName) throws -> RecordImage? {
        guard let row = try loadRow(record) else { return nil }
        var registers = row.columns.filter { $0.value != .null }.map { RegisterImage($0.name, $0.value) }
        try eachRegister(at: row.place) { name, value, _ in
            if value != .null { registers.append(RegisterImage(name, value)) }
        }
        return RecordImage(name: record, registers: registers.sorted { $0.name < $1.name })
    }

    /// Every register that was ever written, with its heads.
    package func detail(of record: RecordName) throws -> [RegisterDetail]? {
        guard let row = try loadRow(record) else { return nil }
        var details: [RegisterName: RegisterDetail] = [:]
        func add(_ name: RegisterName, _ value: Value, _ heads: [Origin]) {
            guard let shown = heads.first else { return }
            details[name] = RegisterDetail(
                name: name, value: value, shown: shown, equal: Array(heads.dropFirst()), aside: [])
        }
        for column in row.columns { add(column.name, column.value, row.heads.origins(of: column.name.field)) }
        try eachRegister(at: row.place) { name, value, heads in
            add(name, value, heads.isEmpty ? row.heads.origins(of: name.field) : heads)
        }
        for aside in try asides(of: record) { details[aside.register]?.aside.append(aside.head) }
        return details.values.sorted { $0.name < $1.name }
    }

    private struct LoadedRow {
        var place: RowPlace
        var heads: RowHeads
        var columns: [RegisterImage]
    }

    private func loadRow(_ record: RecordName) throws -> LoadedRow? {
        let table = LiveSchema.assessments[record.kind]
        let row = try HotStatement(db, table.imageSQL)
        row.bind(record, in: table)
        defer { row.reset() }
        guard try row.step() else { return nil }
        let place = RowPlace(kind: record.kind, row: row.int(0))
        let heads = try RowHeads(decoding: row.bytes(1))
        let columns = table.columns.enumerated().map { place, column in
            RegisterImage(RegisterName(field: column.field.tag), column.value(Int32(place) + 2, of: row))
        }
        return LoadedRow(place: place, heads: heads, columns: columns)
    }

    private func eachRegister(
        at place: RowPlace, _ body: (RegisterName, Value, [Origin]) throws -> Void
    ) throws {
        let rows = try HotStatement(
            db, "SELECT field, key, value, heads FROM register WHERE kind = ? AND row = ?")
        rows.bind(place)
        defer { rows.reset() }
        while try rows.step() {
            let value = try Value(decoding: rows.bytes(2))
            try body(try rows.registerName(0), value, PackedOrigins.decode(rows.bytes(3)))
        }
    }
}

extension LiveTable {
    var kindSQL: String { kind.map { "\($0.tag)" } ?? "kind" }
    private var deletedSQL: String { kind == nil ? "0" : "deleted IS 1" }
    var bookkeepingSQL: String { "created, author, changed, changed_by, review, \(deletedSQL)" }
    fileprivate var imageSQL: String {
        "SELECT \((["row", "heads"] + columns.map(\.quoted)).joined(separator: ", ")) FROM \"\(name)\" WHERE \(condition)"
    }

    func holds(_ tag: UInt32?) -> Bool {
        guard let tag, let kind else { return tag.map { LiveSchema.assessments.known($0) == nil } ?? false }
        return kind.tag == tag
    }
}

extension HotStatement {
    /// Binds the id to parameter 1 and, for `other`, the kind to parameter 2.
    func bind(_ record: RecordName, in table: LiveTable) {
        bind(1, id: record.id.number)
        if table.kind == nil { bind(2, Int64(record.kind)) }
    }

    /// Reads kind and id from `column` on.
    func recordName(_ column: Int32) throws -> RecordName {
        guard let id = id(column + 1) else {
            throw StoreError(.damaged, path: "", cause: "a record without an id")
        }
        return RecordName(kind: UInt32(int(column)), id: RecordID(id))
    }

    func bookkeeping(_ column: Int32) -> Bookkeeping {
        Bookkeeping(
            created: int(column), author: text(column + 1), changed: int(column + 2),
            changedBy: text(column + 3), review: Int(int(column + 4)), isDeleted: int(column + 5) != 0)
    }
}
