internal import GRDB
internal import ParleyCore

/// The tables that are computed from the log. None depends on the order in which changesets arrived, on
/// rowids or on where batches ended: equal sets of changesets make equal rows on every replica. (Only the
/// `position`s in `touched`, `act`, `void`, `waiting` and `alias` are this replica's own: they point into its log.)
enum LiveTables {
    static func create(in db: Database) throws {
        for table in LiveSchema.assessments.all { try db.execute(sql: table.createSQL) }
        try db.execute(sql: sideTables)
        try createReferenceIndexes(in: db)
    }

    static func createReferenceIndexes(in db: Database) throws {
        for table in LiveSchema.assessments.wide { try db.execute(sql: table.referenceIndexSQL) }
    }

    /// For files whose set-aside heads stand in the order of records.
    static func makeAsidesAnew(in db: Database) throws {
        try db.execute(sql: "ALTER TABLE aside RENAME TO former_aside; DROP INDEX IF EXISTS aside_record")
        try db.execute(sql: asides)
        try db.execute(
            sql: """
                INSERT INTO aside SELECT kind, record, field, key, stamp, device, number, value
                FROM former_aside ORDER BY record, field;
                DROP TABLE former_aside;
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

    private static let sideTables = """
        CREATE TABLE register (           -- keyed registers, and whatever has no column
            kind INTEGER NOT NULL,
            record BLOB NOT NULL,
            field INTEGER NOT NULL,
            key TEXT NOT NULL,            -- empty for a plain field
            value BLOB NOT NULL,          -- CBOR
            shown TEXT,                   -- the value, for people who read tables
            heads BLOB NOT NULL,          -- the heads that have this value, the shown one first
            PRIMARY KEY (kind, record, field, key)
        ) WITHOUT ROWID;
        CREATE INDEX register_tag ON register (key, kind, record) WHERE field = 8;
        CREATE INDEX register_key ON register (key, kind, record) WHERE field = 9;
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
        """ + asides + waiting + aliases

    /// Rows append by rowid and their index is small: a table in the order of records would be written anew,
    /// nearly all of it, by every batch that sets something aside.
    static let asides = """

        CREATE TABLE aside (              -- heads whose value differs from the shown one
            kind INTEGER NOT NULL,
            record BLOB NOT NULL,
            field INTEGER NOT NULL,
            key TEXT NOT NULL,
            stamp INTEGER NOT NULL,
            device BLOB NOT NULL,
            number INTEGER NOT NULL,
            value BLOB NOT NULL
        );
        CREATE INDEX aside_record ON aside (record, field);
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
