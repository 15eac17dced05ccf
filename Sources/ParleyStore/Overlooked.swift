internal import GRDB
internal import ParleyCore

/// A deletion and an edit that missed each other: a head `deleted = true` and a head of another register of
/// the record, neither of which has seen the other. Both are shown as they merged; the pair is listed until
/// somebody who has received both writes `deleted` anew.
///
/// Which pairs there are is a function of the heads and of their contexts. Contexts are at hand only for the
/// changes of this batch, so pairs of two older heads are taken from the table.
struct Overlooked {
    struct Pair: Hashable {
        var register: RegisterName
        var edit: ChangeID
        var deletion: ChangeID
    }

    let merge: LiveMerge
    let row: LiveRow

    func update(_ run: ArraySlice<Batch.Group>) throws {
        if Flaw.isPlanted(.deletionSilent) { return }
        let stored = try load()
        let deletions = try deletions()
        let wanted = deletions.isEmpty ? [] : pairs(deletions, try edits(), stored, contexts(run))
        for pair in stored.subtracting(wanted) { try execute(Self.removal, pair) }
        for pair in wanted.subtracting(stored) { try execute(Self.insertion, pair) }
    }

    private func contexts(_ run: ArraySlice<Batch.Group>) -> [ChangeID: WholeContext] {
        var contexts: [ChangeID: WholeContext] = [:]
        for group in run {
            let change = merge.batch.changes[Int(group.change)]
            contexts[change.origin.change] = change.context
        }
        return contexts
    }

    private func pairs(
        _ deletions: [ChangeID], _ edits: [(RegisterName, ChangeID)], _ stored: Set<Pair>,
        _ contexts: [ChangeID: WholeContext]
    ) -> Set<Pair> {
        var wanted: Set<Pair> = []
        for (register, edit) in edits {
            for deletion in deletions where deletion != edit {
                let pair = Pair(register: register, edit: edit, deletion: deletion)
                let isNew = contexts[edit] != nil || contexts[deletion] != nil
                let isSeen =
                    contexts[edit]?.covers(deletion) ?? false || contexts[deletion]?.covers(edit) ?? false
                if isNew ? !isSeen : stored.contains(pair) { wanted.insert(pair) }
            }
        }
        return wanted
    }

    /// The heads `deleted = true`, shown or set aside.
    private func deletions() throws -> [ChangeID] {
        let asides = try merge.asides.load(row, Field.deletedTag, nil, into: merge.scratch)
            .filter { $0.head.content.buffer.first == 0xF5 }.map(\.head.origin.change)
        let isShown =
            try Bool.fetchOne(
                merge.db.cachedStatement(sql: "SELECT deleted IS 1 FROM \"\(row.table.name)\" WHERE row = ?"),
                arguments: [row.place.row]) ?? false
        return (isShown ? row.heads.origins(of: Field.deletedTag).map(\.change) : []) + asides
    }

    /// All other heads of the record.
    private func edits() throws -> [(RegisterName, ChangeID)] {
        var edits: [(RegisterName, ChangeID)] = []
        for entry in row.heads.entries {
            for bit in (entry.mask & ~(1 << UInt64(Field.deletedTag))).bits {
                edits.append((RegisterName(field: UInt32(bit.trailingZeroBitCount)), entry.origin.change))
            }
        }
        try collect(ofRow("SELECT field, key, stamp, device, number FROM aside WHERE kind = ? AND row = ?")) {
            edits.append((try $0.registerName(0), try $0.origin(2).change))
        }
        try collect(ofRow("SELECT field, key, heads FROM register WHERE kind = ? AND row = ?")) {
            for origin in try PackedOrigins.decode($0.bytes(2)) {
                edits.append((try $0.registerName(0), origin.change))
            }
        }
        return edits.filter { $0.0 != RegisterName(field: Field.deletedTag) }
    }

    private func load() throws -> Set<Pair> {
        var pairs: Set<Pair> = []
        let rows = try HotStatement(
            merge.db,
            """
            SELECT field, key, number, device, deletion_number, deletion_device FROM overlooked
            WHERE kind = ? AND record = ?
            """)
        rows.bind(1, Int64(row.name.kind))
        rows.bind(2, id: row.name.id.number)
        try collect(rows) { row in
            guard let edit = row.id(3), let deletion = row.id(5) else { return }
            pairs.insert(
                Pair(
                    register: try row.registerName(0),
                    edit: ChangeID(device: DeviceID(edit), number: UInt64(row.int(2))),
                    deletion: ChangeID(device: DeviceID(deletion), number: UInt64(row.int(4)))))
        }
        return pairs
    }

    private func ofRow(_ sql: String) throws -> HotStatement {
        let rows = try HotStatement(merge.db, sql)
        rows.bind(row.place)
        return rows
    }

    private func collect(_ rows: HotStatement, _ body: (HotStatement) throws -> Void) throws {
        defer { rows.reset() }
        while try rows.step() { try body(rows) }
    }

    private static let insertion = """
        INSERT INTO overlooked (kind, record, field, key, device, number, deletion_device, deletion_number)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    private static let removal = """
        DELETE FROM overlooked WHERE kind = ? AND record = ? AND field = ? AND key = ? AND device = ?
            AND number = ? AND deletion_device = ? AND deletion_number = ?
        """

    private func execute(_ sql: String, _ pair: Pair) throws {
        try merge.db.cachedStatement(sql: sql).execute(arguments: [
            row.name.kind, row.name.id.blob, pair.register.field, pair.register.key ?? "",
            pair.edit.device.blob, Int64(pair.edit.number), pair.deletion.device.blob,
            Int64(pair.deletion.number),
        ])
    }
}

extension HotStatement {
    /// Reads field and key from `column` on.
    func registerName(_ column: Int32) throws -> RegisterName {
        let key = String(decoding: borrowedBytes(column + 1), as: UTF8.self)
        return RegisterName(field: UInt32(int(column)), key: key.isEmpty ? nil : key)
    }
}
