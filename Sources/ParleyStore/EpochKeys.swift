internal import Foundation
internal import GRDB

/// The keys of epochs that this replica holds, each wrapped for its device: whoever has the file alone, an
/// analyst who queries it or a backup, has no key. They are no projection: some came with an invite.
enum EpochKeyTable {
    static let name = "epoch_key"

    static func create(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS \(name) (
                    epoch BLOB PRIMARY KEY,       -- hash of the statement that made it
                    wrapped BLOB NOT NULL
                ) WITHOUT ROWID;
                """)
    }
}

extension Log {
    /// How many epochs' keys are held.
    package func epochKeyCount() throws -> Int {
        guard try db.tableExists(EpochKeyTable.name) else { return 0 }
        return Int(try HotStatement.number(db, "SELECT count(*) FROM \(EpochKeyTable.name)"))
    }

    /// - Returns: by the hash of an epoch's statement its key, wrapped.
    package func epochKeys() throws -> [(epoch: [UInt8], wrapped: [UInt8])] {
        guard try db.tableExists(EpochKeyTable.name) else { return [] }
        return try Row.fetchAll(
            db.cachedStatement(sql: "SELECT epoch, wrapped FROM \(EpochKeyTable.name) ORDER BY epoch")
        ).map { ([UInt8]($0["epoch"] as Data), [UInt8]($0["wrapped"] as Data)) }
    }

    package func save(epochKey wrapped: [UInt8], of epoch: [UInt8]) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO \(EpochKeyTable.name) (epoch, wrapped) VALUES (?, ?)"
        ).execute(arguments: [Data(epoch), Data(wrapped)])
    }
}
