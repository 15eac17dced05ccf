internal import GRDB
internal import GRDBSQLite
internal import Synchronization

extension StoreFile {
    /// From now on the write-ahead log is lengthened ahead of the commits, up to this many pages.
    func reserveLog(upTo pages: Int) throws {
        try withoutTransaction { db in reservation.withLock { $0 = LogReservation(upTo: pages, db) } }
    }

    /// Moves the write-ahead log into the file and truncates it, so that a long import leaves no large file
    /// beside the small one. Does nothing while another process reads.
    package func checkpoint() throws {
        try withoutTransaction { _ = try $0.checkpoint(.truncate) }
    }
}

/// Lengthens the write-ahead log before commits do: one that does so itself waits for the file's size and place on the
/// disk, too, which is about as much again as for its pages. SQLite takes the zeros for the end of the log, and goes on
/// to use what is there when it begins the log anew. Where there is no room each commit asks for its own.
struct LogReservation: Sendable {
    private let most: Int64
    /// After how many pages of this connection more is due.
    private var due = 0

    /// Pages: 1 MiB at a time, and again when half of that is written.
    private static let step = 256
    private static let frame: Int64 = 24 + 4096

    /// - Parameter pages: after which the log is moved into the file, and begun anew.
    init(upTo pages: Int, _ db: Database) {
        most = Int64(pages) * Self.frame
        advance(db)
    }

    mutating func advance(_ db: Database) {
        var (written, highest): (Int32, Int32) = (0, 0)
        sqlite3_db_status(db.sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &written, &highest, 0)
        guard written >= due else { return }
        due = Int(written) + Self.step / 2
        lengthen(db)
    }

    private func lengthen(_ db: Database) {
        var log: UnsafeMutablePointer<sqlite3_file>?
        let found = sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_JOURNAL_POINTER, &log)
        guard found == SQLITE_OK, let log, let methods = log.pointee.pMethods?.pointee else { return }
        var (chunk, size) = (Int32(1 << 16), Int64(0))
        guard methods.xFileSize(log, &size) == SQLITE_OK, size < most,
            methods.xFileControl(log, SQLITE_FCNTL_CHUNK_SIZE, &chunk) == SQLITE_OK
        else { return }
        size = min(size + Int64(Self.step) * Self.frame, most)
        _ = methods.xFileControl(log, SQLITE_FCNTL_SIZE_HINT, &size)
    }
}

/// Moves the write-ahead log into the file on another thread, by a connection of its own, while bulk work goes on
/// to write. The writer itself does so only where this falls behind, and begins the log anew when all of it has
/// been moved: which is why the log may grow longer meanwhile.
package final class Checkpointer {
    private let store: WorkspaceStore
    private var file: StoreFile?
    private var move: Beside<Void>?
    private var bytes = 0

    /// Bytes of values after which to move: their rows, log entries and indexes are about 8,000 pages.
    private static let pause = 8 << 20
    /// Pages of the log after which the writer moves it: 96 MiB.
    private static let mostPages = 24_000

    package init(_ store: WorkspaceStore) { self.store = store }

    deinit { if file != nil { try? store.file.setCheckpoints(after: WorkspaceStore.pagesToCheckpoint) } }

    /// From now on the writer leaves the log to `committed`, which is to follow.
    package func begin() throws { _ = try opened() }

    private func opened() throws -> StoreFile {
        if let file { return file }
        let opened = try WorkspaceStore.file(path: store.file.path)
        try store.file.setCheckpoints(after: Self.mostPages)
        file = opened
        return opened
    }

    /// - Parameter bytes: about how many bytes of values were committed.
    package func committed(_ bytes: Int) throws {
        self.bytes += bytes
        guard self.bytes > Self.pause, move?.isDone ?? true else { return }
        self.bytes = 0
        let file = try opened()
        // What cannot be moved now stays in the log; the writer will meet what is wrong with the disk.
        move = Beside { _ = try? file.withoutTransaction { try $0.checkpoint(.passive) } }
    }
}

extension StoreFile {
    /// - Parameter pages: of the write-ahead log.
    func setCheckpoints(after pages: Int) throws {
        try withoutTransaction { try $0.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)") }
    }
}
