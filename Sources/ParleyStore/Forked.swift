internal import Foundation
internal import GRDB
package import ParleyCore

/// What has been taken out of the log and is kept all the same: branches that other replicas do not have,
/// what rested on them, changesets that a server will never take. `new_device` and `new_number` say where
/// the same act stands now; where they are NULL it stands nowhere else.
enum ForkedTable {
    static func create(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS forked (
                    device BLOB NOT NULL,
                    number INTEGER NOT NULL,
                    hash BLOB NOT NULL,           -- chain hash up to here
                    bytes BLOB NOT NULL,          -- as its author encoded it
                    reason TEXT NOT NULL,
                    moved INTEGER NOT NULL,       -- milliseconds since 1970
                    new_device BLOB,
                    new_number INTEGER,
                    PRIMARY KEY (device, number, hash)
                ) WITHOUT ROWID;
                """)
    }
}

/// A place in the log with the header that stands there.
package struct LogPlace: Equatable, Sendable {
    package var position: Int64
    package var header: ChangesetHeader
}

extension Log {
    /// Hands over the places from `position` on, in the order of the log.
    package func eachPlace(from position: Int64, _ body: (LogPlace) throws -> Void) throws {
        let rows = try HotStatement(
            db, "SELECT position, bytes FROM changeset WHERE position >= ? ORDER BY position")
        rows.bind(1, position)
        try hand(rows, body)
    }

    /// Hands over the places of one chain, ascending by number, both ends included.
    package func eachPlace(
        of device: DeviceID, from first: UInt64, through last: UInt64 = .max,
        _ body: (LogPlace) throws -> Void
    ) throws {
        let rows = try HotStatement(
            db,
            """
            SELECT position, bytes FROM changeset WHERE device = ? AND number BETWEEN ? AND ? ORDER BY number
            """)
        rows.bind(1, id: device.number)
        rows.bind(2, Int64(clamping: first))
        rows.bind(3, Int64(clamping: last))
        try hand(rows, body)
    }

    private func hand(_ rows: HotStatement, _ body: (LogPlace) throws -> Void) throws {
        defer { rows.reset() }
        while try rows.step() {
            let header = try ChangesetHeader.decode(rows.bytes(1)).header
            try body(LogPlace(position: rows.int(0), header: header))
        }
    }

    /// The changesets of one chain from a number on, verbatim: at least one if there is any, and as many as
    /// begin within `limit` bytes.
    package func chain(
        of device: DeviceID, from first: UInt64, through last: UInt64, limit: Int
    ) throws -> [[UInt8]] {
        let rows = try HotStatement(
            db, "SELECT bytes FROM changeset WHERE device = ? AND number BETWEEN ? AND ? ORDER BY number")
        rows.bind(1, id: device.number)
        rows.bind(2, Int64(clamping: first))
        rows.bind(3, Int64(clamping: last))
        defer { rows.reset() }
        var changesets: [[UInt8]] = []
        var size = 0
        while size < limit, try rows.step() {
            changesets.append(rows.bytes(0))
            size += changesets[changesets.count - 1].count
        }
        return changesets
    }

    /// Bytes and chain hash as they are stored, whatever they are worth.
    package func rawEntry(of change: ChangeID) throws -> (hash: [UInt8], bytes: [UInt8])? {
        let statement = try HotStatement(
            db, "SELECT hash, bytes FROM changeset WHERE device = ? AND number = ?")
        statement.bind(1, id: change.device.number)
        statement.bind(2, Int64(change.number))
        defer { statement.reset() }
        return try statement.step() ? (statement.bytes(0), statement.bytes(1)) : nil
    }

    /// Puts another encoding in a place of the log.
    package func replace(at position: Int64, by entry: LogEntry) throws {
        try db.execute(
            sql: """
                UPDATE changeset SET device = ?, number = ?, stamp = ?, hash = ?, address = ?, bytes = ?
                WHERE position = ?
                """,
            arguments: [
                entry.header.change.device.blob, Int64(entry.header.change.number),
                Int64(entry.header.time.number), Data(entry.hash), Int64(bitPattern: entry.address),
                Data(entry.bytes), position,
            ])
    }

    /// The chain hashes of what was taken out of the log under this name.
    package func forkedHashes(of change: ChangeID) throws -> [[UInt8]] {
        let rows = try HotStatement(db, "SELECT hash FROM forked WHERE device = ? AND number = ?")
        rows.bind(1, id: change.device.number)
        rows.bind(2, Int64(clamping: change.number))
        defer { rows.reset() }
        var hashes: [[UInt8]] = []
        while try rows.step() { hashes.append(rows.bytes(0)) }
        return hashes
    }

    package func remove(at position: Int64) throws {
        try db.execute(sql: "DELETE FROM changeset WHERE position = ?", arguments: [position])
    }

    package func forgetSignatures(of device: DeviceID, from number: UInt64) throws {
        try db.execute(
            sql: "DELETE FROM signature WHERE device = ? AND number >= ?",
            arguments: [device.blob, Int64(clamping: number)])
    }
}

extension ReadTransaction {
    /// Changesets whose former address lies in a range: as they were named, and as they are named now.
    package func aliases(
        addressed range: ClosedRange<UInt64>, limit: Int = 8
    ) throws -> [(former: ChangeID, now: ChangeID)] {
        guard try db.tableExists("alias") else { return [] }
        let rows = try HotStatement(
            db,
            """
            SELECT a.device, a.number, c.device, c.number FROM alias a JOIN changeset c USING (position)
            WHERE a.address BETWEEN ? AND ? ORDER BY position LIMIT ?
            """)
        rows.bind(1, Int64(bitPattern: range.lowerBound))
        rows.bind(2, Int64(bitPattern: range.upperBound))
        rows.bind(3, Int64(limit))
        defer { rows.reset() }
        var found: [(former: ChangeID, now: ChangeID)] = []
        while try rows.step() {
            guard let former = rows.id(0), let now = rows.id(2) else { continue }
            found.append(
                (
                    ChangeID(device: DeviceID(former), number: UInt64(rows.int(1))),
                    ChangeID(device: DeviceID(now), number: UInt64(rows.int(3)))
                ))
        }
        return found
    }
}

extension WriteTransaction {
    package func open(_ entry: LogEntry) throws -> OpenedBody { try rules.open(entry) }

    /// Keeps a copy of what stands in a place of the log, which the caller then replaces or removes.
    /// - Parameters:
    ///   - change: under which device and number the same act stands from now on, if it does.
    ///   - moved: milliseconds since 1970.
    package func keepForked(at position: Int64, reason: String, as change: ChangeID?, moved: Int64) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO forked (device, number, hash, bytes, reason, moved, new_device, new_number)
                SELECT device, number, hash, bytes, ?, ?, ?, ? FROM changeset WHERE position = ?
                """,
            arguments: [
                reason, moved, change?.device.blob, change.map { Int64($0.number) }, position,
            ])
    }

    /// Drafts name the change on which they are based, and the newest one that was shown beside them.
    package func renameInDrafts(_ old: ChangeID, to new: ChangeID) throws {
        for column in ["base", "newest"] {
            try db.execute(
                sql: """
                    UPDATE draft SET \(column)_device = ?, \(column)_number = ?
                    WHERE \(column)_device = ? AND \(column)_number = ?
                    """,
                arguments: [
                    new.device.blob, Int64(new.number), old.device.blob, Int64(old.number),
                ])
        }
    }
}
