internal import GRDB
internal import ParleyCore

/// Merges one sorted batch into the tables: for each record its row is read once, all its fields are
/// decided in memory, and the row is written once.
final class LiveMerge {
    let db: Database
    let batch: Batch
    let rules: StoreRules
    let wantsWrites: Bool
    var applied: [AppliedWrite] = []
    /// What must stay where it is until rows are saved.
    let scratch: Arena
    private var handles: [DeviceID: [UInt8]?] = [:]
    private var rows: [String: RowStatements] = [:]
    private var current: (kind: UInt32, statements: RowStatements)?
    private let touch: ManyRows
    let registers: RegisterStatements
    let asides: AsideStatements
    private let pending = PendingValues()
    let open = OpenRegisters()

    static let touching = "INSERT OR IGNORE INTO touched (record, position)"

    init(db: Database, batch: Batch, rules: StoreRules, wantsWrites: Bool) throws {
        self.db = db
        self.batch = batch
        self.rules = rules
        self.wantsWrites = wantsWrites
        touch = ManyRows(db, Self.touching, columns: 2)
        registers = RegisterStatements(db)
        scratch = Arena(chunkSize: 1 << 16)
        asides = AsideStatements(db, scratch)
    }

    /// All that the batch holds for one record: a stretch of its groups, and the record's row if it has one.
    private struct Run {
        let groups: Range<Int>
        /// `max` for a record that is new.
        let row: Int64
        let kind: UInt32
    }

    func run() throws {
        for run in try runs() { try merge(run) }
        try asides.flush()
        try touchAll()
        if wantsWrites { applied.sort { ($0.record, $0.origin) < ($1.record, $1.origin) } }
    }

    /// Rows lie in the order in which they were made, the index in the order of ids. So the ids are looked up
    /// in one order and the rows visited in the other: each page of both is touched once.
    private func runs() throws -> [Run] {
        var runs: [Run] = []
        var start = 0
        while start < batch.groups.count {
            let first = batch.groups[start]
            var end = start + 1
            while end < batch.groups.count, batch.groups[end].id == first.id,
                batch.groups[end].kind == first.kind
            {
                end += 1
            }
            let statements = try statements(of: first.kind)
            runs.append(
                Run(groups: start..<end, row: try statements.row(of: first.name) ?? .max, kind: first.kind))
            start = end
        }
        runs.sort { ($0.kind, $0.row, $0.groups.lowerBound) < ($1.kind, $1.row, $1.groups.lowerBound) }
        return runs
    }

    private func merge(_ run: Run) throws {
        let name = batch.groups[run.groups.lowerBound].name
        let statements = try statements(of: name.kind)
        // A failure must leave nothing open: the connection would go on seeing the file as it is now.
        defer { statements.closeValues() }
        let first = batch.changes[Int(batch.groups[run.groups.lowerBound].change)].origin
        let row =
            run.row == .max
            ? try LiveRow(new: name, statements, first, pending)
            : try LiveRow(name, statements, row: run.row, pending)
        for index in run.groups { try merge(batch.groups[index], into: row) }
        try settleOpen(row)
        try save(row, statements)
        if row.hasDeletion {
            try asides.flush()
            try Overlooked(merge: self, row: row).update(batch.groups[run.groups])
        }
        try asides.closeRecord()
    }

    private func touchAll() throws {
        try touch.insert(batch.groups) { group, row, first in
            row.bind(first, id: group.id.number)
            row.bind(first + 1, batch.changes[Int(group.change)].position)
        }
    }

    private func merge(_ group: Batch.Group, into row: LiveRow) throws {
        let change = batch.changes[Int(group.change)]
        row.touch(change.origin)
        var mask: UInt64 = 0
        for index in group.writes {
            let write = batch.writes[index]
            if !write.isKeyed, row.table.place(of: write.field) != nil {
                mask |= 1 << UInt64(write.field)
            } else {
                try mergeRegister(write, of: change, into: row)
            }
        }
        if mask != 0 { try mergePlain(group, mask, of: change, into: row) }
        row.isFresh = false
    }

    /// Fields whose heads the change has all seen take the new value at once; the others go one by one.
    private func mergePlain(
        _ group: Batch.Group, _ mask: UInt64, of change: Batch.Change, into row: LiveRow
    ) throws {
        var contested = row.isFresh ? 0 : row.heads.contested(mask) { change.context.covers($0) }
        contested |= (row.disputed | open.plain) & mask
        if mask & ~contested != 0 { row.heads.replace(mask & ~contested, by: change.origin) }
        for index in group.writes {
            let write = batch.writes[index]
            guard !write.isKeyed, row.table.place(of: write.field) != nil else { continue }
            if contested & (1 << UInt64(write.field)) != 0 {
                try mergeContested(write, of: change, into: row)
            } else {
                row.show(write.field, batch.value(write))
                report(change, row, write, .shown(over: false))
            }
        }
    }

    @inline(__always)
    func report(
        _ change: Batch.Change, _ row: LiveRow, _ write: Batch.Write, _ outcome: AppliedWrite.Outcome
    ) {
        guard wantsWrites else { return }
        let key = batch.key(write).map { String(decoding: $0, as: UTF8.self) }
        applied.append(
            AppliedWrite(
                origin: change.origin, record: row.name, register: RegisterName(field: write.field, key: key),
                outcome: outcome))
    }

    func handle(of device: DeviceID) -> [UInt8]? {
        if let known = handles[device] { return known }
        let handle = rules.analyst(device).map { Array($0.utf8) }
        handles[device] = .some(handle)
        return handle
    }

    func statements(of kind: UInt32) throws -> RowStatements {
        if let current, current.kind == kind { return current.statements }
        let table = LiveSchema.assessments[kind]
        let statements = try rows[table.name] ?? RowStatements(db, table)
        rows[table.name] = statements
        current = (kind, statements)
        return statements
    }
}
