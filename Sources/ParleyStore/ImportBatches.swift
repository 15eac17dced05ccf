internal import GRDB
package import ParleyCore

/// An import of which this replica does not hold every part: its author's run has not ended, or was ended,
/// or the rest has not arrived.
package struct IncompleteImport: Equatable, Sendable {
    package var batch: [UInt8]
    /// The newest part here, and the number of the highest.
    package var change: ChangeID
    package var part: Int64
    package var act: Act
}

extension ReadTransaction {
    /// Imports that lack a part, the latest first. One that was undone lacks nothing; nor does one whose file was
    /// imported whole later on.
    package func incompleteImports() throws -> [IncompleteImport] {
        try openBatches().compactMap { found in
            guard let entry = try log.entry(at: found.position), let act = try body(at: found.position)?.act,
                try !isUndone(found), try !isReplaced(found, act)
            else { return nil }
            return IncompleteImport(
                batch: found.batch, change: entry.header.change, part: found.part, act: act)
        }
    }

    private struct OpenBatch {
        var batch: [UInt8]
        var first: Int64
        var position: Int64
        var part: Int64
    }

    private func openBatches() throws -> [OpenBatch] {
        let rows = try HotStatement(
            db,
            """
            SELECT batch, min(position), max(position), max(part) FROM act
            WHERE kind = \(Act.Kind.importing.rawValue) AND batch IS NOT NULL GROUP BY batch
            HAVING ifnull(max(CASE WHEN last THEN part END), 0) < 1
                OR count(DISTINCT part) < max(CASE WHEN last THEN part END)
            ORDER BY max(position) DESC
            """)
        defer { rows.reset() }
        var found: [OpenBatch] = []
        while try rows.step() {
            found.append(
                OpenBatch(
                    batch: rows.bytes(0), first: rows.int(1), position: rows.int(2), part: rows.int(3)))
        }
        return found
    }

    /// Whether an undo of one of its parts stands, which no redo has undone.
    private func isUndone(_ open: OpenBatch) throws -> Bool {
        let parts = Set(
            try positions(ofBatch: open.batch).compactMap { try log.entry(at: $0)?.header.change })
        var undoings: Set<ChangeID> = []
        var isUndone = false
        for position in try undoPositions(after: open.first) {
            guard let act = try body(at: position)?.act, let target = act.targetChange,
                let change = try log.entry(at: position)?.header.change
            else { continue }
            if act.kind == Act.Kind.undo.rawValue, parts.contains(target) {
                undoings.insert(change)
                isUndone = true
            } else if undoings.contains(target) {
                isUndone = false
            }
        }
        return isUndone
    }

    private func undoPositions(after position: Int64) throws -> [Int64] {
        let kinds = "\(Act.Kind.undo.rawValue), \(Act.Kind.redo.rawValue)"
        return try Int64.fetchAll(
            db, sql: "SELECT position FROM act WHERE kind IN (\(kinds)) AND position > ? ORDER BY position",
            arguments: [position])
    }

    private func isReplaced(_ open: OpenBatch, _ act: Act) throws -> Bool {
        guard let source = act[.source]?.text else { return false }
        let later = try Int64.fetchAll(
            db, sql: "SELECT position FROM act WHERE kind = ? AND source = ? AND last AND position > ?",
            arguments: [Int64(Act.Kind.importing.rawValue), source, open.position])
        return try later.contains { try body(at: $0)?.act[.file] == act[.file] }
    }

    // MARK: What a source has said

    /// Whether an import of this source stands in the log, up to a position.
    package func hasImport(of source: String, through position: Int64 = .max) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM act WHERE kind = ? AND source = ? AND position <= ?)",
            arguments: [Int64(Act.Kind.importing.rawValue), source, position]) ?? false
    }

    /// Every record of which imports of this source spoke, once, in the order of ids.
    package func eachRecord(saidBy source: String, _ body: (RecordID) throws -> Void) throws {
        // The table of records is the outer one: it is as it must be sorted, and has no index by position.
        let rows = try HotStatement(
            db,
            """
            SELECT t.record FROM touched t CROSS JOIN act a ON a.position = t.position
            WHERE a.kind = \(Act.Kind.importing.rawValue) AND a.source = ? ORDER BY t.record
            """)
        rows.bind(1, copyingText: Array(source.utf8))
        defer { rows.reset() }
        var last: UInt128?
        while try rows.step() {
            guard let id = rows.id(0), id != last else { continue }
            last = id
            try body(RecordID(id))
        }
    }
}
