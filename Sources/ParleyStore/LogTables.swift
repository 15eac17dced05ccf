package import GRDB

/// The tables of a log: changesets verbatim in the order in which this replica received them, the head of
/// each chain, the signatures that cover them and the membership statements. The server's file holds these
/// alone; a client's file holds them beside the tables that are computed from them.
package enum LogTables {
    package static func create(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE changeset (
                    position INTEGER PRIMARY KEY, -- the order of receipt: a linear extension of causality
                    device BLOB NOT NULL,
                    number INTEGER NOT NULL,
                    stamp INTEGER NOT NULL,       -- 48 bits of milliseconds, 16 of counter
                    hash BLOB NOT NULL,           -- chain hash up to here
                    address INTEGER NOT NULL,     -- the first 8 bytes of what stands behind the @
                    bytes BLOB NOT NULL           -- header and body as their author encoded them
                );
                CREATE UNIQUE INDEX changeset_number ON changeset (device, number);
                CREATE INDEX changeset_address ON changeset (address);
                CREATE TABLE chain (
                    device BLOB PRIMARY KEY,
                    number INTEGER NOT NULL,      -- the highest held
                    stamp INTEGER NOT NULL,
                    hash BLOB NOT NULL,
                    context BLOB NOT NULL         -- what its author held, whole
                ) WITHOUT ROWID;
                CREATE TABLE signature (
                    device BLOB NOT NULL,
                    number INTEGER NOT NULL,      -- covers the chain up to this changeset
                    signature BLOB NOT NULL,
                    PRIMARY KEY (device, number)
                ) WITHOUT ROWID;
                CREATE TABLE statement (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
                """)
    }
}
