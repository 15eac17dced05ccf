package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// What an act is about to write. `said` are values that an import's source newly stated and that are not
/// written, because they are shown already or because people's values stay.
package struct Writes: Sendable {
    package var written: [RegisterWrite]
    package var said: [RegisterWrite]
    /// The batch ends with this, even where nothing is left to be written.
    package var endsBatch = false

    package init(_ written: [RegisterWrite] = [], said: [RegisterWrite] = []) {
        self.written = written
        self.said = said
    }

    package var isEmpty: Bool { written.isEmpty && said.isEmpty && !endsBatch }
}

extension Workspace {
    /// Makes and stores a changeset in one transaction: the chain, the clock and the context are read where
    /// nobody else can write between.
    /// - Parameter build: says what to write, seeing the state that it will be written onto. Writes that
    ///   would change nothing are left out, unless the act resolves.
    /// - Returns: the changesets made: none where nothing was to be written, several where the act is larger
    ///   than one may be.
    @discardableResult
    package func commit(_ act: Act, _ build: (WriteTransaction) throws -> Writes) throws -> [ChangeID] {
        try store.write { try commit(act, in: $0, build) }
    }

    package func commit(
        _ act: Act, in tx: WriteTransaction, _ build: (WriteTransaction) throws -> Writes
    ) throws -> [ChangeID] {
        try membership.refresh(from: tx.log)
        try refreshIdentity(tx.log)
        guard let role = membership.roster.role(of: device), role > .reader else {
            throw ClientError.notMember
        }
        var writes = try build(tx)
        if act.kind == Act.Kind.hand.rawValue { try refuseSelfReference(writes.written) }
        if !act.choosesItsWrites { try dropWithoutEffect(&writes.written, tx) }
        guard !writes.isEmpty else { return [] }
        var act = act
        if writes.endsBatch { act[.last] = .bool(true) }
        var author = try Author(tx, self)
        var changes: [ChangeID] = []
        for body in try bodies(act, writes) {
            let entry = try author.entry(body: body)
            let decoded = try ChangesetBody(decoding: body)
            try tx.append([Arrival(entry: entry, body: decoded)])
            changes.append(entry.header.change)
        }
        if let named = author.named { try tx.log.setMeta(Meta.namedStatement, named) }
        return changes
    }

    /// No record is its own parent, source or target; longer circles are legal and cut on reading.
    private func refuseSelfReference(_ writes: [RegisterWrite]) throws {
        guard let write = writes.first(where: { $0.value.ref == $0.record.id }) else { return }
        let kind = Schema.assessments[tag: write.record.kind]
        throw ClientError.value(
            kind: kind?.name ?? "#\(write.record.kind)",
            field: kind?.text(of: write.register) ?? "#\(write.register.field)",
            fault: ValueFault(given: write.record.shortAddress(6), allowed: "another record"))
    }

    /// An equal value is no write: re-imports are idempotent, and a defaulted form floods nobody.
    private func dropWithoutEffect(_ writes: inout [RegisterWrite], _ tx: ReadTransaction) throws {
        var images: [RecordName: RecordImage?] = [:]
        writes = try writes.filter { write in
            if images[write.record] == nil { images[write.record] = .some(try tx.image(of: write.record)) }
            guard let image = images[write.record] ?? nil else { return write.value != .null }
            return image[write.register.field, write.register.key] != write.value
        }
    }

    // MARK: Bodies

    /// One body, or the parts of a batch where the act is too large for one.
    private func bodies(_ act: Act, _ writes: Writes) throws -> [[UInt8]] {
        let whole = ChangesetBody.encode(act: act, written: writes.written, said: writes.said)
        if whole.count <= ChangesetBody.longest { return [whole] }
        let parts = try writes.split(atMost: ChangesetBody.longest - 4096)
        let batch = act[.batch] ?? .bytes(ambient.random(16))
        return parts.enumerated().map { index, part in
            var act = act
            act[.batch] = batch
            act[.part] = .int((act[.part]?.int ?? 1) + Int64(index))
            act[.last] = .bool(index == parts.count - 1 && (act[.last]?.bool ?? true))
            return ChangesetBody.encode(act: act, written: part.written, said: part.said)
        }
    }
}

extension Act {
    /// A resolution writes equal values on purpose, and so does an undo: the next one must see that it was done.
    /// An import has compared already.
    fileprivate var choosesItsWrites: Bool {
        kind == Kind.resolve.rawValue || kind == Kind.importing.rawValue || isUndoing
    }
}

extension Writes {
    /// Splits by record, then by register, so that each part's encoding stays below `limit` bytes.
    fileprivate func split(atMost limit: Int) throws -> [Writes] {
        var parts = [Writes()]
        var size = 0
        for (write, isSaid) in written.map({ ($0, false) }) + said.map({ ($0, true) }) {
            let bytes = 32 + (write.register.key?.utf8.count ?? 0) + write.value.encoded.count
            guard bytes <= limit else { throw ClientError.tooLarge(bytes: bytes) }
            if size + bytes > limit {
                parts.append(Writes())
                size = 0
            }
            size += bytes
            let last = parts.count - 1
            if isSaid { parts[last].said.append(write) } else { parts[last].written.append(write) }
        }
        return parts
    }
}

/// The own chain during one transaction: numbers, stamps, hashes and contexts of what is being written.
private struct Author {
    private let device: DeviceID
    private var head: ChainHead
    private var held: Frontier
    private var newest: HybridTime
    private let wall: Int64
    private let statement: [UInt8]?
    private let sealer: Sealer
    private var lastNamed: [UInt8]?
    /// The statement that the newest header names, if one named any.
    private(set) var named: [UInt8]?

    init(_ tx: ReadTransaction, _ workspace: Workspace) throws {
        let log = tx.log
        let heads = try log.heads()
        device = workspace.device
        held = try tx.readFrontier(of: heads)
        sealer = try workspace.sealer(for: device)
        let seen = Flaw.isPlanted(.clockNotMerged) ? heads.filter { $0.key == workspace.device } : heads
        newest = seen.values.map(\.time).max() ?? HybridTime(number: 0)
        head =
            heads[device]
            ?? ChainHead(
                number: 0, time: HybridTime(number: 0),
                hash: Chain.start(workspace: workspace.id, device: device),
                context: Frontier())
        wall = try workspace.correctedTime(log)
        statement = workspace.membership.roster.newest?.bytes
        lastNamed = try log.meta(Meta.namedStatement)
    }

    /// The next changeset of the chain with this plain body.
    mutating func entry(body: [UInt8]) throws -> LogEntry {
        let header = nextHeader()
        let bytes = try sealer.encode(header, Packing.pack(body))
        let entry = LogEntry(
            header: header, hash: Chain.next(after: head.hash, bytes: bytes),
            address: ChangeAddress(header.change).index, bytes: bytes)
        head = head.advanced(by: entry)
        held[device] = head.number
        newest = header.time
        return entry
    }

    private mutating func nextHeader() -> ChangesetHeader {
        let change = ChangeID(device: device, number: head.number + 1)
        var context = held
        context[device] = 0
        if Flaw.isPlanted(.contextNotUpdated), head.number > 0 { context = head.context }
        let names = statement != nil && (statement != lastNamed || change.number == 1)
        if names { (named, lastNamed) = (statement, statement) }
        return ChangesetHeader(
            change: change, time: HybridTime.next(after: newest, wall: wall), epoch: sealer.epoch,
            context: change.number == 1 ? context : context.difference(from: head.context),
            statement: names ? statement : nil)
    }
}
