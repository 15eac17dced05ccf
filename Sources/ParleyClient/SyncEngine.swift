internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// The client's side of a session: joins the session machine to the workspace's store. It does no I/O of its
/// own: bytes and time go in, bytes and reports come out, over TCP, a pipe, a file or memory alike.
///
/// Invariants: what is received is applied in one transaction before anything is reported, and before anything
/// that came after it is looked at. Before the first byte of an own changeset goes out, the mark `left` is
/// committed. The log is the queue: what has not been sent is read again from the cursor when the stream has
/// drained.
package final class SyncEngine {
    let workspace: Workspace
    var session: Session
    private let began: Int64
    /// What the server's clock showed at its welcome.
    var serverTime: Int64 = 0
    let beginning: Workspace.Beginning
    private let direction: Direction

    /// Where in the log the server has been served up to; nil until its frontier is known.
    private var cursor: Int64?
    /// What the server holds or has been sent, beyond the cursor.
    var beyond = Frontier()
    /// The last number sent of each chain, until it is stored or refused.
    private var awaited = Frontier()
    /// The first number sent of each chain in this session.
    var sentFrom = Frontier()
    /// Where a chain parts from the server's is being found out; nothing else moves meanwhile.
    var search: ForkSearch?
    /// The server has yet to judge our frontier: what rests on a chain of which it holds another branch must not
    /// reach it, since it looks at numbers.
    var awaitsVerdict = false
    /// A new key is due, and made once the server's statements are here: nothing leaves before, so that it
    /// leaves under the new one.
    private var awaitsKey: Bool
    /// Forks that both ends see; the server names them too.
    var forks: [ChangeID] = []
    /// Something that the server did not take is written down.
    private var remembersRefusals: Bool
    /// A removal was declined, since the server holds more of the removed device than its author had.
    private var cutsAreBehind = false
    private var gathered: Gathered
    private let checkpointer: Checkpointer
    /// So much comes that the file's cache is larger meanwhile.
    private var isBulk = false
    /// What the server says, held against what it does.
    var scrutiny: Scrutiny
    /// By it one sees that another process has written.
    private var fileVersion: Int64
    private var saidCaughtUp = false
    private var heardCaughtUp = false
    var reports: [SyncReport] = []
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
        checkpointer = Checkpointer(workspace.store)
        began = workspace.ambient.now()
        beginning = try workspace.beginning(at: began)
        gathered = Gathered(isClone: beginning.position == 0)
        remembersRefusals = beginning.remembersRefusals
        awaitsKey = workspace.keepsEpoch
        fileVersion = try workspace.store.file.dataVersion()
        scrutiny = Scrutiny(told: Set(workspace.membership.statements.hashes), began: began)
        session = Session(greeting: beginning.hello, at: began)
    }

    // MARK: In

    /// - Parameter more: there may be more to read at once, so changesets are gathered until `pump` is called,
    ///   which must follow.
    package func received(_ bytes: ArraySlice<UInt8>, more: Bool = false) throws {
        let now = workspace.ambient.now()
        for event in session.receive(bytes, at: now) { try handle(event, at: now) }
        if more { return }
        try applyGathered(at: now)
        try feed(at: now)
    }

    /// All that has come was handed over, the stream has taken everything, or another process has written to
    /// the workspace.
    /// - Parameter more: what is gathered may wait for what the server still has to say; `pump` is called again.
    package func pump(more: Bool = false) throws {
        let now = workspace.ambient.now()
        try followOthers()
        if !more { try applyGathered(at: now) }
        try feed(at: now)
    }

    /// Something is gathered, and the server has not said yet that it has sent all it had.
    package var awaitsMore: Bool { isOpen && !heardCaughtUp && !gathered.runs.isEmpty }

    /// Takes in what other processes have added to the membership.
    private func followOthers() throws {
        let version = try workspace.store.file.dataVersion()
        guard version != fileVersion else { return }
        fileVersion = version
        try workspace.store.read { try workspace.membership.refresh(from: $0.log) }
    }

    /// Time passes; once a second is enough.
    package func tick() throws {
        let now = workspace.ambient.now()
        for event in session.tick(at: now) { try handle(event, at: now) }
        try applyGathered(at: now)
    }

    package func send(_ presence: PresencePayload) {
        guard session.state == .open, let message = workspace.seal(presence) else { return }
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

    /// The connection is gone; what it brought whole is kept.
    package func lost() throws { try applyGathered(at: workspace.ambient.now()) }

    /// Ends in good order and writes down what is known of the server.
    package func leave() throws {
        let now = workspace.ambient.now()
        try applyGathered(at: now)
        if isInStep { try workspace.noteInStep(at: now, holdsAll: direction == .both, scrutiny) }
        session.leave(at: now)
    }

    // MARK: What the server says

    private func handle(_ event: SessionEvent, at now: Int64) throws {
        if case .changesets(let run) = event { return try gather(run, at: now) }
        try applyGathered(at: now)
        switch event {
        case .welcomed(let welcome): try welcomed(welcome, at: now)
        case .statements(let statements): try take(statements, at: now)
        case .frontier(let entries): try compare(entries, at: now)
        case .changesets: break
        case .stored(let changes): try stored(changes, at: now)
        case .refused(let refusal): try refused(refusal, at: now)
        case .declined(let declination):
            scrutiny.declined()
            guard declination.reason == .cut else { return }
            cutsAreBehind = true
            try raiseCuts(at: now)
        case .succession(let key): try workspace.noteSuccession(key)
        case .caughtUp:
            try closeAccount()
            try judged(at: now)
            try raiseCuts(at: now)
            try keepEpoch(at: now)
        case .presence(let presence):
            guard let payload = workspace.open(presence) else { return }
            reports.append(.presence(presence.device, payload))
        case .goodbye(let seconds): reports.append(.goodbye(retryAfterSeconds: seconds))
        case .ended(let error):
            if error.isRemote, error.code == .revoked { try workspace.noteRemoved() }
            reports.append(try isForgotten(error) ? .forgotten : .ended(error))
        case .hello: fail(ProtocolError(.malformed, "a hello from a server"), at: now)
        }
    }

    private func welcomed(_ welcome: Welcome, at now: Int64) throws {
        let (offset, doubt) = scrutiny.weigh(welcome.time, known: try workspace.clockOffset(), now: now)
        serverTime = welcome.time
        try workspace.noteWelcome(clockOffset: offset)
        reports.append(.welcomed(clockOffset: offset))
        report(doubt)
        if welcome.digests.statements != beginning.hello.digests.statements {
            scrutiny.expectStatements()
            tell(workspace.membership.statements.hashes, at: now)
        }
        if welcome.digests.frontier == beginning.hello.digests.frontier {
            // The server holds what this replica held when it said hello, and what has come since is news.
            cursor = beginning.position
            if Flaw.isPlanted(.newsDuringGreetingForgotten) { cursor = try workspace.position() }
            try workspace.noteAcknowledged(beginning.number)
            try taken { _ in .max }
        } else {
            let entries = try workspace.store.read { try $0.log.frontierEntries() }
            scrutiny.say(Frontier(covering: entries.map(\.change)))
            session.send(.frontier(entries), at: now)
        }
    }

    /// Sends statements, and remembers that the server was given them.
    private func tell(_ hashes: [StatementHash], at now: Int64) {
        if hashes.isEmpty { return }
        let statements = hashes.compactMap { workspace.membership.statements[$0]?.bytes }
        for part in statements.parts(ofBytes: Limits.statements) { session.send(.statements(part), at: now) }
        scrutiny.tell(hashes)
    }

    func report(_ doubt: Doubt?) { if let doubt { reports.append(.doubt(doubt)) } }

    /// The server has handed over all that it will, by its own word.
    private func closeAccount() throws {
        let isFirst = !heardCaughtUp
        heardCaughtUp = true
        guard isFirst, direction != .push, search == nil, forks.isEmpty, isOpen else { return }
        for doubt in try workspace.store.read({ try scrutiny.doubts(workspace.membership, $0.log) }) {
            report(doubt)
        }
    }

    private func compare(_ entries: [FrontierEntry], at now: Int64) throws {
        guard cursor == nil else { return }
        beyond = Frontier(covering: entries.map(\.change))
        try taken { beyond[$0] }
        scrutiny.hear(entries, holding: try workspace.store.read { try $0.log.heads().frontier })
        let comparison = try workspace.compare(entries)
        forks = comparison.forks
        awaitsVerdict = comparison.awaitsVerdict
        for fork in forks { reports.append(.forked(fork)) }
        if comparison.lost > 0 { reports.append(.serverHadLost(comparison.lost)) }
        // Where the server's chain is as long as ours or longer it finds the fork as well and says so.
        if let fork = comparison.foundHereOnly { return try find(fork, at: now) }
        cursor = try workspace.store.read { try $0.log.start(for: beyond) }
    }

    /// The server does not know this device, which has not introduced itself: it will, next time.
    private func isForgotten(_ error: ProtocolError) throws -> Bool {
        guard error.code == .forbidden, error.isRemote, beginning.hello.introduction.isEmpty else {
            return false
        }
        return try workspace.introduceAgain()
    }

    private func take(_ statements: [[UInt8]], at now: Int64) throws {
        do {
            let taken = try workspace.store.write {
                try workspace.receive(statements: scrutiny.waiting + statements, in: $0)
            }
            if taken.count > 0 { reports.append(.membershipChanged(new: taken.count)) }
            for doubt in scrutiny.take(taken.intake) + taken.doubts { report(doubt) }
        } catch let fault as TrustError {
            fail(ProtocolError(.malformed, "a membership statement: \(fault)"), at: now)
        }
    }

    /// The server's statements and changesets are here: if a key is due, this is the moment to make it.
    private func keepEpoch(at now: Int64) throws {
        awaitsKey = false
        guard isOpen else { return }
        tell(try workspace.keepEpoch(), at: now)
    }

    /// Signs again what was declined, once what the server has is here.
    private func raiseCuts(at now: Int64) throws {
        guard cutsAreBehind, heardCaughtUp, isOpen else { return }
        let made = try workspace.raiseCuts()
        guard !made.isEmpty else { return }
        cutsAreBehind = false
        reports.append(.removalSignedAgain(made.compactMap(\.removed).map(\.text)))
        tell(workspace.membership.statements.hashes, at: now)
    }

    private func gather(_ run: ChangesetRun, at now: Int64) throws {
        try judged(at: now)
        guard direction != .push, search == nil, isOpen else { return }
        gathered.append(run)
        if gathered.isFull { try applyGathered(at: now) }
    }

    private func applyGathered(at now: Int64) throws {
        let due = gathered.take()
        if due.runs.isEmpty { return }
        try fitCache(due.isFull)
        // Where it cannot open the file once more, the writer moves its log by itself.
        if due.isFull { try? checkpointer.begin() }
        do {
            let received = try workspace.receive(due.runs)
            // What has just come from the server need not be looked through for what it lacks.
            if cursor == received.from { cursor = received.through }
            for verdict in received.verdicts { applied(verdict, at: now) }
            if due.isFull { try? checkpointer.committed(due.unpackedBytes) }
            try raiseCuts(at: now)
        } catch let fault as MalformedBytes {
            fail(ProtocolError(fault, in: "changesets"), at: now)
        }
    }

    /// From the first large piece until the server has handed over all, the file has a larger cache.
    private func fitCache(_ isFull: Bool) throws {
        guard isFull ? !isBulk : isBulk && heardCaughtUp else { return }
        isBulk = isFull
        try workspace.store.file.setCache(isBulk ? Gathered.cache : StoreFile.cache)
    }

    private func applied(_ verdict: Admission.Verdict, at now: Int64) {
        // A fork found here is mended in the next session: then the server says where the chains part, and
        // nothing is done on the word of bytes that nobody has signed.
        if let fault = verdict.root {
            let code: ProtocolError.Code = fault.reason == .fork ? .fork : .malformed
            fail(ProtocolError(code, workspace.sentence(about: fault)), at: now)
        }
        scrutiny.note(verdict.entries)
        beyond.merge(Frontier(covering: verdict.held))
        tally.received += verdict.entries.count
        if !verdict.entries.isEmpty { reports.append(.received(verdict.entries.count)) }
    }

    private func stored(_ claimed: [ChangeID], at now: Int64) throws {
        let (changes, doubt) = scrutiny.believe(claimed)
        report(doubt)
        for change in changes where awaited[change.device] <= change.number { awaited[change.device] = 0 }
        let held = Frontier(covering: changes)
        try taken { held[$0] }
        if let own = changes.first(where: { $0.device == workspace.device }) {
            try workspace.noteAcknowledged(own.number)
            reports.append(.stored(through: own.number))
        }
        if let held = changes.first(where: { $0.device == search?.device }) {
            search?.next = held.number + 1
            try searchOn(at: now)
        }
    }

    private func refused(_ refusal: Refusal, at now: Int64) throws {
        // What else was refused with that which was mended is sent anew in the next session.
        guard isOpen else { return }
        guard scrutiny.mayRefuse(refusal, to: beginning.hello.device) else {
            return report(Doubt(.refusalOfNothing, 1))
        }
        awaited[refusal.change.device] = 0
        if try refusal.reason == .fork ? parted(refusal.change, at: now) : cured(refusal, at: now) { return }
        tally.refused += 1
        try workspace.remember(refusal)
        remembersRefusals = true
        reports.append(.refused(refusal))
    }

    /// What the server holds by now it does not refuse any more.
    private func taken(_ number: (DeviceID) -> UInt64) throws {
        if remembersRefusals { try workspace.forgetRefusals(number) }
    }

    func fail(_ error: ProtocolError, at now: Int64) {
        session.fail(error, at: now)
        reports.append(.ended(error))
    }

    // MARK: What the server lacks

    /// Sends the next slice of the log, if there is room for it and anything in it.
    private func feed(at now: Int64) throws {
        guard direction != .pull, search == nil, !awaitsVerdict, !awaitsKey, isOpen, let cursor else {
            return
        }
        let owes = try !saidCaughtUp || workspace.position() != cursor
        let handed = owes ? try workspace.handOver(after: cursor, beyond: beyond) : nil
        guard workspace.device == beginning.hello.device else { return try follow(at: now) }
        tell(scrutiny.untold(workspace.membership.statements), at: now)
        guard let handed else { return }
        self.cursor = handed.position
        if handed.restamped > 0 { reports.append(.restamped(handed.restamped)) }
        if !handed.run.changesets.isEmpty {
            session.send(.changesets(handed.run), at: now)
            let last = Frontier(covering: handed.run.signatures.map(\.change))
            for (device, number) in last.numbers where sentFrom[device] == 0 {
                sentFrom[device] = min(beyond[device] + 1, number)
            }
            beyond.merge(last)
            awaited.merge(last)
            scrutiny.say(last)
            tally.sent += handed.run.changesets.count
        }
        if handed.isAtEnd, !saidCaughtUp {
            saidCaughtUp = true
            session.send(.caughtUp, at: now)
        }
    }
}
