import ParleyCore

/// Which statements count while certain removals are in force, in the order of their places: rules 2 to 5 of
/// the law above `RosterFold.swift`. Removals themselves count if they are in force.
struct Judgement {
    typealias Reason = Roster.VoidReason

    struct Void: Error { let reason: Reason }

    let ground: StatementGround
    let kinship: Kinship
    let past: Past
    /// By place; false for what has not been judged, too.
    private(set) var counts: [Bool]
    private(set) var reasons: [Reason?]

    /// Judges foundings, grants and enrolments: all that others' right to speak comes from.
    init(_ ground: StatementGround, _ past: Past) {
        self.ground = ground
        self.past = past
        kinship = Kinship(ground)
        counts = Array(repeating: false, count: ground.statements.count)
        reasons = Array(repeating: nil, count: ground.statements.count)
        for place in ground.statements.indices where isStructural(place) { judge(place, under: Force()) }
    }

    private func isStructural(_ place: Int) -> Bool {
        switch ground.statements[place].content {
        case .found, .grant, .enrol: true
        case .role, .revoke, .epoch, .share, .unknown: false
        }
    }

    /// Takes a removal that is in force now for counting, and judges anew what it touches. What lies in its past
    /// stands as it stood.
    mutating func follow(_ removal: Removal, under force: Force) {
        counts[removal.place] = true
        var open = Set((kinship.acts[removal.handle] ?? []).filter { !past.holds(removal.place, $0) })
        guard var place = open.min() else { return }
        while !open.isEmpty {
            if open.remove(place) != nil {
                let before = counts[place]
                judge(place, under: force)
                if counts[place] != before { open.formUnion(kinship.dependents(of: place, ground)) }
            }
            place += 1
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
        counts[place] = false
        do throws(Void) {
            try check(place, force)
            counts[place] = true
            reasons[place] = nil
        } catch {
            reasons[place] = error.reason
        }
    }

    private func check(_ place: Int, _ force: Force) throws(Void) {
        switch ground.statements[place].content {
        case .found:
            guard ground.roots[place] != nil else { throw Void(reason: .otherWorkspace) }
            try expectRoom(place)
        case .grant(let grant): try check(grant, at: place, force)
        case .enrol(let enrolment): try check(enrolment, at: place, force)
        case .epoch: _ = try member(place, .admin, force)
        case .share(let share): try check(share, at: place, force)
        case .unknown:
            if ground.voice(try authority(place)) != nil { _ = try member(place, .membership, force) }
        case .role, .revoke: return
        }
    }

    private func check(_ grant: Grant, at place: Int, _ force: Force) throws(Void) {
        let isNewAnalyst = grant.purpose.role != nil
        let issuer = try member(place, isNewAnalyst ? .admin : .membership, force)
        guard isNewAnalyst || grant.handle == issuer.handle else { throw Void(reason: .wrongHandle) }
    }

    private func check(_ share: Share, at place: Int, _ force: Force) throws(Void) {
        _ = try member(place, .membership, force)
        let named = ground.places[share.epoch].map { ground.statements[$0].content }
        guard ground.statements[place].restsOn.contains(share.epoch), case .epoch? = named else {
            throw Void(reason: .unknownEpoch)
        }
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
        guard let admitted = admission(of: voice.handle) else { throw Void(reason: .authorityVoid) }
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

    /// How an analyst came in: by the first claim that counts.
    func admission(of handle: Handle) -> Admitted? {
        guard let place = kinship.claims[handle]?.first(where: { counts[$0] }),
            let role = ground.admittedRole(place)
        else { return nil }
        return Admitted(role: role, place: place)
    }

    // MARK: Who comes in

    private func check(_ enrolment: Enrolment, at place: Int, _ force: Force) throws(Void) {
        let authority = try authority(place)
        let voice = Voice(handle: enrolment.handle, device: enrolment.keys.device)
        guard case .grant(let grant) = ground.statements[authority].content else {
            let issuer = try member(place, .membership, force)
            guard voice.handle == issuer.handle else { throw Void(reason: .wrongHandle) }
            try expectNotBarred(voice, place, force)
            return try expectRoom(place)
        }
        guard voice.handle == grant.handle else { throw Void(reason: .wrongHandle) }
        guard enrolment.time <= grant.until else { throw Void(reason: .grantExpired) }
        try expectStanding(grant, authority, enrolment: place, force)
        try expectNotBarred(voice, place, force)
        guard !isClaimed(kinship.heirs[authority], before: place) else { throw Void(reason: .grantUsed) }
        try expectRoom(place)
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

    /// A handle belongs to one analyst, and a signing key to one device.
    private func expectRoom(_ place: Int) throws(Void) {
        let statement = ground.statements[place]
        if ground.admittedRole(place) != nil, let handle = ground.voice(place)?.handle {
            let isTaken = isClaimed(kinship.claims[handle] ?? [], before: place)
            guard !isTaken else { throw Void(reason: .handleTaken) }
        }
        guard !isClaimed(kinship.namesakes(statement), before: place) else {
            throw Void(reason: .deviceTaken)
        }
    }

    private func isClaimed(_ places: [Int], before place: Int) -> Bool {
        places.contains { $0 < place && counts[$0] }
    }

    // MARK: Removals

    /// Why a removal that is not in force yet may not be; nil if it may, but for the last admin.
    func refusal(of removal: Removal, under force: Force) -> Reason? {
        do throws(Void) { _ = try member(removal.place, .admin, force) } catch { return error.reason }
        guard removal.role != nil else { return nil }
        guard let admitted = admission(of: removal.handle), past.holds(removal.place, admitted.place) else {
            return .unknownAnalyst
        }
        return nil
    }

    /// Whether some admin has a device that is in, when all is known.
    func hasAdmin(under force: Force) -> Bool {
        kinship.handles.contains { handle in
            guard let admitted = admission(of: handle) else { return false }
            let all = { (_: Removal) in true }
            guard force.role(of: handle, admitted: admitted, past: past, within: all).role == .admin else {
                return false
            }
            return (kinship.arrivals[handle] ?? []).contains {
                guard counts[$0], let voice = ground.voice($0) else { return false }
                return force.exit(of: voice, within: all) == nil
            }
        }
    }
}
