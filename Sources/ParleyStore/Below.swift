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
            if level.count > Self.broad, all == nil { all = try children() }
            let next = try all.map { all in level.flatMap { all[$0] ?? [] } } ?? children(of: level)
            let fresh = next.filter { seen.insert($0.id).inserted }
            found += fresh
            level = fresh.map(\.id)
        }
        return found
    }

    /// From so many parents on it is cheaper to read who is under whom in the whole workspace.
    private static let broad = 4_096

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
