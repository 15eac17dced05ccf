internal import GRDB
package import ParleyCore

/// A changeset that touched a record, or of which an import said something.
package struct HistoryEntry: Equatable, Sendable {
    package var position: Int64
    package var origin: Origin
}

extension ReadTransaction {
    /// The changesets that touched a record, by stamp, the latest first.
    package func history(of record: RecordName, limit: Int = .max) throws -> [HistoryEntry] {
        let rows = try HotStatement(
            db,
            """
            SELECT c.stamp, c.device, c.number, c.position FROM touched t JOIN changeset c USING (position)
            WHERE t.record = ? ORDER BY c.stamp DESC, c.device DESC LIMIT ?
            """)
        rows.bind(1, id: record.id.number)
        rows.bind(2, Int64(limit))
        defer { rows.reset() }
        var entries: [HistoryEntry] = []
        while try rows.step() {
            entries.append(HistoryEntry(position: rows.int(3), origin: try rows.origin(0)))
        }
        return entries
    }

    /// What a changeset at a position of the log wrote, and by what act; nil where it is void.
    package func body(at position: Int64) throws -> ChangesetBody? { try opened(at: position)?.body }

    /// What one source said of records at its last saying, whichever device ran the import: the base of a
    /// three-way import. Registers of which it never spoke are absent. The log is read in its order, and each
    /// changeset opened once, however scattered the records are.
    /// - Parameter records: with the fields that are asked for, as a mask; those beyond it are always told.
    package func importBases(
        source: String, about records: [RecordName: UInt64]
    ) throws -> [RecordName: [RegisterImage]] {
        var bases = ImportBases(records)
        var asked: [(position: Int64, record: RecordName)] = []
        for record in records.keys {
            for position in try sayings(of: source, about: record) { asked.append((position, record)) }
        }
        for (position, record) in asked.sorted(by: { $0.position < $1.position }) {
            guard let opened = try opened(at: position), let body = opened.body else { continue }
            bases.add(body, opened.header.stamp, about: record)
        }
        return bases.newest
    }

    /// What registers held at a time: the base of an import of a file that was exported then. Registers that
    /// nobody had written are absent.
    package func values(
        asOf time: Instant, record: RecordName, registers: Set<RegisterName>
    ) throws -> [RegisterName: Value] {
        let positions = try history(of: record)
            .filter { $0.origin.stamp.time.milliseconds <= time.milliseconds }.map(\.position)
        return try newest(of: registers, in: record, at: positions)
    }

    /// The greatest-stamped of what the changesets at some positions write.
    private func newest(
        of registers: Set<RegisterName>, in record: RecordName, at positions: [Int64]
    ) throws -> [RegisterName: Value] {
        var newest: [RegisterName: (stamp: Stamp, value: Value)] = [:]
        for position in positions {
            guard let opened = try opened(at: position), let body = opened.body,
                let group = body.group(of: record, in: body.written)
            else { continue }
            let stamp = opened.header.stamp
            for write in body.writes(of: group) {
                let register = body.register(of: write)
                let isLater = newest[register].map { $0.stamp < stamp } ?? true
                if isLater, registers.contains(register) { newest[register] = (stamp, body.value(of: write)) }
            }
        }
        return newest.mapValues(\.value)
    }

    private func sayings(of source: String, about record: RecordName) throws -> [Int64] {
        let rows = try HotStatement(
            db,
            """
            SELECT t.position FROM touched t JOIN act a USING (position)
            WHERE t.record = ? AND a.kind = \(Act.Kind.importing.rawValue) AND a.source = ? ORDER BY t.position
            """)
        rows.bind(1, id: record.id.number)
        rows.bind(2, copyingText: Array(source.utf8))
        defer { rows.reset() }
        var positions: [Int64] = []
        while try rows.step() { positions.append(rows.int(0)) }
        return positions
    }

    /// The parts of a larger act, in order.
    package func positions(ofBatch batch: [UInt8]) throws -> [Int64] {
        let rows = try HotStatement(db, "SELECT position FROM act WHERE batch = ? ORDER BY part, position")
        rows.bind(1, copying: batch)
        defer { rows.reset() }
        var positions: [Int64] = []
        while try rows.step() { positions.append(rows.int(0)) }
        return positions
    }

    /// Hands over the image of every record of the kinds, by kind and id, one at a time.
    /// - Parameter body: returns false to stop.
    package func eachRecord(
        of kinds: [UInt32], deleted: Bool = true, _ body: (RecordImage) throws -> Bool
    ) throws {
        for kind in Set(kinds).sorted() {
            var last = RecordID(0)
            var isFirst = true
            while true {
                let page = try names(of: kind, after: last, orFrom: isFirst)
                guard let end = page.last else { break }
                for id in page {
                    guard let image = try image(of: RecordName(kind: kind, id: id)) else { continue }
                    if !deleted, image[Field.deletedTag] == .bool(true) { continue }
                    if try !body(image) { return }
                }
                (last, isFirst) = (end, false)
            }
        }
    }

    private func names(of kind: UInt32, after last: RecordID, orFrom isFirst: Bool) throws -> [RecordID] {
        let table = LiveSchema.assessments[kind]
        let rows = try HotStatement(
            db,
            """
            SELECT id FROM "\(table.name)" WHERE id \(isFirst ? ">=" : ">") ?1
            \(table.kind == nil ? "AND kind = \(kind)" : "") ORDER BY id LIMIT 512
            """)
        rows.bind(1, id: last.number)
        defer { rows.reset() }
        var ids: [RecordID] = []
        while try rows.step() { if let id = rows.id(0) { ids.append(RecordID(id)) } }
        return ids
    }

    /// The kinds that this file holds records of, unknown ones included.
    package func kinds() throws -> [UInt32] {
        let unknown = try Int64.fetchAll(db, sql: "SELECT DISTINCT kind FROM other").map(UInt32.init)
        return (LiveSchema.assessments.wide.compactMap { $0.kind?.tag } + unknown).sorted()
    }
}
