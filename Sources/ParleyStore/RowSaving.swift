internal import GRDB
internal import ParleyCore

/// One INSERT or UPDATE a record.
extension LiveMerge {
    func save(_ row: LiveRow, _ statements: RowStatements) throws {
        statements.closeValues()
        let unfit = try settleUnfit(row)
        if row.isStored {
            try update(row, statements, unfit: unfit)
        } else {
            try insert(row, statements, unfit: unfit)
        }
    }

    private func insert(_ row: LiveRow, _ statements: RowStatements, unfit: UInt64) throws {
        let statement = try statements.insert()
        statement.bind(1, id: row.name.id.number)
        for (place, column) in row.table.columns.enumerated() {
            bind(column, of: row, at: Int32(place + 10), unfit: unfit, to: statement)
        }
        var next = Int32(row.table.columns.count + 10)
        if row.table.kind == nil {
            statement.bind(next, Int64(row.name.kind))
            next += 1
        }
        statement.bind(next, row.place.row)
        try run(statement, row)
    }

    private func update(_ row: LiveRow, _ statements: RowStatements, unfit: UInt64) throws {
        let common = try statements.update(row.pending)
        let isCommon = common != nil
        let statement = try common ?? statements.maskedUpdate()
        statement.bind(1, row.place.row)
        if !isCommon { statement.bind(10, Int64(bitPattern: row.pending)) }
        var index: Int32 = isCommon ? 10 : 11
        for column in row.table.columns where !isCommon || row.pending & (1 << UInt64(column.field.tag)) != 0
        {
            bind(column, of: row, at: index, unfit: unfit, to: statement)
            index += 1
        }
        try run(statement, row)
    }

    /// Binds the bookkeeping columns, which stand from 2 on in both statements, and runs it.
    private func run(_ statement: HotStatement, _ row: LiveRow) throws {
        statement.bind(2, row.heads.first.time.milliseconds)
        statement.bind(3, copyingText: handle(of: row.heads.first.device))
        statement.bind(4, row.last.stamp.time.milliseconds)
        statement.bind(5, copyingText: handle(of: row.last.stamp.device))
        statement.bind(6, Int64(row.review))
        statement.bind(7, Int64(bitPattern: row.unfit))
        statement.bind(8, Int64(bitPattern: row.disputed))
        try row.packedHeads.withUnsafeBytes {
            statement.bind(9, blob: $0)
            try statement.run()
        }
    }

    @inline(__always)
    private func bind(
        _ column: LiveColumn, of row: LiveRow, at index: Int32, unfit: UInt64, to statement: HotStatement
    ) {
        if unfit & (1 << UInt64(column.field.tag)) == 0, let value = row.pendingValue(column.field.tag) {
            column.bind(value, at: index, to: statement)
        } else {
            statement.bindNull(index)
        }
    }

    /// Moves values that do not fit their column to `register`, and removes those that stood there and have
    /// been replaced.
    /// - Returns: the pending fields that do not fit.
    private func settleUnfit(_ row: LiveRow) throws -> UInt64 {
        var unfit: UInt64 = 0
        var rest = row.pending
        while rest != 0 {
            let field = UInt32(rest.trailingZeroBitCount)
            rest &= rest - 1
            guard let place = row.table.place(of: field), let value = row.pendingValue(field) else {
                continue
            }
            if !row.table.columns[place].conformance.accepts(value) { unfit |= 1 << UInt64(field) }
        }
        guard (unfit | row.unfit) & row.pending != 0 else { return 0 }
        for mask in row.pending.bits {
            let field = UInt32(mask.trailingZeroBitCount)
            if unfit & mask != 0, let value = row.pendingValue(field) {
                try registers.save(row, field, nil, value, heads: [])
            } else if row.unfit & mask != 0 {
                try registers.remove(row, field)
            }
        }
        row.unfit = row.unfit & ~row.pending | unfit
        return unfit
    }
}

extension UInt64 {
    /// Each set bit by itself, the lowest first.
    var bits: [UInt64] {
        var rest = self
        var bits: [UInt64] = []
        while rest != 0 {
            bits.append(rest & ~(rest - 1))
            rest &= rest - 1
        }
        return bits
    }
}
