package import ParleyCore

// The law of membership. It needs nothing but the set.
//
// 1. The depth of a founding statement is 0; of any other, one more than the greatest depth of those it
//    rests on. A statement that rests, directly or not, on one that is missing has none: it waits.
// 2. Statements are judged in the order of (depth, hash). So whatever one rests on is judged before it, and
//    of two that claim the same the lesser one counts, whoever received which first.
// 3. A statement's authority is the one among those it rests on that gave its signer's key a voice: the
//    enrolment (or founding) of the device that signed, or the grant of the invite that signed. There must
//    be exactly one, and it must count.
// 4. What is void stays in the set, is forwarded, lends its depth, and counts for nothing.

extension Roster {
    package init(_ set: StatementSet, workspace: WorkspaceID) {
        self.init(workspace: workspace)
        let order = StatementOrder(set)
        depths = order.depths
        waiting = set.hashes.filter { order.depths[$0] == nil }
        missing = order.missing
        var fold = RosterFold(set: set, roster: self)
        for statement in order.judged { fold.judge(statement) }
        self = fold.roster
        nameHeads(among: order.judged)
    }

    private mutating func nameHeads(among judged: [Statement]) {
        let standing = judged.filter { void[$0.hash] == nil }
        let later = Set(unknown)
        newest = standing.last { !later.contains($0.hash) }?.hash
        let restedOn = Set(standing.flatMap(\.restsOn))
        heads = standing.map(\.hash).filter { !restedOn.contains($0) }
        unknown.sort()
    }
}

/// The statements of a set from the founding one upwards, as far as nothing is missing.
private struct StatementOrder {
    var depths: [StatementHash: Int] = [:]
    var judged: [Statement] = []
    var missing: [StatementHash]

    init(_ set: StatementSet) {
        var resting: [StatementHash: [StatementHash]] = [:]
        var open: [StatementHash: Int] = [:]
        for statement in set.statements.values {
            open[statement.hash] = statement.restsOn.count
            for rest in statement.restsOn { resting[rest, default: []].append(statement.hash) }
        }
        missing = resting.keys.filter { set[$0] == nil }.sorted()
        rise(from: open.filter { $0.value == 0 }.map(\.key), resting, &open)
        sort(set)
    }

    /// Walks level by level: a statement is reached once all it rests on have been, hence at its depth.
    private mutating func rise(
        from ground: [StatementHash], _ resting: [StatementHash: [StatementHash]],
        _ open: inout [StatementHash: Int]
    ) {
        var level = ground
        var depth = 0
        while !level.isEmpty {
            var next: [StatementHash] = []
            for hash in level {
                depths[hash] = depth
                for above in resting[hash] ?? [] {
                    open[above, default: 0] -= 1
                    if open[above] == 0 { next.append(above) }
                }
            }
            level = next
            depth += 1
        }
    }

    private mutating func sort(_ set: StatementSet) {
        let ordered = depths.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        judged = ordered.compactMap { set[$0.key] }
    }
}

private struct RosterFold {
    let set: StatementSet
    var roster: Roster
    private var usedGrants: Set<StatementHash> = []
    private var signingKeys: Set<[UInt8]> = []
    private var counted: Set<StatementHash> = []

    init(set: StatementSet, roster: Roster) {
        self.set = set
        self.roster = roster
    }

    mutating func judge(_ statement: Statement) {
        do throws(Void) {
            switch statement.content {
            case .found(let founding): try found(statement, founding)
            case .grant(let grant): try judge(statement, grant)
            case .enrol(let enrolment): try enrol(statement, enrolment)
            case .role(let change): try judge(statement, change)
            case .revoke(let revocation): try judge(statement, revocation)
            case .epoch(let epoch): try judge(statement, epoch)
            case .share(let share): try judge(statement, share)
            case .unknown:
                _ = try authority(of: statement)
                roster.unknown.append(statement.hash)
                return
            }
            counted.insert(statement.hash)
        } catch {
            roster.void[statement.hash] = error.reason
        }
    }

    private struct Void: Error { let reason: Roster.VoidReason }

    private mutating func found(_ statement: Statement, _ founding: Founding) throws(Void) {
        guard statement.workspace == roster.workspace else { throw Void(reason: .otherWorkspace) }
        roster.name = founding.name
        try admit(founding.keys, founding.handle, .admin, founding.time, statement)
    }

    private func judge(_ statement: Statement, _ grant: Grant) throws(Void) {
        let issuer = try member(try authority(of: statement))
        switch grant.purpose {
        case .newAnalyst:
            guard roster.role(of: issuer) == .admin else { throw Void(reason: .notAdmin) }
        case .furtherDevice:
            guard grant.handle == issuer else { throw Void(reason: .wrongHandle) }
        }
    }

    private mutating func enrol(_ statement: Statement, _ enrolment: Enrolment) throws(Void) {
        let authority = try authority(of: statement)
        guard case .grant(let grant) = authority.content else {
            guard enrolment.handle == (try member(authority)) else { throw Void(reason: .wrongHandle) }
            return try admit(enrolment.keys, enrolment.handle, nil, enrolment.time, statement)
        }
        guard enrolment.handle == grant.handle else { throw Void(reason: .wrongHandle) }
        guard enrolment.time <= grant.until else { throw Void(reason: .grantExpired) }
        guard !usedGrants.contains(authority.hash) else { throw Void(reason: .grantUsed) }
        try admit(enrolment.keys, enrolment.handle, grant.purpose.role, enrolment.time, statement)
        usedGrants.insert(authority.hash)
    }

    private mutating func judge(_ statement: Statement, _ change: RoleChange) throws(Void) {
        try admin(statement)
        guard roster.analysts[change.handle] != nil else { throw Void(reason: .unknownAnalyst) }
        roster.analysts[change.handle]?.role = change.role
    }

    private mutating func judge(_ statement: Statement, _ revocation: Revocation) throws(Void) {
        try admin(statement)
        let all = roster.analysts[revocation.handle]?.devices ?? []
        if revocation.scope == .analyst { roster.analysts[revocation.handle]?.isRevoked = true }
        for device in revocation.scope == .analyst ? all : revocation.cuts.map(\.device) {
            roster.out[device] = statement.hash
        }
    }

    private mutating func judge(_ statement: Statement, _ epoch: Epoch) throws(Void) {
        try admin(statement)
        roster.epochs[statement.hash] = Roster.EpochFacts(
            number: statement.hash.epochNumber, keyHash: epoch.keyHash,
            previous: epoch.previous.map(\.epoch), time: epoch.time,
            sealedTo: Set(epoch.seals.map(\.device)), counts: true)
        roster.newestEpoch = statement.hash
    }

    private mutating func judge(_ statement: Statement, _ share: Share) throws(Void) {
        let issuer = try member(try authority(of: statement))
        roster.signers[statement.hash] = issuer
        guard roster.epochs[share.epoch] != nil else { throw Void(reason: .unknownEpoch) }
        roster.epochs[share.epoch]?.sealedTo.formUnion(share.seals.map(\.device))
    }

    private mutating func admin(_ statement: Statement) throws(Void) {
        let issuer = try member(try authority(of: statement))
        roster.signers[statement.hash] = issuer
        guard roster.role(of: issuer) == .admin else { throw Void(reason: .notAdmin) }
    }

    /// The statement that gave the signer its voice.
    private func authority(of statement: Statement) throws(Void) -> Statement {
        let sources = statement.restsOn.compactMap { set[$0] }.filter { $0.introduces == statement.signer }
        guard let source = sources.first, sources.count == 1 else { throw Void(reason: .noAuthority) }
        guard counted.contains(source.hash) else { throw Void(reason: .authorityVoid) }
        return source
    }

    /// The analyst whose device a founding or an enrolment brought in; a grant brings in none.
    private func member(_ authority: Statement) throws(Void) -> Handle {
        switch authority.content {
        case .found(let founding): return founding.handle
        case .enrol(let enrolment): return enrolment.handle
        case .grant, .role, .revoke, .epoch, .share, .unknown: throw Void(reason: .noAuthority)
        }
    }

    /// Brings a device in; with a role it is the first one of a new analyst.
    private mutating func admit(
        _ keys: DevicePublicKeys, _ handle: Handle, _ role: Role?, _ time: Int64, _ statement: Statement
    ) throws(Void) {
        if role != nil, roster.analysts[handle] != nil { throw Void(reason: .handleTaken) }
        guard !signingKeys.contains(keys.signing) else { throw Void(reason: .deviceTaken) }
        signingKeys.insert(keys.signing)
        if let role { roster.analysts[handle] = Roster.Analyst(handle: handle, role: role, devices: []) }
        roster.analysts[handle]?.devices.append(keys.device)
        roster.analysts[handle]?.devices.sort()
        roster.devices[keys.device] = Roster.Device(
            keys: keys, handle: handle, time: time, statement: statement.hash)
    }
}

extension Grant.Purpose {
    /// The role of the analyst whom it brings in.
    fileprivate var role: Role? {
        switch self {
        case .newAnalyst(let role): role
        case .furtherDevice: nil
        }
    }
}
