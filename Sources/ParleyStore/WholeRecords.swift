internal import GRDB
package import ParleyCore

/// A record with all its registers and its bookkeeping, as analyses read it.
package struct WholeRecord: Equatable, Sendable {
    package var image: RecordImage
    package var bookkeeping: Bookkeeping
}

/// Reading many records whole, with one statement for all of a kind. Values that do not fit their fields are
/// left out, and so are deleted records.
extension ReadTransaction {
    /// All records of some kinds, in the order of kinds; within one in no order.
    package func wholeRecords(of kinds: [UInt32]) throws -> [WholeRecord] {
        try Set(kinds).sorted().flatMap { kind -> [WholeRecord] in
            guard let table = LiveSchema.assessments.known(kind) else { return [] }
            var keyed = try keyedRegisters(of: kind)
            let rows = try HotStatement(db, table.wholeSQL + " WHERE deleted IS NOT 1")
            defer { rows.reset() }
            var records: [WholeRecord] = []
            while try rows.step() {
                let name = try rows.recordName(0)
                records.append(table.whole(name, rows, keyed.removeValue(forKey: name.id) ?? []))
            }
            return records
        }
    }

    /// These records, without those that are not here.
    package func wholeRecords(_ names: some Collection<RecordName>) throws -> [WholeRecord] {
        var records: [WholeRecord] = []
        records.reserveCapacity(names.count)
        for (kind, names) in Dictionary(grouping: names, by: \.kind).sorted(by: { $0.key < $1.key }) {
            try eachWhole(of: kind, where: "id = ?1", names, bind: { $0.bind(1, id: $1.id.number) }) {
                records.append($0)
            }
        }
        return records
    }

    /// The records that stand in some rows, in this order.
    package func wholeRecords(_ kind: UInt32, at rows: some Collection<Int64>) throws -> [WholeRecord] {
        var records: [WholeRecord] = []
        records.reserveCapacity(rows.count)
        try eachWhole(of: kind, where: "rowid = ?1", rows, bind: { $0.bind(1, $1) }) { records.append($0) }
        return records
    }

    /// One statement for all that are looked up, and one for the keyed registers of each.
    private func eachWhole<Key>(
        of kind: UInt32, where condition: String, _ keys: some Collection<Key>,
        bind: (HotStatement, Key) -> Void, _ body: (WholeRecord) -> Void
    ) throws {
        guard let table = LiveSchema.assessments.known(kind) else { return }
        let rows = try HotStatement(db, "\(table.wholeSQL) WHERE \(condition) AND deleted IS NOT 1")
        let registers = try HotStatement(
            db,
            """
            SELECT field, key, value FROM register WHERE kind = ?1 AND record = ?2 AND key <> ''
            ORDER BY field, key
            """)
        registers.bind(1, Int64(kind))
        defer { rows.reset(); registers.reset() }
        var keyed: [RegisterImage] = []
        for key in keys {
            rows.reset()
            bind(rows, key)
            guard try rows.step() else { continue }
            let name = try rows.recordName(0)
            registers.reset()
            registers.bind(2, id: name.id.number)
            keyed.removeAll(keepingCapacity: true)
            while try registers.step() {
                if let image = try registers.register(0) { keyed.append(image) }
            }
            body(table.whole(name, rows, keyed))
        }
    }

    private func keyedRegisters(of kind: UInt32) throws -> [RecordID: [RegisterImage]] {
        let rows = try HotStatement(
            db,
            """
            SELECT field, key, value, record FROM register WHERE kind = ?1 AND key <> ''
            ORDER BY record, field, key
            """)
        rows.bind(1, Int64(kind))
        defer { rows.reset() }
        var keyed: [RecordID: [RegisterImage]] = [:]
        while try rows.step() {
            guard let id = rows.id(3), let image = try rows.register(0) else { continue }
            keyed[RecordID(id), default: []].append(image)
        }
        return keyed
    }

    // MARK: Who refers to a record

    /// The records of one kind that refer to any of these by a field that has an index: `parent`, the ends of a
    /// link, what an estimate or a note is about.
    package func referrers(to ids: some Sequence<RecordID>, by field: String, of kind: UInt32) throws
        -> [RecordName]
    {
        guard let table = LiveSchema.assessments.known(kind), table.kind?[name: field] != nil else {
            return []
        }
        let rows = try HotStatement(db, "SELECT id FROM \"\(table.name)\" WHERE \"\(field)\" = ?1")
        defer { rows.reset() }
        var names: [RecordName] = []
        for id in ids {
            rows.reset()
            rows.bind(1, id: id.number)
            while try rows.step() {
                if let id = rows.id(0) { names.append(RecordName(kind: kind, id: RecordID(id))) }
            }
        }
        return names
    }
}

extension LiveTable {
    fileprivate var wholeSQL: String {
        let names = [kindSQL, "id", bookkeepingSQL] + columns.map(\.quoted)
        return "SELECT \(names.joined(separator: ", ")) FROM \"\(name)\""
    }

    /// - Parameter keyed: ordered by field and key, as the columns are by field.
    fileprivate func whole(
        _ name: RecordName, _ row: HotStatement, _ keyed: [RegisterImage]
    ) -> WholeRecord {
        let places = columns.indices.filter { !row.isNull(Int32($0) + 8) }
        var registers: [RegisterImage] = []
        registers.reserveCapacity(places.count + keyed.count)
        var rest = keyed[...]
        for place in places {
            let column = columns[place]
            while let next = rest.first, next.name.field < column.field.tag {
                registers.append(rest.removeFirst())
            }
            let value = column.value(Int32(place) + 8, of: row)
            if value != .null {
                registers.append(RegisterImage(RegisterName(field: column.field.tag), value))
            }
        }
        registers += rest
        return WholeRecord(
            image: RecordImage(name: name, registers: registers), bookkeeping: row.bookkeeping(2))
    }
}

extension HotStatement {
    /// Reads field, key and value from `column` on; nil where the value was cleared.
    fileprivate func register(_ column: Int32) throws -> RegisterImage? {
        let value = try Value(decoding: bytes(column + 2))
        return value == .null ? nil : RegisterImage(try registerName(column), value)
    }
}
