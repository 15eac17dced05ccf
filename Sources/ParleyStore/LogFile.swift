internal import GRDB
internal import ParleyCore

/// A file that holds a log and nothing computed from it: what the server keeps of one workspace. There is
/// nothing in it to migrate when the schema grows, and, once bodies are sealed, nothing to read.
package final class LogFile {
    /// "PyLg" in ASCII.
    package static let application: Int32 = 0x5079_4C67
    package let file: StoreFile
    private var isReserved = false
    /// SQLite's default.
    private static let pagesToCheckpoint = 1000

    package init(path: String, busyTimeout: Double = 10) throws(StoreError) {
        file = try StoreFile(
            path: path, application: Self.application, busyTimeout: busyTimeout, migrator: Self.migrator)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try LogTables.create(in: $0) }
        // Nobody names a changeset to a server.
        migrator.registerMigration("no addresses") { try $0.execute(sql: "DROP INDEX changeset_address") }
        return migrator
    }

    package func read<Result>(_ body: (Log) throws -> Result) throws -> Result {
        try file.read { try body(Log($0)) }
    }

    package func write<Result>(_ body: (Log) throws -> Result) throws -> Result {
        if !isReserved {
            try file.reserveLog(upTo: Self.pagesToCheckpoint)
            isReserved = true
        }
        return try file.write { try body(Log($0)) }
    }
}
