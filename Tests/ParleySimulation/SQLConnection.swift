internal import GRDBSQLite

/// Reads rows by SQLite's own calls, with statements that are compiled once: checks read thousands of tables
/// a second. It does not close the connection, and may outlive it.
final class SQLConnection {
    let handle: OpaquePointer
    /// Those that are not running.
    private var statements: [String: OpaquePointer] = [:]

    init(handle: OpaquePointer) { self.handle = handle }

    deinit { for statement in statements.values { sqlite3_finalize(statement) } }

    struct Row {
        fileprivate let statement: OpaquePointer

        func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

        func bytes(_ column: Int32) -> [UInt8] { Array(span(column)) }

        func text(_ column: Int32) -> String { String(decoding: span(column), as: UTF8.self) }

        private func span(_ column: Int32) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(
                start: sqlite3_column_blob(statement, column),
                count: Int(sqlite3_column_bytes(statement, column)))
        }

        /// Every column with its type, into a hash.
        fileprivate func add(to hash: inout StableHash) {
            for column in 0..<sqlite3_column_count(statement) {
                let type = sqlite3_column_type(statement, column)
                hash.add(UInt64(UInt32(bitPattern: type)))
                if type == SQLITE_INTEGER {
                    hash.add(UInt64(bitPattern: int(column)))
                } else if type != SQLITE_NULL {
                    hash.add(span(column))
                }
            }
        }

        fileprivate var description: String {
            (0..<sqlite3_column_count(statement)).map { column in
                let name = String(cString: sqlite3_column_name(statement, column))
                switch sqlite3_column_type(statement, column) {
                case SQLITE_NULL: return name + "=null"
                case SQLITE_BLOB:
                    return name + "=" + bytes(column).map { ("0" + String($0, radix: 16)).suffix(2) }.joined()
                default: return name + "=" + text(column)
                }
            }.joined(separator: " ")
        }
    }

    func each(_ sql: String, _ parameter: Int64? = nil, _ body: (Row) throws -> Void) throws {
        let statement = try statements.removeValue(forKey: sql) ?? prepare(sql)
        defer {
            sqlite3_reset(statement)
            statements[sql] = statement
        }
        if let parameter { sqlite3_bind_int64(statement, 1, parameter) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(Row(statement: statement))
            case SQLITE_DONE: return
            default: throw failure(sql)
            }
        }
    }

    private func prepare(_ sql: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure(sql)
        }
        return statement
    }

    private func failure(_ sql: String) -> Failure {
        Failure("sql", String(cString: sqlite3_errmsg(handle)) + " in " + sql)
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    func number(of sql: String, _ parameter: Int64? = nil) throws -> Int {
        var number = 0
        try each(sql, parameter) { number = Int($0.int(0)) }
        return number
    }

    func hash(of sql: String) throws -> UInt64 {
        var hash = StableHash()
        try each(sql) { $0.add(to: &hash) }
        return hash.value
    }

    func rows(of sql: String) throws -> [String] {
        var rows: [String] = []
        try each(sql) { rows.append($0.description) }
        return rows
    }
}

/// A connection of its own to a file that somebody else has open.
final class SideConnection {
    let connection: SQLConnection

    init(_ path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, let handle else {
            throw Failure("sql", "cannot open \(path)")
        }
        connection = SQLConnection(handle: handle)
    }

    deinit { sqlite3_close_v2(connection.handle) }
}

/// FNV-1a: the same in every process and build, which Swift's own hashes are not.
struct StableHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { mix($0) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(bytes.count))
        mix(bytes)
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    private mutating func mix(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
