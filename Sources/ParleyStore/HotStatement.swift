package import GRDB
internal import GRDBSQLite
internal import ParleyCore

/// A prepared statement used through its handle, for the two hot loops: appending to the log and applying
/// to the tables. Everywhere else GRDB's own calls serve.
package struct HotStatement {
    private let statement: Statement
    private let ids: BoundIDs
    private var handle: SQLiteStatement { statement.sqliteStatement }

    /// The connection's cached statement for `sql`.
    package init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        sqlite3_reset(statement.sqliteStatement)
        sqlite3_clear_bindings(statement.sqliteStatement)
        ids = BoundIDs(sqlite3_bind_parameter_count(statement.sqliteStatement))
    }

    /// The one number that `sql` yields; 0 where that is NULL, or no row.
    static func number(_ db: Database, _ sql: String) throws -> Int64 {
        let statement = try HotStatement(db, sql)
        defer { statement.reset() }
        return try statement.step() ? statement.int(0) : 0
    }

    @inline(__always)
    package func bind(_ index: Int32, _ number: Int64) {
        sqlite3_bind_int64(handle, index, number)
    }

    /// Binds bytes that must outlive the step: SQLite takes no copy.
    @inline(__always)
    package func bind(_ index: Int32, blob: UnsafeRawBufferPointer) {
        if blob.isEmpty {
            sqlite3_bind_zeroblob(handle, index, 0)
        } else {
            sqlite3_bind_blob64(handle, index, blob.baseAddress, UInt64(blob.count), nil)
        }
    }

    @inline(__always)
    package func bind(_ index: Int32, copying blob: [UInt8]) {
        if blob.isEmpty {
            sqlite3_bind_zeroblob(handle, index, 0)
        } else {
            blob.withUnsafeBytes {
                _ = sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64(blob.count), Self.transient)
            }
        }
    }

    @inline(__always)
    package func bind(_ index: Int32, id: UInt128) {
        sqlite3_bind_blob64(handle, index, ids.keep(id, at: index), 16, nil)
    }

    /// Binds UTF-8 that must outlive the step.
    @inline(__always)
    package func bind(_ index: Int32, utf8: UnsafeRawBufferPointer) {
        guard let start = utf8.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return _ = sqlite3_bind_text64(
                handle, index, ids.nothing, 0, nil, UInt8(SQLITE_UTF8))
        }
        sqlite3_bind_text64(handle, index, start, UInt64(utf8.count), nil, UInt8(SQLITE_UTF8))
    }

    /// Binds UTF-8, of which SQLite takes a copy; nil is NULL.
    package func bind(_ index: Int32, copyingText utf8: [UInt8]?) {
        guard let utf8 else { return bindNull(index) }
        if utf8.isEmpty { return bind(index, utf8: UnsafeRawBufferPointer(start: nil, count: 0)) }
        utf8.withUnsafeBytes {
            let start = $0.baseAddress?.assumingMemoryBound(to: CChar.self)
            _ = sqlite3_bind_text64(
                handle, index, start, UInt64($0.count), Self.transient, UInt8(SQLITE_UTF8))
        }
    }

    @inline(__always)
    package func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

    /// - Returns: true while there is a row to read.
    @inline(__always)
    package func step() throws -> Bool {
        switch stepped() {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure()
        }
    }

    /// Steps a statement that returns no row and makes it ready for the next one.
    @inline(__always)
    package func run() throws {
        let result = stepped()
        guard result == SQLITE_DONE || result == SQLITE_ROW else { throw failure() }
        sqlite3_reset(handle)
    }

    /// What is bound must outlive the step, and nothing else keeps it until then.
    @inline(__always)
    private func stepped() -> Int32 { withExtendedLifetime(ids) { sqlite3_step(handle) } }

    @inline(__always)
    package func reset() { sqlite3_reset(handle) }

    @inline(__always)
    package func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The column's bytes, valid until the next step or reset.
    @inline(__always)
    package func borrowedBytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    package func bytes(_ column: Int32) -> [UInt8] { Array(borrowedBytes(column)) }

    package func id(_ column: Int32) -> UInt128? { UInt128(bigEndianBytes: borrowedBytes(column)) }

    /// The column's UTF-8; nil where it is NULL.
    package func text(_ column: Int32) -> String? {
        isNull(column) ? nil : String(decoding: borrowedBytes(column), as: UTF8.self)
    }

    package var columnCount: Int32 { sqlite3_column_count(handle) }

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    private func failure() -> any Error {
        let code = sqlite3_extended_errcode(sqlite3_db_handle(handle))
        let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        sqlite3_reset(handle)
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }

    private static var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}

/// Ids as a statement's parameters, where SQLite may read them for as long as the statement is used: it allocates
/// for each that it must copy.
private final class BoundIDs {
    private let room: UnsafeMutableRawPointer

    init(_ parameters: Int32) { room = .allocate(byteCount: 16 * Int(parameters + 1), alignment: 16) }

    deinit { room.deallocate() }

    @inline(__always)
    func keep(_ id: UInt128, at index: Int32) -> UnsafeRawPointer {
        room.storeBytes(of: id.bigEndian, toByteOffset: 16 * Int(index), as: UInt128.self)
        return UnsafeRawPointer(room + 16 * Int(index))
    }

    /// Where a text without bytes lies.
    var nothing: UnsafePointer<CChar> { UnsafePointer(room.assumingMemoryBound(to: CChar.self)) }
}
