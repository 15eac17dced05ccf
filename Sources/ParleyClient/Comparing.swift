internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// A chain of which the first part that the server does not hold is looked for.
struct ForkSearch {
    let device: DeviceID
    /// Where the search began.
    let first: UInt64
    /// The highest number that both hold.
    let last: UInt64
    var next: UInt64

    init(device: DeviceID, first: UInt64, last: UInt64) {
        self.device = device
        self.first = first
        self.last = last
        next = first
    }
}

/// What a server's frontier says beside the own one.
struct Comparison {
    /// Chains of which both hold the server's last number, and not the same there.
    var forks: [ChangeID] = []
    /// The first of them that only this side can see: the own one before others'.
    var foundHereOnly: ChangeID?
    /// Only the server can tell of some chain whether it is the same.
    var awaitsVerdict = false
    /// Changesets that the server once held and does not hold any more.
    var lost = 0
}

extension Workspace {
    /// Compares, and writes down how far the server is known to hold the own chain.
    func compare(_ entries: [FrontierEntry]) throws -> Comparison {
        let (comparison, acknowledged) = try store.read { tx in
            let held = try tx.log.heads().frontier
            var (comparison, equal) = try compare(entries, holding: held, tx.log)
            comparison.lost = try lost(by: entries, holding: held, tx.log)
            // What the server lacks of the own chain it does not hold, whatever it once said.
            let theirs = entries.first { $0.change.device == device }?.change
            let known = min(try tx.acknowledged(), held[device], theirs?.number ?? 0)
            return (comparison, theirs.map { equal.contains($0) ? $0.number : known } ?? 0)
        }
        try noteAcknowledged(acknowledged)
        return comparison
    }

    private func compare(
        _ entries: [FrontierEntry], holding held: Frontier, _ log: Log
    ) throws -> (Comparison, equal: [ChangeID]) {
        var comparison = Comparison()
        var equal: [ChangeID] = []
        for entry in entries {
            let number = held[entry.change.device]
            if number > 0, number < entry.change.number { comparison.awaitsVerdict = true }
            guard let own = try log.mark(of: entry.change) else { continue }
            guard own.hash != entry.hash else { equal.append(entry.change); continue }
            comparison.forks.append(entry.change)
            comparison.awaitsVerdict = true
            guard number > entry.change.number else { continue }
            let isOwn = entry.change.device == device
            if isOwn || comparison.foundHereOnly == nil { comparison.foundHereOnly = entry.change }
        }
        return (comparison, equal)
    }

    private func lost(by entries: [FrontierEntry], holding held: Frontier, _ log: Log) throws -> Int {
        guard let bytes = try log.meta(Meta.serverHeld) else { return 0 }
        var reader = ByteReader(bytes)
        let once = try reader.frontier()
        let now = Frontier(covering: entries.map(\.change))
        return once.numbers.reduce(0) { lost, chain in
            let theirs = now[chain.key]
            let ours = min(chain.value, held[chain.key])
            return lost + (ours > theirs ? Int(ours - theirs) : 0)
        }
    }

    /// The next piece of a chain that is compared changeset by changeset.
    func branch(_ search: ForkSearch) throws -> ChangesetRun {
        let changesets = try store.read {
            try $0.log.chain(
                of: search.device, from: search.next, through: search.last, limit: Limits.slice)
        }
        guard let last = changesets.last else { return ChangesetRun(changesets: [], signatures: []) }
        let change = try ChangesetHeader.decode(last).header.change
        let signature = try store.write { tx in
            if search.device == device {
                try tx.log.setMeta(Meta.left, max(try tx.log.metaNumber(Meta.left), change.number))
            }
            return try tx.log.signature(of: change) ?? ownSignature(at: change, tx.log)
        }
        return ChangesetRun(
            changesets: changesets,
            signatures: signature.map { [SignedNumber(change: change, signature: $0)] } ?? [])
    }

    private func ownSignature(at change: ChangeID, _ log: Log) throws -> [UInt8]? {
        guard change.device == device, let mark = try log.mark(of: change) else { return nil }
        return try Chain.sign(change.number, hash: mark.hash, workspace: id, by: identity)
    }

    /// Both sides hold the same (if both ways were gone), but for what cannot be handed on or is
    /// refused: by what the server holds now one sees later what it has lost.
    func noteInStep(at now: Int64, holdsAll: Bool, _ scrutiny: Scrutiny) throws {
        try store.write { tx in
            try tx.log.setMeta(Meta.lastSync, now)
            try scrutiny.save(to: tx.log)
            guard holdsAll else { return }
            var held = try tx.log.signedFrontier()
            for refusal in try Refusals(tx.log).all {
                held[refusal.change.device] = min(held[refusal.change.device], refusal.change.number - 1)
            }
            var bytes: [UInt8] = []
            bytes.append(frontier: held)
            if try tx.log.meta(Meta.serverHeld) != bytes { try tx.log.setMeta(Meta.serverHeld, bytes) }
        }
    }
}
