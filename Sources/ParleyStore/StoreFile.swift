internal import CSQLite
package import GRDB
internal import ParleyCore
internal import Synchronization

/// One SQLite file, opened the way every file of ours is: WAL, `synchronous=FULL` (asserted, because NORMAL
/// loses acknowledged commits in a power cut), foreign functions distrusted, a busy timeout, numbered migrations.
package final class StoreFile: Sendable {
    package let path: String
    package let isReadOnly: Bool
    private let queue: DatabaseQueue
    let reservation = Mutex<LogReservation?>(nil)

    /// - Parameters:
    ///   - application: SQLite's `application_id`, which tells our kinds of file apart.
    ///   - migrator: creates and upgrades the tables. A file that an older version has written is upgraded for
    ///     those who only read, too, by a connection that may write.
    package init(
        path: String, application: Int32, readOnly: Bool = false, busyTimeout: Double = 10,
        migrator: DatabaseMigrator
    ) throws(StoreError) {
        self.path = path
        isReadOnly = readOnly
        Self.settings
        do {
            queue = try DatabaseQueue(path: path, configuration: Self.configuration(readOnly, busyTimeout))
            try Self.prepare(queue, path: path, application: application, readOnly: readOnly)
            try Self.expectNotNewer(queue, path: path, migrator)
            let isCurrent = try queue.inDatabase(migrator.hasCompletedMigrations)
            if readOnly, !isCurrent {
                _ = try StoreFile(
                    path: path, application: application, busyTimeout: busyTimeout, migrator: migrator)
            } else if !readOnly {
                if !isCurrent { try Self.upgrade(queue, migrator) }
                try Self.expectDurability(queue, path: path)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Pages of the file that are kept in memory, in KiB.
    package static let cache = 16_000

    /// Made once, before the first file is opened.
    private static let settings: Void = csqlite_leave_memory_uncounted()

    private static func configuration(_ readOnly: Bool, _ busyTimeout: Double) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(busyTimeout)
        configuration.foreignKeysEnabled = false
        configuration.acceptsDoubleQuotedStringLiterals = false
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            try db.execute(sql: "PRAGMA cache_size = -\(Self.cache)")
        }
        return configuration
    }

    private static func prepare(
        _ queue: DatabaseQueue, path: String, application: Int32, readOnly: Bool
    ) throws {
        try queue.inDatabase { db in
            let found = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let isNew = try db.schemaVersion() == 0
            guard found == application || (isNew && !readOnly) else {
                throw StoreError(.damaged, path: path, cause: "the file is not a Parley file of this kind")
            }
            guard try !db.holdsForeignCode() else {
                throw StoreError(
                    .damaged, path: path, cause: "it holds triggers or views, which Parley never makes")
            }
            if readOnly { return }
            try db.useWriteAheadLog(path)
            if isNew { try db.execute(sql: "PRAGMA application_id = \(application)") }
            try db.execute(sql: "PRAGMA synchronous = \(Self.durability)")
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == Self.durability else {
                throw StoreError(.inconsistent, path: path, cause: "synchronous=FULL could not be set")
            }
        }
    }

    private static func expectNotNewer(
        _ queue: DatabaseQueue, path: String, _ migrator: DatabaseMigrator
    ) throws {
        guard try !queue.inDatabase(migrator.hasBeenSuperseded) else {
            throw StoreError(.tooNew, path: path, cause: "a newer version of Parley has written this file")
        }
    }

    private static func expectDurability(_ queue: DatabaseQueue, path: String) throws {
        guard try queue.inDatabase({ try Int.fetchOne($0, sql: "PRAGMA synchronous") }) == durability else {
            throw StoreError(.inconsistent, path: path, cause: "synchronous=FULL did not stay set")
        }
    }

    /// Another process may be doing the same.
    private static func upgrade(_ queue: DatabaseQueue, _ migrator: DatabaseMigrator) throws {
        do { try migrator.migrate(queue) } catch {
            guard try queue.inDatabase(migrator.hasCompletedMigrations) else { throw error }
        }
    }

    /// SQLite's number for `synchronous=FULL`; 1 is NORMAL.
    private static var durability: Int { Flaw.isPlanted(.synchronousNormal) ? 1 : 2 }

    /// Runs a transaction that sees one state of the file and leaves nothing in it: it ends in a rollback.
    ///
    /// GRDB's own `read` switches `PRAGMA query_only` on and off, and each switch has SQLite compile anew
    /// every statement that the connection has prepared.
    /// - Throws: `StoreError` for what SQLite says and for a `body` that writes, and what `body` throws as it is.
    package func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try withoutTransaction { db in
            let (begin, end) = (
                try db.cachedStatement(sql: "BEGIN DEFERRED"), try db.cachedStatement(sql: "ROLLBACK")
            )
            let before = db.totalChangesCount
            try begin.execute()
            defer { try? end.execute() }
            let result = try body(db)
            guard db.totalChangesCount == before else {
                throw StoreError(.inconsistent, path: path, cause: "something that only reads has written")
            }
            return result
        }
    }

    /// Runs `BEGIN IMMEDIATE` .. `COMMIT`; when `body` throws nothing of it remains.
    ///
    /// GRDB's own transactions compile the three statements anew each time.
    /// - Throws: `StoreError` for what SQLite says, and what `body` throws as it is.
    package func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try withoutTransaction { db in
            let (begin, commit) = (
                try db.cachedStatement(sql: "BEGIN IMMEDIATE"), try db.cachedStatement(sql: "COMMIT")
            )
            try begin.execute()
            do {
                let result = try body(db)
                try commit.execute()
                reservation.withLock { $0?.advance(db) }
                return result
            } catch {
                // SQLite has ended it by itself where the disk was at fault.
                if db.isInsideTransaction { try? db.cachedStatement(sql: "ROLLBACK").execute() }
                throw error
            }
        }
    }

    /// Outside of a transaction: pragmas, checkpoints, `data_version`.
    package func withoutTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try queue.inDatabase(body) } catch let fault as DatabaseError {
            throw StoreError(fault, path: path)
        }
    }

    /// - Parameter kibibytes: of pages to keep in memory. What a transaction changes beyond that is written before it
    ///   ends, and may be written again.
    package func setCache(_ kibibytes: Int) throws {
        try withoutTransaction { try $0.execute(sql: "PRAGMA cache_size = -\(kibibytes)") }
    }

    /// Changes whenever another connection has committed; a connected process looks here for edits to push.
    package func dataVersion() throws -> Int64 {
        try withoutTransaction { try HotStatement.number($0, "PRAGMA data_version") }
    }

    package func close() throws(StoreError) {
        do { try queue.close() } catch { throw StoreError(error, path: path) }
    }
}

extension Database {
    /// A trigger in a file that somebody else made would run with every write of ours. Its other schema can at
    /// most fail: `trusted_schema` keeps functions with effects out of generated columns, checks and indexes.
    fileprivate func holdsForeignCode() throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view'))"
        return try Bool.fetchOne(self, sql: sql) ?? false
    }

    /// GRDB's own setting of WAL makes a table and drops it wherever the log is empty: each command would write
    /// twice, and have every other process prepare all its statements anew.
    fileprivate func useWriteAheadLog(_ path: String) throws {
        guard try String.fetchOne(self, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError(.inconsistent, path: path, cause: "the write-ahead log could not be set")
        }
    }

    fileprivate func schemaVersion() throws -> Int {
        try Int.fetchOne(self, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    }
}
