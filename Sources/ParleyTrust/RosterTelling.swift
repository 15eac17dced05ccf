import ParleyCore

extension Roster {
    /// Says what was judged.
    mutating func tell(_ judgement: Judgement, _ fold: RosterFold) {
        let ground = fold.ground
        for (place, reason) in judgement.reasons.enumerated() {
            if let reason { void[ground.statements[place].hash] = reason }
        }
        void.merge(fold.reasons) { own, _ in own }
        causes = Causes(judgement, fold.force)
        for (place, statement) in ground.statements.enumerated() { tell(statement, place, judgement, ground) }
        nameRoles(judgement, fold.force)
        nameHeads(judgement, ground)
    }

    private mutating func tell(
        _ statement: Statement, _ place: Int, _ judgement: Judgement, _ ground: StatementGround
    ) {
        let counts = judgement.counts[place]
        switch statement.content {
        case .found(let founding) where counts:
            name = founding.name
            admit(founding.keys, founding.handle, founding.time, statement)
        case .enrol(let enrolment):
            let device = Device(
                keys: enrolment.keys, handle: enrolment.handle, time: enrolment.time,
                statement: statement.hash)
            if counts {
                devices[device.id] = device
            } else if ground.roots[place] != nil, voidDevices[device.id] == nil {
                voidDevices[device.id] = device
            }
        case .epoch(let epoch): tell(epoch, statement.hash, counts)
        case .share(let share) where counts:
            epochs[share.epoch]?.sealedTo.formUnion(share.seals.map(\.device))
        case .unknown where counts: unknown.append(statement.hash)
        default: break
        }
    }

    private mutating func admit(
        _ keys: DevicePublicKeys, _ handle: Handle, _ time: Int64, _ statement: Statement
    ) {
        devices[keys.device] = Device(keys: keys, handle: handle, time: time, statement: statement.hash)
    }

    private mutating func tell(_ epoch: Epoch, _ hash: StatementHash, _ counts: Bool) {
        epochs[hash] = EpochFacts(
            number: hash.epochNumber, keyHash: epoch.keyHash, previous: epoch.previous.map(\.epoch),
            time: epoch.time, sealedTo: Set(epoch.seals.map(\.device)), counts: counts)
        if counts { newestEpoch = hash }
    }

    private mutating func nameRoles(_ judgement: Judgement, _ force: Force) {
        for (handle, admitted) in causes.admissions {
            let devices = (judgement.kinship.arrivals[handle] ?? []).filter { judgement.counts[$0] }
            let given = force.role(
                of: handle, admitted: admitted, past: judgement.past, within: { _ in true })
            analysts[handle] = Analyst(
                handle: handle, role: given.role,
                devices: devices.compactMap { judgement.ground.voice($0)?.device }.sorted(),
                admission: judgement.ground.statements[admitted.place].hash,
                isRevoked: force.about(handle).contains { $0.effect == .analyst })
        }
        for device in devices.keys { voidDevices[device] = nil }
    }

    private mutating func nameHeads(_ judgement: Judgement, _ ground: StatementGround) {
        let standing = ground.statements.indices.filter { judgement.counts[$0] }
        let later = Set(unknown)
        newest = standing.last { !later.contains(ground.statements[$0].hash) }
            .map { ground.statements[$0].hash }
        let restedOn = Set(standing.flatMap { ground.rests[$0] })
        heads = standing.filter { !restedOn.contains($0) }.map { ground.statements[$0].hash }
        unknown.sort()
    }
}
