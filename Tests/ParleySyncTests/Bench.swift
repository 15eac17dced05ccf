import Foundation
import Logging
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyStore
import ParleyTrust
import Synchronization
import Testing

/// A server and clients joined by a fake link: real stores, real sessions, no sockets; time and randomness
/// belong to the test.
final class Bench {
    let root: String
    let clock: TestClock
    private(set) var relay: Relay
    private var folder: ServerFolder
    private var links: [ConnectionID: FakeLink] = [:]
    private var nextConnection = 0
    /// Who stands in the relay's place from now on, for new connections; nil for the relay itself.
    var liar: Liar?

    init(seed: UInt64 = 1) throws {
        root = NSTemporaryDirectory() + "parley-bench-" + UUID().uuidString
        clock = TestClock(seed: seed)
        folder = try ServerFolder(path: root + "/server", seed: clock.random(32))
        relay = Relay(folder: folder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The server process dies and another one opens the same folder. Connections are lost.
    func restartServer(_ meanwhile: () throws -> Void = {}) throws {
        for link in links.values { link.cut() }
        links = [:]
        try meanwhile()
        folder = try ServerFolder(path: root + "/server", seed: clock.random(32))
        relay = Relay(folder: folder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    // MARK: People

    /// Founds a workspace that the server hosts.
    func founder(_ handle: String) throws -> Workspace {
        let workspace = try Workspace.found(
            folder: root + "/" + handle, name: WorkspaceName("ports"), handle: Handle(handle),
            ambient: clock.ambient)
        let token = clock.random(16)
        try folder.addToken(
            token, name: WorkspaceName("ports"), handle: Handle(handle), expires: clock.now() + 1_000_000)
        let invite = try HostingInvite(
            server: folder.identity.keys.channel, token: Secret(token), name: WorkspaceName("ports"),
            handle: Handle(handle))
        try workspace.setHost(invite, server: "127.0.0.1:1")
        try sync(workspace)
        return workspace
    }

    func member(
        _ handle: String, at place: String? = nil, invitedBy admin: Workspace, role: Role = .analyst
    ) throws -> Workspace {
        let invited = try admin.invite(handle: Handle(handle), role: role, until: clock.now() + 1_000_000)
        let workspace = try Workspace.join(
            folder: root + "/" + (place ?? handle), invite: invited.invite, server: invited.server,
            ambient: clock.ambient)
        try sync(workspace)
        try sync(admin)
        return workspace
    }

    /// The server's folder is kept somewhere, or put back from there; the process that had it open is gone.
    func backUpServer(to name: String) throws {
        try restartServer {
            try FileManager.default.copyItem(atPath: root + "/server", toPath: root + "/" + name)
        }
    }

    func restoreServer(from name: String) throws {
        try restartServer {
            try FileManager.default.removeItem(atPath: root + "/server")
            try FileManager.default.copyItem(atPath: root + "/" + name, toPath: root + "/server")
        }
    }

    /// The server's folder is gone.
    func loseServer() throws {
        try restartServer { try FileManager.default.removeItem(atPath: root + "/server") }
    }

    /// Hosts a workspace that exists on its clients alone.
    func publish(_ workspace: Workspace) throws {
        let token = clock.random(16)
        try folder.addToken(
            token, name: WorkspaceName("ports"), handle: Handle("olga"), expires: clock.now() + 1_000_000)
        let invite = try HostingInvite(
            server: folder.identity.keys.channel, token: Secret(token), name: WorkspaceName("ports"),
            handle: Handle("olga"))
        try workspace.setHost(invite, server: "127.0.0.1:1")
    }

    /// The same folder on another machine, whose clock may differ.
    func copy(_ workspace: Workspace, to name: String, ambient: Ambient? = nil) throws -> Workspace {
        try store(workspace, as: name)
        return try Workspace(folder: root + "/" + name, ambient: ambient ?? clock.ambient)
    }

    /// Keeps a copy of a folder as it is now: a backup.
    func store(_ workspace: Workspace, as name: String) throws {
        try workspace.store.file.checkpoint()
        try? FileManager.default.removeItem(atPath: root + "/" + name)
        try FileManager.default.copyItem(atPath: workspace.folder, toPath: root + "/" + name)
    }

    // MARK: Connections

    func connect(_ workspace: Workspace, _ direction: SyncEngine.Direction = .both) throws -> FakeLink {
        nextConnection += 1
        let id = ConnectionID(nextConnection)
        relay.connected(id, from: "test \(nextConnection)", addressKey: nil, at: clock.now())
        let link = FakeLink(id: id, engine: try SyncEngine(workspace, direction: direction))
        link.liar = liar.map { Interception(by: $0) }
        relay.identified(id, by: workspace.identity.keys.channel)
        links[id] = link
        return link
    }

    /// Moves bytes both ways until nothing moves any more.
    func settle() throws {
        var moved = true
        while moved {
            moved = false
            for link in links.values where !link.isCut { moved = try move(link) || moved }
            moved = try turn() || moved
        }
    }

    private func move(_ link: FakeLink) throws -> Bool {
        link.collect()
        let up = link.takeUpstream()
        if !up.isEmpty { relay.received(up[...], from: link.id, at: clock.now()) }
        let down = link.takeDownstream()
        if !down.isEmpty { try link.engine.received(down[...], more: link.gathers) }
        link.collect()
        return !up.isEmpty || !down.isEmpty
    }

    func turn() throws -> Bool {
        let (deliveries, wantsTurn) = relay.endTurn(at: clock.now()) { _ in 0 }
        for delivery in deliveries {
            guard let link = links[delivery.connection] else { continue }
            for chunk in delivery.chunks { link.push(downstream: chunk) }
        }
        for (id, link) in links where link.isCut {
            relay.disconnected(id)
            links[id] = nil
        }
        return wantsTurn || deliveries.contains { !$0.chunks.isEmpty }
    }

    /// One whole sync session, and another where the first one mended something.
    @discardableResult
    func sync(_ workspace: Workspace, _ direction: SyncEngine.Direction = .both) throws -> SyncTally {
        try syncReporting(workspace, direction).tally
    }

    func syncReporting(
        _ workspace: Workspace, _ direction: SyncEngine.Direction = .both
    ) throws -> (tally: SyncTally, reports: [SyncReport]) {
        var tally = SyncTally()
        var reports: [SyncReport] = []
        for _ in 0..<8 {
            let link = try connect(workspace, direction)
            try settle()
            let new = link.engine.takeReports()
            reports += new
            let isMended = new.contains {
                if case .healed = $0 { true } else { $0 == .identityChanged || $0 == .forgotten }
            }
            #expect(link.engine.isInStep != isMended, "\(new)")
            try link.engine.leave()
            try settle()
            link.cut()
            _ = try turn()
            tally = SyncTally(adding: tally, link.engine.counts)
            if !isMended { return (tally, reports) }
        }
        Issue.record("mending without an end: \(reports)")
        return (tally, reports)
    }
}

/// Bytes on their way between one engine and the relay; cut at any byte.
final class FakeLink {
    let id: ConnectionID
    let engine: SyncEngine
    private(set) var isCut = false
    private(set) var sentUp = 0
    private(set) var sentDown = 0
    /// After so many bytes in both directions together the link is cut.
    var budget = Int.max
    /// What comes down is said to be followed by more: the test pumps.
    var gathers = false
    /// What becomes of a frame on its way down.
    var passing: ([UInt8]) -> [UInt8] = { $0 }
    /// Somebody between both ends.
    var liar: Interception?
    private var upstream: [UInt8] = []
    private var downstream: [UInt8] = []

    init(id: ConnectionID, engine: SyncEngine) {
        self.id = id
        self.engine = engine
    }

    func cut() { isCut = true }

    func collect() {
        for chunk in engine.takeOutgoing() {
            guard let liar else { upstream += chunk; continue }
            let heard = liar.hear(chunk)
            upstream += heard.onward
            downstream += heard.answer
        }
    }

    func push(downstream frame: [UInt8]) {
        let frame = passing(frame)
        downstream += liar?.say(frame) ?? frame
    }

    func takeUpstream() -> [UInt8] {
        let bytes = spend(&upstream)
        sentUp += bytes.count
        return bytes
    }

    func takeDownstream() -> [UInt8] {
        let bytes = spend(&downstream)
        sentDown += bytes.count
        return bytes
    }

    private func spend(_ queue: inout [UInt8]) -> [UInt8] {
        guard !isCut else { return [] }
        let bytes = Array(queue.prefix(budget))
        budget -= bytes.count
        if bytes.count < queue.count { isCut = true }
        queue = []
        return bytes
    }
}

/// Time that moves a millisecond at each look, and randomness from a seed.
final class TestClock: Sendable {
    private let state: Mutex<(time: Int64, random: UInt64)>

    init(seed: UInt64) { state = Mutex((1_795_000_000_000, seed &* 0x9E37_79B9_7F4A_7C15 | 1)) }

    func now() -> Int64 {
        state.withLock {
            $0.time += 1
            return $0.time
        }
    }

    func advance(_ milliseconds: Int64) { state.withLock { $0.time += milliseconds } }

    func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) } }

    /// xorshift64*.
    func next() -> UInt64 {
        state.withLock {
            $0.random ^= $0.random >> 12
            $0.random ^= $0.random << 25
            $0.random ^= $0.random >> 27
            return $0.random &* 0x2545_F491_4F6C_DD1D
        }
    }

    var ambient: Ambient { ambient(off: { 0 }) }

    /// The clock of a machine that is off by so many milliseconds.
    func ambient(off: @escaping @Sendable () -> Int64) -> Ambient {
        Ambient(now: { self.now() + off() }, random: { self.random($0) })
    }
}
