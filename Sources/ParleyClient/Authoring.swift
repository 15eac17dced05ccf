package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// What an act is about to write. `said` are values that an import's source newly stated and that are not
/// written, because they are shown already or because people's values stay.
package struct Writes: Sendable {
    package var written: [RegisterWrite]
    package var said: [RegisterWrite]

    package init(_ written: [RegisterWrite] = [], said: [RegisterWrite] = []) {
        self.written = written
        self.said = said
    }

    package var isEmpty: Bool { written.isEmpty && said.isEmpty }
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
        try expectWriter(tx)
        var writes = try build(tx)
        if act.kind == Act.Kind.hand.rawValue { try refuseSelfReference(writes.written) }
        if !act.choosesItsWrites { try dropWithoutEffect(&writes.written, tx) }
        guard !writes.isEmpty else { return [] }
        let bodies = try ChangesetBody.parts(of: act, writes) { ambient.random(16) }
        var author = try Author(tx, self)
        let entries = try bodies.map { try author.entry(author.nextHeader(), $0) }
        try tx.append(zip(entries, bodies).map { Arrival(entry: $0, body: $1) })
        try tx.log.noteStatement(namedBy: entries.map(\.header))
        return entries.map(\.header.change)
    }

    func expectWriter(_ tx: WriteTransaction) throws {
        try membership.refresh(from: tx.log)
        try refreshIdentity(tx.log)
        guard let role = membership.roster.role(of: device), role > .reader else {
            throw ClientError.notMember
        }
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
}

extension Act {
    /// A resolution writes equal values on purpose, and so does an undo: the next one must see that it was done.
    /// An import has compared already.
    fileprivate var choosesItsWrites: Bool {
        kind == Kind.resolve.rawValue || kind == Kind.importing.rawValue || isUndoing
    }
}

extension Log {
    /// Keeps in mind which statement the newest of these headers of the own chain names, if one does.
    func noteStatement(namedBy headers: [ChangesetHeader]) throws {
        guard let named = headers.compactMap(\.statement).last else { return }
        try setMeta(Meta.namedStatement, named)
    }
}

/// The own chain during one transaction: numbers, stamps, hashes and contexts of what is being written. Headers
/// may go ahead of the bytes; both are made in the order of the chain.
struct Author: Sendable {
    private let device: DeviceID
    /// By the headers that have been made.
    private var head: ChainHead
    /// Of the last changeset that has its bytes.
    private var hash: [UInt8]
    private var held: Frontier
    private var newest: HybridTime
    private let wall: Int64
    private let statement: [UInt8]?
    private let sealer: Sealer
    private var lastNamed: [UInt8]?

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
        hash = head.hash
        wall = try workspace.correctedTime(log)
        statement = workspace.membership.roster.newest?.bytes
        lastNamed = try log.meta(Meta.namedStatement)
    }

    /// The changeset of a header, whose body is packed, sealed and hashed.
    mutating func entry(_ header: ChangesetHeader, _ body: ChangesetBody) throws -> LogEntry {
        let bytes = try sealer.encode(header, Packing.pack(body.bytes))
        hash = Chain.next(after: hash, bytes: bytes)
        return LogEntry(
            header: header, hash: hash, address: ChangeAddress(header.change).index, bytes: bytes)
    }

    mutating func nextHeader() -> ChangesetHeader {
        let change = ChangeID(device: device, number: head.number + 1)
        var context = held
        context[device] = 0
        if Flaw.isPlanted(.contextNotUpdated), head.number > 0 { context = head.context }
        let names = statement != nil && (statement != lastNamed || change.number == 1)
        if names { lastNamed = statement }
        let header = ChangesetHeader(
            change: change, time: HybridTime.next(after: newest, wall: wall), epoch: sealer.epoch,
            context: change.number == 1 ? context : context.difference(from: head.context),
            statement: names ? statement : nil)
        head = head.advanced(by: header, hash: [])
        held[device] = head.number
        newest = header.time
        return header
    }
}
