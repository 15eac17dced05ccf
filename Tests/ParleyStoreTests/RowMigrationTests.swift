import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite("Files whose rows had no numbers")
struct RowMigrationTests {
    let folder = ScratchFolder()

    @Test("are brought to today's tables, with all that stood in them", arguments: [false, true])
    func migration(readsFirst: Bool) throws {
        let histories = (UInt64(1)...20).map { seed in
            var history = RandomHistory(seed: seed, steps: 48)
            return history.batches()
        }
        let store = try folder.store()
        for batches in histories { try feed(batches.prefix(batches.count / 2), to: store) }
        let before = try MergeLawTests.dump(store)
        let (definitions, asides) = (try store.definitions(), try number(of: "aside", store))
        try #require(asides > 10)
        try store.close()
        try takeNumbersAway()
        if readsFirst {
            let reader = try folder.store(readOnly: true)
            #expect(MergeLawTests.difference(try MergeLawTests.dump(reader), before) == [])
        }
        let migrated = try folder.store()
        #expect(try migrated.definitions() == definitions)
        #expect(MergeLawTests.difference(try MergeLawTests.dump(migrated), before) == [])
        #expect(try migrated.verify() == [])
        // What is merged into the same records later finds what stood there.
        for batches in histories { try feed(batches.dropFirst(batches.count / 2), to: migrated) }
        #expect(try migrated.verify() == [])
        #expect(try number(of: "aside", migrated) > asides)
    }

    private func feed(_ batches: ArraySlice<[Change]>, to store: WorkspaceStore) throws {
        for batch in batches { try store.write { _ = try $0.append(batch.map(\.arrival)) } }
    }

    private func number(of table: String, _ store: WorkspaceStore) throws -> Int {
        try store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }

    // MARK: As it was

    /// Makes the tables as the version before made them.
    private func takeNumbersAway() throws {
        let queue = try DatabaseQueue(path: folder.path + "/a.sqlite")
        try queue.write { db in
            for kind in Schema.assessments.kinds.map(\.name) + ["other"] {
                let sql = try String.fetchOne(
                    db, sql: "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?",
                    arguments: [kind])
                let lines = try #require(sql).split(separator: "\n")
                let former = lines.filter { !$0.contains("row INTEGER PRIMARY KEY") }
                try #require(former.count == lines.count - 1)
                let index = kind == "other" ? "kind, id" : "id"
                try replace(
                    kind, by: former.joined(separator: "\n"),
                    "CREATE UNIQUE INDEX \"\(kind)_id\" ON \"\(kind)\" (\(index))", in: db)
            }
            try replace("register", by: Self.register, in: db)
            try replace("aside", by: Self.aside, "CREATE INDEX aside_record ON aside (record, field)", in: db)
            // What somebody has added does not keep a file from being opened.
            try db.execute(sql: "ALTER TABLE judgment ADD COLUMN mood")
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'rows'")
            try #require(db.changesCount == 1)
        }
        try queue.close()
    }

    private func replace(_ table: String, by sql: String, _ index: String? = nil, in db: Database) throws {
        for index in try db.indexes(on: table) where index.origin == .createIndex {
            try db.execute(sql: "DROP INDEX \"\(index.name)\"")
        }
        try db.execute(sql: "ALTER TABLE \"\(table)\" RENAME TO newer")
        try db.execute(sql: sql)
        if let index { try db.execute(sql: index) }
        let columns = try db.columns(in: table).map { "\"\($0.name)\"" }.joined(separator: ", ")
        try db.execute(
            sql: "INSERT INTO \"\(table)\" (\(columns)) SELECT \(columns) FROM newer; DROP TABLE newer")
    }

    private static let register = """
        CREATE TABLE register (kind INTEGER NOT NULL, record BLOB NOT NULL, field INTEGER NOT NULL,
            key TEXT NOT NULL, value BLOB NOT NULL, shown TEXT, heads BLOB NOT NULL,
            PRIMARY KEY (kind, record, field, key)) WITHOUT ROWID;
        CREATE INDEX register_tag ON register (key, kind, record) WHERE field = 8;
        CREATE INDEX register_key ON register (key, kind, record) WHERE field = 9;
        """
    private static let aside = """
        CREATE TABLE aside (kind INTEGER NOT NULL, record BLOB NOT NULL, field INTEGER NOT NULL,
            key TEXT NOT NULL, stamp INTEGER NOT NULL, device BLOB NOT NULL, number INTEGER NOT NULL,
            value BLOB NOT NULL)
        """
}
