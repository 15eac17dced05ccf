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
            var statements = try WholeStatements(db, kind, where: "id = ?1")
            for name in names {
                let record = try statements?.read({ $0.bind(1, id: name.id.number) })
                if let record { records.append(record) }
            }
        }
        return records
    }

    /// The records that stand in some of the rows, in this order, without their tags and keys: methods look at
    /// neither, and to seek them for each of very many records would take as long as all else.
    package func wholeRecords(at places: RecordRows, in range: Range<Int>) throws -> [WholeRecord] {
        var statements = try WholeStatements(db, places.kind, where: "row = ?1")
        return try places.rows[range].compactMap { row in
            try statements?.read({ $0.bind(1, row) }, keyed: places.keyed.contains)
        }
    }

    private func keyedRegisters(of kind: UInt32) throws -> [RecordID: [RegisterImage]] {
        let rows = try HotStatement(
            db,
            """
            SELECT field, key, value, record FROM register WHERE kind = ?1 ORDER BY row, field, key
            """)
        rows.bind(1, Int64(kind))
        defer { rows.reset() }
        var (keyed, room): ([RecordID: [RegisterImage]], KeyedRoom) = ([:], KeyedRoom())
        var isRegister = try rows.step()
        while isRegister, let owner = rows.id(3) {
            room.registers.removeAll(keepingCapacity: true)
            while isRegister, rows.id(3) == owner {
                try room.take(rows)
                isRegister = try rows.step()
            }
            keyed[RecordID(owner)] = room.registers
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

/// One statement for all records of a kind that are looked up, and one for the keyed registers of each.
private struct WholeStatements {
    private let table: LiveTable
    private let row: HotStatement
    private let registers: HotStatement
    private var room = KeyedRoom()

    /// - Returns: nil where this version does not know the kind.
    init?(_ db: Database, _ kind: UInt32, where condition: String) throws {
        guard let table = LiveSchema.assessments.known(kind) else { return nil }
        self.table = table
        row = try HotStatement(db, "\(table.wholeSQL) WHERE \(condition) AND deleted IS NOT 1")
        registers = try HotStatement(
            db,
            """
            SELECT field, key, value FROM register WHERE kind = ?1 AND row = ?2 ORDER BY field, key
            """)
        registers.bind(1, Int64(kind))
    }

    /// - Parameters:
    ///   - bind: says which row.
    ///   - isKeyed: whether the record of a row has keyed registers that are wanted.
    /// - Returns: nil where there is none.
    mutating func read(
        _ bind: (HotStatement) -> Void, keyed isKeyed: (Int64) -> Bool = { _ in true }
    ) throws -> WholeRecord? {
        bind(row)
        defer { row.reset() }
        guard try row.step() else { return nil }
        let name = try row.recordName(0)
        room.registers.removeAll(keepingCapacity: true)
        let place = row.int(Int32(table.columns.count + 8))
        if isKeyed(place) {
            registers.bind(2, place)
            defer { registers.reset() }
            while try registers.step() { try room.take(registers) }
        }
        return table.whole(name, row, room.registers)
    }
}

/// The keyed registers of the record that is read. They keep their room, and so do the bytes of a value: a matrix has
/// thousands of them.
private struct KeyedRoom {
    var registers: [RegisterImage] = []
    private var bytes: [UInt8] = []

    /// Takes the register of which `row` yields field, key and value; not where its value was cleared, nor where it
    /// has no key (SQLite would compare that with another text, row by row).
    mutating func take(_ row: HotStatement) throws {
        let name = try row.registerName(0)
        guard name.key != nil else { return }
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: row.borrowedBytes(2))
        let value = try Value(decoding: bytes)
        if value != .null { registers.append(RegisterImage(name, value)) }
    }
}

extension LiveTable {
    fileprivate var wholeSQL: String {
        let names = [kindSQL, "id", bookkeepingSQL] + columns.map(\.quoted) + ["row"]
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
            let field = columns[place].field.tag
            while let next = rest.first, next.name.field < field { registers.append(rest.removeFirst()) }
            let value = columns[place].value(Int32(place) + 8, of: row)
            if value != .null { registers.append(RegisterImage(RegisterName(field: field), value)) }
        }
        registers += rest
        return WholeRecord(
            image: RecordImage(name: name, registers: registers), bookkeeping: row.bookkeeping(2))
    }
}
