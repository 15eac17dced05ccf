internal import Logging
internal import ParleyCore
internal import ParleyServer
internal import ParleyStore

/// The machine that serves: its folder, and the relay while it runs.
final class ServerMachine {
    let power: Power
    private let clock: Clock
    private(set) var folder: ServerFolder?
    private(set) var relay: Relay?

    init(power: Power, clock: Clock) throws {
        self.power = power
        self.clock = clock
        try start()
    }

    func start() throws {
        let folder = try ServerFolder(path: power.folder, seed: clock.random(32))
        self.folder = folder
        relay = Relay(folder: folder, logger: Logger(label: "server") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The process is gone, with everything that it only remembered.
    func stop() {
        relay = nil
        folder = nil
    }

    /// The log of a workspace, read beside the relay.
    func log(of workspace: WorkspaceID) throws -> LogFile {
        try LogFile(path: power.folder + "/logs/" + workspace.bytes.hex + ".sqlite")
    }
}
