internal import GRDB
internal import ParleyCore

/// Merges changesets into the tables of `target`, in batches. Where the log stands is another matter: for
/// an append it is the same file, for a verification it is not.
struct LiveApplier {
    let target: Database
    let rules: StoreRules
    var applied = Applied()
    private var names: NamedStatements
    private let wantsWrites: Bool
    private var ends = ChainEnds()
    private var batch = Batch()

    private let longestBatch: Int

    /// - Parameters:
    ///   - log: where the changesets stand that are about to be added.
    ///   - longestBatch: bytes after which a batch is merged, whoever appends how much.
    init(
        target: Database, log: Log, rules: StoreRules, wantsWrites: Bool, longestBatch: Int = 48 << 20
    ) {
        self.target = target
        self.rules = rules
        self.wantsWrites = wantsWrites
        self.longestBatch = longestBatch
        names = NamedStatements(log)
    }

    mutating func add(_ arrival: Arrival, at position: Int64) throws {
        let (context, isOwnCopy) = try ends.advance(arrival.entry, log: Log(target))
        applied.position = position
        guard let body = try standing(arrival, at: position) else { return }
        try note(body, at: position)
        let change = Batch.Change(origin: arrival.entry.header.origin, position: position, context: context)
        let analyst = rules.analyst(change.origin.stamp.device).map { Array($0.utf8) }
        var voided: [VoidWrite] = []
        batch.add(body, of: change, ownsContext: isOwnCopy) { record, field, key in
            guard LiveSchema.assessments[record.kind].isEach(field), !Self.mayWrite(key, analyst) else {
                return false
            }
            voided.append(VoidWrite(record: record, field: field, key: String(decoding: key, as: UTF8.self)))
            return true
        }
        for write in voided { try void(position, write) }
        if batch.weight > longestBatch { try merge() }
    }

    /// The body of a changeset that counts; what does not is written down.
    private mutating func standing(_ arrival: Arrival, at position: Int64) throws -> ChangesetBody? {
        let header = arrival.entry.header
        names.note(header)
        if let reason = try rules.judge(header, { try names.last(in: header.change) }) {
            try void(position, reason)
            return nil
        }
        switch arrival.body {
        case .body(let body): return body
        case .void(let reason): try void(position, reason)
        case .waiting: try wait(position)
        }
        return nil
    }

    /// What was added without its hash has it now.
    mutating func complete(_ entry: LogEntry) { ends.complete(entry) }

    /// Merges what has been added and saves the ends of the chains.
    mutating func finish() throws {
        try merge()
        try ends.save(to: Log(target))
    }

    /// Merges what has been added.
    mutating func merge() throws {
        if batch.isEmpty { return }
        batch.sort()
        let merge = try LiveMerge(db: target, batch: batch, rules: rules, wantsWrites: wantsWrites)
        try merge.run()
        applied.writes += merge.applied
        batch = Batch()
    }

    /// One's own key, or a voice's.
    static func mayWrite(_ key: ArraySlice<UInt8>, _ analyst: [UInt8]?) -> Bool {
        if key.first == UInt8(ascii: "~") || Flaw.isPlanted(.foreignKeyCounts) { return true }
        guard let analyst else { return false }
        return key.elementsEqual(analyst)
    }
}

private struct VoidWrite {
    var record: RecordName
    var field: UInt32
    var key: String
}

extension LiveApplier {
    private mutating func void(_ position: Int64, _ reason: VoidReason) throws {
        applied.voided += 1
        try target.execute(
            sql: "INSERT INTO void (position, record, field, key, reason) VALUES (?, x'', 0, '', ?)",
            arguments: [position, reason.rawValue])
    }

    private mutating func wait(_ position: Int64) throws {
        applied.waiting += 1
        try target.execute(sql: "INSERT INTO waiting (position) VALUES (?)", arguments: [position])
    }

    private mutating func void(_ position: Int64, _ write: VoidWrite) throws {
        applied.voided += 1
        try target.execute(
            sql: "INSERT INTO void (position, record, field, key, reason) VALUES (?, ?, ?, ?, 'key')",
            arguments: [position, write.record.id.blob, write.field, write.key])
    }

    /// What history needs beside the writes: acts that were not by hand, and what an import's source said.
    private func note(_ body: ChangesetBody, at position: Int64) throws {
        if body.act.kind != Act.Kind.hand.rawValue { try save(body.act, at: position) }
        for former in body.act[.former]?.namedChanges ?? [] { try save(former, nowAt: position) }
        if body.said.isEmpty { return }
        try ManyRows(target, LiveMerge.touching, columns: 2).insert(body.said) { group, row, first in
            row.bind(first, id: group.name.id.number)
            row.bind(first + 1, position)
        }
    }

    private func save(_ former: ChangeID, nowAt position: Int64) throws {
        try target.execute(
            sql: "INSERT OR IGNORE INTO alias (address, device, number, position) VALUES (?, ?, ?, ?)",
            arguments: [
                Int64(bitPattern: rules.address(former)), former.device.blob, Int64(former.number), position,
            ])
    }

    private func save(_ act: Act, at position: Int64) throws {
        let row = try HotStatement(
            target, "INSERT INTO act (position, kind, source, batch, part, last) VALUES (?, ?, ?, ?, ?, ?)")
        row.bind(1, position)
        row.bind(2, Int64(bitPattern: act.kind))
        row.bind(3, copyingText: act[.source]?.text.map { Array($0.utf8) })
        if case .bytes(let batch) = act[.batch] { row.bind(4, copying: batch) } else { row.bindNull(4) }
        if let part = act[.part]?.int { row.bind(5, part) } else { row.bindNull(5) }
        if let last = act[.last]?.bool { row.bind(6, last ? 1 : 0) } else { row.bindNull(6) }
        try row.run()
    }
}
