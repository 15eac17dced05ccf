import Foundation
import ParleyClient
import ParleyProtocol
import ParleyTransport

/// By what way a client reaches its server.
enum Route: Sendable {
    case tcp(Endpoint)
    /// A shell command whose standard streams carry the session, as `ssh host parley serve --stdio ..`.
    case command(String)
}

/// Joins a sync engine to a stream for one connection: dials, moves bytes both ways, and reports.
final class Link {
    private let loop: ReadinessLoop
    private let workspace: Workspace
    private let direction: SyncEngine.Direction
    private var dialer: Dialer?
    private var child: ChildProcess?
    private var channel: Channel?
    private var engine: SyncEngine?
    private var heartbeat: LoopTimer?
    private var fault: (any Error)?

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
        switch route {
        case .tcp(let endpoint):
            dialer = Dialer(on: loop, to: endpoint, timeout: timeout) { [weak self] answer in
                self?.dialed(answer)
            }
        case .command(let command):
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
                engine = try SyncEngine(workspace, direction: direction)
                join(streams)
            } catch { end(error) }
        }
    }

    private func join(_ streams: StreamPair) {
        var limits = Channel.Limits()
        // What matters has been acknowledged by then: a server that does not hang up holds nobody.
        limits.linger = .seconds(1)
        let channel = Channel(on: loop, streams, limits: limits)
        self.channel = channel
        channel.onReceive = { [weak self] bytes in
            self?.moved()
            self?.attempt { try $0.received(bytes) }
        }
        channel.onDrained = { [weak self] in
            let sent = self?.counts.sent
            self?.attempt { try $0.pump() }
            if self?.counts.sent != sent { self?.moved() }
        }
        channel.onEnd = { [weak self] in self?.ended($0) }
        beat()
        flush()
    }

    private func moved() { lastMoved = loop.now }

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
            onReport(report)
        }
        if engine.isOver { channel?.finish() } else { onTurn() }
    }

    private func flush() {
        for chunk in engine?.takeOutgoing() ?? [] { channel?.send(chunk) }
    }

    private func ended(_ reason: Channel.End) {
        heartbeat?.cancel()
        if case .failed(let error) = reason, engine?.isOver != true { fault = fault ?? error }
        if engine?.isOver != true, fault == nil {
            fault = TransportError(.closed, call: "read", detail: "the server closed the connection")
        }
        end(fault)
    }

    private func end(_ error: (any Error)?) {
        channel = nil
        onEnd(error)
        onEnd = { _ in }
    }
}
