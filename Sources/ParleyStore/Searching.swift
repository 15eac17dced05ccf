internal import Foundation
internal import GRDB
package import ParleyCore

/// What somebody searches for, as words: all of them must be found, the last one as a beginning, so that
/// results come while one types.
struct SearchTerms {
    let terms: [String]
    /// UTF-8, without case and diacritics.
    private let folded: [[UInt8]]

    init(_ text: String) {
        terms = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        folded = terms.map { Array(TextFold.fold($0).utf8) }
    }

    /// Scripts without spaces have no words that the index could hold.
    var needScan: Bool { terms.contains { $0.unicodeScalars.contains(where: Self.isUnspaced) } }

    /// Every term is quoted: nothing that people type is syntax.
    var expression: String {
        terms.enumerated().map { "\"\($1)\"" + ($0 == terms.count - 1 ? " *" : "") }.joined(separator: " ")
    }

    /// - Parameter room: memory that many questions share.
    func areFound(in text: SearchableText, _ room: inout [UInt8]) -> Bool {
        room.removeAll(keepingCapacity: true)
        text.title.withUnsafeBytes { TextFold.fold($0, into: &room) }
        room.append(UInt8(ascii: "\n"))
        text.text.withUnsafeBytes { TextFold.fold($0, into: &room) }
        return room.withUnsafeBytes { all in
            folded.allSatisfy { $0.withUnsafeBytes { Self.holds(all, $0) } }
        }
    }

    private static func holds(_ text: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first, let word = part.baseAddress, let start = text.baseAddress else {
            return part.isEmpty
        }
        var place = 0
        while place + part.count <= text.count {
            let room = text.count - part.count - place + 1
            guard let hit = memchr(start + place, Int32(first), room) else { return false }
            if memcmp(hit, word, part.count) == 0 { return true }
            place = UnsafeRawPointer(hit) - start + 1
        }
        return false
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
            let room = limit - found.count
            if let ids, ids.count >= Self.many {
                found += try walk(table, terms, ids).prefix(room)
            } else {
                found += try look(table, terms, ids?.sorted() ?? candidates(terms, table), room)
            }
        }
        return found
    }

    /// From so many records on it is cheaper to read all rows as they lie.
    private static let many = 1000

    /// Those of the records that hold all terms, in the order of their ids.
    private func walk(_ table: LiveTable, _ terms: SearchTerms, _ ids: Set<RecordID>) throws -> [RecordName] {
        guard let kind = table.kind?.tag else { return [] }
        let rows = try HotStatement(db, table.textSQL)
        defer { rows.reset() }
        var (found, folded): ([RecordName], [UInt8]) = ([], [])
        while try rows.step() {
            guard let id = rows.id(0).map({ RecordID($0) }), ids.contains(id), rows.int(1) == 0 else {
                continue
            }
            let name = RecordName(kind: kind, id: id)
            if terms.areFound(in: try searchableText(table, in: rows), &folded) {
                found.append(name)
            }
        }
        return found.sorted()
    }

    private func look(
        _ table: LiveTable, _ terms: SearchTerms, _ ids: [RecordID], _ limit: Int
    ) throws -> [RecordName] {
        guard let kind = table.kind?.tag else { return [] }
        var (found, folded): ([RecordName], [UInt8]) = ([], [])
        for id in ids where found.count < limit {
            let name = RecordName(kind: kind, id: id)
            guard let text = try searchableText(of: name), !text.isDeleted else { continue }
            if terms.areFound(in: text, &folded) { found.append(name) }
        }
        return found
    }

    /// Records that hold a term of a script without spaces, which has no case either: SQLite finds those.
    private func candidates(_ terms: SearchTerms, _ table: LiveTable) throws -> [RecordID] {
        let term = terms.terms.first { SearchTerms($0).needScan } ?? ""
        let columns = ["title"] + table.textColumns
        var conditions = columns.map { "instr(\($0), ?1) > 0" }
        if let kind = table.kind {
            conditions += table.keyedTexts.map {
                "row IN (SELECT row FROM register WHERE kind = \(kind.tag) AND field = \($0) AND instr(shown, ?1) > 0)"
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
