internal import GRDB
internal import ParleyCore

/// The full-text index over titles and texts. It may lag behind the tables: `meta` says up to which position
/// of the log it is complete, and a search reads what was touched since from the tables.
enum SearchIndex {
    /// The position of the log up to which the index is complete.
    static let positionName = "indexed"

    static func create(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE VIRTUAL TABLE search USING fts5(title, text, tokenize = 'unicode61 remove_diacritics 2');
                CREATE TABLE searchable (      -- which record a row of `search` is
                    number INTEGER PRIMARY KEY,
                    kind INTEGER NOT NULL,
                    record BLOB NOT NULL
                );
                CREATE UNIQUE INDEX searchable_record ON searchable (kind, record);
                """)
        try makePiecesLarger(in: db)
    }

    /// FTS5 holds 1 MiB of new entries in memory by default and writes them as a piece, of which four are merged
    /// into one: large pieces are merged less often.
    static func makePiecesLarger(in db: Database) throws {
        try db.execute(sql: "INSERT INTO search (search, rank) VALUES ('hashsize', \(8 << 20))")
    }
}

extension LiveTable {
    /// The columns that people search, the title apart.
    var textColumns: [String] {
        columns.filter { column in
            switch column.field.type {
            case .line, .text: column.field.tag != Field.titleTag && column.field.name != "order"
            default: false
            }
        }.map(\.quoted)
    }

    /// All rows: id, whether deleted, row, then what is searched.
    var textSQL: String {
        "SELECT \((["id", "deleted", "row", "title"] + textColumns).joined(separator: ", ")) FROM \"\(name)\""
    }

    /// Keyed fields of text: the bodies of notes.
    var keyedTexts: [UInt32] {
        (kind?.fields ?? []).filter { $0.merge == .each && $0.type == .text }.map(\.tag)
    }
}

/// What of a record is searched, in UTF-8.
struct SearchableText {
    var title: [UInt8] = []
    /// All other texts, each on lines of its own.
    var text: [UInt8] = []
    var isDeleted = false

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if !text.isEmpty { text.append(UInt8(ascii: "\n")) }
        text.append(contentsOf: more)
    }
}

extension ReadTransaction {
    func indexedPosition() throws -> Int64 {
        guard let bytes = try log.meta(SearchIndex.positionName) else { return 0 }
        var reader = ByteReader(bytes)
        return Int64(try reader.varint("position"))
    }

    /// Is every changeset in the full-text index? (Searches answer completely all the same.)
    package func isIndexed() throws -> Bool { try indexedPosition() >= log.lastPosition() }

    /// nil where there is no such record.
    func searchableText(of record: RecordName) throws -> SearchableText? {
        guard let table = LiveSchema.assessments.known(record.kind) else { return nil }
        let row = try HotStatement(db, table.textSQL + " WHERE id = ?1")
        row.bind(1, id: record.id.number)
        defer { row.reset() }
        return try row.step() ? searchableText(table, in: row) : nil
    }

    /// - Parameter row: one of `textSQL`.
    func searchableText(_ table: LiveTable, in row: HotStatement) throws -> SearchableText {
        var text = SearchableText(title: row.bytes(3), isDeleted: row.int(1) != 0)
        for column in 4..<row.columnCount where !row.isNull(column) { text.append(row.borrowedBytes(column)) }
        for field in table.keyedTexts { try collect(field, of: row.int(2), in: table, into: &text) }
        return text
    }

    private func collect(
        _ field: UInt32, of row: Int64, in table: LiveTable, into text: inout SearchableText
    ) throws {
        let rows = try HotStatement(
            db, "SELECT shown FROM register WHERE kind = ? AND row = ? AND field = +?")
        rows.bind(RowPlace(kind: table.kind?.tag ?? 0, row: row))
        rows.bind(3, Int64(field))
        defer { rows.reset() }
        while try rows.step() { if !rows.isNull(0) { text.append(rows.borrowedBytes(0)) } }
    }
}

extension WriteTransaction {
    /// Batches of few records are indexed at once if the index is complete up to them.
    static let indexedAtOnce = 256

    func setIndexed(_ position: Int64) throws {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(position))
        try log.setMeta(SearchIndex.positionName, bytes)
    }

    func index(_ records: some Sequence<RecordName>) throws {
        for record in records {
            guard let text = try searchableText(of: record) else { continue }
            try index(record, text)
        }
    }

    private func index(_ record: RecordName, _ text: SearchableText) throws {
        let (number, isNew) = try searchNumber(of: record)
        let verb = isNew ? "INSERT" : "INSERT OR REPLACE"
        let row = try HotStatement(db, "\(verb) INTO search (rowid, title, text) VALUES (?, ?, ?)")
        row.bind(1, number)
        try text.title.withUnsafeBytes { title in
            try text.text.withUnsafeBytes { rest in
                row.bind(2, utf8: title)
                row.bind(3, utf8: rest)
                try row.run()
            }
        }
    }

    private func searchNumber(of record: RecordName) throws -> (number: Int64, isNew: Bool) {
        let find = try HotStatement(db, "SELECT number FROM searchable WHERE kind = ? AND record = ?")
        find.bind(1, Int64(record.kind))
        find.bind(2, id: record.id.number)
        defer { find.reset() }
        if try find.step() { return (find.int(0), false) }
        let add = try HotStatement(db, "INSERT INTO searchable (kind, record) VALUES (?, ?)")
        add.bind(1, Int64(record.kind))
        add.bind(2, id: record.id.number)
        try add.run()
        return (db.lastInsertedRowID, true)
    }

    /// Reads on in the log and indexes what it touched; a changeset is never halved.
    /// - Parameter goesOn: asked before each changeset, with the number of records indexed so far.
    /// - Returns: whether the index is complete now.
    package func catchUpIndex(while goesOn: (Int) -> Bool) throws -> Bool {
        let last = try log.lastPosition()
        var (position, count) = (try indexedPosition(), 0)
        while position < last, goesOn(count) {
            position += 1
            guard let body = try opened(at: position)?.body else { continue }
            try index(body.written.lazy.map(\.name))
            count += body.written.count
        }
        try setIndexed(position)
        return position >= last
    }
}

extension WorkspaceStore {
    /// Brings the full-text index on, in one transaction; for idle moments. The longer it lasts, the fewer pieces
    /// of the index are written and merged again.
    /// - Parameter goesOn: asked before each changeset, with the number of records indexed so far.
    /// - Returns: whether it is complete now.
    @discardableResult
    package func catchUpIndex(while goesOn: (Int) -> Bool) throws -> Bool {
        if try read({ try $0.isIndexed() }) { return true }
        return try write { try $0.catchUpIndex(while: goesOn) }
    }
}
