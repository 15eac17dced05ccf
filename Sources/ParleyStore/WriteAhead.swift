internal import GRDB
internal import GRDBSQLite

extension StoreFile {
    /// Gives the write-ahead log the length to which it grows before it is begun anew: a commit that lengthens a file
    /// waits for its size and its place on the disk, too, which is as much again as for its pages. SQLite takes the
    /// zeros for the end of the log. Where there is no room, each commit asks for its own.
    func reserveLog(pages: Int) throws {
        try read { db in
            var log: UnsafeMutablePointer<sqlite3_file>?
            let found = sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_JOURNAL_POINTER, &log)
            guard found == SQLITE_OK, let log, let methods = log.pointee.pMethods else { return }
            var (chunk, size) = (Int32(1 << 16), Int64(32 + pages * (24 + 4096)))
            guard methods.pointee.xFileControl(log, SQLITE_FCNTL_CHUNK_SIZE, &chunk) == SQLITE_OK else { return }
            _ = methods.pointee.xFileControl(log, SQLITE_FCNTL_SIZE_HINT, &size)
        }
    }

    /// Moves the write-ahead log into the file and truncates it, so that a long import leaves no large file
    /// beside the small one. Does nothing while another process reads.
    package func checkpoint() throws {
        try withoutTransaction { _ = try $0.checkpoint(.truncate) }
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

    /// - Parameter bytes: about how many bytes of values were committed.
    package func committed(_ bytes: Int) throws {
        self.bytes += bytes
        guard self.bytes > Self.pause, move?.isDone ?? true else { return }
        self.bytes = 0
        let file = try file ?? WorkspaceStore.file(path: store.file.path)
        if self.file == nil { try store.file.setCheckpoints(after: Self.mostPages) }
        self.file = file
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
