internal import GRDB
internal import ParleyCore

/// Where a record stands: by this the tables beside the records' own know it. A replica gives its rows numbers in
/// the order in which records come to it, so what comes together stands together, as ids do not.
struct RowPlace: Comparable {
    let kind: UInt32
    let row: Int64

    static func < (left: RowPlace, right: RowPlace) -> Bool {
        (left.kind, left.row) < (right.kind, right.row)
    }
}

/// A record's row while a batch is merged into it.
final class LiveRow {
    let name: RecordName
    let table: LiveTable
    let place: RowPlace
    /// Whether there is such a row yet.
    let isStored: Bool
    /// Nothing of this record is in the tables, not even a register.
    var isFresh: Bool
    var heads: RowHeads
    /// The greatest stamp that touched the record; packed with the heads, without fields where it is the
    /// head of none.
    private(set) var last: Origin
    /// Heads that are set aside, in all registers.
    var review: Int
    /// Plain fields whose shown value stands in `register`.
    var unfit: UInt64
    /// Plain fields that have set-aside heads.
    var disputed: UInt64
    /// New shown values of plain fields, where they lie; `pending` tells which.
    private(set) var pending: UInt64 = 0
    private let values: PendingValues

    /// A record that nobody has written before.
    init(new name: RecordName, _ statements: RowStatements, _ first: Origin, _ values: PendingValues) throws {
        self.values = values
        disputed = 0
        self.name = name
        table = statements.table
        place = RowPlace(kind: name.kind, row: try statements.newRow())
        isStored = false
        isFresh = true
        heads = RowHeads(first: first.stamp)
        last = first
        review = 0
        unfit = 0
    }

    init(_ name: RecordName, _ statements: RowStatements, row number: Int64, _ values: PendingValues) throws {
        self.values = values
        let row = statements.select
        row.bind(1, number)
        defer { row.reset() }
        guard try row.step() else {
            throw StoreError(.damaged, path: "", cause: "an index names a row that is not there")
        }
        self.name = name
        table = statements.table
        place = RowPlace(kind: name.kind, row: number)
        isStored = true
        isFresh = false
        review = Int(row.int(0))
        unfit = UInt64(bitPattern: row.int(1))
        disputed = UInt64(bitPattern: row.int(2))
        heads = try RowHeads(decoding: row.bytes(3))
        last = heads.entries.last?.origin ?? Origin(stamp: heads.first, number: 0)
        if heads.entries.last?.mask == 0 { heads.entries.removeLast() }
    }

    func touch(_ origin: Origin) {
        heads.first = min(heads.first, origin.stamp)
        last = max(last, origin)
    }

    @inline(__always)
    func show(_ field: UInt32, _ value: UnsafeRawBufferPointer) {
        values.fields[Int(field)] = value
        pending |= 1 << UInt64(field)
    }

    func pendingValue(_ field: UInt32) -> UnsafeRawBufferPointer? {
        pending & (1 << UInt64(field)) == 0 ? nil : values.fields[Int(field)]
    }

    /// Somebody has written `deleted`; only then can a deletion and an edit have missed each other.
    var hasDeletion: Bool {
        heads.entries.contains { $0.mask & (1 << UInt64(Field.deletedTag)) != 0 }
    }

    var packedHeads: [UInt8] {
        var packed = heads
        if packed.entries.last?.origin != last { packed.entries.append(RowEntry(origin: last, mask: 0)) }
        return packed.encoded
    }
}

/// Where the new values of a row's plain fields lie; one for all rows, one after the other.
final class PendingValues {
    var fields = [UnsafeRawBufferPointer](
        repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: Int(Field.tagLimit))
}

/// The statements of one table's rows.
final class RowStatements {
    let db: Database
    let table: LiveTable
    let select: HotStatement
    private let find: HotStatement
    private var inserting: HotStatement?
    private var masked: HotStatement?
    private var updates: [UInt64: HotStatement] = [:]
    private var reading: HotStatement?
    private var isReading = false
    /// Once one was given to a new record.
    private var lastRow: Int64?

    /// Statements for one set of fields each; beyond so many, sets of more than two fields share one.
    private static let mostUpdates = 32

    init(_ db: Database, _ table: LiveTable) throws {
        self.db = db
        self.table = table
        select = try HotStatement(db, table.selectSQL)
        find = try HotStatement(db, table.findSQL)
    }

    func row(of name: RecordName) throws -> Int64? {
        find.bind(1, id: name.id.number)
        if table.kind == nil { find.bind(2, Int64(name.kind)) }
        defer { find.reset() }
        return try find.step() ? find.int(0) : nil
    }

    /// For a record that is about to be inserted.
    func newRow() throws -> Int64 {
        let last = try lastRow ?? HotStatement.number(db, "SELECT max(row) FROM \"\(table.name)\"")
        guard last < .max else {
            throw StoreError(.damaged, path: "", cause: "a row has the greatest number there is")
        }
        lastRow = last + 1
        return last + 1
    }

    func insert() throws -> HotStatement {
        if let inserting { return inserting }
        let made = try HotStatement(db, table.insertSQL)
        inserting = made
        return made
    }

    /// - Returns: nil where all sets of fields that are not common share `maskedUpdate`, so that nobody can make
    ///   us keep a million statements.
    func update(_ mask: UInt64) throws -> HotStatement? {
        if let known = updates[mask] { return known }
        if updates.count >= Self.mostUpdates, mask.nonzeroBitCount > 2 { return nil }
        let made = try HotStatement(db, table.updateSQL(mask))
        updates[mask] = made
        return made
    }

    func maskedUpdate() throws -> HotStatement {
        if let masked { return masked }
        let made = try HotStatement(db, table.maskedUpdateSQL)
        masked = made
        return made
    }

    /// The fields of one row as they stand in the table, read once, until `closeValues`.
    func values(of place: RowPlace) throws -> HotStatement {
        let row = try reading ?? HotStatement(db, table.valuesSQL)
        reading = row
        if isReading { return row }
        row.bind(1, place.row)
        guard try row.step() else {
            throw StoreError(.damaged, path: "", cause: "a row that has just been read is gone")
        }
        isReading = true
        return row
    }

    /// To be called before the row is written.
    func closeValues() {
        if isReading { reading?.reset() }
        isReading = false
    }
}
