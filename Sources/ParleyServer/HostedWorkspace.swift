internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// One workspace as the server holds it: its log, the heads of its chains, its membership. Nothing here
/// looks into a body.
///
/// What a peer may have done to it, or be told of it, is done by a ``Permit``; the rest of the module gets at
/// nothing but what a hello is judged by.
///
/// Invariant: `heads`, `statements` and `roster` say what the file says; they change after a commit only.
final class HostedWorkspace {
    let id: WorkspaceID
    private let quota: Quota
    private let log: LogFile
    /// Without contexts, which only authors need: with many devices they would be most of what is held.
    fileprivate private(set) var heads: [DeviceID: ChainHead] {
        didSet { knownDigests = nil }
    }
    fileprivate private(set) var statements: StatementSet {
        didSet { knownDigests = nil }
    }
    private(set) var roster: Roster
    /// The position of the newest changeset in the log.
    private(set) var position: Int64
    private var bytes: Int64
    private var accounts: StatementAccounts
    private var knownDigests: Digests?

    init(id: WorkspaceID, log: LogFile, quota: Quota = Limits.quota) throws {
        self.id = id
        self.quota = quota
        self.log = log
        let (heads, held, position, bytes) = try log.read { log in
            (try log.heads(), try log.statements(), try log.lastPosition(), try log.size())
        }
        self.heads = heads.mapValues(\.withoutContext)
        self.position = position
        self.bytes = bytes
        statements = try StatementSet(held.map { try Statement(held: $0) })
        roster = Roster(statements, workspace: id)
        accounts = StatementAccounts(statements, roster)
    }

    // MARK: What a hello is judged by

    /// Computed once for each state: a storm of hellos costs one look.
    fileprivate var digests: Digests {
        if let knownDigests { return knownDigests }
        let digests = Digests(frontier: Digests.frontier(frontier), statements: statements.digest)
        knownDigests = digests
        return digests
    }

    func holds(_ statement: StatementHash) -> Bool { statements[statement] != nil }

    var isFullOfStatements: Bool { statements.count >= StatementSet.most }

    /// Was the device a member, and has it been removed?
    func hasRemoved(_ device: DeviceID) -> Bool { roster.isRevoked(device) }

    fileprivate var frontier: [FrontierEntry] {
        heads.frontier.sorted.map { FrontierEntry(change: $0, hash: heads[$0.device]?.hash ?? []) }
    }

    // MARK: Storing

    struct Outcome {
        /// One verdict a run, in the order of the runs; of a run whose sender may not push, why not.
        var verdicts: [Result<Admission.Verdict, ProtocolError>] = []
        /// Log positions of what is new: `from` excluded, `through` included.
        var from: Int64
        var through: Int64
    }

    /// Judges and stores everything, in one durable transaction. When this throws nothing was stored.
    /// - Parameters:
    ///   - arrivals: what came in during one turn of the loop, and from whom: whether they may push is asked
    ///     here, for each.
    ///   - latest: the latest stamp that a device may give its own changesets.
    func store(_ arrivals: [(from: Seat, run: ChangesetRun)], latest: HybridTime) throws -> Outcome {
        var heads = heads
        var outcome = Outcome(from: position, through: position)
        do {
            try log.write { log in
                for (seat, run) in arrivals {
                    let verdict = try judge(run, from: seat, onto: heads, latest, log)
                    outcome.verdicts.append(verdict)
                    guard case .success(let verdict) = verdict else { continue }
                    if Flaw.isPlanted(.cursorMovedBeforeApply) { self.heads = verdict.heads }
                    for entry in verdict.entries { outcome.through = try log.append(entry) }
                    for signature in verdict.signatures { try log.save(signature) }
                    heads = verdict.heads
                    for entry in verdict.entries { heads[entry.header.change.device]?.context = Frontier() }
                }
                for device in outcome.changed {
                    if let head = heads[device] { try log.save(head, of: device) }
                }
            }
        } catch { guard Flaw.isPlanted(.acknowledgedBeforeCommit) else { throw error } }
        self.heads = heads
        position = outcome.through
        bytes += outcome.bytes
        return outcome
    }

    private func judge(
        _ run: ChangesetRun, from seat: Seat, onto heads: [DeviceID: ChainHead], _ latest: HybridTime,
        _ log: Log
    ) throws -> Result<Admission.Verdict, ProtocolError> {
        let pusher: DeviceID
        do throws(Seat.Denial) { pusher = try seat.permit(to: .push).device } catch {
            return .failure(error.said)
        }
        guard !isOver(quota.hard) else { return .failure(Self.full) }
        let gate = Admission.Gate(pusher: pusher, latest: latest, isFull: isOver(1))
        let admission = Admission(workspace: id, roster: roster, gate: gate)
        return .success(
            try admission.judge(run.changesets, run.signatures, onto: heads) { try log.mark(of: $0) })
    }

    private func isOver(_ times: Int64) -> Bool {
        position >= quota.changesets * times || bytes >= quota.bytes * times
    }

    private static let full = ProtocolError(
        .limit, "the workspace holds far more than this server lets it; ask the operator for room")

    // MARK: Statements

    /// Takes what a newcomer brings: only such as count and displace nothing, judged by the server's own clock,
    /// so that an enrolment cannot be dated back.
    /// - Returns: those that are new.
    func introduce(_ offered: [[UInt8]], at now: Int64) throws -> [[UInt8]] {
        try add(offered) { statement, set in
            if case .found = statement.content { return statement.workspace == id }
            if let grant = set.grant(usedBy: statement), now > grant.until { return false }
            return try Roster.refusal(of: statement, joining: set, workspace: id) == nil
        }
    }

    /// Of a member everything is taken whose authority is held, even what is void, so that a restored server
    /// is given back what it lost and digests agree. But for one thing: whoever removes somebody must know all
    /// that this server has acknowledged of them, else it would be acknowledged and count for nothing.
    /// - Throws: ``CutBehind``; then nothing has been taken.
    fileprivate func add(_ offered: [[UInt8]], from device: DeviceID) throws -> [[UInt8]] {
        try add(offered, unlessBy: roster.analyst(of: device)) { statement, _ in
            if case .found = statement.content { return statement.workspace == id }
            return true
        }
    }

    /// A removal of the session's own analyst whose cuts lie behind what is held.
    struct CutBehind: Error {
        /// What was new in the message.
        let statements: [StatementHash]
    }

    /// What is new would void something that is held, and the analyst who hands it over has signed that.
    private func cutsBehind(_ new: [Statement], _ after: Roster, _ analyst: Handle?) -> Bool {
        let removes = new.contains { $0.isRemoval && after.signer(of: $0.hash) == analyst }
        guard removes, analyst != nil else { return false }
        return heads.contains { device, head in
            let change = ChangeID(device: device, number: head.number)
            return roster.standing(of: change, naming: nil) == .counts
                && after.standing(of: change, naming: nil).isCut
        }
    }

    /// Each is looked at when all it rests on is held, however they stand in the message; the signature, which
    /// costs the most, last of what can be seen from one statement.
    private func add(
        _ offered: [[UInt8]], unlessBy analyst: Handle? = nil,
        where isWelcome: (Statement, StatementSet) throws -> Bool
    ) throws -> [[UInt8]] {
        var (set, accounts, new) = (statements, accounts, [Statement]())
        var ready = offered.compactMap { try? Statement(held: $0) }
        var waiting: [StatementHash: [Statement]] = [:]
        var next = 0
        while next < ready.count {
            let statement = ready[next]
            next += 1
            if let missing = statement.restsOn.first(where: { set[$0] == nil }) {
                waiting[missing, default: []].append(statement)
                continue
            }
            guard set[statement.hash] == nil, isSupported(statement, in: set),
                accounts.hasRoom(for: statement, in: set, roster, quota),
                (try? Statement(received: statement.bytes)) != nil, try isWelcome(statement, set)
            else { continue }
            try set.insert(statement)
            accounts.note(statement, in: set, roster)
            new.append(statement)
            ready += waiting.removeValue(forKey: statement.hash) ?? []
        }
        return try keep(new, in: set, accounts, unlessBy: analyst)
    }

    private func isSupported(_ statement: Statement, in set: StatementSet) -> Bool {
        if case .found = statement.content { return true }
        return set.supports(statement)
    }

    private func keep(
        _ new: [Statement], in set: StatementSet, _ accounts: StatementAccounts, unlessBy analyst: Handle?
    ) throws -> [[UInt8]] {
        guard !new.isEmpty else { return [] }
        let after = Roster(set, workspace: id)
        guard !cutsBehind(new, after, analyst) else { throw CutBehind(statements: new.map(\.hash)) }
        try log.write { log in
            for statement in new { try log.save(statement: statement.bytes, hash: statement.hash.bytes) }
        }
        statements = set
        roster = after
        self.accounts = accounts
        return new.map(\.bytes)
    }

    fileprivate func read<Result>(_ body: (Log) throws -> Result) throws -> Result { try log.read(body) }
}

extension HostedWorkspace.Outcome {
    fileprivate var entries: [LogEntry] {
        verdicts.flatMap { (try? $0.get())?.entries ?? [] }
    }

    fileprivate var changed: Set<DeviceID> { Set(entries.map(\.header.change.device)) }

    fileprivate var bytes: Int64 { entries.bytes }

    /// What is new, as the log would hand it on in one slice; nil where that is none, or more than one.
    var run: ChangesetRun? {
        let entries = entries
        guard !entries.isEmpty, entries.bytes <= Int64(Limits.slice) else { return nil }
        let last = Frontier(covering: entries.map(\.header.change))
        let given = verdicts.flatMap { (try? $0.get())?.signatures ?? [] }
        let signed = Dictionary(given.map { ($0.change, $0) }) { $1 }
        let ends = entries.map(\.header.change).filter { last[$0.device] == $0.number }
        let signatures = ends.compactMap { signed[$0] }
        guard signatures.count == ends.count else { return nil }
        return ChangesetRun(changesets: entries.map(\.bytes), signatures: signatures)
    }
}

extension [LogEntry] {
    fileprivate var bytes: Int64 { reduce(0) { $0 + Int64($1.bytes.count) } }
}

extension Standing {
    fileprivate var isCut: Bool { if case .void(.cut, _) = self { true } else { false } }
}

extension ChainHead {
    fileprivate var withoutContext: ChainHead {
        ChainHead(number: number, time: time, hash: hash, context: Frontier())
    }
}

// MARK: - Who may do what

/// Where a peer belongs whose hello was accepted. Nobody can look into it: whoever wants to do something for
/// the peer asks it for a permit.
struct Seat {
    private let workspace: HostedWorkspace
    private let device: DeviceID
    /// What the other end has shown to hold.
    private let channelKey: [UInt8]
    /// Let in by the operator's token, and not known as a member yet.
    private var isGuest: Bool

    init(in workspace: HostedWorkspace, _ device: DeviceID, by channelKey: [UInt8], isGuest: Bool) {
        self.workspace = workspace
        self.device = device
        self.channelKey = channelKey
        self.isGuest = isGuest
    }

    /// What a peer may want.
    enum Deed: CaseIterable {
        /// To be told what the workspace holds and what happens in it.
        case listen
        /// To hand over membership statements, which prove themselves: a guest too, who becomes a member so.
        case state
        /// To hand over changesets. What is in them is judged by the gate: of the device's own chain its role.
        case push
        /// To show the others where it is.
        case signal
    }

    enum Denial: Error {
        /// Not a member yet.
        case guest
        /// No member, or not the holder of the member's channel key.
        case forbidden
        case revoked

        var said: ProtocolError {
            switch self {
            case .guest, .forbidden: Doorkeeper.forbidden
            case .revoked: Doorkeeper.revoked
            }
        }
    }

    /// Asks the roster as it is now. A permit is for one message or one turn: it cannot be kept.
    func permit(to deed: Deed) throws(Denial) -> Permit {
        guard workspace.roster.role(of: device) != nil else {
            if isGuest, deed == .state { return Permit(workspace, device) }
            guard !isGuest else { throw .guest }
            throw workspace.hasRemoved(device) ? .revoked : .forbidden
        }
        guard workspace.roster.keys(of: device)?.channel == channelKey else { throw .forbidden }
        return Permit(workspace, device)
    }

    /// Why its peer has to go; nil while it may stay.
    var eviction: Denial? {
        do throws(Denial) {
            _ = try permit(to: .state)
            return nil
        } catch { return error }
    }

    /// The guest has become a member; it is none any more if it is removed.
    mutating func settle() { isGuest = false }

    func isSame(as other: Seat) -> Bool { workspace === other.workspace && device == other.device }
    var workspaceID: WorkspaceID { workspace.id }
    /// What a welcome says.
    var state: (digests: Digests, position: Int64) { (workspace.digests, workspace.position) }
    /// Is there anything in the log behind this place?
    func isBehind(_ cursor: Int64) -> Bool { cursor < workspace.position }
}

/// Leave to act for one peer, given by ``Seat/permit(to:)`` alone, and the only way to a workspace's contents:
/// a handler that asks nobody does not compile, and one that would keep its leave for later does not either.
struct Permit: ~Copyable {
    private let workspace: HostedWorkspace
    let device: DeviceID

    fileprivate init(_ workspace: HostedWorkspace, _ device: DeviceID) {
        self.workspace = workspace
        self.device = device
    }

    var workspaceID: WorkspaceID { workspace.id }
    var position: Int64 { workspace.position }
    var frontierEntries: [FrontierEntry] { workspace.frontier }
    /// All statements, ascending by hash.
    var statements: [[UInt8]] { workspace.statements.bytes }

    /// - Returns: those that are new.
    /// - Throws: ``HostedWorkspace/CutBehind``; then nothing has been taken.
    func add(_ offered: [[UInt8]]) throws -> [[UInt8]] { try workspace.add(offered, from: device) }

    /// What comes after `position` in the log and is not covered by `beyond`, as a message, and how far it
    /// reaches.
    func run(
        after position: Int64, beyond frontier: Frontier
    ) throws -> (run: ChangesetRun, position: Int64, isAtEnd: Bool) {
        let slice = try workspace.read {
            try $0.slice(after: position, beyond: frontier, own: nil, limit: Limits.slice)
        }
        let run = ChangesetRun(changesets: slice.items.map(\.bytes), signatures: slice.signatures)
        return (run, slice.position, slice.isAtEnd)
    }

    func start(for frontier: Frontier) throws -> Int64 { try workspace.read { try $0.start(for: frontier) } }

    /// Does the peer's chain part from ours? Compared at the lower of the two numbers.
    func forks(with entries: [FrontierEntry]) throws -> [ChangeID] {
        let heads = workspace.heads
        return try workspace.read { log in
            try entries.compactMap { entry in
                guard let head = heads[entry.change.device], head.number >= entry.change.number else {
                    return nil
                }
                let own =
                    try head.number == entry.change.number ? head.hash : log.mark(of: entry.change)?.hash
                return own == entry.hash ? nil : entry.change
            }
        }
    }
}
