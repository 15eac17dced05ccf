internal import GRDB
package import ParleyCore

/// What somebody searches for, as words: all of them must be found, the last one as a beginning, so that
/// results come while one types.
struct SearchTerms {
    let terms: [String]

    init(_ text: String) {
        terms = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    }

    /// Scripts without spaces have no words that the index could hold.
    var needScan: Bool { terms.contains { $0.unicodeScalars.contains(where: Self.isUnspaced) } }

    /// Every term is quoted: nothing that people type is syntax.
    var expression: String {
        terms.enumerated().map { "\"\($1)\"" + ($0 == terms.count - 1 ? " *" : "") }.joined(separator: " ")
    }

    func isFound(in text: SearchableText) -> Bool {
        let folded = TextFold.fold(text.title + "\n" + text.text)
        return terms.allSatisfy { folded.contains(TextFold.fold($0)) }
    }

    /// Thai, Lao, Burmese, Khmer, kana, Han and the supplementary ideographs.
    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF,
            0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}

extension ReadTransaction {
    /// The records in whose title or texts all the words of `text` are; best first where the index could say,
    /// then those that were read from the tables. Deleted records are left out.
    package func search(_ text: String, limit: Int) throws -> [RecordName] {
        let terms = SearchTerms(text)
        if terms.terms.isEmpty { return [] }
        if terms.needScan { return try scan(terms, limit) }
        let stale = try stale()
        var found = try indexed(terms, limit).filter { !stale.contains($0.id) }
        if !stale.isEmpty { found += try scan(terms, limit, among: stale) }
        return Array(found.filter { (try? bookkeeping(of: $0)?.isDeleted) == false }.prefix(limit))
    }

    private func indexed(_ terms: SearchTerms, _ limit: Int) throws -> [RecordName] {
        let rows = try HotStatement(
            db,
            """
            SELECT s.kind, s.record FROM search JOIN searchable s ON s.number = search.rowid
            WHERE search MATCH ? ORDER BY bm25(search, 4.0, 1.0), s.kind, s.record
            """)
        rows.bind(1, copyingText: Array(terms.expression.utf8))
        defer { rows.reset() }
        var found: [RecordName] = []
        while try rows.step() { found.append(try rows.recordName(0)) }
        return found
    }

    /// Records touched by changesets that are not in the index yet.
    private func stale() throws -> Set<RecordID> {
        let indexed = try indexedPosition()
        if try log.lastPosition() <= indexed { return [] }
        let rows = try HotStatement(db, "SELECT DISTINCT record FROM touched WHERE position > ?")
        rows.bind(1, indexed)
        defer { rows.reset() }
        var ids: Set<RecordID> = []
        while try rows.step() { if let id = rows.id(0) { ids.insert(RecordID(id)) } }
        return ids
    }

    /// Reads the texts of all records, or of some.
    private func scan(_ terms: SearchTerms, _ limit: Int, among ids: Set<RecordID>? = nil) throws
        -> [RecordName]
    {
        var found: [RecordName] = []
        for table in LiveSchema.assessments.wide where found.count < limit {
            guard let kind = table.kind?.tag else { continue }
            for id in try ids.map({ try present($0, in: table) }) ?? candidates(terms, table) {
                let name = RecordName(kind: kind, id: id)
                guard found.count < limit, let text = try searchableText(of: name) else { continue }
                if terms.isFound(in: text), try bookkeeping(of: name)?.isDeleted == false {
                    found.append(name)
                }
            }
        }
        return found
    }

    /// Those of the ids that the table may hold: many are looked for in one walk along the index.
    private func present(_ ids: Set<RecordID>, in table: LiveTable) throws -> [RecordID] {
        if ids.count < 1000 { return ids.sorted() }
        let rows = try HotStatement(db, "SELECT id FROM \"\(table.name)\" ORDER BY id")
        defer { rows.reset() }
        var present: [RecordID] = []
        while try rows.step() {
            if let id = rows.id(0).map({ RecordID($0) }), ids.contains(id) { present.append(id) }
        }
        return present
    }

    /// Records that hold a term of a script without spaces, which has no case either: SQLite finds those.
    private func candidates(_ terms: SearchTerms, _ table: LiveTable) throws -> [RecordID] {
        let term = terms.terms.first { SearchTerms($0).needScan } ?? ""
        let columns = ["title"] + table.textColumns
        var conditions = columns.map { "instr(\($0), ?1) > 0" }
        if let kind = table.kind {
            conditions += table.keyedTexts.map {
                "id IN (SELECT record FROM register WHERE kind = \(kind.tag) AND field = \($0) AND instr(shown, ?1) > 0)"
            }
        }
        let rows = try HotStatement(
            db, "SELECT id FROM \"\(table.name)\" WHERE \(conditions.joined(separator: " OR ")) ORDER BY id")
        rows.bind(1, copyingText: Array(term.utf8))
        defer { rows.reset() }
        var ids: [RecordID] = []
        while try rows.step() { if let id = rows.id(0) { ids.append(RecordID(id)) } }
        return ids
    }
}
