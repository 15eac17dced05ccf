import ParleyCore

/// Which statements count while certain removals are in force, in the order of their places: rules 2 to 5 of
/// the law above `RosterFold.swift`. Removals themselves count if they are in force.
struct Judgement {
    typealias Reason = Roster.VoidReason

    struct Void: Error { let reason: Reason }

    let ground: StatementGround
    let past: Past
    /// By place; false for what has not been judged, too.
    private(set) var counts: [Bool]
    private(set) var reasons: [Int: Reason] = [:]
    /// The places of foundings and enrolments that count.
    private(set) var admissions: [Handle: Admitted] = [:]
    private(set) var devices: [Handle: [DeviceID]] = [:]
    private(set) var analysts: [Handle] = []
    private var usedGrants: Set<Int> = []
    private var signingKeys: Set<[UInt8]> = []

    /// Judges foundings, grants and enrolments: all that others' right to speak comes from.
    init(_ ground: StatementGround, _ past: Past, under force: Force) {
        self.ground = ground
        self.past = past
        counts = Array(repeating: false, count: ground.statements.count)
        for removal in force.all { count(removal) }
        for place in ground.statements.indices where isStructural(place) { judge(place, under: force) }
    }

    /// A removal that is in force.
    mutating func count(_ removal: Removal) { counts[removal.place] = true }

    private func isStructural(_ place: Int) -> Bool {
        switch ground.statements[place].content {
        case .found, .grant, .enrol: true
        case .role, .revoke, .epoch, .share, .unknown: false
        }
    }

    /// Judges the rest: what nobody's right depends on.
    mutating func judgeOthers(under force: Force) {
        for place in ground.statements.indices {
            switch ground.statements[place].content {
            case .epoch, .share, .unknown: judge(place, under: force)
            case .found, .grant, .enrol, .role, .revoke: continue
            }
        }
    }

    private mutating func judge(_ place: Int, under force: Force) {
        do throws(Void) {
            switch ground.statements[place].content {
            case .found(let founding): try found(place, founding)
            case .grant(let grant): try judge(grant, at: place, force)
            case .enrol(let enrolment): try enrol(place, enrolment, force)
            case .epoch: _ = try member(place, .admin, force)
            case .share(let share): try judge(share, at: place, force)
            case .unknown: try judgeUnknown(place, force)
            case .role, .revoke: return
            }
            counts[place] = true
        } catch {
            reasons[place] = error.reason
        }
    }

    private mutating func found(_ place: Int, _ founding: Founding) throws(Void) {
        guard ground.roots[place] != nil else { throw Void(reason: .otherWorkspace) }
        try admit(founding.keys, Voice(handle: founding.handle, device: founding.keys.device), .admin, place)
    }

    private func judge(_ grant: Grant, at place: Int, _ force: Force) throws(Void) {
        let isNewAnalyst = grant.purpose.role != nil
        let issuer = try member(place, isNewAnalyst ? .admin : .membership, force)
        guard isNewAnalyst || grant.handle == issuer.handle else { throw Void(reason: .wrongHandle) }
    }

    private func judge(_ share: Share, at place: Int, _ force: Force) throws(Void) {
        _ = try member(place, .membership, force)
        let named = ground.places[share.epoch].map { ground.statements[$0].content }
        guard ground.statements[place].restsOn.contains(share.epoch), case .epoch? = named else {
            throw Void(reason: .unknownEpoch)
        }
    }

    private func judgeUnknown(_ place: Int, _ force: Force) throws(Void) {
        let authority = try authority(place)
        if ground.voice(authority) != nil { _ = try member(place, .membership, force) }
    }

    // MARK: Who may

    /// The statement that gave the signer its voice.
    private func authority(_ place: Int) throws(Void) -> Int {
        guard let authority = ground.authorities[place] else { throw Void(reason: .noAuthority) }
        guard counts[authority] else { throw Void(reason: .authorityVoid) }
        return authority
    }

    /// The device that signed, and its analyst, if these had and kept what the statement needs.
    func member(_ place: Int, _ need: Removal.Need, _ force: Force) throws(Void) -> Voice {
        let authority = try authority(place)
        guard let voice = ground.voice(authority) else { throw Void(reason: .noAuthority) }
        guard let admitted = admissions[voice.handle] else { throw Void(reason: .authorityVoid) }
        let known = { (removal: Removal) in past.holds(place, removal.place) }
        guard force.exit(of: voice, within: known) == nil else { throw Void(reason: .revoked) }
        let held = force.role(of: voice.handle, admitted: admitted, past: past, within: known).role
        guard need == .membership || held == .admin else { throw Void(reason: .notAdmin) }
        let taken = force.about(voice.handle).filter {
            $0.takes(need, from: voice.device) && areConcurrent(place, $0.place)
        }
        guard taken.isEmpty else {
            throw Void(reason: taken.contains { $0.role == nil } ? .revoked : .notAdmin)
        }
        return voice
    }

    private func areConcurrent(_ one: Int, _ other: Int) -> Bool {
        one != other && !past.holds(one, other) && !past.holds(other, one)
    }

    // MARK: Who comes in

    private mutating func enrol(_ place: Int, _ enrolment: Enrolment, _ force: Force) throws(Void) {
        let authority = try authority(place)
        let voice = Voice(handle: enrolment.handle, device: enrolment.keys.device)
        guard case .grant(let grant) = ground.statements[authority].content else {
            let issuer = try member(place, .membership, force)
            guard voice.handle == issuer.handle else { throw Void(reason: .wrongHandle) }
            try expectNotBarred(voice, place, force)
            return try admit(enrolment.keys, voice, nil, place)
        }
        guard voice.handle == grant.handle else { throw Void(reason: .wrongHandle) }
        guard enrolment.time <= grant.until else { throw Void(reason: .grantExpired) }
        try expectStanding(grant, authority, enrolment: place, force)
        try expectNotBarred(voice, place, force)
        guard !usedGrants.contains(authority) else { throw Void(reason: .grantUsed) }
        try admit(enrolment.keys, voice, grant.purpose.role, place)
        usedGrants.insert(authority)
    }

    /// The unused invites of somebody removed are dead, also those made long before.
    private func expectStanding(
        _ grant: Grant, _ place: Int, enrolment: Int, _ force: Force
    ) throws(Void) {
        guard let issuer = ground.signer(of: place) else { return }
        let need: Removal.Need = grant.purpose.role == nil ? .membership : .admin
        let isDead = force.about(issuer.handle).contains {
            $0.takes(need, from: issuer.device) && !past.holds(place, $0.place)
                && !past.holds($0.place, enrolment)
        }
        guard !isDead else { throw Void(reason: .grantRevoked) }
    }

    /// Whoever puts an analyst or a device out means all that it had not seen of them, too.
    private func expectNotBarred(_ voice: Voice, _ place: Int, _ force: Force) throws(Void) {
        let isBarred = force.about(voice.handle).contains {
            $0.putsOut(voice.device) && !past.holds($0.place, place)
        }
        guard !isBarred else { throw Void(reason: .revoked) }
    }

    /// Brings a device in; with a role it is the first one of a new analyst.
    private mutating func admit(
        _ keys: DevicePublicKeys, _ voice: Voice, _ role: Role?, _ place: Int
    ) throws(Void) {
        guard role == nil || admissions[voice.handle] == nil else { throw Void(reason: .handleTaken) }
        guard !signingKeys.contains(keys.signing) else { throw Void(reason: .deviceTaken) }
        signingKeys.insert(keys.signing)
        if let role {
            admissions[voice.handle] = Admitted(role: role, place: place)
            analysts.append(voice.handle)
        }
        devices[voice.handle, default: []].append(voice.device)
    }

    // MARK: Removals

    /// Why a removal that is not in force yet may not be; nil if it may, but for the last admin.
    func refusal(of removal: Removal, under force: Force) -> Reason? {
        do throws(Void) { _ = try member(removal.place, .admin, force) } catch { return error.reason }
        guard removal.role != nil else { return nil }
        guard let admitted = admissions[removal.handle], past.holds(removal.place, admitted.place) else {
            return .unknownAnalyst
        }
        return nil
    }

    /// Whether some admin has a device that is in, when all is known.
    func hasAdmin(under force: Force) -> Bool {
        analysts.contains { handle in
            guard let admitted = admissions[handle] else { return false }
            let all = { (_: Removal) in true }
            guard force.role(of: handle, admitted: admitted, past: past, within: all).role == .admin else {
                return false
            }
            return (devices[handle] ?? []).contains {
                force.exit(of: Voice(handle: handle, device: $0), within: all) == nil
            }
        }
    }
}
