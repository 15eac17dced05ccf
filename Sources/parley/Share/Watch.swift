import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTerminal
import ParleyTransport

struct WatchCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Stay connected and print each write as it lands, one JSON object a line.",
        discussion: """
            Examples:
              parley watch
              parley watch kind:judgment by:olga
              parley watch | jq -r 'select(.field=="likelihood") | .id'

            Events: `write`, shown now; `aside`, set aside by a later write that had not
            seen it; `replaced`, a newer write that had seen it stands there already.

            It shows what lands in this replica, from the server or from another command on
            this machine; pushes what other commands write; reconnects by itself; and works
            without a server too.
            """)

    @Argument(help: "Which records: parley help filters.")
    var filter: [String] = []
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let filters = try workspace.store.read { tx in
            try FilterParser(tx, now: console.now) { try console.staleDays(workspace) }.filters(filter)
        }
        let query = filters.isEmpty ? nil : RecordQuery(filters, includesDeleted: true)
        try Watcher(workspace, console, query).run()
    }
}

/// Keeps a session up and prints what lands.
private final class Watcher {
    private let workspace: Workspace
    private let console: Console
    private let query: RecordQuery?
    private let loop: ReadinessLoop
    private var link: Link?
    private var position: Int64
    private var seen: Int64
    private var backoff = Backoff()
    private var fault: (any Error)?
    private var isStopping = false
    private var isMending = false
    private var lastBeat: Int64 = 0
    private var owesAnswer = false
    /// Is the full-text index known to hold all that has landed?
    private var isIndexed = false
    /// When each device was last heard of; forgotten after fifteen seconds.
    private var met: [DeviceID: Int64] = [:]

    init(_ workspace: Workspace, _ console: Console, _ query: RecordQuery?) throws {
        self.workspace = workspace
        self.console = console
        self.query = query
        loop = try ReadinessLoop()
        position = try workspace.position()
        seen = try workspace.store.file.dataVersion()
    }

    func run() throws {
        var ended: Int32?
        try loop.onSignal([SIGINT, SIGTERM, SIGHUP]) { [unowned self] signal in
            ended = signal
            stop()
        }
        try workspace.prepareToStay()
        try console.note("watching \(workspace.name) as \(workspace.handle ?? "nobody")")
        connect()
        look()
        try loop.run()
        if let fault { throw fault }
        // The shell is to see which signal it was.
        if let ended { Self.end(by: ended) }
    }

    private static func end(by number: Int32) {
        signal(number, SIG_DFL)
        kill(getpid(), number)
    }

    // MARK: The session

    private func connect() {
        guard let route = try? workspace.route(), !isStopping else { return }
        let link = Link(on: loop, workspace)
        self.link = link
        link.onReport = { [unowned self] report in
            switch report {
            case .welcomed: connected()
            case .received: print()
            case .presence(let device, let payload): meet(device, payload)
            case .refused(let refusal): refused(refusal.change)
            case .healed, .identityChanged, .forgotten, .restamped, .serverHadLost, .doubt,
                .removalSignedAgain:
                mended(report)
            default: break
            }
        }
        link.onEnd = { [unowned self] error in disconnected(error) }
        link.open(route, timeout: .seconds(5))
    }

    private func connected() {
        backoff = Backoff()
        attempt { try console.note("connected") }
        beat()
    }

    /// Said once a chain; what follows in it is refused as well.
    private func refused(_ change: ChangeID) {
        attempt {
            for standing in try workspace.standingRefusals() where standing.refusal.change == change {
                try console.note(RefusalSpeech.sentence(standing))
            }
        }
    }

    /// A session in which something was mended is over, and the next one begins at once.
    private func mended(_ report: SyncReport) {
        switch report {
        case .healed, .identityChanged, .forgotten: isMending = true
        default: break
        }
        guard let sentence = HealingSpeech.sentence(report) else { return }
        attempt { try console.note(sentence) }
    }

    private func disconnected(_ error: (any Error)?) {
        link = nil
        if isStopping { return loop.stop() }
        if let error, isFinal(error) {
            fault = error
            return loop.stop()
        }
        if isMending, error == nil {
            isMending = false
            return connectSoon(afterMilliseconds: 0)
        }
        let pause = backoff.next()
        attempt {
            let reason = error.map { CommandFailure(describing: $0).message } ?? "The server said goodbye."
            try console.note("\(reason) Trying again in \(pause) ms.")
        }
        connectSoon(afterMilliseconds: pause)
    }

    /// Another key, or no member any more: to come back would change nothing.
    private func isFinal(_ error: any Error) -> Bool {
        if let error = error as? ProtocolError { return error.isRemote && error.code == .revoked }
        return (error as? CommandFailure)?.code == CommandFailure.serverKey
    }

    private func connectSoon(afterMilliseconds pause: Int) {
        _ = loop.after(.milliseconds(pause)) { [unowned self] in connect() }
    }

    private func stop() {
        isStopping = true
        guard let link else { return loop.stop() }
        link.leave()
        // A server that does not answer must not keep anybody here.
        _ = loop.after(.seconds(1)) { [unowned self] in loop.stop() }
    }

    /// Says that this analyst is here; every five seconds, and when somebody comes.
    private func beat() {
        lastBeat = SystemAmbient.now()
        owesAnswer = false
        link?.send(PresencePayload(.here))
    }

    /// Somebody has come and learns at once who is here; several who come together get one answer.
    private func answer() {
        guard !owesAnswer else { return }
        owesAnswer = true
        _ = loop.after(.milliseconds(100)) { [unowned self] in if owesAnswer { beat() } }
    }

    private func meet(_ device: DeviceID, _ payload: PresencePayload) {
        let now = SystemAmbient.now()
        guard payload.state != .left else { return met[device] = nil }
        if now - (met[device] ?? 0) > 15_000 { answer() }
        met[device] = now
    }

    // MARK: What lands

    /// Looks whether another process has written to the workspace.
    private func look() {
        attempt {
            let version = try workspace.store.file.dataVersion()
            if version != seen {
                seen = version
                link?.pump()
                print()
            } else if !isIndexed {
                isIndexed = try workspace.catchUpIndex(forMilliseconds: 20)
            }
            if SystemAmbient.now() >= lastBeat + 5_000, link != nil { beat() }
        }
        _ = loop.after(.milliseconds(50)) { [unowned self] in look() }
    }

    private func print() {
        attempt {
            var reached = position
            repeat {
                isIndexed = false
                position = reached
                reached = try workspace.landed(after: position, matching: query) { try say($0, $1) }
            } while reached > position
            try console.out.flush()
        }
    }

    private func say(_ write: LandedWrite, _ tx: ReadTransaction) throws {
        let speech = ValueSpeech(naming: Naming(tx, workspace.membership))
        let line: JSON = [
            "event": .text(write.fate.rawValue), "id": .text(write.record.fullAddress),
            "kind": .text(write.record.kindName),
            "field": .text(write.record.schema.text(of: write.register)),
            "change": .text(write.change.shortAddress), "by": .text(write.by), "at": .text(write.time.text),
            "value": speech.json(write.value, of: write.register, in: write.record),
        ]
        try console.json(line)
    }

    /// What cannot be read or printed ends the watch with its reason.
    private func attempt(_ work: () throws -> Void) {
        do { try work() } catch {
            fault = fault ?? error
            loop.stop()
        }
    }
}

/// Pauses between attempts: half a second, doubled each time up to half a minute, with some chance in them
/// so that a server that comes back is not met by everybody at once.
struct Backoff {
    private var pause = 500

    mutating func next() -> Int {
        defer { pause = min(pause * 2, 30_000) }
        return pause / 2 + Int.random(in: 0...pause / 2)
    }
}
