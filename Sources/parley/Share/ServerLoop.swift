import Foundation
import Logging
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTransport
import ParleyTrust

/// Joins the relay to sockets and to time: one thread, one readiness loop. All that is ready is read, then
/// the relay stores and answers once, then the answers are written.
final class ServerLoop {
    private let loop: ReadinessLoop
    private let relay: Relay
    private let key: Secret
    private let logger: Logger
    private var connections: [ConnectionID: Connection] = [:]
    private var listener: Listener?
    private var nextNumber = 0
    /// Connections that were told why they end, the one that has lingered longest first.
    private var leaving: [ConnectionID] = []
    private let most: Int
    private var complaint = Complaint()
    private var overfull: Set<ConnectionID> = []
    private var isStopping = false
    private var hasTurnAhead = false

    init(folder: ServerFolder, logger: Logger) throws {
        loop = try ReadinessLoop()
        relay = Relay(folder: folder, logger: logger)
        key = folder.identity.channelSecret
        self.logger = logger
        let descriptors = DescriptorLimit.raised()
        most = min(Limits.connections, descriptors - min(Limits.descriptorsKept, descriptors / 4))
        loop.onTurnEnd = { [unowned self] in endTurn() }
        try loop.onSignal([SIGTERM, SIGINT]) { [unowned self] signal in
            logger.notice("stopping", metadata: ["signal": "\(signal)"])
            stop()
        }
    }

    /// - Returns: the address with its real port.
    func listen(at endpoint: Endpoint) throws -> SocketAddress {
        let listener = try Listener(on: loop, at: endpoint)
        listener.onAccept = { [unowned self] streams, peer in
            adopt(streams, from: peer.description, addressKey: peer.isLoopback ? nil : peer.limitKey)
        }
        listener.onTrouble = { [unowned self] in complain("\($0)") }
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

    private struct Connection {
        var channel: Channel
        var link: SecureLink
        /// It owes us patience: it is not read from until it has taken, or we have stored, what is under way.
        var isPaused = false
    }

    /// Every connection is encrypted from its first byte on.
    private func adopt(_ bare: StreamPair, from address: String, addressKey: [UInt8]?) {
        guard connections.count < most else {
            return complain("\(most) connections are open, and no more are taken")
        }
        let id = ConnectionID(nextNumber)
        nextNumber += 1
        do throws(TransportError) {
            let (streams, link) = try bare.secured(as: .server, own: key.bytes)
            let channel = Channel(on: loop, streams)
            connections[id] = Connection(channel: channel, link: link)
            link.onKnown = { [unowned self] in relay.known(id) }
            link.onOpen = { [unowned self] in relay.identified(id, by: $0) }
            channel.onReceive = { [unowned self] in relay.received($0, from: id, at: Self.now) }
            channel.onDrained = { [unowned self] in
                relay.drained(id)
                settleReading(id, isOverfull: relay.overfull.contains(id))
            }
            channel.onEnd = { [unowned self] in ended(id, $0, from: address) }
            relay.connected(id, from: address, addressKey: addressKey, at: Self.now)
        } catch { logger.error("the server's key cannot be used", metadata: ["error": "\(error)"]) }
    }

    private func ended(_ id: ConnectionID, _ reason: Channel.End, from address: String) {
        if case .failed(let error) = reason {
            logger.info("connection ended", metadata: ["peer": "\(address)", "reason": "\(error)"])
        }
        connections[id] = nil
        leaving.removeAll { $0 == id }
        relay.disconnected(id)
        let isDone = isStopping || listener == nil
        if isDone, connections.isEmpty { loop.stop() }
    }

    // MARK: Turns

    private func endTurn() {
        guard !isStopping else { return }
        let (deliveries, wantsTurn) = relay.endTurn(at: Self.now) { [connections] in
            connections[$0]?.channel.pendingBytes ?? 0
        }
        for delivery in deliveries { deliver(delivery) }
        settleOverfull()
        guard wantsTurn, !hasTurnAhead else { return }
        hasTurnAhead = true
        _ = loop.after(.zero) { [unowned self] in hasTurnAhead = false }
    }

    /// To whom the channel is not open nothing can be told: such a connection is closed.
    private func deliver(_ delivery: Relay.Delivery) {
        guard let connection = connections[delivery.connection] else { return }
        let channel = connection.channel
        guard connection.link.isOpen else { return delivery.ends ? channel.close() : () }
        for chunk in delivery.chunks { channel.send(chunk) }
        if delivery.ends { return leave(delivery.connection, channel) }
        settleReading(delivery.connection, isOverfull: overfull.contains(delivery.connection))
    }

    private func settleOverfull() {
        let now = relay.overfull
        for id in overfull.union(now) { settleReading(id, isOverfull: now.contains(id)) }
        overfull = now
    }

    /// Who does not take what it is owed is not listened to, or it would be owed ever more; nor is whoever has
    /// pushed more than can be stored at once.
    private func settleReading(_ id: ConnectionID, isOverfull: Bool) {
        guard let connection = connections[id] else { return }
        let pending = connection.channel.pendingBytes
        let isOwed = pending >= (connection.isPaused ? Self.lowWater : relay.roomPerPeer)
        guard (isOverfull || isOwed) != connection.isPaused else { return }
        connections[id]?.isPaused.toggle()
        connection.isPaused ? connection.channel.resumeReading() : connection.channel.pauseReading()
    }

    private static let lowWater = Channel.Limits().lowWater + 1

    /// What is queued still goes out; but those who do not close their end are not waited for in any number.
    private func leave(_ id: ConnectionID, _ channel: Channel) {
        guard channel.isOpen else { return }
        channel.finish()
        leaving.append(id)
        if leaving.count > Limits.connectionsLeaving {
            connections[leaving.removeFirst()]?.channel.close()
        }
    }

    /// Says what keeps it from taking connections, and does not fill the log with it.
    private func complain(_ reason: String) {
        guard let count = complaint.isDue(at: Self.now) else { return }
        logger.warning("cannot accept", metadata: ["error": "\(reason)", "times": "\(count)"])
    }

    private func heartbeat() {
        _ = loop.after(.seconds(1)) { [unowned self] in
            relay.tick(at: Self.now) { [connections] in connections[$0]?.channel.pendingBytes ?? 0 }
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
        if connections.isEmpty { loop.stop() }
    }

    private static var now: Int64 { SystemAmbient.now() }
}

/// What happens often is said every ten seconds.
private struct Complaint {
    private var next: Int64 = 0
    private var count = 0

    /// - Returns: how often it has happened since it was last said; nil while it is not to be said.
    mutating func isDue(at now: Int64) -> Int? {
        count += 1
        guard now >= next else { return nil }
        defer { (next, count) = (now + 10_000, 0) }
        return count
    }
}
