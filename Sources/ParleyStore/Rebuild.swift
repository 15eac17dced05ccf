internal import GRDB
internal import ParleyCore

extension WorkspaceStore {
    /// Makes every projection anew from the log, in one transaction: after a doubt, after a revocation has
    /// made changesets void, after an upgrade that knows more of the schema.
    package func rebuild() throws {
        try write { try $0.rebuild() }
    }

    /// Compares the tables with what the log makes of them, and lets SQLite check the file.
    /// - Returns: what differs, at most `limit` sentences; empty when all is well.
    package func verify(limit: Int = 20) throws -> [String] {
        let damage = try file.withoutTransaction {
            try String.fetchAll($0, sql: "PRAGMA integrity_check(\(limit))").filter { $0 != "ok" }
        }
        if !damage.isEmpty { return damage }
        return try compareWithRebuild(limit: limit)
    }

    /// Rebuilds into a private temporary database of SQLite's and compares row by row.
    package func compareWithRebuild(limit: Int = 20) throws -> [String] {
        do {
            let copy = try DatabaseQueue(path: "")
            try Projection.empty.get().backup(to: copy)
            return try file.read { db in
                try copy.inDatabase { scratch in
                    try scratch.inTransaction {
                        try Projection.fill(scratch, from: db, rules)
                        return .commit
                    }
                    return try TableComparison(limit: limit).differences(db, scratch)
                }
            }
        } catch { throw StoreError(error, path: file.path) }
    }
}

extension WriteTransaction {
    package func rebuild() throws {
        try LiveTables.makeAnew(in: db)
        try db.execute(sql: "DELETE FROM chain; DELETE FROM searchable; DELETE FROM search")
        try Projection.fill(db, from: db, rules)
        if Flaw.isPlanted(.asideLostInRebuild) { try db.execute(sql: "DELETE FROM aside") }
        try log.setMeta(SearchIndex.positionName, nil)
    }
}

enum Projection {
    /// The tables as this version makes them, with nothing in them: copied faster than made.
    static let empty = Result {
        let queue = try DatabaseQueue()
        try queue.inDatabase { db in
            try LogTables.create(in: db)
            try LiveTables.create(in: db)
        }
        return queue
    }

    /// Applies the whole log of `source` to the empty tables of `target`.
    static func fill(_ target: Database, from source: Database, _ rules: StoreRules) throws {
        let log = Log(source)
        let last = try log.lastPosition()
        var applier = LiveApplier(
            target: target, log: log, rules: rules, wantsWrites: false, longestBatch: Self.longestBatch)
        var position: Int64 = 0
        while position < last {
            position += 1
            guard let entry = try log.entry(at: position) else { continue }
            try applier.add(Arrival(entry: entry, body: try rules.open(entry)), at: position)
        }
        try applier.finish()
    }

    /// Bytes that are merged at a time: a bulk import's changesets, and what merging them takes, must fit into a
    /// client's memory beside the page cache.
    private static let longestBatch = 12 << 20
}

/// Two copies of the projections, side by side.
struct TableComparison {
    let limit: Int

    func differences(_ left: Database, _ right: Database) throws -> [String] {
        var found: [String] = []
        for (table, _) in LiveTables.comparable where found.count < limit {
            try compare(table, left, right, into: &found)
        }
        return found
    }

    private func compare(
        _ table: String, _ left: Database, _ right: Database, into found: inout [String]
    ) throws {
        let first = try Row.fetchCursor(left, sql: LiveTables.comparison(of: table, in: left))
        let second = try Row.fetchCursor(right, sql: LiveTables.comparison(of: table, in: right))
        while found.count < limit {
            let (one, other) = (try first.next(), try second.next())
            if one == nil, other == nil { return }
            if one != other { found.append("\(table): \(text(one)) but by the log \(text(other))") }
        }
    }

    private func text(_ row: Row?) -> String {
        guard let row else { return "no row" }
        return row.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
