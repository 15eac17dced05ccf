internal import GRDB
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// One analyst's device: a folder, the workspace opened from it, and the session that is open, if one is.
final class Replica {
    let name: String
    let handle: String
    let machine: Machine
    private(set) var folder: String
    private var incarnation = 0
    private(set) var workspace: Workspace
    var link: Link?
    var reading = Ledger.Reading()
    /// The own chain's highest number that a server said it has stored.
    var acknowledged: UInt64 = 0
    /// As whom it wrote when its log was last read.
    var knownDevice: DeviceID
    /// An earlier state of its folder.
    var backup: FolderImage?

    init(name: String, handle: String, machine: Machine, folder: String, workspace: Workspace) {
        self.name = name
        self.handle = handle
        self.machine = machine
        self.folder = folder
        self.workspace = workspace
        knownDevice = workspace.device
    }

    convenience init(name: String, handle: String, machine: Machine, folder: String) throws {
        let workspace = try Workspace(folder: folder, ambient: machine.ambient)
        self.init(name: name, handle: handle, machine: machine, folder: folder, workspace: workspace)
    }

    var device: DeviceID { workspace.device }

    func image() throws -> FolderImage { try FolderImage(of: folder) }

    /// Opens another state of the folder as a new process would: what the old process had in memory is gone.
    func reopen(from image: FolderImage) throws {
        incarnation += 1
        let next = folder.split(separator: "~")[0] + "~\(incarnation)"
        try image.write(to: String(next))
        folder = String(next)
        workspace = try Workspace(folder: folder, ambient: machine.ambient)
    }

    func withFile<Result>(_ body: (SQLConnection) throws -> Result) throws -> Result {
        try workspace.store.file.withoutTransaction { db in
            guard let handle = db.sqliteConnection else { throw Failure("sql", "closed") }
            return try body(SQLConnection(handle: handle))
        }
    }
}
