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

    /// Keyed fields of text: the bodies of notes.
    var keyedTexts: [UInt32] {
        (kind?.fields ?? []).filter { $0.merge == .each && $0.type == .text }.map(\.tag)
    }
}

struct SearchableText {
    var title: String
    var text: String
}

extension ReadTransaction {
    func indexedPosition() throws -> Int64 {
        guard let bytes = try log.meta(SearchIndex.positionName) else { return 0 }
        var reader = ByteReader(bytes)
        return Int64(try reader.varint("position"))
    }

    /// Is every changeset in the full-text index? (Searches answer completely all the same.)
    package func isIndexed() throws -> Bool { try indexedPosition() >= log.lastPosition() }

    /// What of a record is searched; nil where there is no such record.
    func searchableText(of record: RecordName) throws -> SearchableText? {
        guard let table = LiveSchema.assessments.known(record.kind) else { return nil }
        let columns = (["title"] + table.textColumns).joined(separator: ", ")
        let row = try HotStatement(db, "SELECT \(columns) FROM \"\(table.name)\" WHERE id = ?1")
        row.bind(1, id: record.id.number)
        defer { row.reset() }
        guard try row.step() else { return nil }
        var texts = (1..<Int32(1 + table.textColumns.count)).compactMap { row.text($0) }
        for field in table.keyedTexts { texts += try keyedTexts(of: record, field) }
        return SearchableText(title: row.text(0) ?? "", text: texts.joined(separator: "\n"))
    }

    private func keyedTexts(of record: RecordName, _ field: UInt32) throws -> [String] {
        let rows = try HotStatement(
            db, "SELECT shown FROM register WHERE kind = ? AND record = ? AND field = +?")
        rows.bind(1, Int64(record.kind))
        rows.bind(2, id: record.id.number)
        rows.bind(3, Int64(field))
        defer { rows.reset() }
        var texts: [String] = []
        while try rows.step() { if let text = rows.text(0) { texts.append(text) } }
        return texts
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

    func index(_ records: Set<RecordName>) throws {
        for record in records {
            guard let text = try searchableText(of: record) else { continue }
            try index(record, text)
        }
    }

    private func index(_ record: RecordName, _ text: SearchableText) throws {
        let number = try searchNumber(of: record)
        let row = try HotStatement(db, "INSERT OR REPLACE INTO search (rowid, title, text) VALUES (?, ?, ?)")
        row.bind(1, number)
        row.bind(2, copyingText: Array(text.title.utf8))
        row.bind(3, copyingText: Array(text.text.utf8))
        try row.run()
    }

    private func searchNumber(of record: RecordName) throws -> Int64 {
        let find = try HotStatement(db, "SELECT number FROM searchable WHERE kind = ? AND record = ?")
        find.bind(1, Int64(record.kind))
        find.bind(2, id: record.id.number)
        defer { find.reset() }
        if try find.step() { return find.int(0) }
        let add = try HotStatement(db, "INSERT INTO searchable (kind, record) VALUES (?, ?)")
        add.bind(1, Int64(record.kind))
        add.bind(2, id: record.id.number)
        try add.run()
        return db.lastInsertedRowID
    }

    /// Reads on in the log and indexes what it touched, about `most` records; a changeset is never halved.
    /// - Returns: whether the index is complete now.
    package func catchUpIndex(atMost most: Int) throws -> Bool {
        let last = try log.lastPosition()
        var position = try indexedPosition()
        var records: Set<RecordName> = []
        while position < last, records.count < most {
            position += 1
            if let body = try opened(at: position)?.body { records.formUnion(body.written.map(\.name)) }
        }
        try index(records)
        try setIndexed(position)
        return position >= last
    }
}

extension WorkspaceStore {
    /// Brings the full-text index on by about so many records, in one transaction; for idle moments.
    /// - Returns: whether it is complete now.
    @discardableResult
    package func catchUpIndex(atMost records: Int) throws -> Bool {
        if try read({ try $0.isIndexed() }) { return true }
        return try write { try $0.catchUpIndex(atMost: records) }
    }
}
