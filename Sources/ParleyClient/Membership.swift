package import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
package import ParleyTrust
internal import Synchronization

/// The membership as this process knows it, and the keys that it holds; shared with the rules of the store,
/// which ask whose device wrote something, whether it counts, and what it says.
package final class Membership: Sendable {
    private struct State {
        var statements = StatementSet()
        var roster: Roster
        var ring = KeyRing()
        var identity: Identity
    }

    package let workspace: WorkspaceID
    private let random: @Sendable (Int) -> [UInt8]
    private let state: Mutex<State>

    init(workspace: WorkspaceID, identity: Identity, random: @escaping @Sendable (Int) -> [UInt8]) {
        self.workspace = workspace
        self.random = random
        let roster = Roster(StatementSet(), workspace: workspace)
        state = Mutex(State(roster: roster, identity: identity))
    }

    package var roster: Roster { state.withLock { $0.roster } }
    package var statements: StatementSet { state.withLock { $0.statements } }
    package var ring: KeyRing { state.withLock { $0.ring } }

    package func analyst(of device: DeviceID) -> String? {
        state.withLock { $0.roster.analyst(of: device)?.text }
    }

    // MARK: Taking in

    /// Takes in what the store holds, if another process has added to it. Every transaction asks, so what is
    /// held is only counted where nothing is new.
    func refresh(from log: Log) throws {
        let (count, known) = state.withLock { ($0.statements.statements.count, $0.ring.keys.count) }
        guard try log.statementCount() != count || log.epochKeyCount() > known else { return }
        let keys = try log.epochKeys()
        let set = try StatementSet(log.statements().map { try Statement(held: $0) })
        let roster = Roster(set, workspace: workspace)
        state.withLock {
            $0.statements = set
            $0.roster = roster
            $0.ring = Self.ring(of: keys, for: $0.identity)
            _ = $0.ring.gather(set, workspace: workspace, by: $0.identity)
        }
    }

    private static func ring(of keys: [(epoch: [UInt8], wrapped: [UInt8])], for identity: Identity) -> KeyRing
    {
        var held: [StatementHash: Secret] = [:]
        for (epoch, wrapped) in keys {
            guard let epoch = StatementHash(epoch) else { continue }
            held[epoch] = KeyStore.unwrap(wrapped, of: epoch, for: identity)
        }
        return KeyRing(keys: held)
    }

    struct News {
        /// Statements that were not held.
        var count = 0
        /// Whether changesets may be judged, or opened, otherwise than before.
        var isLaw = false
    }

    /// Keeps those of `offered` that verify and are new; what they are worth is the roster's to say. The keys
    /// that they bring are kept with them.
    func add(_ offered: [[UInt8]], to log: Log) throws -> News {
        try refresh(from: log)
        var set = statements
        var news = News(isLaw: false)
        for statement in set.news(among: offered) where try set.insert(statement) {
            try log.save(statement: statement.bytes, hash: statement.hash.bytes)
            news.count += 1
            if statement.isLaw { news.isLaw = true }
        }
        guard news.count > 0 else { return news }
        let roster = Roster(set, workspace: workspace)
        if !self.roster.waiting.isEmpty { news.isLaw = true }
        let (keys, identity) = state.withLock {
            $0.statements = set
            $0.roster = roster
            return ($0.ring.gather(set, workspace: workspace, by: $0.identity), $0.identity)
        }
        for (epoch, key) in keys { try save(key, of: epoch, for: identity, to: log) }
        if !keys.isEmpty { news.isLaw = true }
        return news
    }

    /// Enrolments that turned out since to use an invite which another one had used: by whom that was.
    func usedTwice(since before: Roster) -> [Doubt] {
        let (now, statements) = (roster, statements)
        let new = now.void.filter { $0.value == .grantUsed && before.void[$0.key] != .grantUsed }
        let handles = new.keys.map { hash -> String? in
            guard case .enrol(let enrolment)? = statements[hash]?.content else { return nil }
            return enrolment.handle.text
        }
        return Dictionary(grouping: handles) { $0 }.map {
            Doubt(.inviteUsedTwice, $0.value.count, of: $0.key)
        }
        .sorted { ($0.of ?? "") < ($1.of ?? "") }
    }

    /// Keeps a key that came with an invite.
    func add(_ key: Secret, of epoch: StatementHash, to log: Log) throws {
        let identity = state.withLock {
            var keys = $0.ring.keys
            keys[epoch] = key
            $0.ring = KeyRing(keys: keys)
            _ = $0.ring.gather($0.statements, workspace: workspace, by: $0.identity)
            return $0.identity
        }
        try save(key, of: epoch, for: identity, to: log)
    }

    /// Wraps the keys for the identity that this replica is about to take.
    func wrapKeys(for identity: Identity, _ log: Log) throws {
        for (epoch, key) in ring.keys { try save(key, of: epoch, for: identity, to: log) }
    }

    /// This replica writes as another device from now on.
    func adopt(_ identity: Identity) { state.withLock { $0.identity = identity } }

    private func save(_ key: Secret, of epoch: StatementHash, for identity: Identity, to log: Log) throws {
        let wrapped = try KeyStore.wrap(key, of: epoch, for: identity, nonce: random(12))
        try log.save(epochKey: wrapped, of: epoch.bytes)
    }

    // MARK: Judging

    /// Why the membership does not let a changeset count. A replica does not judge its own device by a removal:
    /// what somebody wrote who has been put out stays before their eyes, and can be exported.
    func judge(_ header: ChangesetHeader, _ naming: () throws -> [UInt8]?) throws -> VoidReason? {
        let (roster, own) = state.withLock { ($0.roster, $0.identity.device) }
        let device = header.change.device
        let isPlain = header.epoch == 0 && !roster.epochs.isEmpty
        guard device != own else { return nil }
        let asks = roster.judgesByNumber(device)
        let named = asks || isPlain ? try naming().flatMap { StatementHash($0) } : nil
        if case .void(let reason, _) = roster.standing(of: header.change, naming: named) {
            return reason == .role ? .role : .cut
        }
        return isPlain && roster.sealsPlain(naming: named, of: device) ? .plain : nil
    }

    func open(_ header: ChangesetHeader, _ bytes: [UInt8], _ range: Range<Int>) -> OpenedBody {
        guard header.epoch > 0 else { return Self.decode(bytes, range) }
        let ring = state.withLock {
            $0.ring.prepare(for: header)
            return $0.ring
        }
        switch ring.open(bytes, in: range, header: header) {
        case .packed(let packed): return Self.decode(packed, 0..<packed.count)
        case .waits: return .waiting
        case .void: return .void(.body)
        }
    }

    private static func decode(_ packed: [UInt8], _ range: Range<Int>) -> OpenedBody {
        guard let plain = try? Packing.unpack(packed, in: range),
            let body = try? ChangesetBody(decoding: plain)
        else { return .void(.body) }
        return .body(body)
    }

    // MARK: Sealing

    /// The newest epoch that counts and of which this replica holds the key; nil in a workspace that has none.
    /// - Throws: `noKey` where there are epochs and none of their keys is here.
    func sealingKey() throws(ClientError) -> (epoch: StatementHash, key: Secret)? {
        let (roster, ring) = state.withLock { ($0.roster, $0.ring) }
        guard roster.newestEpoch != nil else { return nil }
        let held = roster.epochs.filter { $0.value.counts && ring[$0.key] != nil }.map(\.key)
        guard
            let newest = held.max(by: { (roster.depths[$0] ?? 0, $0) < (roster.depths[$1] ?? 0, $1) }),
            let key = ring[newest]
        else { throw .noKey }
        return (newest, key)
    }
}

extension Statement {
    /// Can it alter how changesets are judged, or what opens them?
    fileprivate var isLaw: Bool {
        switch content {
        case .found, .grant, .enrol, .unknown: false
        case .role, .revoke, .epoch, .share: true
        }
    }
}
