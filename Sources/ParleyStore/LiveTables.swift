internal import GRDB
internal import ParleyCore

/// The tables that are computed from the log. None depends on the order in which changesets arrived, on
/// rowids or on where batches ended: equal sets of changesets make equal rows on every replica. (Only the
/// `row`s, and the `position`s in `touched`, `act`, `void`, `waiting` and `alias`, are this replica's own: these
/// point into its log.)
package enum LiveTables {
    static func create(in db: Database) throws {
        for table in LiveSchema.assessments.all { try db.execute(sql: table.createSQL) }
        try db.execute(sql: sideTables)
        try createReferenceIndexes(in: db)
    }

    static func createReferenceIndexes(in db: Database) throws {
        for table in LiveSchema.assessments.wide { try db.execute(sql: table.referenceIndexSQL) }
    }

    /// For files whose rows had no numbers of their own, and whose side tables stood in the order of records.
    static func numberRows(in db: Database) throws {
        if try definitions(in: db) == freshDefinitions.get() { return }
        let tables = LiveSchema.assessments.all
        for table in tables { try makeAnew(table.name, as: table.createSQL, in: db) { "rowid, \($0)" } }
        try createReferenceIndexes(in: db)
        try db.execute(
            sql: """
                CREATE TEMP TABLE place (kind INTEGER, id BLOB, row INTEGER, PRIMARY KEY (kind, id))
                WITHOUT ROWID
                """)
        for table in tables {
            let places = "SELECT \(table.kindSQL), id, row FROM \"\(table.name)\""
            try db.execute(sql: "INSERT INTO temp.place " + places)
        }
        for (name, definition) in [("register", registers), ("aside", asides)] {
            let found = "(SELECT row FROM temp.place p WHERE p.kind = former.kind AND p.id = former.record)"
            try makeAnew(name, as: definition, in: db) { "\(found), \($0)" }
        }
        try db.execute(sql: "DROP TABLE temp.place")
    }

    /// - Parameter columns: of a table that has one column more, `row`: what stands there, and the others.
    private static func makeAnew(
        _ name: String, as definition: String, in db: Database, _ columns: (_ others: String) -> String
    ) throws {
        for index in try db.indexes(on: name) where index.origin == .createIndex {
            try db.execute(sql: "DROP INDEX \"\(index.name)\"")
        }
        try db.execute(sql: "ALTER TABLE \"\(name)\" RENAME TO former")
        try db.execute(sql: definition)
        let known = Set(try db.columns(in: name).map(\.name))
        let others = try db.columns(in: "former").map(\.name).filter(known.contains)
            .map { "\"\($0)\"" }.joined(separator: ", ")
        try db.execute(
            sql: """
                INSERT INTO "\(name)" (row, \(others)) SELECT \(columns(others)) FROM former ORDER BY 1;
                DROP TABLE former;
                """)
    }

    /// Leaves the tables empty and as this version makes them. Where they are so made they are emptied and stay:
    /// after a change of the schema every connection compiles every statement anew.
    static func makeAnew(in db: Database) throws {
        if try definitions(in: db) == freshDefinitions.get() {
            for name in names { try db.cachedStatement(sql: "DELETE FROM \"\(name)\"").execute() }
        } else {
            for name in names { try db.execute(sql: "DROP TABLE IF EXISTS \"\(name)\"") }
            try create(in: db)
        }
    }

    /// The tables and their indexes as SQLite keeps them; it keeps no text for an index that it made by itself.
    private static func definitions(in db: Database) throws -> Set<String> {
        let sql = "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE tbl_name IN "
        let marks = databaseQuestionMarks(count: names.count)
        return try String.fetchSet(db, sql: sql + "(\(marks))", arguments: StatementArguments(names))
    }

    private static let freshDefinitions = Result {
        try Projection.empty.get().inDatabase { try definitions(in: $0) }
    }

    private static let names =
        LiveSchema.assessments.all.map(\.name)
        + ["register", "aside", "overlooked", "touched", "act", "void", "waiting", "alias"]

    /// Reads of a table what replicas with equal logs have in common: all columns but the number of a row.
    package static func comparison(of table: String) throws -> String {
        try Projection.empty.get().inDatabase { try comparison(of: table, in: $0) }
    }

    static func comparison(of table: String, in db: Database) throws -> String {
        let columns = try db.columns(in: table).map(\.name).filter { $0 != "row" }
            .map { "\"\($0)\"" }.joined(separator: ", ")
        let order = comparable.first { $0.name == table }?.order ?? "1"
        return "SELECT \(columns) FROM \"\(table)\" ORDER BY \(order)"
    }

    /// Each projection with the order in which two copies of it are compared.
    static let comparable: [(name: String, order: String)] =
        LiveSchema.assessments.wide.map { ($0.name, "id") } + [
            ("other", "kind, id"), ("register", "kind, record, field, key"),
            ("aside", "kind, record, field, key, stamp, device"),
            ("overlooked", "kind, record, field, key, device, number, deletion_device, deletion_number"),
            ("touched", "record, position"), ("act", "position"), ("void", "position, record, field, key"),
            ("waiting", "position"),
            ("alias", "address, device, number, position"), ("chain", "device"),
        ]

    /// In the order of the records' rows: in the order of ids, nearly all of the table would be written anew by
    /// every batch.
    private static let registers = """
        CREATE TABLE register (           -- keyed registers, and whatever has no column
            kind INTEGER NOT NULL,
            row INTEGER NOT NULL,         -- of the record, in the table of its kind
            field INTEGER NOT NULL,
            key TEXT NOT NULL,            -- empty for a plain field
            value BLOB NOT NULL,          -- CBOR
            shown TEXT,                   -- the value, for people who read tables
            heads BLOB NOT NULL,          -- the heads that have this value, the shown one first
            record BLOB NOT NULL,
            PRIMARY KEY (kind, row, field, key)
        ) WITHOUT ROWID;
        CREATE INDEX register_tag ON register (key, kind) WHERE field = 8;
        CREATE INDEX register_key ON register (key, kind) WHERE field = 9;
        """

    private static let sideTables = """
        CREATE TABLE overlooked (         -- a deletion, and a head that neither saw it nor was seen by it
            kind INTEGER NOT NULL,
            record BLOB NOT NULL,
            field INTEGER NOT NULL,
            key TEXT NOT NULL,
            device BLOB NOT NULL,
            number INTEGER NOT NULL,
            deletion_device BLOB NOT NULL,
            deletion_number INTEGER NOT NULL,
            PRIMARY KEY (kind, record, field, key, device, number, deletion_device, deletion_number)
        ) WITHOUT ROWID;
        CREATE TABLE touched (
            record BLOB NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (record, position)
        ) WITHOUT ROWID;
        CREATE TABLE act (                -- changesets that were not made by hand
            position INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            source TEXT,
            batch BLOB,
            part INTEGER,
            last INTEGER
        );
        CREATE INDEX act_batch ON act (batch) WHERE batch IS NOT NULL;
        CREATE TABLE void (               -- what set nothing: a whole changeset, or one write of it
            position INTEGER NOT NULL,
            record BLOB NOT NULL,         -- empty for a whole changeset
            field INTEGER NOT NULL,
            key TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (position, record, field, key)
        ) WITHOUT ROWID;
        """ + "\n" + registers + asides + waiting + aliases

    /// Rows append, and their index is small and in the order of the records' rows, for the same reason.
    static let asides = """

        CREATE TABLE aside (              -- heads whose value differs from the shown one
            kind INTEGER NOT NULL,
            row INTEGER NOT NULL,
            field INTEGER NOT NULL,
            key TEXT NOT NULL,
            stamp INTEGER NOT NULL,
            device BLOB NOT NULL,
            number INTEGER NOT NULL,
            value BLOB NOT NULL,
            record BLOB NOT NULL
        );
        CREATE INDEX aside_row ON aside (kind, row, field);
        """

    /// Changesets sealed under keys that this replica lacks.
    static let waiting = """

        CREATE TABLE IF NOT EXISTS waiting (position INTEGER PRIMARY KEY);
        """

    /// Where changesets that were written again under a fresh identity came from.
    static let aliases = """

        CREATE TABLE IF NOT EXISTS alias (
            address INTEGER NOT NULL,     -- the first 8 bytes of the former address
            device BLOB NOT NULL,         -- the former device and number
            number INTEGER NOT NULL,
            position INTEGER NOT NULL,    -- of the changeset that it is now
            PRIMARY KEY (address, device, number, position)
        ) WITHOUT ROWID;
        """

    /// What is not computed from the log: drafts are this machine's own, the search index catches up when
    /// there is time.
    static func createOwn(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE draft (
                    kind INTEGER NOT NULL,
                    record BLOB NOT NULL,
                    field INTEGER NOT NULL,
                    key TEXT NOT NULL,
                    base_device BLOB,             -- the change on which the draft is based
                    base_number INTEGER,
                    base_value BLOB NOT NULL,
                    text TEXT NOT NULL,
                    caret INTEGER NOT NULL,
                    newest_device BLOB,           -- the newest remote change that the editor has shown
                    newest_number INTEGER,
                    created INTEGER NOT NULL,
                    updated INTEGER NOT NULL,
                    PRIMARY KEY (kind, record, field, key)
                ) WITHOUT ROWID;
                """)
        try SearchIndex.create(in: db)
    }
}
