internal import GRDB
package import ParleyCore

extension ReadTransaction {
    /// All records below one in the tree of `parent`s, deleted ones too, in no order; a cycle ends where it
    /// began. Small trees are climbed by the index, without a look at the rest of the workspace.
    package func below(_ root: RecordID) throws -> [RecordName] {
        var seen: Set<RecordID> = [root]
        var found: [RecordName] = []
        var level = [root]
        var all: [RecordID: [RecordName]]?
        while !level.isEmpty {
            if all == nil, try isBroad(level) { all = try children() }
            let next = try all.map { all in level.flatMap { all[$0] ?? [] } } ?? children(of: level)
            let fresh = next.filter { seen.insert($0.id).inserted }
            found += fresh
            level = fresh.map(\.id)
        }
        return found
    }

    /// The records above one by `parent`, the nearest first; a cycle ends where it began.
    package func above(_ record: RecordName) throws -> [RecordName] {
        var (seen, found): (Set<RecordID>, [RecordName]) = ([record.id], [])
        var next = try parent(of: record)
        while let id = next, seen.insert(id).inserted, let name = try find(id...id, limit: 1).first {
            found.append(name)
            next = try parent(of: name)
        }
        return found
    }

    private func parent(of record: RecordName) throws -> RecordID? {
        guard let table = LiveSchema.assessments.known(record.kind) else { return nil }
        let row = try HotStatement(db, "SELECT parent FROM \"\(table.name)\" WHERE id = ?1")
        row.bind(1, id: record.id.number)
        defer { row.reset() }
        return try row.step() ? row.id(0).map { RecordID($0) } : nil
    }

    /// Whether it is cheaper to read who is under whom in the whole workspace: to climb, each parent is sought in the
    /// table of each kind.
    private func isBroad(_ level: [RecordID]) throws -> Bool {
        guard level.count > Self.fewParents else { return false }
        let tables = LiveSchema.assessments.wide
        let rows = try tables.reduce(0) {
            try $0 + HotStatement.number(db, "SELECT max(row) FROM \"\($1.name)\"")
        }
        return level.count * tables.count > rows
    }

    private static let fewParents = 64

    private func children(of level: [RecordID]) throws -> [RecordName] {
        try LiveSchema.assessments.wide.compactMap(\.kind).flatMap {
            try referrers(to: level, by: "parent", of: $0.tag)
        }
    }

    private func children() throws -> [RecordID: [RecordName]] {
        var children: [RecordID: [RecordName]] = [:]
        for table in LiveSchema.assessments.wide {
            guard let kind = table.kind?.tag else { continue }
            let rows = try HotStatement(
                db, "SELECT id, parent FROM \"\(table.name)\" WHERE parent IS NOT NULL")
            defer { rows.reset() }
            while try rows.step() {
                guard let id = rows.id(0), let parent = rows.id(1) else { continue }
                children[RecordID(parent), default: []].append(RecordName(kind: kind, id: RecordID(id)))
            }
        }
        return children
    }
}
