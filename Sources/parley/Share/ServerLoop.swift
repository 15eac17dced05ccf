import Foundation
import Logging
import ParleyCore
import ParleyServer
import ParleyTransport

/// Joins the relay to sockets and to time: one thread, one readiness loop. All that is ready is read, then
/// the relay stores and answers once, then the answers are written.
final class ServerLoop {
    private let loop: ReadinessLoop
    private let relay: Relay
    private let logger: Logger
    private var channels: [ConnectionID: Channel] = [:]
    private var listener: Listener?
    private var nextNumber = 0
    private var isStopping = false
    private var hasTurnAhead = false

    init(folder: ServerFolder, logger: Logger) throws {
        loop = try ReadinessLoop()
        relay = Relay(folder: folder, logger: logger)
        self.logger = logger
        loop.onTurnEnd = { [unowned self] in endTurn() }
        try loop.onSignal([SIGTERM, SIGINT]) { [unowned self] signal in
            logger.notice("stopping", metadata: ["signal": "\(signal)"])
            stop()
        }
    }

    /// - Returns: the address with its real port.
    func listen(at endpoint: Endpoint) throws -> SocketAddress {
        let listener = try Listener(on: loop, at: endpoint, onlyLoopback: true)
        listener.onAccept = { [unowned self] streams, peer in
            adopt(streams, from: peer.description, addressKey: peer.isLoopback ? nil : peer.limitKey)
        }
        listener.onTrouble = { [logger] in logger.warning("accept", metadata: ["error": "\($0)"]) }
        self.listener = listener
        return listener.address
    }

    /// Serves one client on the process's own standard streams, and ends with it.
    func serveStandardStreams() throws {
        adopt(try StreamPair.standard(), from: "stdio", addressKey: nil)
    }

    func run() throws {
        heartbeat()
        try loop.run()
    }

    // MARK: Connections

    private func adopt(_ streams: StreamPair, from address: String, addressKey: [UInt8]?) {
        let id = ConnectionID(nextNumber)
        nextNumber += 1
        let channel = Channel(on: loop, streams)
        channels[id] = channel
        channel.onReceive = { [unowned self] in relay.received($0, from: id, at: Self.now) }
        channel.onDrained = { [unowned self] in relay.drained(id) }
        channel.onEnd = { [unowned self] _ in ended(id) }
        relay.connected(id, from: address, addressKey: addressKey, at: Self.now)
    }

    private func ended(_ id: ConnectionID) {
        channels[id] = nil
        relay.disconnected(id)
        let isDone = isStopping || listener == nil
        if isDone, channels.isEmpty { loop.stop() }
    }

    // MARK: Turns

    private func endTurn() {
        guard !isStopping else { return }
        let (deliveries, wantsTurn) = relay.endTurn(at: Self.now) { [channels] in
            channels[$0]?.pendingBytes ?? 0
        }
        for delivery in deliveries { deliver(delivery) }
        guard wantsTurn, !hasTurnAhead else { return }
        hasTurnAhead = true
        _ = loop.after(.zero) { [unowned self] in hasTurnAhead = false }
    }

    private func deliver(_ delivery: Relay.Delivery) {
        guard let channel = channels[delivery.connection] else { return }
        for chunk in delivery.chunks { channel.send(chunk) }
        if delivery.ends { channel.finish() }
    }

    private func heartbeat() {
        _ = loop.after(.seconds(1)) { [unowned self] in
            relay.tick(at: Self.now)
            heartbeat()
        }
    }

    /// A clean stop: no new connections; what has arrived is stored and acknowledged; everybody is told
    /// goodbye. A second signal ends at once.
    private func stop() {
        guard !isStopping else { return loop.stop() }
        isStopping = true
        listener?.close()
        for delivery in relay.stop(at: Self.now) { deliver(delivery) }
        if channels.isEmpty { loop.stop() }
    }

    private static var now: Int64 { SystemAmbient.now() }
}
