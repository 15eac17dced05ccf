internal import GRDB
internal import ParleyCore

/// The side table of registers that have no column.
final class RegisterStatements {
    private let db: Database
    private var loading: HotStatement?
    private var inserting: HotStatement?
    private var saving: HotStatement?
    private var replacing: HotStatement?

    /// The plus keeps SQLite from asking whether the bound field fits one of the partial indexes: it would
    /// prepare the statement anew for every field that is bound.
    private static let condition = "kind = ?1 AND row = ?2 AND field = +?3 AND key = ?4"

    init(_ db: Database) { self.db = db }

    /// The heads that have the shown value; nil where the register was never written.
    func load(
        _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?, into arena: Arena
    ) throws -> [Head<ValueBytes>]? {
        let found = try selection()
        found.bindRegister(row.place, field, key)
        defer { found.reset() }
        guard try found.step() else { return nil }
        let value = ValueBytes(buffer: arena.copy(found.borrowedBytes(0)))
        return try PackedOrigins.decode(found.bytes(1)).map { Head(origin: $0, content: value) }
    }

    /// The value of a plain field that stands here because it does not fit its column.
    func value(_ row: LiveRow, _ field: UInt32, into arena: Arena) throws -> UnsafeRawBufferPointer? {
        let found = try selection()
        found.bindRegister(row.place, field, nil)
        defer { found.reset() }
        return try found.step() ? arena.copy(found.borrowedBytes(0)) : nil
    }

    /// For a register that was never written.
    func insert(
        _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer,
        heads: [Origin]
    ) throws {
        let insertion = try inserting ?? HotStatement(db, Self.insertSQL)
        inserting = insertion
        insertion.bind(8, id: row.name.id.number)
        try run(insertion, row, field, key, value, heads)
    }

    private static let insertSQL =
        "INSERT INTO register (kind, row, field, key, value, shown, heads, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

    func save(
        _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer,
        heads: [Origin]
    ) throws {
        let statement =
            try saving
            ?? HotStatement(
                db,
                Self.insertSQL + """
                     ON CONFLICT (kind, row, field, key) DO UPDATE SET value = excluded.value,
                        shown = excluded.shown, heads = excluded.heads
                    """)
        saving = statement
        statement.bind(8, id: row.name.id.number)
        try run(statement, row, field, key, value, heads)
    }

    /// `save` for a register that is there: half the work.
    func replace(
        _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer,
        heads: [Origin]
    ) throws {
        let update =
            try replacing
            ?? HotStatement(
                db, "UPDATE register SET value = ?5, shown = ?6, heads = ?7 WHERE \(Self.condition)")
        replacing = update
        try run(update, row, field, key, value, heads)
    }

    private func run(
        _ statement: HotStatement, _ row: LiveRow, _ field: UInt32, _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer, _ heads: [Origin]
    ) throws {
        statement.bindRegister(row.place, field, key)
        statement.bind(5, blob: value)
        bindShown(value, to: statement)
        try PackedOrigins.encode(heads).withUnsafeBytes {
            statement.bind(7, blob: $0)
            try statement.run()
        }
    }

    func remove(_ row: LiveRow, _ field: UInt32) throws {
        let removal = try HotStatement(db, "DELETE FROM register WHERE \(Self.condition)")
        removal.bindRegister(row.place, field, nil)
        try removal.run()
    }

    private func selection() throws -> HotStatement {
        if let loading { return loading }
        let made = try HotStatement(
            db, "SELECT value, heads FROM register WHERE \(Self.condition)")
        loading = made
        return made
    }

    private func bindShown(_ value: UnsafeRawBufferPointer, to row: HotStatement) {
        let item = CBORItem(value)
        switch (item.major, item.argument) {
        case (3, _): row.bind(6, utf8: item.payload)
        case (7, 20): row.bind(6, copyingText: Array("no".utf8))
        case (7, 21): row.bind(6, copyingText: Array("yes".utf8))
        case (7, 22): row.bindNull(6)
        default: row.bind(6, copyingText: TupleText.encode(value))
        }
    }
}

extension HotStatement {
    /// Binds kind and row from parameter `first` on.
    @inline(__always)
    func bind(_ place: RowPlace, from first: Int32 = 1) {
        bind(first, Int64(place.kind))
        bind(first + 1, place.row)
    }

    /// Binds kind, row, field and key from parameter `first` on.
    @inline(__always)
    func bindRegister(
        _ place: RowPlace, _ field: UInt32, _ key: UnsafeRawBufferPointer?, from first: Int32 = 1
    ) {
        bind(place, from: first)
        bind(first + 2, Int64(field))
        bind(first + 3, utf8: key ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Reads stamp, device and number from `column` on.
    func origin(_ column: Int32) throws -> Origin {
        guard let device = id(column + 1) else {
            throw StoreError(.damaged, path: "", cause: "a head without a device")
        }
        let time = HybridTime(number: UInt64(int(column)))
        return Origin(stamp: Stamp(time: time, device: DeviceID(device)), number: UInt64(int(column + 2)))
    }
}

/// The heads of a register that have its shown value: time (8), device (16) and number (varint) of each, the
/// greatest first.
enum PackedOrigins {
    static func encode(_ origins: [Origin]) -> [UInt8] {
        var bytes: [UInt8] = []
        for origin in origins {
            bytes.append(stamp: origin.stamp)
            bytes.append(varint: origin.number)
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MalformedBytes) -> [Origin] {
        var reader = ByteReader(bytes)
        var origins: [Origin] = []
        while !reader.isAtEnd {
            let stamp = try reader.stamp()
            origins.append(Origin(stamp: stamp, number: try reader.varint("number")))
        }
        return origins
    }
}
