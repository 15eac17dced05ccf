internal import Foundation
internal import GRDB
package import ParleyCore

/// Reads what can still be read of a damaged file, row by row: a page that is wrong hides its rows and no
/// others.
package struct Salvage {
    private let file: StoreFile

    package init(_ store: WorkspaceStore) { file = store.file }

    /// What SQLite says of the file's pages; empty where they are well.
    package func damagedPages() -> [String] {
        do {
            return try file.withoutTransaction {
                try String.fetchAll($0, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
            }
        } catch { return [StoreError(error, path: file.path).cause] }
    }

    /// Changesets as they are stored, in the order of the log; what cannot be read is passed over.
    package func eachChangeset(_ body: (_ hash: [UInt8], _ bytes: [UInt8]) throws -> Void) throws {
        var position: Int64 = 0
        var misses = 0
        while misses < Self.patience {
            position += 1
            guard let row = self.row("SELECT hash, bytes FROM changeset WHERE position = ?", [position])
            else {
                misses += 1
                continue
            }
            misses = 0
            try body([UInt8](row["hash"] as Data), [UInt8](row["bytes"] as Data))
        }
    }

    /// Positions are given without gaps but for what healing has removed.
    private static let patience = 20_000

    package func meta(_ name: String) -> [UInt8]? {
        row("SELECT value FROM meta WHERE name = ?", [name]).flatMap { $0["value"] as Data? }.map {
            [UInt8]($0)
        }
    }

    package func signature(of change: ChangeID) -> [UInt8]? {
        row(
            "SELECT signature FROM signature WHERE device = ? AND number = ?",
            [change.device.blob, Int64(change.number)]
        ).map { [UInt8]($0["signature"] as Data) }
    }

    /// Up to the first that cannot be read.
    package func statements() -> [[UInt8]] {
        rows("SELECT bytes FROM statement").map { [UInt8]($0["bytes"] as Data) }
    }

    /// Copies what belongs to this machine alone: drafts, what was set apart, the keys of epochs.
    package func copyOwn(to target: WriteTransaction) throws {
        for table in ["draft", "forked", EpochKeyTable.name] {
            for row in rows("SELECT * FROM \(table)") {
                let names = row.columnNames.joined(separator: ", ")
                let marks = row.columnNames.map { _ in "?" }.joined(separator: ", ")
                try target.db.execute(
                    sql: "INSERT OR IGNORE INTO \(table) (\(names)) VALUES (\(marks))",
                    arguments: StatementArguments(row.databaseValues))
            }
        }
    }

    private func row(_ sql: String, _ arguments: StatementArguments) -> Row? {
        try? file.withoutTransaction {
            try Row.fetchOne($0.cachedStatement(sql: sql), arguments: arguments)
        }
    }

    private func rows(_ sql: String) -> [Row] {
        var rows: [Row] = []
        try? file.withoutTransaction { db in
            let cursor = try Row.fetchCursor(db, sql: sql)
            while let row = try cursor.next() { rows.append(row.copy()) }
        }
        return rows
    }
}
