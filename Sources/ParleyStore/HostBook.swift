internal import Foundation
internal import GRDB
package import ParleyCore

/// What a server knows besides its logs: the tokens by which its operator lets people host workspaces, and
/// the workspaces hosted. Tokens are kept as hashes; several processes may use the file at once.
package final class HostBook {
    /// "PyHs" in ASCII.
    package static let application: Int32 = 0x5079_4873
    private let file: StoreFile

    package struct Hosted: Equatable, Sendable {
        package var workspace: WorkspaceID
        package var name: String
    }

    package enum TokenFault: Error, Equatable, Sendable {
        case unknown
        case used
        case expired
    }

    package init(path: String) throws(StoreError) {
        file = try StoreFile(path: path, application: Self.application, migrator: Self.migrator)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE token (
                        hash BLOB PRIMARY KEY,     -- SHA-256 of the token
                        name TEXT NOT NULL,        -- of the workspace it may host
                        handle TEXT NOT NULL,      -- of its first admin
                        expires INTEGER NOT NULL,  -- milliseconds since 1970
                        workspace BLOB             -- which it hosted; NULL while unused
                    ) WITHOUT ROWID;
                    CREATE TABLE hosted (
                        workspace BLOB PRIMARY KEY,
                        name TEXT NOT NULL,
                        since INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    package func addToken(
        hash: [UInt8], name: String, handle: String, expires: Int64
    ) throws {
        try file.write { db in
            try db.execute(
                sql: "INSERT INTO token (hash, name, handle, expires) VALUES (?, ?, ?, ?)",
                arguments: [Data(hash), name, handle, expires])
        }
    }

    /// Uses a token, once: two who try at the same moment do not both succeed. The same workspace may come
    /// again with it, since an answer can be lost.
    package func host(
        _ workspace: WorkspaceID, name: String, token hash: [UInt8], at now: Int64
    ) throws -> TokenFault? {
        try file.write { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT expires, workspace FROM token WHERE hash = ?", arguments: [Data(hash)])
            guard let row else { return .unknown }
            if let user = row["workspace"] as Data? { return [UInt8](user) == workspace.bytes ? nil : .used }
            guard now <= row["expires"] as Int64 else { return .expired }
            try db.execute(
                sql: "UPDATE token SET workspace = ? WHERE hash = ?",
                arguments: [Data(workspace.bytes), Data(hash)])
            try db.execute(
                sql: "INSERT OR IGNORE INTO hosted (workspace, name, since) VALUES (?, ?, ?)",
                arguments: [Data(workspace.bytes), name, now])
            return nil
        }
    }

    package func isHosted(_ workspace: WorkspaceID) throws -> Bool {
        try file.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM hosted WHERE workspace = ?)",
                arguments: [Data(workspace.bytes)]) ?? false
        }
    }

    package func hosted() throws -> [Hosted] {
        try file.read { db in
            try Row.fetchAll(db, sql: "SELECT workspace, name FROM hosted ORDER BY name, workspace")
                .compactMap {
                    guard let workspace = WorkspaceID([UInt8]($0["workspace"] as Data)) else { return nil }
                    return Hosted(workspace: workspace, name: $0["name"])
                }
        }
    }
}
