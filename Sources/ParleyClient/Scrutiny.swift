internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// What the server says in one session, held against what it does. It decides about nothing: what is taken is
/// proved by chains and signatures. What it finds is told to people, as doubts.
struct Scrutiny {
    /// Statements that the server holds, or has been given in this session.
    private(set) var told: Set<StatementHash>
    /// What it has handed over that rests on something not handed over yet.
    private(set) var waiting: [[UInt8]] = []
    /// The highest number of each chain that was sent in this session, or said in our frontier.
    private var sent = Frontier()
    /// What it says to hold beyond what was held here.
    private var claims: [FrontierEntry] = []
    /// The statements that headers in this session named.
    private var named: Set<StatementHash> = []
    private var handedOver: Set<StatementHash> = []
    private var hasOwnStatements = false
    private var hasDeclined = false
    private let began: Int64

    init(told: Set<StatementHash>, began: Int64) {
        self.told = told
        self.began = began
    }

    // MARK: Time

    /// 2001 to 2100, in milliseconds since 1970. Stamps made by a time beyond would never be passed again.
    private static let plausible: ClosedRange<Int64> = 978_307_200_000...4_102_444_800_000
    /// Milliseconds between two clocks of which nobody need be told.
    private static let usual: Int64 = 3_600_000

    /// - Returns: the offset to keep, where there is one, and whether the time is worth a word.
    func weigh(_ time: Int64, known: Int64?, now: Int64) -> (offset: Int64?, doubt: Doubt?) {
        guard Self.plausible.contains(time) else { return (nil, Doubt(.strangeTime, 1)) }
        let offset = ClockOffset.measured(server: time, began: began, now: now)
        guard let offset, abs(offset) > Self.usual, abs(offset - (known ?? 0)) > Self.usual else {
            return (offset, nil)
        }
        return (offset, Doubt(.clocksApart, Int(offset / 1000)))
    }

    // MARK: Statements

    /// The digests differ, so the server hands over all its statements.
    mutating func expectStatements() { hasOwnStatements = true }

    mutating func tell(_ statements: some Sequence<StatementHash>) { told.formUnion(statements) }

    /// What another process has made since: it goes before the changesets that rest on it.
    func untold(_ held: StatementSet) -> [StatementHash] {
        held.count > told.count ? held.hashes.filter { !told.contains($0) } : []
    }

    mutating func declined() { hasDeclined = true }

    mutating func take(_ intake: StatementIntake) -> [Doubt] {
        waiting = intake.waiting.prefix(StatementSet.most).map(\.bytes)
        handedOver.formUnion(intake.named)
        told.formUnion(intake.new.map(\.hash))
        let found = [Doubt(.badStatements, intake.bad), Doubt(.strangeStatements, intake.strange)]
        return found.filter { $0.count > 0 }
    }

    // MARK: Changesets

    /// What was sent, or said to be held: what the server may speak of.
    mutating func say(_ frontier: Frontier) { sent.merge(frontier) }

    /// - Parameter held: what this replica holds.
    mutating func hear(_ entries: [FrontierEntry], holding held: Frontier) {
        claims = entries.filter { !held.covers($0.change) }
    }

    mutating func note(_ entries: [LogEntry]) {
        named.formUnion(entries.compactMap { $0.header.statement.flatMap { StatementHash($0) } })
    }

    /// Those acknowledgements that can be true.
    func believe(_ changes: [ChangeID]) -> (believed: [ChangeID], doubt: Doubt?) {
        let believed = changes.filter { sent.covers($0) }
        let others = changes.count - believed.count
        return (believed, others > 0 ? Doubt(.falseAcknowledgement, others) : nil)
    }

    /// A server that cannot read what it was sent names the first change of whoever sent it.
    func mayRefuse(_ refusal: Refusal, to device: DeviceID) -> Bool {
        let isUnread = refusal.reason == .malformed && refusal.change == ChangeID(device: device, number: 1)
        return isUnread || sent.covers(refusal.change)
    }

    // MARK: The end

    /// The server has said that it has handed over everything.
    func doubts(_ membership: Membership, _ log: Log) throws -> [Doubt] {
        var doubts = try doubts(ofClaims: log, membership)
        let unknown = named.filter { membership.statements[$0] == nil }
        let missing = waiting.count + unknown.count
        if missing > 0 { doubts.append(Doubt(.missingStatements, missing)) }
        let lost = try lost(membership, log)
        if lost > 0 { doubts.append(Doubt(.lostStatements, lost)) }
        for change in try ClaimedForks.unproved(log) {
            doubts.append(Doubt(.claimedFork, 1, of: membership.analyst(of: change.device)))
        }
        return doubts
    }

    private func doubts(ofClaims log: Log, _ membership: Membership) throws -> [Doubt] {
        var (missing, others): ([String?: Int], [String?: Int]) = ([:], [:])
        for claim in claims {
            let author = membership.analyst(of: claim.change.device)
            if let mark = try log.mark(of: claim.change) {
                if mark.hash != claim.hash { others[author, default: 0] += 1 }
            } else {
                let held = try log.head(of: claim.change.device)?.number ?? 0
                let lack = Int(clamping: claim.change.number - min(held, claim.change.number))
                missing[author] = (missing[author] ?? 0).addingReportingOverflow(lack).partialValue
            }
        }
        return missing.map { Doubt(.missingChanges, $0.value, of: $0.key) }.sorted {
            ($0.of ?? "") < ($1.of ?? "")
        }
            + others.map { Doubt(.otherChanges, $0.value, of: $0.key) }.sorted {
                ($0.of ?? "") < ($1.of ?? "")
            }
    }

    // MARK: From one session to the next

    /// Of each statement the first bytes of its hash: enough to miss it.
    private static let prefix = 8

    private func lost(_ membership: Membership, _ log: Log) throws -> Int {
        guard hasOwnStatements, let bytes = try log.meta(Meta.serverStatements) else { return 0 }
        let once = Set(
            stride(from: 0, to: bytes.count, by: Self.prefix).map {
                Array(bytes[$0..<min($0 + Self.prefix, bytes.count)])
            })
        return membership.statements.hashes.count {
            !handedOver.contains($0) && once.contains(Array($0.bytes.prefix(Self.prefix)))
        }
    }

    /// Both ends hold the same statements now, as far as the server is honest.
    func save(to log: Log) throws {
        try ClaimedForks.settle(log)
        guard !hasDeclined else { return }
        let bytes = told.sorted().flatMap { $0.bytes.prefix(Self.prefix) }
        if try log.meta(Meta.serverStatements) != bytes { try log.setMeta(Meta.serverStatements, bytes) }
    }
}
