package import Logging
internal import ParleyCore
package import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// The sync server without sockets or clock. Bytes of all connections go in; at the end of each turn of the
/// loop what arrived is stored, one transaction a workspace, and only then acknowledged and forwarded.
///
/// Invariants: `stored` is sent after the commit that it speaks of. A peer is sent a changeset at most once
/// a session, in log order. The log is the queue: a slow peer is served when it drains, from its cursor.
///
/// What messages do stands in `Handling.swift`, what peers are told in `Serving.swift`, and what keeps many or
/// unruly ones in bounds in `Crowd.swift`.
package final class Relay {
    let folder: ServerFolder
    let logger: Logger
    private let quota: Quota
    var peers: [ConnectionID: Peer] = [:]
    private var workspaces: [WorkspaceID: HostedWorkspace] = [:]
    private var arrivals: [WorkspaceID: [Arrival]] = [:]
    /// The workspaces that something has arrived for, the one that has waited longest first.
    private var arrived: [WorkspaceID] = []
    private var arrivedBytes = 0
    /// Bytes of messages that have begun and not ended, of all peers.
    var unfinishedBytes = 0
    /// What was stored last of each workspace in this turn: it need not be read from the log again.
    private var fresh: [WorkspaceID: SharedRun] = [:]
    /// Peers to look at when the turn ends: they may be owed something.
    var owed: Set<ConnectionID> = []
    /// Who is told that what they pushed is stored: after those who are told of it.
    private var pushers: Set<ConnectionID> = []

    package init(folder: ServerFolder, logger: Logger, quota: Quota = Limits.quota) {
        self.folder = folder
        self.logger = logger
        self.quota = quota
    }

    private struct Arrival {
        var peer: Peer
        var seat: Seat
        var run: ChangesetRun
        var bytes: Int
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

    /// The handshake has begun as only somebody can begin it who was given this server's key.
    package func known(_ id: ConnectionID) { peers[id]?.knowsServer = true }

    /// The encrypted channel is open, and this is the key that the other end has shown to hold. Whatever
    /// arrives before has no author and is refused.
    package func identified(_ id: ConnectionID, by channelKey: [UInt8]) {
        peers[id]?.channelKey = channelKey
    }

    package func received(_ bytes: ArraySlice<UInt8>, from id: ConnectionID, at now: Int64) {
        guard let peer = peers[id] else { return }
        owed.insert(id)
        handle(peer.session.receive(bytes, at: now), of: peer, at: now)
        recount(peer)
        boundUnfinished(at: now)
        if arrivedBytes >= Limits.arrivals { storeAll(at: now) }
    }

    /// The socket has taken all that was given to it.
    package func drained(_ id: ConnectionID) { owed.insert(id) }

    package func disconnected(_ id: ConnectionID) {
        guard let peer = peers.removeValue(forKey: id) else { return }
        unfinishedBytes -= peer.unfinished
        logger.info("disconnected", metadata: ["peer": "\(peer.address)"])
    }

    /// Time passes: heartbeats, silence, receivers that are stuck.
    /// - Parameter backlog: bytes that a connection has not written yet.
    package func tick(at now: Int64, backlog: (ConnectionID) -> Int = { _ in 0 }) {
        let overfull = overfull
        for peer in peers.values where !peer.hasEnded {
            watch(peer, pending: backlog(peer.id), isOverfull: overfull.contains(peer.id), at: now)
            let events = peer.session.tick(at: now)
            owed.insert(peer.id)
            handle(events, of: peer, at: now)
        }
    }

    /// A clean stop: what has arrived is stored and acknowledged, then everybody is told goodbye.
    package func stop(at now: Int64) -> [Delivery] {
        storeAll(at: now)
        for peer in peers.values where !peer.hasEnded {
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
        var wantsTurn = !arrived.isEmpty
        let room = roomPerPeer
        var shared = fresh
        fresh = [:]
        for id in owed {
            guard let peer = peers[id], peer.isOpen else { continue }
            peer.isBackedUp = backlog(id) >= room
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
        let last = owed.intersection(pushers)
        owed.subtract(pushers)
        defer { (owed, pushers) = ([], []) }
        return (Array(owed) + last).compactMap(delivery)
    }

    private func delivery(to id: ConnectionID) -> Delivery? {
        guard let peer = peers[id] else { return nil }
        let chunks = peer.session.takeOutgoing()
        guard !chunks.isEmpty || peer.hasEnded else { return nil }
        peer.outflow.give(chunks.reduce(0) { $0 + $1.count })
        return Delivery(connection: id, chunks: chunks, ends: peer.hasEnded)
    }

    private func isBehind(_ peer: Peer) -> Bool {
        guard peer.opening == nil else { return true }
        guard let seat = peer.seat, let cursor = peer.cursor else { return false }
        return seat.isBehind(cursor) || !peer.hasCaughtUp
    }

    // MARK: Workspaces

    /// - Returns: nil where it is not hosted here.
    func workspace(_ id: WorkspaceID) throws -> HostedWorkspace? {
        if let workspace = workspaces[id] { return workspace }
        if workspaces.count >= Limits.workspacesOpen { closeEmptyWorkspaces() }
        let workspace = try folder.open(id, quota)
        workspaces[id] = workspace
        return workspace
    }

    private func closeEmptyWorkspaces() {
        let used = Set(peers.values.compactMap { $0.seat?.workspaceID }).union(arrived)
        workspaces = workspaces.filter { used.contains($0.key) }
    }

    // MARK: Storing

    func gather(_ run: ChangesetRun, from peer: Peer, _ seat: Seat) {
        let id = seat.workspaceID
        if arrivals[id] == nil { arrived.append(id) }
        let bytes = run.changesets.reduce(0) { $0 + $1.count } + run.signatures.count * 81
        arrivals[id, default: []].append(Arrival(peer: peer, seat: seat, run: run, bytes: bytes))
        arrivedBytes += bytes
    }

    /// Who has pushed more than one turn stores, and is not to be listened to until that is done.
    package var overfull: Set<ConnectionID> {
        arrived.isEmpty ? [] : Set(arrivals.values.joined().map(\.peer.id))
    }

    private func storeAll(at now: Int64) {
        while !arrived.isEmpty { storeArrivals(at: now) }
    }

    private func storeArrivals(at now: Int64) {
        let turn = arrived.prefix(Limits.workspacesPerTurn)
        arrived.removeFirst(turn.count)
        for id in turn {
            let arrivals = takeArrivals(for: id)
            arrivedBytes -= arrivals.reduce(0) { $0 + $1.bytes }
            guard let workspace = workspaces[id] else { continue }
            do {
                try store(arrivals, in: workspace, at: now)
            } catch {
                refuse(arrivals.map(\.peer), error, at: now)
            }
        }
    }

    /// In the order in which they came, so many of each peer; the rest stays for the next turn.
    private func takeArrivals(for id: WorkspaceID) -> [Arrival] {
        var taken: [ConnectionID: (runs: Int, bytes: Int)] = [:]
        var (due, later): ([Arrival], [Arrival]) = ([], [])
        for arrival in arrivals.removeValue(forKey: id) ?? [] {
            let before = taken[arrival.peer.id] ?? (0, 0)
            if before.runs < Limits.runsPerTurn, before.bytes < Limits.bytesPerTurn {
                due.append(arrival)
            } else {
                later.append(arrival)
            }
            taken[arrival.peer.id] = (before.runs + 1, before.bytes + arrival.bytes)
        }
        if !later.isEmpty {
            arrivals[id] = later
            arrived.append(id)
        }
        return due
    }

    private func refuse(_ peers: [Peer], _ error: any Error, at now: Int64) {
        logger.error("could not store", metadata: ["error": "\(error)"])
        for peer in peers {
            end(
                peer, ProtocolError(.storage, "the server could not store the changes; they stay with you"),
                at: now)
        }
    }

    private func store(_ arrivals: [Arrival], in workspace: HostedWorkspace, at now: Int64) throws {
        let latest = HybridTime(milliseconds: now + Limits.clockAhead)
        let outcome = try workspace.store(arrivals.map { ($0.seat, $0.run) }, latest: latest)
        for (arrival, verdict) in zip(arrivals, outcome.verdicts) {
            switch verdict {
            case .success(let verdict): acknowledge(verdict, to: arrival.peer, at: now)
            case .failure(let error): end(arrival.peer, error, at: now)
            }
        }
        guard outcome.through > outcome.from else { return }
        markOwed(in: workspace.id)
        fresh[workspace.id] = outcome.run.map {
            SharedRun(from: outcome.from, $0, through: outcome.through, isAtEnd: true)
        }
    }

    private func acknowledge(_ verdict: Admission.Verdict, to peer: Peer, at now: Int64) {
        owed.insert(peer.id)
        pushers.insert(peer.id)
        peer.beyond.merge(Frontier(covering: verdict.held))
        if !verdict.held.isEmpty { peer.session.send(.stored(verdict.held), at: now) }
        for fault in verdict.faults { peer.session.send(.refused(Refusal(fault)), at: now) }
        guard let first = verdict.faults.first else { return }
        // Once a session: nobody fills the operator's disk with what is refused.
        logger.log(
            level: peer.hasBeenNoted ? .debug : .warning, "refused",
            metadata: [
                "peer": "\(peer.address)", "reason": "\(first.reason)", "count": "\(verdict.faults.count)",
            ])
        peer.hasBeenNoted = true
    }

    private func markOwed(in workspace: WorkspaceID) {
        for peer in peers.values where peer.isIn(workspace) { owed.insert(peer.id) }
    }
}
