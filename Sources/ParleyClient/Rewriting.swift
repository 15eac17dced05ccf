internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Takes a stretch of this replica's own work out of the log and writes it anew in the same places: under
/// its own device where nothing of it has left this machine (*restamping*), under a fresh one where it has
/// (*re-authoring*).
///
/// The law: each changeset keeps its act, its writes and its **original context**, and its time where the
/// clock rule allows. Never the present frontier: that would cover writes which its author had not seen, and
/// erase them without a trace. Places in the log stay, so the log stays a linear extension of causality.
struct Rewriting {
    let tx: WriteTransaction
    let workspace: WorkspaceID
    /// Whose work it was, and who writes it anew: the same for restamping.
    let former: Identity
    let author: Identity
    /// The corrected time, milliseconds since 1970.
    let now: Int64
    /// How the author seals.
    let sealer: Sealer
    /// The statement that a fresh chain's first header names.
    var statement: [UInt8]?
    var reason: String

    private var isFresh: Bool { former.device != author.device }

    /// Does it, and makes the tables anew where anything but the seal is another.
    /// - Parameter refused: own numbers that are kept apart and not written again.
    /// - Returns: how many were written anew.
    func run(_ stretch: Stretch, without refused: Set<UInt64> = []) throws -> Int {
        let log = tx.log
        for place in stretch.foreign + stretch.own.filter({ refused.contains($0.header.change.number) }) {
            try tx.keepForked(at: place.position, reason: reason, as: nil, moved: now)
            try log.remove(at: place.position)
        }
        for (device, number) in stretch.cut { try log.forgetSignatures(of: device, from: number) }
        let own = stretch.own.filter { !refused.contains($0.header.change.number) }
        var onlySealed = !isFresh && own.count == stretch.own.count + stretch.foreign.count
        if let first = stretch.cut[former.device] {
            onlySealed = try rewrite(own, of: stretch, from: first) && onlySealed
        }
        if !onlySealed { try tx.rebuild() }
        return own.count
    }

    /// - Returns: whether every stamp and context is what it was.
    private func rewrite(_ own: [LogPlace], of stretch: Stretch, from first: UInt64) throws -> Bool {
        var isSame = true
        var whole = try wholeContext(before: first)
        if isFresh { try signEnd(first - 1) }
        var chain = try NewChain(
            tx.log, workspace, author.device, after: isFresh ? 0 : first - 1, whole, sealer)
        var renamed: [ChangeID: ChangeID] = [:]
        for place in own {
            let old = place.header.change
            whole.merge(try original(old, place.header))
            let new = ChangeID(device: author.device, number: chain.nextNumber)
            let entry = try chain.next(
                time: place.header.time, context: try mapped(whole, stretch, first), now: now,
                statement: isFresh ? (new.number == 1 ? statement : nil) : place.header.statement,
                packed: try body(at: place, renamed))
            if isFresh {
                try tx.keepForked(at: place.position, reason: reason, as: new, moved: now)
                try tx.renameInDrafts(old, to: new)
                renamed[old] = new
            }
            let (before, after) = (place.header, entry.header)
            isSame = isSame && before.stamp == after.stamp && before.context == after.context
            try tx.log.replace(at: place.position, by: entry)
        }
        if isSame { try tx.log.save(chain.head, of: author.device) }
        return isSame
    }

    // MARK: Contexts

    /// What the own chain's author held before a number, own entry not counted.
    private func wholeContext(before number: UInt64) throws -> Frontier {
        var whole = Frontier()
        guard number > 1 else { return whole }
        try tx.log.eachPlace(of: former.device, from: 1, through: number - 1) {
            whole.merge($0.header.context)
        }
        return whole
    }

    private func original(_ change: ChangeID, _ header: ChangesetHeader) throws -> Frontier {
        guard Flaw.isPlanted(.reauthoredOnFrontier) else { return header.context }
        return try tx.log.heads().frontier
    }

    /// The same knowledge in the numbers of the mended log: what does not stand any more was never held, and
    /// a fresh chain rests on what stands of the former one.
    private func mapped(_ whole: Frontier, _ stretch: Stretch, _ first: UInt64) throws -> Frontier {
        var context = whole
        for (device, number) in stretch.cut { context[device] = min(context[device], number - 1) }
        context[former.device] = isFresh ? first - 1 : 0
        context[author.device] = 0
        return context
    }

    /// What stands of the former chain can be handed on only up to a signed number.
    private func signEnd(_ number: UInt64) throws {
        let end = ChangeID(device: former.device, number: number)
        guard number > 0, let mark = try tx.log.mark(of: end) else { return }
        let signature = try Chain.sign(number, hash: mark.hash, workspace: workspace, by: former)
        try tx.log.save(SignedNumber(change: end, signature: signature))
    }

    // MARK: Bodies

    /// The packed body: verbatim, or with the act that tells where it comes from.
    private func body(at place: LogPlace, _ renamed: [ChangeID: ChangeID]) throws -> [UInt8] {
        guard let entry = try tx.log.entry(at: place.position) else { return [] }
        guard case .body(let body) = try tx.open(entry) else { return try entry.storedBody }
        let verbatim = Packing.pack(body.bytes)
        guard isFresh else { return verbatim }
        let anew = try body.bytes(under: body.act.moved(from: place.header.change, renamed))
        // An act at the very limit keeps its words and loses its former address.
        return anew.count <= ChangesetBody.longest ? Packing.pack(anew) : verbatim
    }
}

extension Act {
    /// The same act where its changeset gets another name: it says what it was called, and speaks of others by
    /// their new names.
    fileprivate func moved(from former: ChangeID, _ renamed: [ChangeID: ChangeID]) -> Act {
        var act = self
        act[.former] = Value(naming: (act[.former]?.namedChanges ?? []).suffix(7) + [former])
        if let target = act[.target]?.namedChanges.first, let now = renamed[target] {
            act[.target] = Value(naming: [now])
        }
        return act
    }
}

/// What has to go: the own changesets to be written anew, and others' that rest on what does not stand.
struct Stretch {
    /// The first number that does not stand, of each chain.
    private(set) var cut: [DeviceID: UInt64]
    private(set) var own: [LogPlace] = []
    private(set) var foreign: [LogPlace] = []

    /// Everything from `first` on, and all that rests on it.
    init(_ log: Log, from first: ChangeID, own device: DeviceID) throws {
        cut = [first.device: first.number]
        guard let start = try log.position(of: first) else { return }
        var cut = cut
        var places: [LogPlace] = []
        try log.eachPlace(from: start) { place in
            let change = place.header.change
            let isCut = cut[change.device].map { change.number >= $0 } ?? false
            guard isCut || place.header.context.numbers.contains(where: { $0.value >= cut[$0.key] ?? .max })
            else { return }
            cut[change.device] = min(cut[change.device] ?? .max, change.number)
            places.append(place)
        }
        self.cut = cut
        own = places.filter { $0.header.change.device == device }
        foreign = places.filter { $0.header.change.device != device }
    }

    var isEmpty: Bool { own.isEmpty && foreign.isEmpty }
}

/// A chain that is being continued with changesets of its author's past.
struct NewChain {
    private let log: Log
    private let device: DeviceID
    private let sealer: Sealer
    private(set) var head: ChainHead

    /// - Parameters:
    ///   - number: where the chain stands; 0 for a fresh one.
    ///   - context: what its author held there.
    init(
        _ log: Log, _ workspace: WorkspaceID, _ device: DeviceID, after number: UInt64, _ context: Frontier,
        _ sealer: Sealer
    ) throws {
        self.log = log
        self.sealer = sealer
        self.device = device
        let mark = number == 0 ? nil : try log.mark(of: ChangeID(device: device, number: number))
        head = ChainHead(
            number: number, time: mark?.time ?? HybridTime(number: 0),
            hash: mark?.hash ?? Chain.start(workspace: workspace, device: device),
            context: number == 0 ? Frontier() : context)
    }

    var nextNumber: UInt64 { head.number + 1 }

    /// - Parameters:
    ///   - time: kept where the clock rule allows.
    ///   - context: whole.
    ///   - packed: the packed body, which is sealed here.
    mutating func next(
        time: HybridTime, context: Frontier, now: Int64, statement: [UInt8]?, packed: [UInt8]
    ) throws -> LogEntry {
        let news = context.difference(from: head.context)
        let newest = max(head.time, try log.newest(of: news))
        let header = ChangesetHeader(
            change: ChangeID(device: device, number: nextNumber),
            time: ClockRule(now: now).time(time, after: newest), epoch: sealer.epoch, context: news,
            statement: statement)
        let bytes = try sealer.encode(header, packed)
        let entry = LogEntry(
            header: header, hash: Chain.next(after: head.hash, bytes: bytes),
            address: ChangeAddress(header.change).index, bytes: bytes)
        head = head.advanced(by: entry)
        return entry
    }
}

/// The clock rule as a client keeps it towards its server, with half of the server's patience to spare for
/// the time on the way and the error of the measurement.
struct ClockRule {
    /// The corrected time, milliseconds since 1970.
    let now: Int64

    var latest: HybridTime { HybridTime(milliseconds: now + Limits.clockAhead / 2) }

    /// May a changeset whose chain and context reach to `newest` be stamped so?
    func allows(_ time: HybridTime, after newest: HybridTime) -> Bool {
        time > newest && (time <= latest || time.number <= newest.number + 1)
    }

    func time(_ time: HybridTime, after newest: HybridTime) -> HybridTime {
        allows(time, after: newest) ? time : HybridTime.next(after: newest, wall: now)
    }
}

extension LogEntry {
    /// The body as it is stored.
    var storedBody: [UInt8] {
        get throws { Array(bytes[try ChangesetHeader.decode(bytes).body]) }
    }
}

extension Log {
    /// The greatest time among some changesets.
    func newest(of changes: Frontier) throws -> HybridTime {
        try changes.sorted.compactMap { try mark(of: $0)?.time }.max() ?? HybridTime(number: 0)
    }
}
