internal import Foundation
internal import GRDB
internal import ParleyServer
internal import ParleyStore

/// A folder whose file stays open from one run to the next. A run puts the bytes of an image under the open
/// connection, which takes them for another process's work; so SQLite neither reads the schema nor compiles
/// a statement anew.
final class Seat {
    let folder: String
    let file: StoreFile
    let connection: SQLConnection
    private let index: SharedIndex

    init(_ image: FolderImage, in folder: String) throws {
        self.folder = folder
        try image.write(to: folder)
        let path = folder + "/workspace.sqlite"
        file = try WorkspaceStore.file(path: path)
        connection = try file.read { db in
            guard let handle = db.sqliteConnection else { throw Failure("sql", "closed") }
            return SQLConnection(handle: handle)
        }
        index = try SharedIndex(of: path)
    }

    func take(_ image: FolderImage) throws {
        unlink(folder + "/identity.next")
        try image.write(to: folder)
        try index.clear()
    }

    /// Raised by every change of the schema.
    func schemaVersion() throws -> Int { try connection.number(of: "PRAGMA schema_version") }

    func forgetSchema() throws { try connection.execute("PRAGMA writable_schema = RESET") }
}

/// The seats of a process: taken one by one in a run, and all free again for the next.
final class Seats {
    private let folder: String
    private var seats: [Seat] = []
    private var used = 0
    /// The schema that all templates have, and no other file of this version.
    private let version: Int

    /// - Parameter folder: where the seats lie, but for their numbers.
    init(in folder: String, for templates: [Template]) throws {
        self.folder = folder
        let images = templates.flatMap { $0.members.map(\.image) }
        let first = try Seat(images[0], in: folder + "0")
        // Root pages are part of it.
        let schemas = try images.map { image in
            try first.take(image)
            try first.forgetSchema()
            let hash = try first.connection.hash(of: "SELECT * FROM sqlite_master ORDER BY rowid")
            return [hash, UInt64(try first.schemaVersion())]
        }
        guard Set(schemas).count == 1 else { throw Failure("templates", "their schemas differ") }
        version = try first.schemaVersion()
        seats = [first]
    }

    func clear() { used = 0 }

    /// A seat with these files. A schema that an accident has changed is read anew: its number may be another
    /// schema's, too.
    func next(holding image: FolderImage) throws -> Seat {
        if used == seats.count { seats.append(try Seat(image, in: folder + "\(used)")) }
        let seat = seats[used]
        used += 1
        try seat.take(image)
        if try seat.schemaVersion() != version { try seat.forgetSchema() }
        return seat
    }
}

/// A server's folder whose files stay open in the same way.
final class ServerSeat {
    let folder: ServerFolder
    let side: SideConnection
    private let image: FolderImage
    private let indices: [SharedIndex]

    init(_ template: Template, in path: String) throws {
        image = template.server
        try image.write(to: path)
        folder = try ServerFolder(path: path, seed: [])
        let log = Server.log(of: template.workspace, in: path)
        let opened = try LogFile(path: log)
        folder.openLog = { _ in opened }
        side = try SideConnection(log)
        indices = try [SharedIndex(of: path + "/server.sqlite"), SharedIndex(of: log)]
    }

    func take() throws {
        try image.write(to: folder.path)
        for index in indices { try index.clear() }
    }
}

/// The memory that the connections to a file share. Without its head they drop what they remember of the
/// file and read its log anew. They have it mapped: it must not be truncated.
final class SharedIndex {
    private let path: String
    private let descriptor: Int32

    init(of path: String) throws {
        self.path = path
        descriptor = open(path + "-shm", O_WRONLY)
        guard descriptor >= 0 else { throw Failure("disk", "\(path) has no shared memory") }
    }

    deinit { close(descriptor) }

    func clear() throws {
        let head = [UInt8](repeating: 0, count: 136)
        guard pwrite(descriptor, head, head.count, 0) == head.count else {
            throw Failure("disk", "cannot clear the index of \(path)")
        }
    }
}
