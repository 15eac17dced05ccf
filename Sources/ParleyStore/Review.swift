internal import GRDB
package import ParleyCore

/// A head that is not shown because a later write, whose author had not received it, is.
package struct AsideEntry: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    package var head: AsideHead
}

/// A deletion and an edit of the same record, neither of whose authors had received the other.
package struct OverlookedEdit: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    package var edit: ChangeID
    package var deletion: ChangeID
}

package struct StoreCounts: Equatable, Sendable {
    /// Records by kind, without the deleted ones.
    package var records: [UInt32: Int] = [:]
    package var deleted = 0
    /// All records, the deleted ones too.
    package var all: Int { records.values.reduce(deleted, +) }
    package var asides = 0
    package var overlooked = 0
    package var changesets = 0
    package var voided = 0
    /// Changesets sealed under keys that are not here.
    package var sealed = 0

    package init() {}
}

extension ReadTransaction {
    /// What waits for review, the latest first.
    package func asides(limit: Int, offset: Int = 0) throws -> [AsideEntry] {
        let rows = try HotStatement(
            db,
            """
            SELECT kind, record, field, key, stamp, device, number, value FROM aside
            ORDER BY stamp DESC, device DESC, kind, record, field, key LIMIT ? OFFSET ?
            """)
        rows.bind(1, Int64(limit))
        rows.bind(2, Int64(offset))
        return try collect(rows)
    }

    /// The set-aside heads of one record: by register, the greatest first.
    package func asides(of record: RecordName) throws -> [AsideEntry] {
        let table = LiveSchema.assessments[record.kind]
        let rows = try HotStatement(
            db,
            """
            SELECT kind, record, field, key, stamp, device, number, value FROM aside
            WHERE \(table.placeSQL) ORDER BY field, key, stamp DESC, device DESC
            """)
        rows.bind(1, Int64(record.kind))
        rows.bind(2, id: record.id.number)
        return try collect(rows)
    }

    private func collect(_ rows: HotStatement) throws -> [AsideEntry] {
        defer { rows.reset() }
        var entries: [AsideEntry] = []
        while try rows.step() {
            let head = AsideHead(origin: try rows.origin(4), value: try Value(decoding: rows.bytes(7)))
            entries.append(
                AsideEntry(
                    record: try rows.recordName(0), register: try rows.registerName(2), head: head))
        }
        return entries
    }

    /// Edits that a deletion has not seen, and deletions that an edit has not seen.
    package func overlooked(limit: Int, of record: RecordName? = nil) throws -> [OverlookedEdit] {
        let rows = try HotStatement(
            db,
            """
            SELECT kind, record, field, key, number, device, deletion_number, deletion_device FROM overlooked
            WHERE ?1 IS NULL OR (kind = ?1 AND record = ?2) ORDER BY kind, record, field, key LIMIT ?3
            """)
        if let record {
            rows.bind(1, Int64(record.kind))
            rows.bind(2, id: record.id.number)
        }
        rows.bind(3, Int64(limit))
        defer { rows.reset() }
        var entries: [OverlookedEdit] = []
        while try rows.step() {
            guard let edit = rows.id(5), let deletion = rows.id(7) else { continue }
            entries.append(
                OverlookedEdit(
                    record: try rows.recordName(0), register: try rows.registerName(2),
                    edit: ChangeID(device: DeviceID(edit), number: UInt64(rows.int(4))),
                    deletion: ChangeID(device: DeviceID(deletion), number: UInt64(rows.int(6)))))
        }
        return entries
    }

    /// Heads set aside, and edits that a deletion overlooked: what waits for somebody to look at it.
    package func waitingCount() throws -> Int { try count("aside") + count("overlooked") }

    package func counts() throws -> StoreCounts {
        var counts = StoreCounts()
        for table in LiveSchema.assessments.all {
            let deleted = table.kind == nil ? "0" : "total(deleted IS 1)"
            let rows = try HotStatement(
                db, "SELECT \(table.kindSQL), count(*), \(deleted) FROM \"\(table.name)\" GROUP BY 1")
            defer { rows.reset() }
            while try rows.step() {
                counts.records[UInt32(rows.int(0))] = Int(rows.int(1) - rows.int(2))
                counts.deleted += Int(rows.int(2))
            }
        }
        counts.asides = try count("aside")
        counts.overlooked = try count("overlooked")
        counts.voided = try count("void")
        counts.sealed = try sealedCount()
        counts.changesets = try log.count()
        return counts
    }

    private func count(_ table: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM \"\(table)\"") ?? 0
    }

    /// Own changesets beyond the last that a server acknowledged.
    package func unsent(of device: DeviceID) throws -> UInt64 {
        let held = try log.head(of: device)?.number ?? 0
        let acknowledged = try acknowledged()
        return held > acknowledged ? held - acknowledged : 0
    }

    /// The last number of the own chain that a server has stored.
    package func acknowledged() throws -> UInt64 {
        guard let bytes = try log.meta("acknowledged") else { return 0 }
        var reader = ByteReader(bytes)
        return try reader.varint("acknowledged")
    }
}

extension WriteTransaction {
    package func setAcknowledged(_ number: UInt64) throws {
        var bytes: [UInt8] = []
        bytes.append(varint: number)
        try log.setMeta("acknowledged", bytes)
    }
}
