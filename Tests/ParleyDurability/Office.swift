internal import Foundation
internal import ParleyClient
internal import ParleyServer
internal import ParleyTrust

/// A server and two analysts, each on a machine of its own: real stores, real sessions, no sockets; time,
/// randomness and the power belong to the seed.
final class Office {
    let clock: Clock
    let server: ServerMachine
    private(set) var desks: [Desk] = []
    var nextConnection = 0
    /// What happened, for whoever replays a seed.
    private(set) var story: [String] = []

    init(root: String, seed: UInt64) throws {
        clock = Clock(seed: seed)
        server = try ServerMachine(power: Power(newAt: root + "/server"), clock: clock)
        try found(root)
        try join(root)
    }

    func tell(_ line: @autoclosure () -> String) { story.append(line()) }

    private func found(_ root: String) throws {
        let power = try Power(newAt: root + "/olga")
        let name = try WorkspaceName("ports")
        let olga = try Workspace.found(
            folder: power.folder, name: name, handle: Handle("olga"), ambient: clock.ambient)
        let token = clock.random(16)
        guard let folder = server.folder else { throw Violation("no server") }
        try folder.addToken(token, name: name, handle: Handle("olga"), expires: clock.now() + 1_000_000)
        let invite = try HostingInvite(
            server: folder.identity.keys.channel, token: Secret(token), name: name, handle: Handle("olga"))
        try olga.setHost(invite, server: "127.0.0.1:1")
        desks.append(Desk("olga", power, clock, olga))
        try syncWhole(desks)
    }

    private func join(_ root: String) throws {
        guard let olga = desks[0].workspace else { throw Violation("no founder") }
        let power = try Power(newAt: root + "/ben")
        let invited = try olga.invite(handle: Handle("ben"), role: .analyst, until: clock.now() + 1_000_000)
        let ben = try Workspace.join(
            folder: power.folder, invite: invited.invite, server: invited.server, ambient: clock.ambient)
        desks.append(Desk("ben", power, clock, ben))
        try syncWhole(desks)
    }

    /// All processes end and start again; the machines go on.
    func reopen() throws {
        server.stop()
        try server.start()
        for desk in desks {
            desk.stop()
            try desk.start()
        }
    }

    /// Everybody syncs, whole and without a fault: afterwards all hold everything.
    func syncWhole(_ desks: [Desk]) throws {
        for desk in desks + desks.dropLast() {
            var exchange = try Exchange(self, [desk])
            let outcome = try exchange.run()
            try require(outcome.isInStep, "\(desk.name) did not get into step with the server")
        }
    }
}
