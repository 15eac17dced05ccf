internal import ParleyCore

/// The declared schema as tables: one per kind with one column per plain field, and `other` for the records
/// of kinds that this version does not know.
struct LiveSchema: Sendable {
    static let assessments = LiveSchema(.assessments)

    let wide: [LiveTable]
    let other: LiveTable
    private let byKind: [UInt32: LiveTable]

    init(_ schema: Schema) {
        wide = schema.kinds.map { LiveTable($0) }
        other = LiveTable(nil)
        byKind = Dictionary(uniqueKeysWithValues: zip(schema.kinds.map(\.tag), wide))
    }

    var all: [LiveTable] { wide + [other] }

    subscript(kind: UInt32) -> LiveTable { byKind[kind] ?? other }
    func known(_ kind: UInt32) -> LiveTable? { byKind[kind] }
}

/// One table of records and its SQL. Bookkeeping stands before the fields, so that lists which filter and
/// sort by it never read the long texts of a row.
final class LiveTable: Sendable {
    /// nil for `other`.
    let kind: Kind?
    let name: String
    let columns: [LiveColumn]
    /// Field tags with a column, as a mask.
    let mask: UInt64
    /// Fields whose keys are analysts.
    let eachMask: UInt64
    private let columnOfField: [Int]

    init(_ kind: Kind?) {
        self.kind = kind
        name = kind?.name ?? "other"
        columns = (kind?.plainFields ?? []).map { LiveColumn(field: $0, conformance: Conformance($0.type)) }
        var places = [Int](repeating: -1, count: Int(Field.tagLimit))
        for (place, column) in columns.enumerated() { places[Int(column.field.tag)] = place }
        columnOfField = places
        mask = columns.reduce(0) { $0 | 1 << UInt64($1.field.tag) }
        eachMask = (kind?.fields ?? []).reduce(0) { $0 | ($1.merge == .each ? 1 << UInt64($1.tag) : 0) }
    }

    /// Where a field's column is among `columns`; nil where the field has none.
    @inline(__always)
    func place(of field: UInt32) -> Int? {
        guard field < Field.tagLimit else { return nil }
        let place = columnOfField[Int(field)]
        return place < 0 ? nil : place
    }

    func isEach(_ field: UInt32) -> Bool {
        field < Field.tagLimit && eachMask & (1 << UInt64(field)) != 0
    }
}

struct LiveColumn: Sendable {
    let field: Field
    let conformance: Conformance

    /// The column's name in SQL; `order`, `to` and `from` are words of the language.
    var quoted: String { "\"\(field.name)\"" }

    fileprivate var declaration: String {
        switch field.type {
        case .line, .text, .date, .instant, .choice, .url, .tuple, .any: quoted + " TEXT"
        case .int, .probability, .bool: quoted + " INTEGER"
        case .ref: quoted + " BLOB"
        }
    }
}

extension LiveTable {
    static let bookkeeping = [
        "created", "author", "changed", "changed_by", "review", "unfit", "disputed", "heads",
    ]

    var createSQL: String {
        let fields = columns.map { ",\n    " + $0.declaration }.joined()
        return """
            CREATE TABLE "\(name)" (
                row INTEGER PRIMARY KEY,      -- by which this replica's side tables know the record
                \(kind == nil ? "kind INTEGER NOT NULL, " : "")id BLOB NOT NULL,
                created INTEGER NOT NULL,     -- milliseconds of the least stamp that touched the record
                author TEXT,
                changed INTEGER NOT NULL,     -- milliseconds of the greatest
                changed_by TEXT,
                review INTEGER NOT NULL,      -- set-aside heads
                unfit INTEGER NOT NULL,       -- mask of the fields whose value stands in `register`
                disputed INTEGER NOT NULL,    -- mask of the fields that have set-aside heads
                heads BLOB NOT NULL\(fields)
            );
            CREATE UNIQUE INDEX "\(name)_id" ON "\(name)" (\(kind == nil ? "kind, " : "")id);
            """
    }

    /// References that are followed backwards: what lies below a record, what is linked to it, said of it.
    private var followed: [String] {
        switch name {
        case "link": ["parent", "from", "to"]
        case "estimate": ["parent", "judgment", "hypothesis"]
        case "note": ["parent", "about"]
        default: kind == nil ? [] : ["parent"]
        }
    }

    /// Records without the reference take no part in its index: it costs an import of such nothing. The id is not
    /// part of it: within one parent, rows then append by rowid.
    var referenceIndexSQL: String {
        followed.map { field in
            """
            CREATE INDEX IF NOT EXISTS "\(name)_\(field)" ON "\(name)" ("\(field)") WHERE "\(field)" IS NOT NULL;
            """
        }.joined(separator: "\n")
    }

    /// Parameters: id, and for `other` the kind.
    var findSQL: String { "SELECT row FROM \"\(name)\" WHERE \(condition)" }

    /// What side tables know a record by. Parameters: kind, id.
    var placeSQL: String {
        "kind = ?1 AND row = (SELECT row FROM \"\(name)\" WHERE id = ?2\(kind == nil ? " AND kind = ?1" : ""))"
    }

    /// Parameter: row.
    var selectSQL: String { "SELECT review, unfit, disputed, heads FROM \"\(name)\" WHERE row = ?1" }

    var condition: String { kind == nil ? "id = ?1 AND kind = ?2" : "id = ?1" }

    /// Parameters: id, the bookkeeping columns, then the fields; for `other` the kind; the row.
    var insertSQL: String {
        let names =
            ["id"] + Self.bookkeeping + columns.map(\.quoted) + (kind == nil ? ["kind", "row"] : ["row"])
        let marks = [String](repeating: "?", count: names.count)
        return
            "INSERT INTO \"\(name)\" (\(names.joined(separator: ", "))) VALUES (\(marks.joined(separator: ", ")))"
    }

    /// Parameters: row, the bookkeeping columns, then the fields of `mask` in the order of `columns`.
    func updateSQL(_ mask: UInt64) -> String {
        let fields = columns.filter { mask & (1 << UInt64($0.field.tag)) != 0 }.map(\.quoted)
        let settings = (Self.bookkeeping + fields).enumerated().map { "\($1) = ?\($0 + 2)" }
        return "UPDATE \"\(name)\" SET \(settings.joined(separator: ", ")) WHERE row = ?1"
    }

    /// Parameters: row, the bookkeeping columns, a mask, then all fields, of which those in the mask count.
    /// One statement for every set of fields that is not common.
    var maskedUpdateSQL: String {
        let fields = columns.enumerated().map { place, column in
            "\(column.quoted) = CASE WHEN ?10 & \(UInt64(1) << UInt64(column.field.tag)) THEN ?\(place + 11) "
                + "ELSE \(column.quoted) END"
        }
        let settings = Self.bookkeeping.enumerated().map { "\($1) = ?\($0 + 2)" }
        return "UPDATE \"\(name)\" SET \((settings + fields).joined(separator: ", ")) WHERE row = ?1"
    }

    /// Parameter: row. The fields' columns in their order.
    var valuesSQL: String {
        "SELECT \(columns.map(\.quoted).joined(separator: ", ")) FROM \"\(name)\" WHERE row = ?1"
    }
}
