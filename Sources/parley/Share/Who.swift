import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal
import ParleyTransport

struct Who: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "who",
        abstract: "Show who is connected now, and where.",
        discussion: """
            Examples:
              parley who
              parley who --json

            Presence is told by the others' clients and forgotten after 15 s; it is never a
            lock. Members who are not connected: parley members
            """)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let present = try Rollcall(workspace).run(workspace.route())
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            let rows = try present.map { try row($0.key, $0.value, workspace, naming) }
                .sorted { ($0.handle, $0.place) < ($1.handle, $1.place) }
            if console.options.json {
                return try console.json(
                    .array(
                        rows.map {
                            ["handle": .text($0.handle), "place": .text($0.place), "state": .text($0.state)]
                        }))
            }
            var table = TextTable([.init(), .init(), .init(isElastic: true)])
            for row in rows { table.add([.init(row.handle), .init(row.state), .init(row.place)]) }
            try console.table(table)
            if rows.isEmpty { try console.note("nobody else is connected") }
        }
    }

    private func row(
        _ device: DeviceID, _ payload: PresencePayload, _ workspace: Workspace, _ naming: Naming
    ) throws -> (handle: String, state: String, place: String) {
        let handle = workspace.membership.analyst(of: device) ?? device.text
        var place = ""
        if let record = payload.record {
            place = try payload.register.map { try naming.register($0, of: record) } ?? naming.short(record)
        }
        return (handle, "\(payload.state)", place)
    }
}

/// Asks all connected clients to say that they are here, and listens for a moment.
private final class Rollcall {
    private let loop: ReadinessLoop
    private let link: Link
    private var present: [DeviceID: PresencePayload] = [:]
    private var fault: (any Error)?
    private var hasAsked = false

    init(_ workspace: Workspace) throws {
        loop = try ReadinessLoop()
        link = Link(on: loop, workspace)
    }

    func run(_ route: Route) throws -> [DeviceID: PresencePayload] {
        link.onReport = { [unowned self] report in
            switch report {
            case .welcomed: ask()
            case .presence(let device, let payload): present[device] = payload.state == .left ? nil : payload
            default: break
            }
        }
        link.onEnd = { [unowned self] error in
            fault = error
            loop.stop()
        }
        link.open(route, timeout: .seconds(5))
        try loop.run()
        if let fault { throw fault }
        return present
    }

    private func ask() {
        guard !hasAsked else { return }
        hasAsked = true
        link.send(PresencePayload(.here))
        _ = loop.after(.milliseconds(400)) { [unowned self] in
            link.send(PresencePayload(.left))
            link.leave()
        }
    }
}
