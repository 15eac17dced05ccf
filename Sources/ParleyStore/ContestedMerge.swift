internal import ParleyCore

/// Registers whose heads an arriving change has not all seen: the merge law, head by head.
extension LiveMerge {
    func mergeContested(_ write: Batch.Write, of change: Batch.Change, into row: LiveRow) throws {
        let origins = row.heads.origins(of: write.field)
        let isDisputed = row.disputed & (1 << UInt64(write.field)) != 0
        if !isDisputed, origins.count == 1, !change.context.covers(origins[0].change) {
            return try mergePair(write, of: change, over: origins[0], into: row)
        }
        let old = isDisputed ? try asides.load(row.name, write.field, nil) : []
        if old.isEmpty, origins.allSatisfy({ change.context.covers($0.change) }) {
            row.heads.replace(1 << UInt64(write.field), by: change.origin)
            row.show(write.field, batch.value(write))
            return report(change, row, write, .shown(over: false))
        }
        let value = ValueBytes(buffer: try shownValue(of: write.field, row))
        let heads = origins.map { Head(origin: $0, content: value) } + old
        let after = decide(heads, with: write, of: change)
        row.heads.set(write.field, heads: after.equal)
        if after.showsWrite { row.show(write.field, batch.value(write)) }
        try settle(old, after, write, change, row)
    }

    /// The law for the most common case, two heads that have not seen each other: the greater stamp is shown,
    /// and the other is set aside unless it says the same.
    private func mergePair(
        _ write: Batch.Write, of change: Batch.Change, over head: Origin, into row: LiveRow
    ) throws {
        let bit: UInt64 = 1 << UInt64(write.field)
        let arriving = ValueBytes(buffer: batch.value(write))
        let standing = ValueBytes(buffer: try shownValue(of: write.field, row))
        let isShown = change.origin > head
        if arriving == standing {
            let isDropped = Flaw.isPlanted(.equalHeadDropped)
            row.heads.set(write.field, heads: isDropped ? [max(head, change.origin)] : [head, change.origin])
            return report(change, row, write, isShown ? .shown(over: false) : .same)
        }
        let other =
            isShown ? Head(origin: head, content: standing) : Head(origin: change.origin, content: arriving)
        try asides.save(other, row.name, write.field, nil)
        row.review += 1
        row.disputed |= bit
        if isShown {
            row.heads.replace(bit, by: change.origin)
            row.show(write.field, arriving.buffer)
        }
        report(change, row, write, isShown ? .shown(over: true) : .setAside)
    }

    /// Keyed registers, unknown fields, and all fields of unknown kinds.
    func mergeRegister(_ write: Batch.Write, of change: Batch.Change, into row: LiveRow) throws {
        let key = batch.key(write)
        let stored = row.isFresh ? nil : try registers.load(row.name, write.field, key, into: scratch)
        guard let stored else {
            try registers.insert(row.name, write.field, key, batch.value(write), heads: [change.origin])
            return report(change, row, write, .shown(over: false))
        }
        let old = row.review > 0 ? try asides.load(row.name, write.field, key) : []
        if old.isEmpty, stored.allSatisfy({ change.context.covers($0.origin.change) }) {
            try registers.replace(row.name, write.field, key, batch.value(write), heads: [change.origin])
            return report(change, row, write, .shown(over: false))
        }
        let after = decide(stored + old, with: write, of: change)
        try registers.replace(row.name, write.field, key, after.value.buffer, heads: after.equal)
        try settle(old, after, write, change, row)
    }

    struct Decision {
        /// Of the heads that have the shown value, the greatest first.
        var equal: [Origin]
        var value: ValueBytes
        var aside: ArraySlice<Head<ValueBytes>>
        var showsWrite: Bool
    }

    private func decide(
        _ heads: [Head<ValueBytes>], with write: Batch.Write, of change: Batch.Change
    ) -> Decision {
        let arriving = Head(origin: change.origin, content: ValueBytes(buffer: batch.value(write)))
        let after = merged(heads, with: arriving) { change.context.covers($0) }
        let shown = after[0]
        return Decision(
            equal: after.filter { $0.content == shown.content }.map(\.origin), value: shown.content,
            aside: setAside(after), showsWrite: shown.origin == change.origin)
    }

    /// Brings the set-aside rows of one register to what was decided.
    private func settle(
        _ old: [Head<ValueBytes>], _ after: Decision, _ write: Batch.Write, _ change: Batch.Change,
        _ row: LiveRow
    ) throws {
        let key = batch.key(write)
        for head in old where !after.aside.contains(where: { $0.origin == head.origin }) {
            try asides.remove(head, row.name, write.field, key)
        }
        for head in after.aside where !old.contains(where: { $0.origin == head.origin }) {
            try asides.save(head, row.name, write.field, key)
        }
        row.review += after.aside.count - old.count
        if !write.isKeyed, row.table.place(of: write.field) != nil {
            let bit: UInt64 = 1 << UInt64(write.field)
            row.disputed = after.aside.isEmpty ? row.disputed & ~bit : row.disputed | bit
        }
        guard wantsWrites else { return }
        if after.showsWrite {
            report(change, row, write, .shown(over: !after.aside.isEmpty))
        } else {
            let isAside = after.aside.contains { $0.origin == change.origin }
            report(change, row, write, isAside ? .setAside : .same)
        }
    }

    /// What a plain field shows at this point of the batch, as CBOR.
    private func shownValue(of field: UInt32, _ row: LiveRow) throws -> UnsafeRawBufferPointer {
        if let value = row.pendingValue(field) { return value }
        if row.unfit & (1 << UInt64(field)) != 0 {
            let stored = try registers.value(row.name, field, into: scratch)
            if let stored { return stored }
        }
        guard let place = row.table.place(of: field), let rowid = row.rowid else {
            return scratch.copy([CBORItem.null])
        }
        let statement = try statements(of: row.name.kind).column(place)
        statement.bind(1, rowid)
        defer { statement.reset() }
        guard try statement.step() else { return scratch.copy([CBORItem.null]) }
        return scratch.copy(row.table.columns[place].encoded(0, of: statement))
    }
}
