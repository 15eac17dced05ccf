internal import GRDB
package import ParleyCore

extension ReadTransaction {
    /// All that was ever written of a record. Void changesets and void writes are no part of it.
    package func past(of record: RecordName) throws -> RecordPast {
        try RecordPast(record, changes(of: [record])[0], contexts)
    }

    /// What every changeset wrote of some records, for each of them the latest first. Each changeset is opened
    /// once, in the order of the log: one of an import holds a thousand records.
    package func changes(of records: [RecordName]) throws -> [[PastChange]] {
        var visits: [(entry: HistoryEntry, place: Int)] = []
        for (place, record) in records.enumerated() {
            visits += try history(of: record).map { ($0, place) }
        }
        var changes = [[PastChange]](repeating: [], count: records.count)
        for (entry, place) in visits.sorted(by: { $0.entry.position < $1.entry.position }) {
            guard let body = try body(at: entry.position) else { continue }
            let writes = standing(body, of: entry.origin.change, in: records[place])
            if writes.isEmpty { continue }
            changes[place].append(
                PastChange(
                    origin: entry.origin, act: body.act, writes: writes, targets: try targets(of: body.act)))
            try readContexts(upTo: entry.origin.change)
        }
        return changes.map { $0.sorted { $1.origin.stamp < $0.origin.stamp } }
    }

    /// The same, when it is about to be looked at as it was at `moment`: the change that names it need not have
    /// touched the record.
    package func past(of record: RecordName, at moment: Moment) throws -> RecordPast {
        if case .change(let change) = moment { try readContexts(upTo: change) }
        return try past(of: record)
    }

    /// What a changeset wrote of a record; a write under another analyst's key never counted.
    private func standing(
        _ body: ChangesetBody, of change: ChangeID, in record: RecordName
    ) -> [RegisterImage] {
        guard let group = body.group(of: record, in: body.written) else { return [] }
        let table = LiveSchema.assessments[record.kind]
        let analyst = rules.analyst(change.device).map { Array($0.utf8) }
        return body.writes(of: group).compactMap { write in
            let register = body.register(of: write)
            if let key = write.key, table.isEach(register.field),
                !LiveApplier.mayWrite(body.bytes[key], analyst)
            {
                return nil
            }
            return RegisterImage(register, body.value(of: write))
        }
    }

    private func targets(of act: Act) throws -> Set<ChangeID> {
        guard let target = act.targetChange else { return [] }
        return try parts(of: target)
    }

    /// By what act a changeset was made; nil where it is void or not here.
    package func act(of change: ChangeID) throws -> Act? {
        guard let position = try log.position(of: change) else { return nil }
        return try body(at: position)?.act
    }

    /// The records that devices of two or more have written: only there can anything have been set aside.
    package func sharedRecords() throws -> [RecordName] {
        let rows = try HotStatement(
            db,
            """
            SELECT t.record FROM touched t JOIN changeset c USING (position)
            GROUP BY t.record HAVING min(c.device) <> max(c.device) ORDER BY max(c.stamp) DESC
            """)
        defer { rows.reset() }
        var ids: [RecordID] = []
        while try rows.step() { if let id = rows.id(0) { ids.append(RecordID(id)) } }
        return try ids.flatMap { try find($0...$0) }
    }

    // MARK: Batches

    /// All changesets of the act to which one belongs: its batch, or that changeset alone.
    package func parts(of change: ChangeID) throws -> Set<ChangeID> {
        if let known = batches[change] { return known }
        var found: Set<ChangeID> = [change]
        if let position = try log.position(of: change), let body = try body(at: position),
            case .bytes(let batch) = body.act[.batch]
        {
            let isByHand = body.act.kind == Act.Kind.hand.rawValue
            found.formUnion(
                isByHand
                    ? try neighbours(of: change, in: batch) : try indexed(batch, of: change.device))
        }
        for part in found { batches[part] = found }
        return found
    }

    /// Batch names are random, and only the author's own chain can have one's parts.
    private func indexed(_ batch: [UInt8], of device: DeviceID) throws -> [ChangeID] {
        try positions(ofBatch: batch).compactMap { try log.entry(at: $0)?.header.change }
            .filter { $0.device == device }
    }

    /// Acts by hand have no row in `act`; their parts were written in one transaction and stand together.
    private func neighbours(of change: ChangeID, in batch: [UInt8]) throws -> [ChangeID] {
        func walk(_ step: (UInt64) -> UInt64) throws -> [ChangeID] {
            var found: [ChangeID] = []
            var next = ChangeID(device: change.device, number: step(change.number))
            while next.number > 0, let position = try log.position(of: next),
                try body(at: position)?.act[.batch] == .bytes(batch)
            {
                found.append(next)
                next.number = step(next.number)
            }
            return found
        }
        return try walk { $0 - 1 } + walk { $0 + 1 }
    }

    // MARK: Contexts

    /// Reads a chain's headers as far as they were not read in this transaction.
    package func readContexts(upTo change: ChangeID) throws {
        guard contexts.end(of: change.device) < change.number else { return }
        var book = contexts
        try log.eachHeader(
            of: change.device, from: contexts.end(of: change.device) + 1, through: change.number
        ) { book.add($0) }
        contexts = book
    }
}

extension RecordPast {
    /// Every register as it was, with its heads then.
    package func details(at moment: Moment) -> [RegisterDetail] {
        registers.compactMap { register in
            let heads = heads(of: register, at: moment)
            guard let shown = heads.first else { return nil }
            let equal = heads.dropFirst().filter { $0.content == shown.content }.map(\.origin)
            let aside = setAside(heads).map { AsideHead(origin: $0.origin, value: $0.content) }
            return RegisterDetail(
                name: register, value: shown.content, shown: shown.origin, equal: equal, aside: aside)
        }
    }
}

extension Act {
    /// What an undo or a redo names as its target.
    package var targetChange: ChangeID? {
        guard let parts = self[.target]?.list, parts.count == 2, let device = parts[0].ref,
            let number = parts[1].int, number > 0
        else { return nil }
        return ChangeID(device: DeviceID(device.number), number: UInt64(number))
    }

    package static func target(_ change: ChangeID) -> Value {
        .list([.bytes(change.device.number.bigEndianBytes), .int(Int64(change.number))])
    }
}
