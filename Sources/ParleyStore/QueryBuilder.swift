internal import ParleyCore

/// What stands for a `?`.
enum SQLArgument {
    case int(Int64)
    case text(String)
    case blob([UInt8])

    static func id(_ record: RecordID) -> SQLArgument { .blob(record.number.bigEndianBytes) }
}

/// The part of a query that concerns one table: a condition and what stands for its question marks. What
/// people type only ever becomes an argument.
struct QueryBuilder {
    let table: LiveTable
    /// Ids that a condition resolved to beforehand: records under another, records with words.
    let resolved: [ResolvedFilter]
    private(set) var arguments: [SQLArgument] = []

    init(_ table: LiveTable, _ resolved: [ResolvedFilter]) {
        self.table = table
        self.resolved = resolved
    }

    mutating func condition(_ query: RecordQuery) -> String {
        var parts = query.filters.map { condition($0) }
        if !query.includesDeleted, !query.asksForDeleted, table.kind != nil {
            parts.append("deleted IS NOT 1")
        }
        return parts.isEmpty ? "1" : parts.joined(separator: " AND ")
    }

    private mutating func condition(_ filter: RecordFilter) -> String {
        switch filter {
        case .kinds(let kinds): return kindCondition(kinds)
        case .by(let handle):
            return "(author IS \(mark(.text(handle))) OR changed_by IS \(mark(.text(handle))))"
        case .since(let time): return "changed >= \(mark(.int(time)))"
        case .until(let time): return "changed < \(mark(.int(time)))"
        case .hasReview: return reviewCondition
        case .isDeleted: return table.kind == nil ? "0" : "deleted IS 1"
        case .not(let inner): return "NOT (\(condition(inner)))"
        case .under, .words, .among: return idCondition(filter)
        case .member(let name, let key): return memberCondition(name, key)
        case .keyed(let name, let key, let value): return keyedCondition(name, key, value)
        case .field, .isSet, .contains, .range: return plainCondition(filter)
        }
    }

    private mutating func mark(_ argument: SQLArgument) -> String {
        arguments.append(argument)
        return "?"
    }

    /// Heads set aside, or a deletion that some edit missed.
    private var reviewCondition: String {
        let kind = table.kind.map { "\($0.tag)" } ?? "\"\(table.name)\".kind"
        return """
            (review > 0 OR EXISTS (SELECT 1 FROM overlooked o WHERE o.kind = \(kind) AND o.record = "\(table.name)".id))
            """
    }

    private func kindCondition(_ kinds: [UInt32]) -> String {
        if let kind = table.kind { return kinds.contains(kind.tag) ? "1" : "0" }
        return "kind IN (\(kinds.map { "\($0)" }.joined(separator: ", ")))"
    }

    private mutating func idCondition(_ filter: RecordFilter) -> String {
        guard let ids = ids(filter) else { return "0" }
        if ids.count <= Self.fewIDs {
            return "id IN (\(ids.map { "x'\($0.number.bigEndianBytes.hex)'" }.joined(separator: ",")))"
        }
        let list =
            "[" + ids.map { "\"\($0.number.bigEndianBytes.hex.uppercased())\"" }.joined(separator: ",") + "]"
        return "hex(id) IN (SELECT value FROM json_each(\(mark(.text(list)))))"
    }

    /// So many ids are searched one by one in the index; more are sought among all records.
    private static let fewIDs = 256

    private func ids(_ filter: RecordFilter) -> Set<RecordID>? {
        if case .among(let ids) = filter { return ids }
        return resolved.first { $0.filter == filter }?.ids
    }

    // MARK: Plain fields

    private mutating func plainCondition(_ filter: RecordFilter) -> String {
        switch filter {
        case .field(let name, let values): return column(name).map { equals($0, values) } ?? "0"
        case .isSet(let name): return column(name).map { "\($0.quoted) IS NOT NULL" } ?? "0"
        case .contains(let name, let text):
            guard let column = column(name) else { return "0" }
            let folded = mark(.text(TextFold.fold(text)))
            return
                "(\(column.quoted) IS NOT NULL AND instr(\(TextFold.function)(\(column.quoted)), \(folded)) > 0)"
        case .range(let name, let from, let through): return range(name, from, through)
        default: return "0"
        }
    }

    private func column(_ name: String) -> LiveColumn? {
        guard let field = table.kind?[name: name], let place = table.place(of: field.tag) else { return nil }
        return table.columns[place]
    }

    private mutating func equals(_ column: LiveColumn, _ values: [Value]) -> String {
        var parts: [String] = []
        for value in values {
            if let argument = argument(value) {
                parts.append("\(column.quoted) IS \(mark(argument))")
            } else {
                parts.append("\(column.quoted) IS NULL")
            }
        }
        return parts.isEmpty ? "0" : "(" + parts.joined(separator: " OR ") + ")"
    }

    private func argument(_ value: Value) -> SQLArgument? {
        switch value {
        case .null: nil
        case .bool(let truth): .int(truth ? 1 : 0)
        case .int(let number): .int(number)
        case .text(let text): .text(text)
        case .bytes(let bytes), .other(let bytes): .blob(bytes)
        case .list: .text(String(decoding: TupleText.encode(value), as: UTF8.self))
        }
    }

    private mutating func range(_ name: String, _ from: Value?, _ through: Value?) -> String {
        guard let column = column(name) else { return "0" }
        var parts = ["\(column.quoted) IS NOT NULL"]
        if let from = from.flatMap(argument) { parts.append("\(column.quoted) >= \(mark(from))") }
        if case .text(let text) = through {
            parts.append("substr(\(column.quoted), 1, \(text.count)) <= \(mark(.text(text)))")
        } else if let through = through.flatMap(argument) {
            parts.append("\(column.quoted) <= \(mark(through))")
        }
        return "(" + parts.joined(separator: " AND ") + ")"
    }

    // MARK: Keyed registers

    private func keyedField(_ name: String) -> (kind: UInt32, field: UInt32)? {
        guard let kind = table.kind, let field = kind[name: name], field.merge.isKeyed else { return nil }
        return (kind.tag, field.tag)
    }

    /// The field stands as a numeral and the index is named: without statistics SQLite would rather walk
    /// through all registers of the kind.
    private mutating func memberCondition(_ name: String, _ key: String) -> String {
        guard let (kind, field) = keyedField(name) else { return "0" }
        let index = [8: "INDEXED BY register_tag", 9: "INDEXED BY register_key"][field] ?? ""
        return """
            "\(table.name)".row IN (SELECT row FROM register \(index) WHERE kind = \(kind) AND field = \(field)
                AND key = \(mark(.text(key))) AND value = x'F5')
            """
    }

    private mutating func keyedCondition(_ name: String, _ key: String?, _ value: Value?) -> String {
        guard let (kind, field) = keyedField(name) else { return "0" }
        var parts = ["kind = \(kind)", "row = \"\(table.name)\".row", "field = \(field)", "value <> x'F6'"]
        if let key { parts.append("key = \(mark(.text(key)))") }
        if let value {
            let whole = mark(.blob(value.encoded))
            parts.append("(value = \(whole) OR \(firstComponent(value)))")
        }
        return "EXISTS (SELECT 1 FROM register WHERE \(parts.joined(separator: " AND ")))"
    }

    private mutating func firstComponent(_ value: Value) -> String {
        guard let argument = argument(value), case .text = value else { return "0" }
        return
            "CASE WHEN shown LIKE '[%' AND json_valid(shown) THEN json_extract(shown, '$[0]') IS \(mark(argument)) END"
    }
}

/// A filter that was answered before the query ran.
struct ResolvedFilter {
    var filter: RecordFilter
    var ids: Set<RecordID>
}
