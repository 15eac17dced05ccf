internal import ParleyClient
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyServer
internal import ParleyTrust

/// One session of one or several desks with the server, at the same time, until nothing moves any more or
/// the power goes somewhere. Bytes travel in memory.
///
/// A desk whose power goes drops out; when the server's goes, all do. What a server wrote during the turn in
/// which its power went may have been on its way already.
struct Exchange {
    struct Outcome {
        /// All desks have everything and know it.
        var isInStep: Bool
        /// Why sessions ended before their time.
        var endings: [ProtocolError]
    }

    private final class Line {
        let desk: Desk
        let id: ConnectionID
        let engine: SyncEngine
        var isOpen = true
        var upstream: [UInt8] = []
        var downstream: [UInt8] = []
        /// So many more bytes pass in both directions together.
        var budget: Int

        init(_ desk: Desk, _ id: ConnectionID, _ engine: SyncEngine, _ budget: Int) {
            (self.desk, self.id, self.engine, self.budget) = (desk, id, engine, budget)
        }

        func pass(_ queue: inout [UInt8]) -> [UInt8] {
            let bytes = Array(queue.prefix(budget))
            budget -= bytes.count
            if bytes.count < queue.count { isOpen = false }
            queue = []
            return bytes
        }
    }

    private let office: Office
    private let relay: Relay
    private let lastWordsArrive: Bool
    private var lines: [Line] = []
    private var endings: [ProtocolError] = []

    /// - Parameters:
    ///   - budget: bytes after which a line breaks.
    ///   - lastWordsArrive: whether what the server said in its last turn reaches the desks.
    init(_ office: Office, _ desks: [Desk], budget: Int = .max, lastWordsArrive: Bool = true) throws {
        guard let relay = office.server.relay else { throw Violation("the server does not run") }
        self.office = office
        self.relay = relay
        self.lastWordsArrive = lastWordsArrive
        for desk in desks {
            try Self.guarded(desk) {
                guard let workspace = desk.workspace else { return }
                office.nextConnection += 1
                let id = ConnectionID(office.nextConnection)
                relay.connected(id, from: desk.name, addressKey: nil, at: office.clock.now())
                lines.append(Line(desk, id, try SyncEngine(workspace), budget))
                relay.identified(id, by: workspace.identity.keys.channel)
            }
        }
    }

    /// An error is expected of a machine without power alone.
    private static func guarded(_ desk: Desk, _ body: () throws -> Void) throws {
        do { try body() } catch  where desk.power.isOff {}
    }

    mutating func run() throws -> Outcome {
        defer { for line in lines { relay.disconnected(line.id) } }
        while try turn() {}
        let isInStep = lines.allSatisfy { $0.isOpen && $0.engine.isInStep }
        for line in lines where line.isOpen { try attempt(line) { try line.engine.leave() } }
        _ = try turn()
        return Outcome(isInStep: isInStep, endings: endings)
    }

    private func attempt(_ line: Line, _ body: () throws -> Void) throws {
        try Self.guarded(line.desk, body)
        if line.desk.power.isOff { line.isOpen = false }
    }

    /// - Returns: whether anything moved.
    private mutating func turn() throws -> Bool {
        var moved = false
        for line in lines where line.isOpen {
            try attempt(line) { line.upstream += line.engine.takeOutgoing().joined() }
            let up = line.pass(&line.upstream)
            guard !up.isEmpty else { continue }
            moved = true
            relay.received(up[...], from: line.id, at: office.clock.now())
        }
        moved = try serve() || moved
        for line in lines where line.isOpen { moved = try deliver(to: line) || moved }
        return moved
    }

    private mutating func serve() throws -> Bool {
        let (deliveries, wantsTurn) = relay.endTurn(at: office.clock.now()) { _ in 0 }
        let isDead = office.server.power.isOff
        for delivery in deliveries where !isDead || lastWordsArrive {
            guard let line = lines.first(where: { $0.id == delivery.connection }) else { continue }
            for chunk in delivery.chunks { line.downstream += chunk }
        }
        guard isDead else { return wantsTurn }
        for line in lines where line.isOpen {
            _ = try deliver(to: line)
            line.isOpen = false
        }
        return false
    }

    private mutating func deliver(to line: Line) throws -> Bool {
        let down = line.pass(&line.downstream)
        guard !down.isEmpty else { return false }
        try attempt(line) { try line.engine.received(down[...]) }
        for report in line.engine.takeReports() { try heed(report, line) }
        return true
    }

    private mutating func heed(_ report: SyncReport, _ line: Line) throws {
        switch report {
        case .stored(let number):
            line.desk.noteStored(through: number)
            office.tell("\(line.desk.name): stored through \(number)")
        case .refused(let refusal):
            throw Violation("\(line.desk.name) was refused: \(refusal)")
        case .forked(let change):
            throw Violation("\(line.desk.name) was told of a fork at \(change.number)")
        case .ended(let error):
            line.isOpen = false
            if !office.server.power.isOff, !line.desk.power.isOff { endings.append(error) }
        case .healed, .identityChanged, .forgotten, .serverHadLost, .doubt, .removalSignedAgain:
            throw Violation("\(line.desk.name) had to mend what no power cut may break: \(report)")
        case .welcomed, .received, .membershipChanged, .restamped, .presence, .goodbye: break
        }
    }
}
