package import ParleyCore

/// Judges a run of changesets that came from elsewhere, by their headers alone: next number of its chain,
/// context held, stamp greater than the stamps of its context, chain hash, signature of a device whose keys
/// are known (also of one that is out: whether what it wrote counts is another question, see ``Standing``),
/// and, at a server, the clock. Whoever receives changesets asks here before storing them.
///
/// A chain is signed at its last number in a run, so a fault anywhere in a chain's part of the run sets that
/// whole part aside; other chains go on, unless they rest on it.
package struct Admission {
    /// What a log knows of a changeset that it holds.
    package typealias Mark = (time: HybridTime, hash: [UInt8])

    package let workspace: WorkspaceID
    package let roster: Roster
    /// What a server judges and a replica never does: the role, the clock and the room of the device that
    /// pushes its own chain. What a member hands on of others is not judged by any.
    package struct Gate {
        package var pusher: DeviceID
        /// Stamps of the pusher's own chain must not be later than this.
        package var latest: HybridTime
        /// The workspace has used up its quota: nothing new of the pusher's own is taken.
        package var isFull: Bool

        package init(pusher: DeviceID, latest: HybridTime, isFull: Bool = false) {
            self.pusher = pusher
            self.latest = latest
            self.isFull = isFull
        }
    }

    package let gate: Gate?

    package init(workspace: WorkspaceID, roster: Roster, gate: Gate? = nil) {
        self.workspace = workspace
        self.roster = roster
        self.gate = gate
    }

    package struct Verdict {
        /// To be appended, in this order.
        package var entries: [LogEntry] = []
        /// The chains as they stand afterwards.
        package var heads: [DeviceID: ChainHead] = [:]
        package var signatures: [SignedNumber] = []
        package var faults: [ChainFault] = []
        /// The highest number of each chain in the run that is held now, duplicates included.
        package var held: [ChangeID] = []
    }

    /// - Parameters:
    ///   - heads: the chains that the log holds.
    ///   - mark: the log's time and chain hash of a changeset that it holds.
    /// - Throws: what `mark` throws.
    package func judge(
        _ changesets: [[UInt8]], _ signatures: [SignedNumber], onto heads: [DeviceID: ChainHead],
        mark: (ChangeID) throws -> Mark?
    ) throws -> Verdict {
        var faults: [DeviceID: ChainFault] = [:]
        while true {
            var pass = Pass(judge: self, heads: heads, signatures: signatures, excluded: faults)
            for bytes in changesets { try pass.take(bytes, mark: mark) }
            try pass.checkSignatures()
            guard pass.faults.count > faults.count else { return pass.verdict }
            faults = pass.rests.felled(by: pass.faults)
        }
    }
}

/// Which chains of a run rest on what came with it. A chain whose part is set aside takes those with it that
/// rest on that part, and they others: all at once, so that two looks through a run are enough however its
/// chains hang together.
private struct Rests {
    private struct Rest {
        var change: ChangeID
        var on: ChangeID
    }

    /// By the chain that is rested on.
    private var rests: [DeviceID: [Rest]] = [:]

    mutating func note(_ change: ChangeID, on other: ChangeID) {
        rests[other.device, default: []].append(Rest(change: change, on: other))
    }

    func felled(by faults: [DeviceID: ChainFault]) -> [DeviceID: ChainFault] {
        var all = faults
        var next = Array(faults.keys)
        while let device = next.popLast() {
            for rest in rests[device] ?? [] where faults[rest.change.device] == nil {
                let known = all[rest.change.device]
                if known == nil { next.append(rest.change.device) }
                if let known, known.change.number <= rest.change.number { continue }
                all[rest.change.device] = ChainFault(change: rest.change, reason: .context(missing: rest.on))
            }
        }
        return all
    }
}

/// Why a chain's part of a run was not taken, and at which changeset.
package struct ChainFault: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// This is the next number that is wanted.
        case gap(expected: UInt64)
        /// Not a changeset at all. Its chain is not known: the pusher's is named, with number 1.
        case malformed(MalformedBytes)
        case context(missing: ChangeID)
        case stamp
        case clock(aheadMilliseconds: Int64)
        case signature
        /// No enrolment of the device is held.
        case notEnrolled
        /// The device may not write: by its role, or because it is out.
        case role
        /// The workspace holds as much as the server lets it.
        case quota
        case fork
    }

    package var change: ChangeID
    package var reason: Reason
}

/// One look through a run, passing over the chains that an earlier look found at fault.
private struct Pass {
    let judge: Admission
    let signatures: [SignedNumber]
    let excluded: [DeviceID: ChainFault]
    private(set) var faults: [DeviceID: ChainFault]
    private(set) var verdict = Admission.Verdict()
    private(set) var rests = Rests()
    private let heldBefore: [DeviceID: ChainHead]
    private var times: [ChangeID: HybridTime] = [:]
    private var held: [DeviceID: UInt64] = [:]
    private var touched: Set<DeviceID> = []
    private var hasUnread = false

    init(
        judge: Admission, heads: [DeviceID: ChainHead], signatures: [SignedNumber],
        excluded: [DeviceID: ChainFault]
    ) {
        self.judge = judge
        self.signatures = signatures
        self.excluded = excluded
        faults = excluded
        heldBefore = heads
        verdict.heads = heads
        verdict.faults = excluded.values.sorted { $0.change < $1.change }
    }

    mutating func take(_ bytes: [UInt8], mark: (ChangeID) throws -> Admission.Mark?) throws {
        let header: ChangesetHeader
        do throws(MalformedBytes) { header = try ChangesetHeader.decode(bytes).header } catch {
            return failUnread(error)
        }
        let change = header.change
        guard excluded[change.device] == nil, faults[change.device] == nil else { return }
        let head = verdict.heads[change.device]
        let isHeld = change.number <= head?.number ?? 0
        if isHeld, !Flaw.isPlanted(.noDuplicateCheck) { return try duplicate(change, bytes, mark) }
        if let reason = try reason(against: header, after: head, mark) {
            return fail(ChainFault(change: change, reason: reason))
        }
        append(header, bytes, after: head)
    }

    private mutating func append(_ header: ChangesetHeader, _ bytes: [UInt8], after head: ChainHead?) {
        let device = header.change.device
        let previous = head?.hash ?? Chain.start(workspace: judge.workspace, device: device)
        let entry = LogEntry(
            header: header, hash: Chain.next(after: previous, bytes: bytes),
            address: ChangeAddress(header.change).index, bytes: bytes)
        let start = ChainHead(number: 0, time: HybridTime(number: 0), hash: previous, context: Frontier())
        verdict.heads[device] = (head ?? start).advanced(by: entry)
        verdict.entries.append(entry)
        times[header.change] = header.time
        for (other, number) in header.context.numbers where number > heldBefore[other]?.number ?? 0 {
            rests.note(header.change, on: ChangeID(device: other, number: number))
        }
        held[device] = header.change.number
        touched.insert(device)
    }

    /// A changeset that is held already is passed over if it is the same, and is a fork if not.
    private mutating func duplicate(
        _ change: ChangeID, _ bytes: [UInt8], _ mark: (ChangeID) throws -> Admission.Mark?
    ) throws {
        guard times[change] == nil, let own = try mark(change) else { return }
        let before = ChangeID(device: change.device, number: change.number - 1)
        let previous =
            change.number == 1
            ? Chain.start(workspace: judge.workspace, device: change.device) : try mark(before)?.hash
        guard let previous, Chain.next(after: previous, bytes: bytes) == own.hash else {
            return fail(ChainFault(change: change, reason: .fork))
        }
        held[change.device] = max(held[change.device] ?? 0, change.number)
    }

    private func reason(
        against header: ChangesetHeader, after head: ChainHead?, _ mark: (ChangeID) throws -> Admission.Mark?
    ) throws -> ChainFault.Reason? {
        let expected = (head?.number ?? 0) + 1
        guard judge.roster.keys(of: header.change.device) != nil else { return .notEnrolled }
        if judge.gate?.pusher == header.change.device {
            guard let role = judge.roster.role(of: header.change.device), role >= .analyst else {
                return .role
            }
        }
        guard header.change.number == expected else { return .gap(expected: expected) }
        var newest = head?.time ?? HybridTime(number: 0)
        for (device, number) in header.context.numbers {
            let change = ChangeID(device: device, number: number)
            guard let time = try time(of: change, mark) else { return .context(missing: change) }
            newest = max(newest, time)
        }
        guard header.time > newest else { return .stamp }
        if let reason = clockReason(header, newest: newest) { return reason }
        if let gate = judge.gate, gate.isFull, gate.pusher == header.change.device { return .quota }
        return nil
    }

    /// A device's own chain may be ahead of the server's clock by the limit, or by one step ahead of what
    /// its author had seen: so a clock that was once wrong locks nobody out.
    private func clockReason(_ header: ChangesetHeader, newest: HybridTime) -> ChainFault.Reason? {
        guard let gate = judge.gate, gate.pusher == header.change.device, header.time > gate.latest,
            header.time.number > newest.number + 1
        else { return nil }
        return .clock(aheadMilliseconds: header.time.milliseconds - gate.latest.milliseconds)
    }

    private func time(
        of change: ChangeID, _ mark: (ChangeID) throws -> Admission.Mark?
    ) throws -> HybridTime? {
        guard let head = verdict.heads[change.device], head.number >= change.number else { return nil }
        if head.number == change.number { return head.time }
        return try times[change] ?? mark(change)?.time
    }

    mutating func checkSignatures() throws {
        for device in touched.sorted() where faults[device] == nil {
            guard let head = verdict.heads[device], let keys = judge.roster.keys(of: device) else { continue }
            let last = ChangeID(device: device, number: head.number)
            let signed = signatures.first { $0.change == last }
            if let signed,
                Flaw.isPlanted(.signatureUnchecked)
                    || Chain.verify(
                        signed.signature, head.number, hash: head.hash, workspace: judge.workspace, by: keys)
            {
                verdict.signatures.append(signed)
            } else {
                fail(ChainFault(change: last, reason: .signature))
            }
        }
        verdict.held = held.map { ChangeID(device: $0.key, number: $0.value) }.sorted()
    }

    /// Recorded once a run, and no chain is excluded for it: what follows in a chain will show a gap.
    private mutating func failUnread(_ fault: MalformedBytes) {
        guard !hasUnread else { return }
        hasUnread = true
        let change = ChangeID(device: judge.gate?.pusher ?? DeviceID(0), number: 1)
        verdict.faults.append(ChainFault(change: change, reason: .malformed(fault)))
    }

    private mutating func fail(_ fault: ChainFault) {
        faults[fault.change.device] = fault
        verdict.faults.append(fault)
    }
}
