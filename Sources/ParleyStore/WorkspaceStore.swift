internal import GRDB
internal import ParleyCore

/// A client's file for one workspace: the log, which is the truth, and the live tables computed from it.
package final class WorkspaceStore {
    package let file: StoreFile
    package let rules: StoreRules

    /// `Parl` in ASCII.
    static let application: Int32 = 0x5061_726C

    /// Opens the workspace's file, and makes it where there is none.
    package convenience init(
        path: String, rules: StoreRules, readOnly: Bool = false, busyTimeout: Double = 10
    ) throws {
        let file = try Self.file(path: path, readOnly: readOnly, busyTimeout: busyTimeout)
        self.init(file, rules: rules)
    }

    /// The file by itself, for whoever must ask it before the rules can be made.
    package static func file(
        path: String, readOnly: Bool = false, busyTimeout: Double = 10
    ) throws -> StoreFile {
        let file = try StoreFile(
            path: path, application: application, readOnly: readOnly, busyTimeout: busyTimeout,
            migrator: migrator)
        if !readOnly { try file.setCheckpoints(after: pagesToCheckpoint) }
        try file.withoutTransaction { TextFold.install(in: $0) }
        return file
    }

    /// - Parameter file: one that `file(path:)` has opened.
    package init(_ file: StoreFile, rules: StoreRules) {
        self.file = file
        self.rules = rules
    }

    /// Records have random ids, so a commit of a thousand touches most pages of an index: checkpointing after
    /// every 1,000 pages (SQLite's default) would write them all twice for every commit.
    static let pagesToCheckpoint = 8000

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try LogTables.create(in: db)
            try LiveTables.create(in: db)
            try LiveTables.createOwn(in: db)
        }
        migrator.registerMigration("healing") { db in
            try db.execute(sql: LiveTables.aliases)
            try ForkedTable.create(in: db)
        }
        migrator.registerMigration("sealing") { db in
            try db.execute(sql: LiveTables.waiting)
            try EpochKeyTable.create(in: db)
        }
        migrator.registerMigration("references") { try LiveTables.createReferenceIndexes(in: $0) }
        // What it did is done anew by "rows".
        migrator.registerMigration("asides") { _ in }
        migrator.registerMigration("search pieces") { try SearchIndex.makePiecesLarger(in: $0) }
        migrator.registerMigration("rows") { try LiveTables.numberRows(in: $0) }
        return migrator
    }

    /// Runs a transaction that sees one state of the file and writes nothing.
    package func read<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
        try file.read { try body(ReadTransaction($0, rules)) }
    }

    /// Runs one transaction; when `body` throws nothing of it remains.
    package func write<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Result {
        try file.write { try body(WriteTransaction($0, rules)) }
    }

    /// From now on the write-ahead log is lengthened ahead of the commits, of which there will be many.
    package func reserveLog() throws { try file.reserveLog(upTo: Self.pagesToCheckpoint) }

    package func close() throws { try file.close() }
}

/// One state of a workspace.
package class ReadTransaction {
    let db: Database
    let rules: StoreRules
    package let log: Log
    /// The bodies read last, for import bases and history.
    var bodies = BodyCache()
    /// What authors had received, as far as it was asked for.
    var contexts = ContextBook()
    /// The changesets of one act, by each of them.
    var batches: [ChangeID: Set<ChangeID>] = [:]

    init(_ db: Database, _ rules: StoreRules) {
        self.db = db
        self.rules = rules
        log = Log(db)
    }
}

package final class WriteTransaction: ReadTransaction {}
