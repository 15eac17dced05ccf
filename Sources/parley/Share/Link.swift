import Foundation
import ParleyClient
import ParleyProtocol
import ParleyTransport
import ParleyTrust

/// By what way a client reaches its server.
enum Route: Sendable {
    case tcp(Endpoint)
    /// A shell command whose standard streams carry the session, as `ssh host parley serve --stdio ..`.
    case command(String)
}

/// Joins a sync engine to an encrypted stream for one connection: dials, moves bytes both ways, and reports.
final class Link {
    private let loop: ReadinessLoop
    private let workspace: Workspace
    private let direction: SyncEngine.Direction
    private var dialer: Dialer?
    private var child: ChildProcess?
    private var channel: Channel?
    private var secure: SecureLink?
    private var place = ""
    private var engine: SyncEngine?
    private var heartbeat: LoopTimer?
    private var willPump = false
    private var lastRead: ContinuousClock.Instant?
    private var fault: (any Error)?
    private var route: Route?
    private var timeout = Duration.seconds(5)
    /// The server does not hold the pinned key any more: it is asked for the one that it had announced.
    private var triesAnnounced = false

    /// What the engine tells.
    var onReport: (SyncReport) -> Void = { _ in }
    /// Called after whatever moved; may call `leave`.
    var onTurn: () -> Void = {}
    /// Called once: nil where this side has left in good order.
    var onEnd: ((any Error)?) -> Void = { _ in }

    init(on loop: ReadinessLoop, _ workspace: Workspace, direction: SyncEngine.Direction = .both) {
        self.loop = loop
        self.workspace = workspace
        self.direction = direction
    }

    var counts: SyncTally { engine?.counts ?? SyncTally() }
    var isInStep: Bool { engine?.isInStep ?? false }
    /// When bytes last came, or changes went out; nil before the first. Heartbeats of our own do not count.
    private(set) var lastMoved: ContinuousClock.Instant?

    func open(_ route: Route, timeout: Duration) {
        self.route = route
        self.timeout = timeout
        switch route {
        case .tcp(let endpoint):
            place = endpoint.description
            dialer = Dialer(on: loop, to: endpoint, timeout: timeout) { [weak self] answer in
                self?.dialed(answer)
            }
        case .command(let command):
            place = command
            do throws(TransportError) {
                let child = try ChildProcess(on: loop, command: command)
                self.child = child
                dialed(.success(child.streams))
            } catch { end(error) }
        }
    }

    /// Another process has written to the workspace, or there is something to say.
    func pump() {
        attempt { try $0.pump() }
    }

    func send(_ presence: PresencePayload) {
        attempt { $0.send(presence) }
    }

    /// Says goodbye and ends.
    func leave() {
        guard let engine, let channel, !engine.isOver else { return end(nil) }
        attempt { try $0.leave() }
        channel.finish()
    }

    /// Ends without a word, as a lost connection would.
    func cut() { channel?.close() ?? end(nil) }

    // MARK: Moving bytes

    private func dialed(_ answer: Dialer.Answer) {
        dialer = nil
        switch answer {
        case .failure(let error): end(error)
        case .success(let streams):
            do {
                guard let key = try expectedKey() else { throw ClientError.noServer }
                engine = try SyncEngine(workspace, direction: direction)
                // The hello names the device of this identity, which another process may just have changed.
                let own = workspace.identity.channelSecret
                let secured = try streams.secured(as: .client(server: key), own: own.bytes)
                secure = secured.link
                join(secured.streams)
            } catch { end(error) }
        }
    }

    private func expectedKey() throws -> [UInt8]? {
        try triesAnnounced ? workspace.announcedServerKey() : workspace.serverKey()
    }

    private func join(_ streams: StreamPair) {
        var limits = Channel.Limits()
        // What matters has been acknowledged by then: a server that does not hang up holds nobody.
        limits.linger = .seconds(1)
        // There is nobody else on this loop who could starve.
        limits.perTurn = 4 << 20
        let channel = Channel(on: loop, streams, limits: limits)
        self.channel = channel
        channel.onReceive = { [weak self] bytes in
            self?.moved()
            self?.attempt { try $0.received(bytes, more: true) }
            self?.lastRead = self?.loop.now
            self?.pumpInThisTurn()
        }
        channel.onDrained = { [weak self] in
            let sent = self?.counts.sent
            self?.attempt { try $0.pump(more: $0.awaitsMore) }
            if self?.counts.sent != sent { self?.moved() }
        }
        channel.onEnd = { [weak self] in self?.ended($0) }
        beat()
        flush()
    }

    private func moved() { lastMoved = loop.now }

    /// Once everything is read: timers come after that in a turn.
    private func pumpInThisTurn() {
        if willPump { return }
        willPump = true
        loop.after(.zero) { [weak self] in self?.pumpOrWait() }
    }

    /// While the server goes on to send what it holds, as much as one transaction takes is gathered: reading is faster
    /// than sending, and without that each would have what happened to be there.
    private func pumpOrWait() {
        willPump = false
        // It may have ended meanwhile: nothing is to be sent any more.
        if channel == nil { return }
        let isFlowing = lastRead.map { loop.now - $0 < Self.patience } ?? false
        let waits = isFlowing && engine?.awaitsMore ?? false
        willPump = waits
        attempt { try $0.pump(more: waits) }
        if waits { loop.after(Self.patience) { [weak self] in self?.pumpOrWait() } }
    }

    private static let patience: Duration = .milliseconds(10)

    private func beat() {
        heartbeat = loop.after(.seconds(1)) { [weak self] in
            self?.attempt { try $0.tick() }
            self?.beat()
        }
    }

    private func attempt(_ work: (SyncEngine) throws -> Void) {
        guard let engine else { return }
        do { try work(engine) } catch {
            fault = fault ?? error
            flush()
            channel?.close()
            return
        }
        flush()
        for report in engine.takeReports() {
            if case .ended(let error) = report { fault = fault ?? error }
            if case .welcomed = report, triesAnnounced { attemptToPin() }
            onReport(report)
        }
        if engine.isOver { channel?.finish() } else { onTurn() }
    }

    /// What had been announced over the former key's channel has been proved now.
    private func attemptToPin() {
        do { try workspace.takeAnnouncedServerKey() } catch { fault = fault ?? error }
    }

    private func flush() {
        for chunk in engine?.takeOutgoing() ?? [] { channel?.send(chunk) }
    }

    private func ended(_ reason: Channel.End) {
        heartbeat?.cancel()
        do { try engine?.lost() } catch { fault = fault ?? error }
        if case .failed(let error) = reason, error.code == .wrongKey, !triesAnnounced, let route,
            (try? workspace.announcedServerKey()) != nil
        {
            triesAnnounced = true
            (channel, engine, secure) = (nil, nil, nil)
            return open(route, timeout: timeout)
        }
        if case .failed(let error) = reason, engine?.isOver != true { fault = fault ?? known(error) }
        if engine?.isOver != true, fault == nil {
            let call = secure?.isOpen == true ? "read" : "handshake"
            fault = TransportError(.closed, call: call, detail: "the server closed the connection")
        }
        end(fault)
    }

    /// Whose key is another than the pinned one cannot be said: only the holder of the pinned one can answer.
    private func known(_ error: TransportError) -> any Error {
        guard error.code == .wrongKey, let key = try? workspace.serverKey() else { return error }
        return CommandFailure(serverAt: place, isNot: KeyFingerprint(key))
    }

    private func end(_ error: (any Error)?) {
        channel = nil
        onEnd(error)
        onEnd = { _ in }
    }
}
