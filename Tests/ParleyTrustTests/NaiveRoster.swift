import ParleyCore
import ParleyTrust

/// The law of membership written down once more from its numbered sentences, slowly and with sets: every
/// question is answered from the whole set of statements, nothing is kept from one to the next.
struct NaiveRoster {
    /// Judged statements by (depth, hash).
    var order: [Statement] = []
    var waiting: Set<StatementHash> = []
    /// Of each all that it rests on, directly or not.
    var past: [Set<Int>] = []
    var inForce: Set<Int> = []
    var void: [Int: Roster.VoidReason] = [:]
    var counting: Set<Int> = []
    let workspace: WorkspaceID
    /// Devices that came in, with their enrolments.
    var devices: [DeviceID: (handle: Handle, place: Int)] = [:]
    private var authorities: [Int?] = []
    private var seniorities: [Int] = []

    init(_ statements: [Statement], _ workspace: WorkspaceID) {
        self.workspace = workspace
        let held = Dictionary(statements.map { ($0.hash, $0) }) { one, _ in one }
        func depth(_ hash: StatementHash) -> Int? {
            guard let statement = held[hash] else { return nil }
            let below = statement.restsOn.map(depth)
            return below.contains(nil) ? nil : (below.compactMap { $0 }.max() ?? -1) + 1
        }
        let depths = held.keys.map { (hash: $0, depth: depth($0)) }
        waiting = Set(depths.filter { $0.depth == nil }.map(\.hash))
        order = depths.filter { $0.depth != nil }
            .sorted { ($0.depth ?? 0, $0.hash) < ($1.depth ?? 0, $1.hash) }.compactMap { held[$0.hash] }
        for statement in order {
            let rests = order.indices.filter { statement.restsOn.contains(order[$0].hash) }
            past.append(rests.reduce(into: Set(rests)) { $0.formUnion(past[$1]) })
        }
        authorities = order.indices.map(findAuthority)
        seniorities = order.indices.map(findSeniority)
        decide()
    }

    // MARK: Who signed

    private func authority(_ place: Int) -> Int? { authorities[place] }
    private func seniority(_ place: Int) -> Int { seniorities[place] }

    private func voice(_ place: Int) -> (handle: Handle, device: DeviceID)? {
        switch order[place].content {
        case .found(let founding): (founding.handle, founding.keys.device)
        case .enrol(let enrolment): (enrolment.handle, enrolment.keys.device)
        default: nil
        }
    }

    private func findAuthority(_ place: Int) -> Int? {
        let sources = order.indices.filter { source in
            let introduced: [UInt8]? =
                switch order[source].content {
                case .found(let founding): founding.keys.signing
                case .grant(let grant): grant.invite
                case .enrol(let enrolment): enrolment.keys.signing
                default: nil
                }
            return order[place].restsOn.contains(order[source].hash) && introduced == order[place].signer
        }
        return sources.count == 1 ? sources[0] : nil
    }

    /// Where the signer's analyst came in, along authorities.
    private func findSeniority(_ place: Int) -> Int {
        guard let above = authority(place) else {
            if case .found = order[place].content, order[place].workspace == workspace { return place }
            return .max
        }
        if case .enrol = order[place].content, case .grant(let grant) = order[above].content,
            case .newAnalyst = grant.purpose
        {
            return findSeniority(above) == .max ? .max : place
        }
        return findSeniority(above)
    }

    // MARK: Removals

    private func handle(ofRemoval place: Int) -> Handle? {
        switch order[place].content {
        case .role(let change): change.handle
        case .revoke(let revocation): revocation.handle
        default: nil
        }
    }

    private func putsOut(_ place: Int, _ voice: (handle: Handle, device: DeviceID)) -> Bool {
        guard case .revoke(let revoked) = order[place].content, revoked.handle == voice.handle else {
            return false
        }
        return revoked.scope == .analyst || revoked.cuts.contains { $0.device == voice.device }
    }

    /// Whether a removal leaves this device with less than a role.
    private func leaves(
        _ place: Int, _ voice: (handle: Handle, device: DeviceID), lessThan role: Role
    ) -> Bool {
        if case .role(let change) = order[place].content, change.handle == voice.handle {
            return change.role < role
        }
        return putsOut(place, voice)
    }

    private mutating func decide() {
        var open = Set(order.indices.filter { handle(ofRemoval: $0) != nil })
        func first(_ places: Set<Int>) -> Int? {
            places.min { (seniority($0), $0) < (seniority($1), $1) }
        }
        var refused: [Int: Roster.VoidReason] = [:]
        while var next = first(open) {
            while let earlier = first(open.intersection(past[next])) { next = earlier }
            open.remove(next)
            judge()
            if let reason = against(removal: next) {
                refused[next] = reason
                continue
            }
            inForce.insert(next)
            judge()
            if !hasAdmin() {
                inForce.remove(next)
                refused[next] = .lastAdmin
            }
        }
        judge()
        void.merge(refused) { one, _ in one }
        for place in counting {
            if let voice = voice(place) { devices[voice.device] = (voice.handle, place) }
        }
    }

    private func against(removal place: Int) -> Roster.VoidReason? {
        if let reason = againstSigner(place, needing: .admin) { return reason }
        guard case .role(let change) = order[place].content else { return nil }
        guard let admission = admission(of: change.handle), past[place].contains(admission) else {
            return .unknownAnalyst
        }
        return nil
    }

    private func hasAdmin() -> Bool {
        let all = Set(order.indices)
        return counting.contains { place in
            guard let voice = voice(place) else { return false }
            return role(of: voice.handle, within: all) == .admin
                && !all.contains { inForce.contains($0) && putsOut($0, voice) }
        }
    }

    // MARK: Roles

    func admission(of handle: Handle) -> Int? {
        counting.first { place in
            guard voice(place)?.handle == handle else { return false }
            guard let above = authority(place) else { return true }
            guard case .grant(let grant) = order[above].content else { return false }
            return grant.purpose != .furtherDevice
        }
    }

    /// Whether or not a revocation is among them.
    func given(_ handle: Handle, within places: Set<Int>) -> Role? {
        guard let admission = admission(of: handle) else { return nil }
        var roles: [Int: Role] = [:]
        switch authority(admission).map({ order[$0].content }) {
        case .grant(let grant)?: if case .newAnalyst(let role) = grant.purpose { roles[admission] = role }
        default: roles[admission] = .admin
        }
        for place in places.intersection(inForce) {
            if case .role(let change) = order[place].content, change.handle == handle {
                roles[place] = change.role
            }
        }
        let latest = roles.filter { one in !roles.keys.contains { past[$0].contains(one.key) } }
        return latest.values.min()
    }

    func role(of handle: Handle, within places: Set<Int>) -> Role? {
        let isOut = places.intersection(inForce).contains { place in
            guard case .revoke(let revoked) = order[place].content else { return false }
            return revoked.handle == handle && revoked.scope == .analyst
        }
        return isOut ? nil : given(handle, within: places)
    }

    /// Rules 2 to 4 for what a device signed.
    private func againstSigner(_ place: Int, needing role: Role?) -> Roster.VoidReason? {
        guard let above = authority(place) else { return .noAuthority }
        guard counting.contains(above) else { return .authorityVoid }
        guard let voice = voice(above) else { return .noAuthority }
        guard !past[place].contains(where: { inForce.contains($0) && putsOut($0, voice) }) else {
            return .revoked
        }
        guard role == nil || self.role(of: voice.handle, within: past[place]) == role else {
            return .notAdmin
        }
        let strangers = inForce.filter {
            $0 != place && !past[place].contains($0) && !past[$0].contains(place)
        }
        if strangers.contains(where: { putsOut($0, voice) }) { return .revoked }
        let lowers = strangers.contains { leaves($0, voice, lessThan: role ?? .reader) }
        return lowers ? .notAdmin : nil
    }

    // MARK: Everything else

    private mutating func judge() {
        counting = inForce
        void = [:]
        for place in order.indices where handle(ofRemoval: place) == nil {
            if let reason = reason(against: place) { void[place] = reason } else { counting.insert(place) }
        }
    }

    private func reason(against place: Int) -> Roster.VoidReason? {
        switch order[place].content {
        case .found(let founding):
            guard order[place].workspace == workspace else { return .otherWorkspace }
            return againstComing(place, founding.keys)
        case .grant(let grant):
            if grant.purpose != .furtherDevice { return againstSigner(place, needing: .admin) }
            if let reason = againstSigner(place, needing: nil) { return reason }
            return authority(place).flatMap(voice)?.handle == grant.handle ? nil : .wrongHandle
        case .enrol(let enrolment): return reason(against: place, enrolment)
        case .epoch: return againstSigner(place, needing: .admin)
        case .share(let share):
            if let reason = againstSigner(place, needing: nil) { return reason }
            let isThere = order.indices.contains {
                if case .epoch = order[$0].content { return order[$0].hash == share.epoch }
                return false
            }
            return isThere && order[place].restsOn.contains(share.epoch) ? nil : .unknownEpoch
        case .unknown:
            guard let above = authority(place) else { return .noAuthority }
            if voice(above) == nil { return counting.contains(above) ? nil : .authorityVoid }
            return againstSigner(place, needing: nil)
        case .role, .revoke: return nil
        }
    }

    private func reason(against place: Int, _ enrolment: Enrolment) -> Roster.VoidReason? {
        guard let above = authority(place) else { return .noAuthority }
        guard counting.contains(above) else { return .authorityVoid }
        let own = (handle: enrolment.handle, device: enrolment.keys.device)
        let isBarred = inForce.contains { putsOut($0, own) && !past[$0].contains(place) }
        guard case .grant(let grant) = order[above].content else {
            if let reason = againstSigner(place, needing: nil) { return reason }
            guard voice(above)?.handle == own.handle else { return .wrongHandle }
            return isBarred ? .revoked : againstComing(place, enrolment.keys)
        }
        guard grant.handle == own.handle else { return .wrongHandle }
        guard enrolment.time <= grant.until else { return .grantExpired }
        let isNew = grant.purpose != .furtherDevice
        if let issuer = authority(above).flatMap(voice) {
            let isDead = inForce.contains {
                leaves($0, issuer, lessThan: isNew ? .admin : .reader) && !past[above].contains($0)
                    && !past[$0].contains(place)
            }
            if isDead { return .grantRevoked }
        }
        if isBarred { return .revoked }
        guard !counting.contains(where: { voice($0) != nil && authority($0) == above }) else {
            return .grantUsed
        }
        if isNew, admission(of: own.handle) != nil { return .handleTaken }
        return againstComing(place, enrolment.keys)
    }

    private func againstComing(_ place: Int, _ keys: DevicePublicKeys) -> Roster.VoidReason? {
        let isTaken = counting.contains {
            switch order[$0].content {
            case .found(let founding): founding.keys.signing == keys.signing
            case .enrol(let enrolment): enrolment.keys.signing == keys.signing
            default: false
            }
        }
        return isTaken ? .deviceTaken : nil
    }
}

// MARK: Answers

extension NaiveRoster {
    private func place(_ hash: StatementHash?) -> Int? { order.firstIndex { $0.hash == hash } }

    func isOut(_ device: DeviceID) -> Bool {
        guard let handle = devices[device]?.handle else { return false }
        return inForce.contains { putsOut($0, (handle, device)) }
    }

    /// Rule 3 of the law of standing.
    private func corrects(_ later: Int, _ earlier: Int, _ voice: (handle: Handle, device: DeviceID)) -> Bool {
        guard past[later].contains(earlier) else { return false }
        let isOut = past[later].contains { inForce.contains($0) && putsOut($0, voice) }
        return isOut || (role(of: voice.handle, within: past[later]) ?? .reader) < .analyst
    }

    private func known(_ device: DeviceID, _ named: StatementHash?) -> Set<Int> {
        guard let own = devices[device]?.place else { return [] }
        let name = place(named)
        let names = name.map { past[$0].union([$0]) } ?? []
        return names.union(past[own]).union([own])
    }

    func standing(_ change: ChangeID, _ named: StatementHash?) -> Standing.Reason? {
        let device = change.device
        guard let handle = devices[device]?.handle else { return .role }
        let known = known(device, named)
        guard let role = role(of: handle, within: known), role >= .analyst,
            !known.contains(where: { inForce.contains($0) && putsOut($0, (handle, device)) })
        else { return .role }
        let ends = inForce.filter { leaves($0, (handle, device), lessThan: .analyst) }
        for end in ends
        where !known.contains(end) && !ends.contains(where: { corrects($0, end, (handle, device)) }) {
            let cuts: [Cut] =
                switch order[end].content {
                case .role(let change): change.cuts
                case .revoke(let revoked): revoked.cuts
                default: []
                }
            let cut = cuts.first { $0.device == device }?.number ?? 0
            if change.number > cut { return .cut }
        }
        return nil
    }

    func sealsPlain(_ named: StatementHash?, _ device: DeviceID) -> Bool {
        known(device, named).contains { place in
            if case .epoch = order[place].content { return counting.contains(place) }
            return false
        }
    }

    /// The devices to which an epoch's key was sealed.
    func sealedTo(_ epoch: StatementHash) -> Set<DeviceID> {
        var devices: Set<DeviceID> = []
        for place in order.indices {
            if case .epoch(let own) = order[place].content, order[place].hash == epoch {
                devices.formUnion(own.seals.map(\.device))
            }
            if case .share(let share) = order[place].content, share.epoch == epoch,
                counting.contains(place)
            {
                devices.formUnion(share.seals.map(\.device))
            }
        }
        return devices
    }
}
