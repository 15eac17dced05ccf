package import Logging
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// The sync server without sockets or clock. Bytes of all connections go in; at the end of each turn of the
/// loop what arrived is stored, one transaction a workspace, and only then acknowledged and forwarded.
///
/// Invariants: `stored` is sent after the commit that it speaks of. A peer is sent a changeset at most once
/// a session, in log order. The log is the queue: a slow peer is served when it drains, from its cursor.
package final class Relay {
    private let folder: ServerFolder
    private let logger: Logger
    private var peers: [ConnectionID: Peer] = [:]
    private var workspaces: [WorkspaceID: HostedWorkspace] = [:]
    private var arrivals: [WorkspaceID: [(peer: Peer, run: ChangesetRun)]] = [:]
    /// Peers to look at when the turn ends: they may be owed something.
    private var owed: Set<ConnectionID> = []

    package init(folder: ServerFolder, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// Bytes to write, and whether to close after them.
    package struct Delivery {
        package var connection: ConnectionID
        package var chunks: [[UInt8]]
        package var ends: Bool
    }

    // MARK: What the sockets report

    /// - Parameter addressKey: what counts as one address for the limits; nil for loopback.
    package func connected(_ id: ConnectionID, from address: String, addressKey: [UInt8]?, at now: Int64) {
        makeRoom(for: addressKey, at: now)
        peers[id] = Peer(id: id, address: address, addressKey: addressKey, now: now)
    }

    /// The encrypted channel is open, and this is the key that the other end has shown to hold. Whatever
    /// arrives before has no author and is refused.
    package func identified(_ id: ConnectionID, by channelKey: [UInt8]) {
        peers[id]?.channelKey = channelKey
    }

    /// At the limit the stranger who has kept the server waiting longest goes, not the one who has just
    /// come: else a few dozen who say nothing would keep everybody out.
    private func makeRoom(for addressKey: [UInt8]?, at now: Int64) {
        let strangers = peers.values.filter(\.isStranger)
        let near = addressKey.map { key in strangers.filter { $0.addressKey == key } } ?? []
        let isCrowdedNear = near.count >= Limits.connectionsPerAddress
        guard isCrowdedNear || strangers.count >= Limits.connectionsBeforeWelcome else { return }
        let oldest = (isCrowdedNear ? near : strangers).min { $0.id.number < $1.id.number }
        if let oldest {
            end(oldest, ProtocolError(.busy, "too many connections; come back in a moment"), at: now)
        }
    }

    package func received(_ bytes: ArraySlice<UInt8>, from id: ConnectionID, at now: Int64) {
        guard let peer = peers[id] else { return }
        owed.insert(id)
        handle(peer.session.receive(bytes, at: now), of: peer, at: now)
    }

    /// The socket has taken all that was given to it.
    package func drained(_ id: ConnectionID) { owed.insert(id) }

    package func disconnected(_ id: ConnectionID) {
        guard let peer = peers.removeValue(forKey: id) else { return }
        logger.info("disconnected", metadata: ["peer": "\(peer.address)"])
    }

    /// Time passes: heartbeats, silence.
    package func tick(at now: Int64) {
        for peer in peers.values {
            let events = peer.session.tick(at: now)
            owed.insert(peer.id)
            handle(events, of: peer, at: now)
        }
    }

    /// A clean stop: what has arrived is stored and acknowledged, then everybody is told goodbye.
    package func stop(at now: Int64) -> [Delivery] {
        while !arrivals.isEmpty { storeArrivals(at: now) }
        for peer in peers.values where peer.session.state != .ended {
            peer.session.leave(retryAfterSeconds: 1, at: now)
        }
        owed.formUnion(peers.keys)
        return deliveries()
    }

    // MARK: The end of a turn

    /// Stores, acknowledges, forwards.
    /// - Parameter backlog: bytes that a connection has not written yet.
    /// - Returns: what to write, and whether another turn should follow at once.
    package func endTurn(
        at now: Int64, backlog: (ConnectionID) -> Int
    ) -> (deliveries: [Delivery], wantsTurn: Bool) {
        storeArrivals(at: now)
        var wantsTurn = !arrivals.isEmpty
        var shared: [WorkspaceID: SharedRun] = [:]
        for id in owed {
            guard let peer = peers[id], peer.isOpen else { continue }
            peer.isBackedUp = backlog(id) >= Limits.backlog
            guard !peer.isBackedUp else { continue }
            if serve(peer, sharing: &shared, at: now) { wantsTurn = true }
        }
        let deliveries = deliveries()
        if wantsTurn {
            owed = Set(peers.values.filter { $0.isOpen && isBehind($0) }.map(\.id))
        }
        return (deliveries, wantsTurn)
    }

    private func deliveries() -> [Delivery] {
        var deliveries: [Delivery] = []
        for id in owed {
            guard let peer = peers[id] else { continue }
            let chunks = peer.session.takeOutgoing()
            let ends = peer.session.state == .ended
            if !chunks.isEmpty || ends {
                deliveries.append(Delivery(connection: id, chunks: chunks, ends: ends))
            }
        }
        owed = []
        return deliveries
    }

    private func isBehind(_ peer: Peer) -> Bool {
        guard let workspace = peer.workspace, let cursor = peer.cursor else { return false }
        return cursor < workspace.position || !peer.hasCaughtUp
    }

    // MARK: Storing

    private func storeArrivals(at now: Int64) {
        for id in arrivals.keys.prefix(Limits.workspacesPerTurn) {
            guard let runs = arrivals.removeValue(forKey: id), let workspace = workspaces[id] else {
                continue
            }
            do {
                try store(runs, in: workspace, at: now)
            } catch {
                refuse(runs.map(\.peer), error, at: now)
            }
        }
    }

    private func refuse(_ peers: [Peer], _ error: any Error, at now: Int64) {
        logger.error("could not store", metadata: ["error": "\(error)"])
        for peer in peers {
            end(
                peer, ProtocolError(.storage, "the server could not store the changes; they stay with you"),
                at: now)
        }
    }

    private func store(
        _ runs: [(peer: Peer, run: ChangesetRun)], in workspace: HostedWorkspace, at now: Int64
    ) throws {
        let batch = runs.compactMap { run in run.peer.device.map { ($0, run.run) } }
        let latest = HybridTime(milliseconds: now + Limits.clockAhead)
        let outcome = try workspace.store(batch, latest: latest)
        for (run, verdict) in zip(runs, outcome.verdicts) {
            acknowledge(verdict, to: run.peer, at: now)
        }
        if outcome.through > outcome.from { markOwed(in: workspace) }
    }

    private func acknowledge(_ verdict: Admission.Verdict, to peer: Peer, at now: Int64) {
        owed.insert(peer.id)
        peer.beyond.merge(Frontier(covering: verdict.held))
        if !verdict.held.isEmpty { peer.session.send(.stored(verdict.held), at: now) }
        for fault in verdict.faults {
            logger.warning("refused", metadata: ["peer": "\(peer.address)", "reason": "\(fault.reason)"])
            peer.session.send(.refused(Refusal(fault)), at: now)
        }
    }

    private func markOwed(in workspace: HostedWorkspace) {
        for peer in peers.values where peer.workspace === workspace { owed.insert(peer.id) }
    }

    // MARK: Serving

    /// Sends the next slice of the log, if any is owed.
    /// - Returns: whether more is to follow.
    private func serve(_ peer: Peer, sharing shared: inout [WorkspaceID: SharedRun], at now: Int64) -> Bool {
        guard let workspace = peer.workspace, let cursor = peer.cursor else { return false }
        do {
            var isAtEnd = cursor == workspace.position
            if !isAtEnd {
                let run = try nextRun(for: peer, from: cursor, in: workspace, sharing: &shared)
                if let frame = run.frame { peer.session.send(encoded: frame, at: now) }
                peer.cursor = run.through
                peer.beyond.merge(run.last)
                isAtEnd = run.isAtEnd
            }
            if isAtEnd { caughtUp(peer, at: now) }
            return !isAtEnd
        } catch {
            logger.error("could not read a log", metadata: ["error": "\(error)"])
            end(peer, ProtocolError(.storage, "the server could not read its log"), at: now)
            return false
        }
    }

    /// Everything up to the cursor is with the peer: what it holds need not be remembered any longer.
    private func caughtUp(_ peer: Peer, at now: Int64) {
        peer.beyond = Frontier()
        guard !peer.hasCaughtUp else { return }
        peer.hasCaughtUp = true
        peer.session.send(.caughtUp, at: now)
    }

    private func nextRun(
        for peer: Peer, from cursor: Int64, in workspace: HostedWorkspace,
        sharing shared: inout [WorkspaceID: SharedRun]
    ) throws -> SharedRun {
        if let run = shared[workspace.id], run.from == cursor, run.isNews(to: peer.beyond) { return run }
        let read = try workspace.run(after: cursor, beyond: peer.beyond)
        let run = SharedRun(from: cursor, read.run, through: read.position, isAtEnd: read.isAtEnd)
        if peer.beyond == Frontier() { shared[workspace.id] = run }
        return run
    }

    // MARK: Messages

    private func handle(_ events: [SessionEvent], of peer: Peer, at now: Int64) {
        for event in events {
            do { try handle(event, of: peer, at: now) } catch {
                logger.error("failed", metadata: ["peer": "\(peer.address)", "error": "\(error)"])
                end(peer, ProtocolError(.storage, "the server could not use its store"), at: now)
            }
        }
    }

    private func handle(_ event: SessionEvent, of peer: Peer, at now: Int64) throws {
        switch event {
        case .hello(let hello): try admit(hello, peer, at: now)
        case .statements(let statements): try take(statements, from: peer, at: now)
        case .frontier(let entries): try start(peer, holding: entries, at: now)
        case .changesets(let run):
            guard let workspace = peer.workspace else { return }
            guard peer.greeting == nil else { return end(peer, Doorkeeper.forbidden, at: now) }
            arrivals[workspace.id, default: []].append((peer, run))
        case .presence(let presence): forward(presence, from: peer, at: now)
        case .goodbye, .caughtUp: break
        case .ended(let error):
            logger.info(
                "session ended",
                metadata: ["peer": "\(peer.address)", "reason": "\(error.code): \(error.text)"])
        case .welcomed, .stored, .refused:
            end(peer, ProtocolError(.malformed, "a message that only servers send"), at: now)
        }
    }

    private func end(_ peer: Peer, _ error: ProtocolError, at now: Int64) {
        logger.info(
            "ending session", metadata: ["peer": "\(peer.address)", "reason": "\(error.code): \(error.text)"])
        peer.session.fail(error, at: now)
        owed.insert(peer.id)
    }

    private func admit(_ hello: Hello, _ peer: Peer, at now: Int64) throws {
        let doorkeeper = Doorkeeper(folder: folder, key: peer.channelKey)
        switch try doorkeeper.judge(hello, known: workspaces[hello.workspace], at: now) {
        case .refused(let error): end(peer, error, at: now)
        case .admitted(let workspace, let news, let isMember):
            workspaces[workspace.id] = workspace
            peer.workspace = workspace
            peer.device = hello.device
            logger.info("welcome", metadata: ["peer": "\(peer.address)", "device": "\(hello.device.text)"])
            greet(peer, hello, workspace, isMember: isMember, at: now)
            tell(news, workspace, except: peer, at: now)
            handle(peer.session.resume(at: now), of: peer, at: now)
        }
    }

    private func greet(
        _ peer: Peer, _ hello: Hello, _ workspace: HostedWorkspace, isMember: Bool, at now: Int64
    ) {
        let digests = workspace.digests
        peer.session.welcome(Welcome(time: now, digests: digests), at: now)
        let greeting = Peer.Greeting(
            sendsStatements: hello.digests.statements != digests.statements,
            equalUpTo: hello.digests.frontier == digests.frontier ? workspace.position : nil)
        if isMember { finish(greeting, peer, workspace, at: now) } else { peer.greeting = greeting }
    }

    private func finish(
        _ greeting: Peer.Greeting, _ peer: Peer, _ workspace: HostedWorkspace, at now: Int64
    ) {
        peer.greeting = nil
        if greeting.sendsStatements {
            for part in workspace.statements.bytes.parts(ofBytes: Limits.statements) {
                peer.session.send(.statements(part), at: now)
            }
        }
        if let position = greeting.equalUpTo {
            peer.cursor = position
            if position == workspace.position { caughtUp(peer, at: now) }
        } else {
            peer.session.send(.frontier(workspace.frontierEntries), at: now)
        }
    }

    private func start(_ peer: Peer, holding entries: [FrontierEntry], at now: Int64) throws {
        guard let workspace = peer.workspace, peer.cursor == nil else { return }
        guard peer.greeting == nil else { return end(peer, Doorkeeper.forbidden, at: now) }
        for fork in try workspace.forks(with: entries) {
            let text = "another copy of this workspace has written under the same identity"
            peer.session.send(.refused(Refusal(change: fork, reason: .fork, text: text)), at: now)
        }
        peer.beyond = Frontier(covering: entries.map(\.change))
        peer.cursor = try workspace.start(for: peer.beyond)
    }

    private func take(_ statements: [[UInt8]], from peer: Peer, at now: Int64) throws {
        guard let workspace = peer.workspace else { return }
        let news = try workspace.add(statements, at: nil)
        tell(news, workspace, except: peer, at: now)
        guard let greeting = peer.greeting, let device = peer.device,
            workspace.roster.role(of: device) != nil
        else { return }
        guard workspace.roster.keys(of: device)?.channel == peer.channelKey else {
            return end(peer, Doorkeeper.forbidden, at: now)
        }
        finish(greeting, peer, workspace, at: now)
    }

    /// Presence is the only thing that may be dropped: for whoever sends too much of it, or reads too slowly.
    private func forward(_ presence: Presence, from peer: Peer, at now: Int64) {
        guard let workspace = peer.workspace, peer.isListening, presence.device == peer.device,
            peer.presences.allows(at: now)
        else { return }
        broadcast(.presence(presence), in: workspace, except: peer, at: now) { !$0.isBackedUp }
    }

    private func tell(_ news: [[UInt8]], _ workspace: HostedWorkspace, except peer: Peer, at now: Int64) {
        guard !news.isEmpty else { return }
        broadcast(.statements(news), in: workspace, except: peer, at: now) { _ in true }
    }

    private func broadcast(
        _ message: Message, in workspace: HostedWorkspace, except sender: Peer, at now: Int64,
        to isMeant: (Peer) -> Bool
    ) {
        let frame = message.frame.encoded
        for peer in peers.values where peer.workspace === workspace && peer !== sender && peer.isListening {
            guard isMeant(peer) else { continue }
            peer.session.send(encoded: frame, at: now)
            owed.insert(peer.id)
        }
    }
}
