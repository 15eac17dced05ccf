internal import GRDB
package import ParleyCore

extension ReadTransaction {
    /// The records that fulfil a query, a page of them.
    package func query(_ query: RecordQuery) throws -> RecordPage {
        let resolved = try resolve(query.filters)
        let tables = LiveSchema.assessments.all.filter { table in
            query.filters.allSatisfy { filter in
                guard case .kinds(let kinds) = filter else { return true }
                return kinds.contains { table.holds($0) }
            }
        }
        let rows = try rows(query, tables, resolved)
        if query.offset == 0, rows.count < query.limit ?? .max {
            return RecordPage(rows: rows, total: rows.count)
        }
        return RecordPage(rows: rows, total: try total(query, tables, resolved))
    }

    private func rows(
        _ query: RecordQuery, _ tables: [LiveTable], _ resolved: [ResolvedFilter]
    ) throws -> [RecordRow] {
        var arguments: [SQLArgument] = []
        let selects = tables.map { table in
            var builder = QueryBuilder(table, resolved)
            let columns = table.rowSQL(query).joined(separator: ", ")
            let select = "SELECT \(columns) FROM \"\(table.name)\" WHERE \(builder.condition(query))"
            arguments += builder.arguments
            return select
        }
        if selects.isEmpty { return [] }
        let statement = try HotStatement(
            db,
            """
            \(selects.joined(separator: "\nUNION ALL\n"))
            ORDER BY \(order(query)) LIMIT \(query.limit ?? -1) OFFSET \(query.offset)
            """)
        statement.bind(arguments)
        defer { statement.reset() }
        var rows: [RecordRow] = []
        while try statement.step() { rows.append(try row(statement, query)) }
        return rows
    }

    private func row(_ statement: HotStatement, _ query: RecordQuery) throws -> RecordRow {
        let name = try statement.recordName(0)
        let table = LiveSchema.assessments[name.kind]
        let values = query.columns.enumerated().map { index, column -> Value in
            guard let field = table.kind?[name: column], let place = table.place(of: field.tag) else {
                return .null
            }
            return table.columns[place].value(Int32(8 + index), of: statement)
        }
        return RecordRow(name: name, bookkeeping: statement.bookkeeping(2), values: values)
    }

    /// Columns are named by their number, counted from 1: 1 kind, 2 id, 3 to 8 bookkeeping, the wanted
    /// fields, the sort fields.
    private func order(_ query: RecordQuery) -> String {
        var next = 9 + query.columns.count
        var parts: [String] = []
        for order in query.order {
            let direction = order.descending ? "DESC" : "ASC"
            switch order.key {
            case .kind: parts.append("1 \(direction)")
            case .id: parts.append("2 \(direction)")
            case .created: parts.append("3 \(direction)")
            case .changed: parts.append("5 \(direction)")
            case .field:
                parts.append("\(next) \(direction) NULLS LAST")
                next += 1
            }
        }
        return (parts + ["1", "2"]).joined(separator: ", ")
    }

    private func total(
        _ query: RecordQuery, _ tables: [LiveTable], _ resolved: [ResolvedFilter]
    ) throws -> Int {
        try tables.reduce(0) { sum, table in
            var builder = QueryBuilder(table, resolved)
            let statement = try HotStatement(
                db, "SELECT count(*) FROM \"\(table.name)\" WHERE \(builder.condition(query))")
            statement.bind(builder.arguments)
            defer { statement.reset() }
            return try statement.step() ? sum + Int(statement.int(0)) : sum
        }
    }

    // MARK: Filters that are answered first

    private func resolve(_ filters: [RecordFilter]) throws -> [ResolvedFilter] {
        var resolved: [ResolvedFilter] = []
        for filter in filters {
            switch filter {
            case .under(let root):
                resolved.append(ResolvedFilter(filter: filter, ids: try descendants(of: root)))
            case .words(let text):
                let found = try search(text, limit: .max).map(\.id)
                resolved.append(ResolvedFilter(filter: filter, ids: Set(found)))
            case .not(let inner): resolved += try resolve([inner])
            default: continue
            }
        }
        return resolved
    }

    /// All records below one in the tree of `parent`s; a cycle ends where it began.
    package func descendants(of root: RecordID) throws -> Set<RecordID> {
        Set(try below(root).map(\.id))
    }
}

extension LiveTable {
    /// The result columns of a query; `order` in ReadTransaction counts on their places.
    fileprivate func rowSQL(_ query: RecordQuery) -> [String] {
        var columns = [kindSQL, "id", bookkeepingSQL] + query.columns.map(columnOrNull)
        for order in query.order {
            if case .field(let name) = order.key { columns.append(columnOrNull(name)) }
        }
        return columns
    }

    private func columnOrNull(_ name: String) -> String {
        guard let field = kind?[name: name], place(of: field.tag) != nil else { return "NULL" }
        return "\"\(field.name)\""
    }
}

extension HotStatement {
    func bind(_ arguments: [SQLArgument]) {
        for (index, argument) in arguments.enumerated() {
            switch argument {
            case .int(let number): bind(Int32(index + 1), number)
            case .text(let text): bind(Int32(index + 1), copyingText: Array(text.utf8))
            case .blob(let bytes): bind(Int32(index + 1), copying: bytes)
            }
        }
    }
}
