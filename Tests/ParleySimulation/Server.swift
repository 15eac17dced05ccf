internal import Logging
internal import ParleyClient
internal import ParleyCore
internal import ParleyServer
internal import ParleyTrust

/// The server's machine: its folder and the relay over it.
final class Server {
    let machine: Machine
    let workspace: WorkspaceID
    /// Where its folders lie, but for a number.
    private let home: String
    private var path: String { folder.path }
    private var incarnation = 0
    private(set) var folder: ServerFolder
    private(set) var relay: Relay
    /// A connection of the simulator's own to the workspace's log.
    private var side: SideConnection?
    var reading = Ledger.Reading()

    init(machine: Machine, path: String, workspace: WorkspaceID) throws {
        self.machine = machine
        home = path
        self.workspace = workspace
        folder = try ServerFolder(path: path, seed: machine.random(32))
        relay = Self.relay(folder)
    }

    /// A template's server, in its seat.
    init(machine: Machine, home: String, workspace: WorkspaceID, seat: ServerSeat) throws {
        try seat.take()
        self.machine = machine
        self.home = home
        self.workspace = workspace
        folder = seat.folder
        side = seat.side
        relay = Self.relay(seat.folder)
    }

    private static func relay(_ folder: ServerFolder) -> Relay {
        Relay(folder: folder, logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() })
    }

    func image() throws -> FolderImage { try FolderImage(of: path) }

    /// Opens another state of the folder as a new process would. Whoever calls this cuts all links.
    func reopen(from image: FolderImage) throws {
        incarnation += 1
        let path = home + "~\(incarnation)"
        try image.write(to: path)
        side = nil
        folder = try ServerFolder(path: path, seed: machine.random(32))
        relay = Self.relay(folder)
    }

    func log() throws -> SQLConnection {
        if let side { return side.connection }
        let opened = try SideConnection(Self.log(of: workspace, in: path))
        side = opened
        return opened.connection
    }

    static func log(of workspace: WorkspaceID, in path: String) -> String {
        path + "/logs/" + workspace.bytes.map { String(format: $0) }.joined() + ".sqlite"
    }
}

extension String {
    /// Two hexadecimal digits.
    fileprivate init(format byte: UInt8) {
        self = (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
