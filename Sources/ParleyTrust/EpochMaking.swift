package import ParleyCore

/// When a new key is due, and the statements that make it. An author seals under the newest epoch; whoever
/// was put out of the workspace must not hold its key.
package enum EpochMaking {
    package enum Need: Equatable, Sendable {
        case none
        /// A new key.
        case epoch
        /// The newest key, sealed to these devices too; ascending.
        case share([DeviceID])
    }

    /// Seals of one epoch statement at most, beside the earlier keys.
    static let mostSeals = 10
    /// Milliseconds after which devices that came in get a new key rather than the newest.
    static let longest: Int64 = 24 * 60 * 60 * 1000

    /// What this device should do about it. Only an admin can begin an epoch; anybody who is in can share.
    /// - Parameter now: milliseconds since 1970.
    package static func need(_ roster: Roster, of device: DeviceID, now: Int64) -> Need {
        let need = need(roster, now: now)
        guard roster.role(of: device) != .admin, need == .epoch else { return need }
        guard roster.role(of: device) != nil, let newest = roster.newestEpoch,
            roster.restsOnRevocations(newest)
        else { return .none }
        let without = without(newest, roster)
        return without.isEmpty ? .none : .share(without)
    }

    /// What the workspace needs.
    /// - Parameter now: milliseconds since 1970.
    package static func need(_ roster: Roster, now: Int64) -> Need {
        guard let newest = roster.newestEpoch, let epoch = roster.epochs[newest] else { return .epoch }
        guard roster.restsOnRevocations(newest) else { return .epoch }
        let without = without(newest, roster)
        guard !without.isEmpty else { return .none }
        let isOld = now - epoch.time > longest
        return roster.members.count <= mostSeals || isOld ? .epoch : .share(without)
    }

    /// The devices that are in, can be sealed to, and have no seal of this epoch.
    private static func without(_ epoch: StatementHash, _ roster: Roster) -> [DeviceID] {
        let sealedTo = roster.epochs[epoch]?.sealedTo ?? []
        return roster.members.filter { !sealedTo.contains($0) && roster.canBeSealedTo($0) }
    }

    /// A new key for every device that is in, with all earlier keys that the ring opens: an `epoch` statement,
    /// then `share` statements for the devices whose seals do not fit into it.
    /// - Parameters:
    ///   - time: milliseconds since 1970.
    ///   - random: that many random bytes.
    package static func begin(
        _ roster: Roster, _ set: StatementSet, _ ring: KeyRing, by identity: Identity, time: Int64,
        random: (Int) -> [UInt8]
    ) throws(TrustError) -> [Statement] {
        let key = Secret(random(32))
        var previous: [WrappedKey] = []
        for (epoch, earlier) in heads(roster, set, ring) {
            previous.append(try EpochWrap.wrap(earlier, of: epoch, under: key))
        }
        let readers = roster.members.filter(roster.canBeSealedTo)
        let seals = try seal(key, to: readers, roster, random)
        let epoch = try Statement.epoch(
            by: identity, on: roster.rests(for: identity.device), keyHash: EpochKey.hash(key), time: time,
            previous: previous, seals: Array(seals.prefix(room(beside: previous.count))))
        guard case .epoch(let content) = epoch.content else { return [epoch] }
        let others = Array(seals.dropFirst(content.seals.count))
        return [epoch] + (try shares(of: epoch.hash, others, roster, identity))
    }

    /// The newest key for further devices.
    /// - Throws: `noKey` if the ring does not hold it.
    package static func share(
        with devices: [DeviceID], _ roster: Roster, _ ring: KeyRing, by identity: Identity,
        random: (Int) -> [UInt8]
    ) throws(TrustError) -> [Statement] {
        guard let newest = roster.newestEpoch, let key = ring[newest] else {
            throw TrustError(.noKey, at: "share")
        }
        return try shares(of: newest, try seal(key, to: devices, roster, random), roster, identity)
    }

    /// Seals in an `epoch` statement that rests on as much as one may.
    private static func room(beside previous: Int) -> Int {
        let fixed = 2 + 1 + Statement.mostRests * 32 + 32 + 2 + 32 + 7 + 1 + 1 + Statement.signatureSize
        return min(mostSeals, (Statement.longest - fixed - previous * 80) / DeviceSeal.size)
    }

    private static func seal(
        _ key: Secret, to devices: [DeviceID], _ roster: Roster, _ random: (Int) -> [UInt8]
    ) throws(TrustError) -> [DeviceSeal] {
        var seals: [DeviceSeal] = []
        for keys in devices.compactMap({ roster.keys(of: $0) }) {
            let ephemeral = Secret(random(32))
            seals.append(
                try EpochSeal.seal(key, to: keys, workspace: roster.workspace, ephemeral: ephemeral))
        }
        return seals
    }

    private static func shares(
        of epoch: StatementHash, _ seals: [DeviceSeal], _ roster: Roster, _ identity: Identity
    ) throws(TrustError) -> [Statement] {
        guard let own = roster.devices[identity.device]?.statement else {
            throw TrustError(.noKey, at: "share")
        }
        let fixed = 2 + 1 + 2 * 32 + 32 + 2 + 32 + 1 + Statement.signatureSize
        let most = (Statement.longest - fixed) / DeviceSeal.size
        var statements: [Statement] = []
        for start in stride(from: 0, to: seals.count, by: most) {
            let some = Array(seals[start..<min(start + most, seals.count)])
            statements.append(try Statement.share(by: identity, on: [own, epoch], epoch: epoch, seals: some))
        }
        return statements
    }

    /// The epochs whose keys the ring holds and no other key that it holds opens: with these all are had.
    private static func heads(
        _ roster: Roster, _ set: StatementSet, _ ring: KeyRing
    ) -> [(StatementHash, Secret)] {
        var open: Set<StatementHash> = []
        for (hash, key) in ring.keys {
            guard case .epoch(let epoch)? = set[hash]?.content else { continue }
            for wrapped in epoch.previous where wrapped.epoch != hash {
                guard case .epoch(let earlier)? = set[wrapped.epoch]?.content else { continue }
                if EpochWrap.unwrap(wrapped, keyHash: earlier.keyHash, under: key) != nil {
                    open.insert(wrapped.epoch)
                }
            }
        }
        let heads = ring.keys.filter { set[$0.key] != nil && !open.contains($0.key) }
        let order = heads.sorted {
            (roster.depths[$0.key] ?? 0, $0.key) > (roster.depths[$1.key] ?? 0, $1.key)
        }
        return order.prefix(Epoch.mostPrevious).map { ($0.key, $0.value) }
    }
}

extension Roster {
    fileprivate func canBeSealedTo(_ device: DeviceID) -> Bool {
        keys(of: device).map(EpochSeal.takes) ?? false
    }
}
