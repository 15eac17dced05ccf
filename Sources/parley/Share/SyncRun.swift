import Foundation
import ParleyClient
import ParleyProtocol
import ParleyStore
import ParleyTerminal
import ParleyTransport

/// One sync session from dialing to goodbye, for `sync`, `join`, `publish` and `set --sync`.
final class SyncRun {
    struct Outcome {
        var counts = SyncTally()
        var refusals: [Refusal] = []
        var forks = 0
        /// What was mended on the way, in sentences.
        var mended: [String] = []
        /// What does not fit together in what the server said.
        var doubts: [Doubt] = []
        var rewritten = 0
        var serverHadLost = 0
        /// The session has ended so that another one begins.
        var wantsAnother = false

        /// This session after those before it, which mended something.
        func after(_ earlier: Outcome) -> Outcome {
            var sum = self
            sum.counts = SyncTally(adding: earlier.counts, counts)
            sum.mended = earlier.mended + mended
            sum.doubts = earlier.doubts + doubts
            sum.rewritten += earlier.rewritten
            sum.serverHadLost += earlier.serverHadLost
            return sum
        }
    }

    private let loop: ReadinessLoop
    private let link: Link
    private let patience: Duration
    private var outcome = Outcome()
    private var fault: (any Error)?
    private let began: ContinuousClock.Instant

    init(_ workspace: Workspace, direction: SyncEngine.Direction = .both, patience: Duration) throws {
        loop = try ReadinessLoop()
        link = Link(on: loop, workspace, direction: direction)
        self.patience = patience
        began = loop.now
    }

    /// - Throws: why the server could not be reached or has ended the session.
    func run(_ route: Route, connectTimeout: Duration) throws -> Outcome {
        link.onReport = { [unowned self] in take($0) }
        link.onTurn = { [unowned self] in
            if link.isInStep { link.leave() }
        }
        link.onEnd = { [unowned self] error in
            fault = fault ?? error
            loop.stop()
        }
        link.open(route, timeout: connectTimeout)
        watchdog()
        try loop.run()
        outcome.counts = link.counts
        if let fault, !isAboutFork(fault) { throw fault }
        return outcome
    }

    /// A fork that came to light in a changeset is mended in the session that follows.
    private func isAboutFork(_ fault: any Error) -> Bool {
        guard let error = fault as? ProtocolError, error.code == .fork, !error.isRemote else { return false }
        outcome.wantsAnother = true
        return true
    }

    private func take(_ report: SyncReport) {
        switch report {
        case .refused(let refusal): outcome.refusals.append(refusal)
        case .forked: outcome.forks += 1
        case .healed, .identityChanged, .forgotten, .restamped, .serverHadLost, .removalSignedAgain:
            mended(report)
        case .doubt(let doubt):
            outcome.doubts.append(doubt)
            mended(report)
        case .goodbye:
            fault = fault ?? TransportError(.closed, call: "sync", detail: "the server is stopping")
        default: break
        }
    }

    private func mended(_ report: SyncReport) {
        if let sentence = HealingSpeech.sentence(report) { outcome.mended.append(sentence) }
        switch report {
        case .healed(let healing):
            outcome.rewritten += healing.rewritten
            outcome.wantsAnother = true
        case .identityChanged, .forgotten: outcome.wantsAnother = true
        case .serverHadLost(let count): outcome.serverHadLost += count
        default: break
        }
    }

    /// Ends a session in which nothing has moved for as long as somebody is willing to wait.
    private func watchdog() {
        _ = loop.after(.milliseconds(250)) { [unowned self] in
            if loop.now - (link.lastMoved ?? began) > patience {
                let seconds = patience.components.seconds
                fault = TransportError(.timedOut, call: "sync", detail: "nothing has come for \(seconds) s")
                link.cut()
            } else {
                watchdog()
            }
        }
    }
}

extension Workspace {
    /// The server this workspace knows.
    func route() throws -> Route {
        guard let server = try serverAddress() else { throw ClientError.noServer }
        return .tcp(try Endpoint(server))
    }
}

extension Console {
    /// Syncs now, as the settings say; refusals and forks become the sentence that a person needs.
    func sync(
        _ workspace: Workspace, direction: SyncEngine.Direction = .both, via command: String? = nil,
        timeout seconds: Int? = nil
    ) throws -> SyncRun.Outcome {
        guard environment["PARLEY_OFFLINE"].map({ $0.isEmpty || $0 == "0" }) ?? true else {
            throw CommandFailure(
                .unreachable, "offline", "PARLEY_OFFLINE is set; nothing was sent.",
                hint: "local work is intact")
        }
        written = nil
        let settings = try configuration(workspace: workspace.folder)
        let patience = seconds ?? settings.number("sync.timeout") ?? 30
        let connect = min(seconds ?? .max, settings.number("sync.connect_timeout") ?? 5)
        let route = try command.map(Route.command) ?? workspace.route()
        var outcome = SyncRun.Outcome()
        // What is mended ends a session. Each mends one thing, and there are never many.
        for _ in 0..<8 {
            let run = try SyncRun(workspace, direction: direction, patience: .seconds(patience))
            let next = try run.run(route, connectTimeout: .seconds(connect))
            for sentence in next.mended { try note(sentence) }
            outcome = next.after(outcome)
            if !outcome.wantsAnother { break }
        }
        if outcome.forks > 0 || outcome.wantsAnother { throw Self.forked }
        return outcome
    }

    /// What came and cannot be read yet.
    func noteSealed(_ workspace: Workspace) throws {
        let count = try workspace.store.read { try $0.sealedCount() }
        guard count > 0 else { return }
        try note(
            "\(counted(count, "change")) came sealed under a key that is not here yet; an admin's next sync hands it on."
        )
    }

    /// With `sync.auto` a command that has written syncs afterwards. Offline is a state: it says so and ends
    /// well.
    func syncIfSet() throws {
        guard let workspace = written,
            try Configuration(paths: paths, workspace: workspace.folder).truth("sync.auto"),
            try workspace.unsentCount() > 0, try workspace.serverAddress() != nil
        else { return }
        try finish()
        do { _ = try sync(workspace) } catch {
            try note("not synced: " + CommandFailure(describing: error).message)
        }
    }

    private static var forked: CommandFailure {
        CommandFailure(
            .failed, "fork",
            "The server holds other changes under the name of one of this workspace's devices, and they could not be brought together.",
            hint: "your work is intact here: parley export    look: parley doctor --verify")
    }
}
