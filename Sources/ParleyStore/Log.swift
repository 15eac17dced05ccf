package import Foundation
package import GRDB
package import ParleyCore

/// The log within one transaction.
package struct Log {
    package let db: Database

    package init(_ db: Database) { self.db = db }

    // MARK: Chains

    package func heads() throws -> [DeviceID: ChainHead] {
        let statement = try HotStatement(db, "SELECT device, number, stamp, hash, context FROM chain")
        defer { statement.reset() }
        var heads: [DeviceID: ChainHead] = [:]
        while try statement.step() {
            guard let device = statement.id(0) else { throw damaged("a chain without a device") }
            heads[DeviceID(device)] = try head(statement)
        }
        return heads
    }

    /// - Returns: nil where this replica holds nothing of that chain.
    package func head(of device: DeviceID) throws -> ChainHead? {
        let statement = try HotStatement(
            db, "SELECT device, number, stamp, hash, context FROM chain WHERE device = ?")
        statement.bind(1, id: device.number)
        defer { statement.reset() }
        return try statement.step() ? head(statement) : nil
    }

    private func head(_ statement: HotStatement) throws -> ChainHead {
        var context = ByteReader(statement.bytes(4))
        return ChainHead(
            number: UInt64(statement.int(1)), time: HybridTime(number: UInt64(statement.int(2))),
            hash: statement.bytes(3), context: try context.frontier())
    }

    package func save(_ head: ChainHead, of device: DeviceID) throws {
        var context: [UInt8] = []
        context.append(frontier: head.context)
        let statement = try HotStatement(
            db,
            """
            INSERT INTO chain (device, number, stamp, hash, context) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (device) DO UPDATE SET number = excluded.number, stamp = excluded.stamp,
                hash = excluded.hash, context = excluded.context
            """)
        statement.bind(1, id: device.number)
        statement.bind(2, Int64(head.number))
        statement.bind(3, Int64(head.time.number))
        statement.bind(4, copying: head.hash)
        statement.bind(5, copying: context)
        try statement.run()
    }

    // MARK: Changesets

    /// Appends verbatim bytes; the caller has checked the chain.
    /// - Returns: the position in this log.
    @discardableResult
    package func append(_ entry: LogEntry) throws -> Int64 {
        let statement = try HotStatement(
            db,
            """
            INSERT INTO changeset (device, number, stamp, hash, address, bytes) VALUES (?, ?, ?, ?, ?, ?)
            """)
        statement.bind(1, id: entry.header.change.device.number)
        statement.bind(2, Int64(entry.header.change.number))
        statement.bind(3, Int64(entry.header.time.number))
        statement.bind(4, copying: entry.hash)
        statement.bind(5, Int64(bitPattern: entry.address))
        try entry.bytes.withUnsafeBytes {
            statement.bind(6, blob: $0)
            try statement.run()
        }
        return db.lastInsertedRowID
    }

    /// - Returns: nil where this replica does not hold the changeset.
    package func position(of change: ChangeID) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT position FROM changeset WHERE device = ? AND number = ?"),
            arguments: [change.device.blob, Int64(change.number)])
    }

    package func entry(of change: ChangeID) throws -> LogEntry? {
        guard let position = try position(of: change) else { return nil }
        return try entry(at: position)
    }

    package func entry(at position: Int64) throws -> LogEntry? {
        let statement = try HotStatement(db, "SELECT hash, address, bytes FROM changeset WHERE position = ?")
        statement.bind(1, position)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let bytes = statement.bytes(2)
        return LogEntry(
            header: try ChangesetHeader.decode(bytes).header, hash: statement.bytes(0),
            address: UInt64(bitPattern: statement.int(1)), bytes: bytes)
    }

    /// The time and the chain hash of one changeset, without its bytes.
    package func mark(of change: ChangeID) throws -> (time: HybridTime, hash: [UInt8])? {
        let statement = try HotStatement(
            db, "SELECT stamp, hash FROM changeset WHERE device = ? AND number = ?")
        statement.bind(1, id: change.device.number)
        statement.bind(2, Int64(change.number))
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return (HybridTime(number: UInt64(statement.int(0))), statement.bytes(1))
    }

    package func lastPosition() throws -> Int64 {
        try HotStatement.number(db, "SELECT max(position) FROM changeset")
    }

    /// Bytes of the file's pages.
    package func size() throws -> Int64 {
        let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        return try pages * (Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }

    package func count() throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM changeset") ?? 0
    }

    /// The changesets whose address lies in a range, which is what a typed prefix means; at most `limit`.
    package func changes(addressed range: ClosedRange<UInt64>, limit: Int = 8) throws -> [ChangeID] {
        // Addresses are unsigned and stored as signed: a prefix never straddles the sign bit.
        let rows = try Row.fetchAll(
            db,
            sql:
                "SELECT device, number FROM changeset WHERE address BETWEEN ? AND ? ORDER BY position LIMIT ?",
            arguments: [Int64(bitPattern: range.lowerBound), Int64(bitPattern: range.upperBound), limit])
        return rows.compactMap { row in
            UInt128(bigEndianBytes: row["device"] as Data).map {
                ChangeID(device: DeviceID($0), number: UInt64(row["number"] as Int64))
            }
        }
    }

    // MARK: Signatures and statements

    package func save(_ signature: SignedNumber) throws {
        let statement = try HotStatement(
            db, "INSERT OR IGNORE INTO signature (device, number, signature) VALUES (?, ?, ?)")
        statement.bind(1, id: signature.change.device.number)
        statement.bind(2, Int64(signature.change.number))
        statement.bind(3, copying: signature.signature)
        try statement.run()
    }

    package func signature(of change: ChangeID) throws -> [UInt8]? {
        let statement = try HotStatement(
            db, "SELECT signature FROM signature WHERE device = ? AND number = ?")
        statement.bind(1, id: change.device.number)
        statement.bind(2, Int64(change.number))
        defer { statement.reset() }
        return try statement.step() ? statement.bytes(0) : nil
    }

    package func save(statement bytes: [UInt8], hash: [UInt8]) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO statement (hash, bytes) VALUES (?, ?)")
            .execute(arguments: [Data(hash), Data(bytes)])
    }

    /// How many membership statements are held.
    package func statementCount() throws -> Int {
        Int(try HotStatement.number(db, "SELECT count(*) FROM statement"))
    }

    package func statements() throws -> [[UInt8]] {
        try Data.fetchAll(db.cachedStatement(sql: "SELECT bytes FROM statement ORDER BY hash"))
            .map { [UInt8]($0) }
    }

    // MARK: Small facts

    package func meta(_ name: String) throws -> [UInt8]? {
        try Data.fetchOne(
            db.cachedStatement(sql: "SELECT value FROM meta WHERE name = ?"), arguments: [name]
        ).map { [UInt8]($0) }
    }

    package func setMeta(_ name: String, _ value: [UInt8]?) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").execute(
            arguments: [name, value.map { Data($0) }])
    }

    package func metaText(_ name: String) throws -> String? {
        try meta(name).map { String(decoding: $0, as: UTF8.self) }
    }

    func damaged(_ cause: String) -> StoreError {
        StoreError(.damaged, path: "", cause: cause)
    }
}

extension DeviceID {
    package var blob: Data { Data(number.bigEndianBytes) }
}

extension RecordID {
    package var blob: Data { Data(number.bigEndianBytes) }
}
