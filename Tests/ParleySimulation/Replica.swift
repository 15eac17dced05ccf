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
    /// Where the folders lie that are opened after accidents, but for a number.
    private let home: String
    private var incarnation = 0
    private let seats: Seats?
    /// To the workspace's file.
    private var connection: SQLConnection?
    private(set) var workspace: Workspace
    var link: Link?
    var reading = Ledger.Reading()
    /// The own chain's highest number that a server said it has stored.
    var acknowledged: UInt64 = 0
    /// As whom it wrote when its log was last read.
    var knownDevice: DeviceID
    /// An earlier state of its folder.
    var backup: FolderImage?

    init(
        name: String, handle: String, machine: Machine, folder: String, seats: Seats? = nil,
        workspace: Workspace
    ) {
        self.name = name
        self.handle = handle
        self.machine = machine
        self.folder = folder
        self.seats = seats
        self.workspace = workspace
        home = folder
        knownDevice = workspace.device
    }

    convenience init(name: String, handle: String, machine: Machine, folder: String) throws {
        let workspace = try Workspace(folder: folder, ambient: machine.ambient)
        self.init(name: name, handle: handle, machine: machine, folder: folder, workspace: workspace)
    }

    /// A member of a template, in a seat.
    init(_ member: Template.Member, machine: Machine, home: String, seats: Seats) throws {
        let seat = try seats.next(holding: member.image)
        name = member.name
        handle = member.handle
        self.machine = machine
        self.home = home
        self.seats = seats
        folder = seat.folder
        connection = seat.connection
        workspace = try Workspace(folder: seat.folder, over: seat.file, ambient: machine.ambient)
        knownDevice = workspace.device
        reading = member.reading
        acknowledged = member.acknowledged
    }

    var device: DeviceID { workspace.device }

    func image() throws -> FolderImage { try FolderImage(of: folder) }

    /// Opens another state of the folder as a new process would: what the old process had in memory is gone.
    func reopen(from image: FolderImage) throws {
        incarnation += 1
        connection = nil
        if let seats, !incarnation.isMultiple(of: 3) {
            let seat = try seats.next(holding: image)
            folder = seat.folder
            workspace = try Workspace(folder: folder, over: seat.file, ambient: machine.ambient)
        } else {
            folder = home + "~\(incarnation)"
            try image.write(to: folder)
            workspace = try Workspace(folder: folder, ambient: machine.ambient)
        }
    }

    func withFile<Result>(_ body: (SQLConnection) throws -> Result) throws -> Result {
        try workspace.store.file.withoutTransaction { db in
            guard let handle = db.sqliteConnection else { throw Failure("sql", "closed") }
            let connection = connection ?? SQLConnection(handle: handle)
            self.connection = connection
            return try body(connection)
        }
    }
}
