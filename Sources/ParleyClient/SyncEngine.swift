package import ParleyCore
package import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// The client's side of a session: joins the session machine to the workspace's store. It does no I/O of its
/// own: bytes and time go in, bytes and reports come out, over TCP, a pipe, a file or memory alike.
///
/// Invariants: what is received is applied in one transaction before anything is reported. Before the first
/// byte of an own changeset goes out, the mark `left` is committed. The log is the queue: what has not been
/// sent is read again from the cursor when the stream has drained.
package final class SyncEngine {
    private let workspace: Workspace
    private var session: Session
    private let began: Int64
    private let beginning: Workspace.Beginning
    private let direction: Direction

    /// Where in the log the server has been served up to; nil until its frontier is known.
    private var cursor: Int64?
    /// What the server holds or has been sent, beyond the cursor.
    private var beyond = Frontier()
    /// The last number sent of each chain, until it is stored or refused.
    private var awaited = Frontier()
    private var saidCaughtUp = false
    private var heardCaughtUp = false
    private var reports: [SyncReport] = []
    private var tally = SyncTally()

    package enum Direction: Sendable {
        case both
        case pull
        case push
    }

    /// Begins a session: the hello is the first thing to send.
    package init(_ workspace: Workspace, direction: Direction = .both) throws {
        self.workspace = workspace
        self.direction = direction
        began = workspace.ambient.now()
        beginning = try workspace.beginning(at: began)
        session = Session(greeting: beginning.hello, at: began)
    }

    // MARK: In

    package func received(_ bytes: ArraySlice<UInt8>) throws {
        let now = workspace.ambient.now()
        for event in session.receive(bytes, at: now) { try handle(event, at: now) }
        try feed(at: now)
    }

    /// The stream has taken everything, or another process has written to the workspace.
    package func pump() throws { try feed(at: workspace.ambient.now()) }

    /// Time passes; once a second is enough.
    package func tick() throws {
        let now = workspace.ambient.now()
        for event in session.tick(at: now) { try handle(event, at: now) }
    }

    package func send(_ presence: PresencePayload) {
        guard session.state == .open else { return }
        let message = Presence(device: workspace.device, payload: presence.encoded)
        session.send(.presence(message), at: workspace.ambient.now())
    }

    // MARK: Out

    package func takeOutgoing() -> [[UInt8]] { session.takeOutgoing() }

    package func takeReports() -> [SyncReport] {
        defer { reports = [] }
        return reports
    }

    package var counts: SyncTally { tally }
    package var isOver: Bool { session.state == .ended }
    package var isOpen: Bool { session.state == .open }

    /// Both sides have what the other had, and what was sent is stored durably.
    package var isInStep: Bool {
        let pulled = direction == .push || heardCaughtUp
        let pushed = direction == .pull || (saidCaughtUp && awaited == Frontier())
        return isOpen && pulled && pushed
    }

    /// Ends in good order and writes down what is known of the server.
    package func leave() throws {
        let now = workspace.ambient.now()
        if isInStep { try workspace.store.write { try $0.log.setMeta(Meta.lastSync, now) } }
        session.leave(at: now)
    }

    // MARK: What the server says

    private func handle(_ event: SessionEvent, at now: Int64) throws {
        switch event {
        case .welcomed(let welcome): try welcomed(welcome, at: now)
        case .statements(let statements): try take(statements, at: now)
        case .frontier(let entries): try compare(entries)
        case .changesets(let run): try apply(run, at: now)
        case .stored(let changes): try stored(changes)
        case .refused(let refusal): refused(refusal)
        case .caughtUp: heardCaughtUp = true
        case .presence(let presence):
            guard let payload = PresencePayload(decoding: presence.payload) else { return }
            reports.append(.presence(presence.device, payload))
        case .goodbye(let seconds): reports.append(.goodbye(retryAfterSeconds: seconds))
        case .ended(let error): reports.append(.ended(error))
        case .hello: fail(ProtocolError(.malformed, "a hello from a server"), at: now)
        }
    }

    private func welcomed(_ welcome: Welcome, at now: Int64) throws {
        let offset = welcome.time - (began + now) / 2
        try workspace.noteWelcome(clockOffset: offset)
        reports.append(.welcomed(clockOffset: offset))
        if welcome.digests.statements != beginning.hello.digests.statements {
            for part in workspace.membership.statements.bytes.parts(ofBytes: Limits.statements) {
                session.send(.statements(part), at: now)
            }
        }
        if welcome.digests.frontier == beginning.hello.digests.frontier {
            // The server holds what this replica held when it said hello, and what has come since is news.
            cursor = beginning.position
            if Flaw.isPlanted(.newsDuringGreetingForgotten) { cursor = try workspace.position() }
            try workspace.noteAcknowledged(beginning.number)
        } else {
            session.send(.frontier(try workspace.store.read { try $0.log.frontierEntries() }), at: now)
        }
    }

    private func compare(_ entries: [FrontierEntry]) throws {
        guard cursor == nil else { return }
        beyond = Frontier(covering: entries.map(\.change))
        try workspace.store.read { tx in
            for entry in entries {
                guard let own = try tx.log.mark(of: entry.change), own.hash != entry.hash else { continue }
                reports.append(.forked(entry.change))
            }
            cursor = try tx.log.start(for: beyond)
        }
        try workspace.noteAcknowledged(beyond[workspace.device])
    }

    private func take(_ statements: [[UInt8]], at now: Int64) throws {
        do {
            let count = try workspace.store.write { try workspace.membership.add(statements, to: $0.log) }
            if count > 0 { reports.append(.membershipChanged(new: count)) }
        } catch let fault as TrustError {
            fail(ProtocolError(.malformed, "a membership statement: \(fault)"), at: now)
        }
    }

    private func apply(_ run: ChangesetRun, at now: Int64) throws {
        guard direction != .push else { return }
        do {
            let verdict = try workspace.receive(run)
            if let fault = verdict.faults.first {
                let code: ProtocolError.Code = fault.reason == .fork ? .fork : .malformed
                fail(ProtocolError(code, "changeset \(fault.change.number): \(fault.reason)"), at: now)
            }
            beyond.merge(Frontier(covering: verdict.held))
            tally.received += verdict.entries.count
            if !verdict.entries.isEmpty { reports.append(.received(verdict.entries.count)) }
        } catch let fault as MalformedBytes {
            fail(ProtocolError(fault, in: "changesets"), at: now)
        }
    }

    private func stored(_ changes: [ChangeID]) throws {
        for change in changes where awaited[change.device] <= change.number { awaited[change.device] = 0 }
        if let own = changes.first(where: { $0.device == workspace.device }) {
            try workspace.noteAcknowledged(own.number)
            reports.append(.stored(through: own.number))
        }
    }

    private func refused(_ refusal: Refusal) {
        awaited[refusal.change.device] = 0
        tally.refused += 1
        reports.append(.refused(refusal))
    }

    private func fail(_ error: ProtocolError, at now: Int64) {
        session.fail(error, at: now)
        reports.append(.ended(error))
    }

    // MARK: What the server lacks

    /// Sends the next slice of the log, if there is room for it and anything in it.
    private func feed(at now: Int64) throws {
        guard direction != .pull, isOpen, let cursor else { return }
        let handed = try workspace.handOver(after: cursor, beyond: beyond)
        self.cursor = handed.position
        if !handed.run.changesets.isEmpty {
            session.send(.changesets(handed.run), at: now)
            let last = Frontier(covering: handed.run.signatures.map(\.change))
            beyond.merge(last)
            awaited.merge(last)
            tally.sent += handed.run.changesets.count
        }
        if handed.isAtEnd, !saidCaughtUp {
            saidCaughtUp = true
            session.send(.caughtUp, at: now)
        }
    }
}

/// What a sync session tells its owner.
package enum SyncReport: Equatable, Sendable {
    case welcomed(clockOffset: Int64)
    /// So many changesets were applied.
    case received(Int)
    /// The own chain is durable at the server up to this number.
    case stored(through: UInt64)
    case refused(Refusal)
    case membershipChanged(new: Int)
    /// The server holds another changeset under this device and number.
    case forked(ChangeID)
    case presence(DeviceID, PresencePayload)
    case goodbye(retryAfterSeconds: UInt64)
    case ended(ProtocolError)
}

/// Changesets moved in a session.
package struct SyncTally: Equatable, Sendable {
    package var sent = 0
    package var received = 0
    package var refused = 0

    package init() {}
}
