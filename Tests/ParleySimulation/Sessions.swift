internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyServer
internal import ParleyTrust

/// Connections, and the bytes on them.
extension Run {
    /// Opens a session and leaves it open.
    @discardableResult
    func connect(_ replica: Replica, _ direction: SyncEngine.Direction? = nil) throws -> Link {
        if let link = replica.link { return link }
        let direction = direction ?? dice.pick(weighted: [(.both, 8), (.pull, 1), (.push, 1)])
        let id = nextConnection()
        server.relay.connected(id, from: replica.name, addressKey: nil, at: server.machine.now())
        let engine = try SyncEngine(replica.workspace, direction: direction)
        server.relay.identified(id, by: replica.workspace.identity.keys.channel)
        let link = Link(id: id, engine: engine, direction: direction)
        replica.link = link
        tally[.sessions] += 1
        journal.note("\(replica.name) connects \(direction)")
        return link
    }

    /// A dozen pieces of bytes at most, on whichever links.
    func moveBytes() throws {
        for _ in 0...dice.below(12) {
            let open = replicas.filter { $0.link != nil }
            guard !open.isEmpty else { return }
            let replica = dice.pick(open)
            switch dice.below(8) {
            case 0...2: try moveUp(replica, piece(replica.link?.up.count ?? 0))
            case 3...5: try moveDown(replica, piece(replica.link?.down.count ?? 0))
            case 6: try turn()
            default: try pump(replica)
            }
        }
    }

    private func piece(_ count: Int) -> Int {
        count == 0 || dice.chance(60) ? count : 1 + dice.below(count)
    }

    func moveUp(_ replica: Replica, _ count: Int) throws {
        guard let link = replica.link else { return }
        link.collect()
        let bytes = link.takeUp(count == 0 ? link.up.count : count)
        if !bytes.isEmpty { server.relay.received(bytes, from: link.id, at: server.machine.now()) }
        if link.engine.isOver, link.up.isEmpty { close(replica) }
    }

    func moveDown(_ replica: Replica, _ count: Int) throws {
        guard let link = replica.link else { return }
        let bytes = link.takeDown(count)
        if !bytes.isEmpty { try link.engine.received(bytes) }
        link.collect()
        try hear(replica, link)
        if link.serverEnds, link.down.isEmpty { close(replica) }
    }

    func pump(_ replica: Replica) throws {
        guard let link = replica.link else { return }
        try link.engine.tick()
        try link.engine.pump()
        link.collect()
        try hear(replica, link)
    }

    /// The server's loop comes round.
    /// - Returns: whether it has more to do.
    @discardableResult
    func turn() throws -> Bool {
        server.relay.tick(at: server.machine.now())
        let ends = server.relay.endTurn(at: server.machine.now()) { _ in 0 }
        for delivery in ends.deliveries.sorted(by: { $0.connection.number < $1.connection.number }) {
            guard let link = links.first(where: { $0.id == delivery.connection }) else { continue }
            for chunk in delivery.chunks { link.push(chunk) }
            if delivery.ends { link.serverEnds = true }
        }
        return ends.wantsTurn
    }

    func close(_ replica: Replica) {
        guard let link = replica.link else { return }
        server.relay.disconnected(link.id)
        replica.link = nil
    }

    func cutSomewhere() {
        let open = replicas.filter { $0.link != nil }
        guard !open.isEmpty else { return }
        let replica = dice.pick(open)
        tally[.cuts] += 1
        journal.note("\(replica.name) is cut off")
        close(replica)
    }

    /// What a person's `sync` does: one session, and another one after each that mended something.
    /// - Returns: whether both ends came to have the same.
    @discardableResult
    func sync(_ replica: Replica, _ direction: SyncEngine.Direction? = nil) throws -> Bool {
        for _ in 0..<8 {
            let link = try connect(replica, direction)
            if try finish(replica, link) { return true }
            guard link.hasMended else { return false }
        }
        throw Failure("healing ends", "\(replica.name) has mended eight times in one sync")
    }

    /// One session to its end, beside whatever other sessions are open.
    private func finish(_ replica: Replica, _ link: Link) throws -> Bool {
        try pump(replica)
        for _ in 0..<1000 where replica.link === link {
            try moveUp(replica, link.up.count)
            let wantsTurn = try turn()
            guard replica.link === link else { break }
            if link.down.isEmpty, link.up.isEmpty, !wantsTurn { break }
            try moveDown(replica, link.down.count)
        }
        guard replica.link === link, link.engine.isInStep else {
            journal.note("\(replica.name) could not sync")
            close(replica)
            return false
        }
        try checkInStep(replica, link)
        journal.note(
            "\(replica.name) synced: \(link.engine.counts.sent) out, \(link.engine.counts.received) in")
        try link.engine.leave()
        try moveUp(replica, link.up.count)
        try turn()
        close(replica)
        return true
    }

    /// In step means in step: what the session claims must be so.
    private func checkInStep(_ replica: Replica, _ link: Link) throws {
        guard link.direction == .both, link.engine.counts.refused == 0 else { return }
        try catchUp(replica)
        try readServer()
        guard replica.reading.deeds == server.reading.deeds else {
            let missing = server.reading.deeds.subtracting(replica.reading.deeds).members
            let extra = replica.reading.deeds.subtracting(server.reading.deeds).members
            throw Failure(
                "in step", "\(replica.name) lacks \(missing.map(name)) and the server \(extra.map(name))")
        }
    }

    func readServer() throws {
        for replica in replicas { ledger.keep(replica.workspace.membership.ring) }
        _ = try ledger.read(server.log(), &server.reading)
    }

    func name(_ deed: Int) -> String {
        "\(ledger.deeds[deed].note) of \(handles[ledger.deeds[deed].device] ?? "?") \(ledger.deeds[deed].device.text.prefix(4))"
    }
}
