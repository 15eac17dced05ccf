internal import ParleyCore

/// Registers whose heads an arriving change has not all seen: the merge law, head by head.
extension LiveMerge {
    func mergeContested(_ write: Batch.Write, of change: Batch.Change, into row: LiveRow) throws {
        if let place = open.place(write.field, nil) { return mergeOpen(place, write, of: change, row) }
        let isDisputed = row.disputed & (1 << UInt64(write.field)) != 0
        if !isDisputed, let sole = row.heads.soleOrigin(of: write.field),
            !change.context.covers(sole.change)
        {
            return try mergePair(write, of: change, over: sole, into: row)
        }
        let value = ValueBytes(buffer: try shownValue(of: write.field, row))
        let equal = row.heads.origins(of: write.field).map { Head(origin: $0, content: value) }
        let place = try open(write.field, nil, equal, isDisputed: isDisputed, row)
        mergeOpen(place, write, of: change, row)
    }

    /// The law for the most common case, two heads that have not seen each other: the greater stamp is shown,
    /// and the other is set aside unless it says the same.
    private func mergePair(
        _ write: Batch.Write, of change: Batch.Change, over head: Origin, into row: LiveRow
    ) throws {
        let bit: UInt64 = 1 << UInt64(write.field)
        let arriving = ValueBytes(buffer: batch.value(write))
        let isShown = change.origin > head
        if try shows(arriving.buffer, write.field, row) {
            let isDropped = Flaw.isPlanted(.equalHeadDropped)
            row.heads.set(write.field, heads: isDropped ? [max(head, change.origin)] : [head, change.origin])
            return report(change, row, write, isShown ? .shown(over: false) : .same)
        }
        if isShown {
            let standing = ValueBytes(buffer: try shownValue(of: write.field, row))
            asides.save(Head(origin: head, content: standing), row, write.field, nil)
            row.heads.replace(bit, by: change.origin)
            row.show(write.field, arriving.buffer)
        } else {
            asides.save(Head(origin: change.origin, content: arriving), row, write.field, nil)
        }
        row.review += 1
        row.disputed |= bit
        report(change, row, write, isShown ? .shown(over: true) : .setAside)
    }

    /// Keyed registers, unknown fields, and all fields of unknown kinds.
    func mergeRegister(_ write: Batch.Write, of change: Batch.Change, into row: LiveRow) throws {
        let key = batch.key(write)
        if let place = open.place(write.field, key) { return mergeOpen(place, write, of: change, row) }
        let stored = row.isFresh ? nil : try registers.load(row, write.field, key, into: scratch)
        guard let stored else {
            try registers.insert(row, write.field, key, batch.value(write), heads: [change.origin])
            return report(change, row, write, .shown(over: false))
        }
        let isSeen = stored.allSatisfy { change.context.covers($0.origin.change) }
        if row.review == 0, isSeen {
            try registers.replace(row, write.field, key, batch.value(write), heads: [change.origin])
            return report(change, row, write, .shown(over: false))
        }
        let place = try open(write.field, key, stored, isDisputed: row.review > 0, row)
        mergeOpen(place, write, of: change, row)
    }

    // MARK: Open registers

    /// - Parameter equal: the heads that have the shown value.
    private func open(
        _ field: UInt32, _ key: UnsafeRawBufferPointer?, _ equal: [Head<ValueBytes>], isDisputed: Bool,
        _ row: LiveRow
    ) throws -> Int {
        let new = key == nil ? asides.takeNew(field) : nil
        let stored = isDisputed && new == nil ? try asides.load(row, field, key, into: scratch) : []
        let heads = (equal + stored.map(\.head) + (new.map { [$0] } ?? []))
            .sorted { $0.origin.stamp > $1.origin.stamp }
        guard let shown = equal.first?.origin else {
            throw StoreError(.damaged, path: "", cause: "a field with set-aside heads shows none")
        }
        return open.open(
            OpenRegister(
                field: field, key: key, heads: heads, shown: shown, stored: stored,
                counted: stored.count + (new == nil ? 0 : 1)))
    }

    private func mergeOpen(_ place: Int, _ write: Batch.Write, of change: Batch.Change, _ row: LiveRow) {
        let arriving = Head(origin: change.origin, content: ValueBytes(buffer: batch.value(write)))
        let heads = open.merge(arriving, at: place) { change.context.covers($0) }
        guard wantsWrites else { return }
        if heads[0].origin == change.origin {
            let isOver = heads.contains { $0.content != arriving.content }
            report(change, row, write, .shown(over: isOver))
        } else {
            report(change, row, write, arriving.content == heads[0].content ? .same : .setAside)
        }
    }

    /// Brings the record's open registers, and the set-aside rows of each, to what was decided.
    func settleOpen(_ row: LiveRow) throws {
        for register in open.takeAll() {
            let (added, removed, count) = register.difference()
            for rowid in removed { try asides.remove(rowid) }
            for head in added { asides.save(head, row, register.field, register.key) }
            row.review += count - register.counted
            try show(register, isDisputed: count > 0, row)
        }
    }

    private func show(_ register: OpenRegister, isDisputed: Bool, _ row: LiveRow) throws {
        let (shown, field) = (register.heads[0], register.field)
        guard register.key == nil, row.table.place(of: field) != nil else {
            return try registers.replace(
                row, field, register.key, shown.content.buffer, heads: register.equal)
        }
        let bit: UInt64 = 1 << UInt64(field)
        row.heads.set(field, heads: register.equal)
        row.disputed = isDisputed ? row.disputed | bit : row.disputed & ~bit
        if shown.origin != register.shown { row.show(field, shown.content.buffer) }
    }

    // MARK: What a plain field shows at this point of the batch

    private enum Shown {
        case bytes(UnsafeRawBufferPointer)
        case column(LiveColumn, Int32, of: HotStatement)
    }

    private func shown(_ field: UInt32, _ row: LiveRow) throws -> Shown {
        if let value = row.pendingValue(field) { return .bytes(value) }
        if row.unfit & (1 << UInt64(field)) != 0,
            let stored = try registers.value(row, field, into: scratch)
        {
            return .bytes(stored)
        }
        guard let place = row.table.place(of: field), row.isStored else {
            return .bytes(scratch.copy([CBORItem.null]))
        }
        let values = try statements(of: row.name.kind).values(of: row.place)
        return .column(row.table.columns[place], Int32(place), of: values)
    }

    private func shows(_ value: UnsafeRawBufferPointer, _ field: UInt32, _ row: LiveRow) throws -> Bool {
        switch try shown(field, row) {
        case .bytes(let bytes): ValueBytes(buffer: bytes) == ValueBytes(buffer: value)
        case .column(let column, let place, let values): column.holds(value, place, of: values)
        }
    }

    /// As CBOR, valid until the batch has been merged.
    private func shownValue(of field: UInt32, _ row: LiveRow) throws -> UnsafeRawBufferPointer {
        switch try shown(field, row) {
        case .bytes(let bytes): bytes
        case .column(let column, let place, let values):
            column.encoded(place, of: values, into: scratch)
        }
    }
}
