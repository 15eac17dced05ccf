package import ParleyCore

/// The keys of epochs that a device holds, and the epochs that it knows of. Whenever the set of statements has
/// grown, ``gather(_:workspace:by:)`` brings both up to it.
package struct KeyRing: Sendable {
    package private(set) var keys: [StatementHash: Secret]
    /// By the number that headers carry; ascending by hash.
    private var epochs: [UInt64: [StatementHash]] = [:]
    /// Statements whose seal to this device was tried: one that does not open is not tried again.
    private var tried: Set<StatementHash> = []
    /// Of the devices whose bodies were opened last.
    private var seals: [SealName: BodySeal] = [:]
    private static let mostSeals = 1_000

    private struct SealName: Hashable {
        var epoch: StatementHash
        var device: DeviceID
    }

    package init(keys: [StatementHash: Secret] = [:]) { self.keys = keys }

    package subscript(epoch: StatementHash) -> Secret? { keys[epoch] }

    /// Takes every key that statements of the set seal to this identity, and all earlier ones that these
    /// open. Whether a statement counts is not asked: a key is known by its hash, and opens what was sealed.
    /// - Returns: those that are new.
    package mutating func gather(
        _ set: StatementSet, workspace: WorkspaceID, by identity: Identity
    ) -> [StatementHash: Secret] {
        var held: [StatementHash: Epoch] = [:]
        for case (let hash, .epoch(let epoch)) in set.statements.mapValues(\.content) { held[hash] = epoch }
        seals = [:]
        epochs = Dictionary(grouping: held.keys.sorted(), by: \.epochNumber)
        // Whoever made an invite may have put anything into it.
        keys = keys.filter { hash, key in held[hash].map { $0.keyHash == EpochKey.hash(key) } ?? true }
        let before = keys
        for statement in set.statements.values { open(statement, held, workspace, identity) }
        unwrap(held)
        return keys.filter { before[$0.key] == nil }
    }

    private mutating func open(
        _ statement: Statement, _ held: [StatementHash: Epoch], _ workspace: WorkspaceID,
        _ identity: Identity
    ) {
        let (name, seals): (StatementHash, [DeviceSeal])
        switch statement.content {
        case .epoch(let epoch): (name, seals) = (statement.hash, epoch.seals)
        case .share(let share): (name, seals) = (share.epoch, share.seals)
        default: return
        }
        guard keys[name] == nil, let epoch = held[name],
            let seal = seals.first(where: { $0.device == identity.device }),
            tried.insert(statement.hash).inserted
        else { return }
        keys[name] = EpochSeal.open(seal, keyHash: epoch.keyHash, workspace: workspace, by: identity)
    }

    private mutating func unwrap(_ held: [StatementHash: Epoch]) {
        var open = keys.keys.sorted()
        while let hash = open.popLast() {
            guard let key = keys[hash], let epoch = held[hash] else { continue }
            for wrapped in epoch.previous where keys[wrapped.epoch] == nil {
                guard let earlier = held[wrapped.epoch] else { continue }
                keys[wrapped.epoch] = EpochWrap.unwrap(wrapped, keyHash: earlier.keyHash, under: key)
                if keys[wrapped.epoch] != nil { open.append(wrapped.epoch) }
            }
        }
    }

    /// The epochs of this number that are held, ascending by hash, with their keys as far as known.
    package func candidates(_ number: UInt64) -> [(epoch: StatementHash, key: Secret?)] {
        (epochs[number] ?? []).map { ($0, keys[$0]) }
    }

    /// Derives the keys that ``open(_:in:header:)`` needs for such a changeset, once for all of its device: that
    /// costs about as much as to open a small body.
    package mutating func prepare(for header: ChangesetHeader) {
        for case (let epoch, let key?) in candidates(header.epoch) {
            let name = SealName(epoch: epoch, device: header.change.device)
            guard seals[name] == nil else { continue }
            if seals.count >= Self.mostSeals { seals = [:] }
            seals[name] = BodySeal(under: key, of: name.device)
        }
    }

    package enum Opening: Equatable, Sendable {
        /// The packed body.
        case packed([UInt8])
        /// For a key, or for the statement of the epoch.
        case waits
        /// No key opens it, or what a key opens has no right form: the changeset is void.
        case void
    }

    /// Opens the sealed body of a changeset.
    /// - Parameters:
    ///   - bytes: the whole changeset.
    ///   - range: of the body in it.
    package func open(_ bytes: [UInt8], in range: Range<Int>, header: ChangesetHeader) -> Opening {
        let candidates = candidates(header.epoch)
        guard !candidates.isEmpty else { return .waits }
        for candidate in candidates {
            guard let key = candidate.key else { return .waits }
            do throws(MalformedBytes) {
                let name = SealName(epoch: candidate.epoch, device: header.change.device)
                let seal = seals[name] ?? BodySeal(under: key, of: name.device)
                if let packed = try seal.open(bytes, in: range) { return .packed(packed) }
            } catch { return .void }
        }
        return .void
    }
}
