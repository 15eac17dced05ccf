import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// Rows of records, as a table, as TSV or as JSON.
struct Listing {
    struct Row {
        var name: RecordName
        var bookkeeping: Bookkeeping
        /// Of the columns that are plain fields, in their order.
        var values: [Value] = []
        var title: String?
    }

    let tx: ReadTransaction
    let console: Console
    let columns: [ListColumn]
    let naming: Naming
    private let medians: [RecordID: Int64]
    /// Records of which a deletion and an edit missed each other.
    private let overlooked: Set<RecordName>
    /// Of the rows shown to a person, those that are due for a look.
    private let due: Set<RecordID>
    /// The columns are the usual ones: those that are empty in every row give their room to the title.
    private let isDefault: Bool

    init(
        _ tx: ReadTransaction, _ workspace: Workspace, _ console: Console, columns: [ListColumn],
        isDefault: Bool = false, due: Set<RecordID> = []
    ) {
        self.tx = tx
        self.console = console
        self.columns = columns
        self.isDefault = isDefault
        self.due = due
        naming = Naming(tx, workspace.membership)
        overlooked = Set(((try? tx.overlooked(limit: Self.mostCounted)) ?? []).map(\.record))
        medians = columns.contains(.p) ? (try? Estimates(tx).medians()) ?? [:] : [:]
    }

    /// Counting what waits for review must not make a list slow; from here on it is "1000 or more".
    private static let mostCounted = 1000

    /// - Parameter total: how many there are in all.
    /// - Parameter isMore: there are more than these, nobody has counted how many.
    func show(_ rows: [Row], of total: Int, isMore: Bool = false) throws {
        if console.options.json { return try console.json(.array(try rows.map { try json($0) })) }
        try console.table(try table(rows))
        try console.finish()
        try sayCounts(rows.count, of: total, isMore: isMore)
    }

    private func sayCounts(_ count: Int, of total: Int, isMore: Bool) throws {
        let review =
            try tx.asides(limit: Self.mostCounted).count + tx.overlooked(limit: Self.mostCounted).count
        var sentence = count == total ? "\(total) shown." : "\(count) of \(total) shown."
        if isMore { sentence = "\(count) shown, there are more: --limit." }
        if total == 0 { sentence = "Nothing to show." }
        if review > 0 {
            let count = review < Self.mostCounted ? "\(review)" : "\(Self.mostCounted) or more"
            sentence +=
                " \(count) \(review == 1 ? "write waits" : "writes wait") for review: parley conflicts"
        }
        try console.note(sentence)
        if !due.isEmpty { try console.note("> \(due.count) due for a look: parley list is:due") }
    }

    // MARK: Table

    private func table(_ rows: [Row]) throws -> TextTable {
        let isForPeople = console.out.isTerminal
        let cells = try rows.map { row in try columns.map { try cell($0, of: row) } }
        let shown = columns.indices.filter { index in
            !isForPeople || !isDefault || rows.isEmpty || cells.contains { !$0[index].isEmpty }
        }
        var table = TextTable(shown.map { columns[$0].layout })
        if isForPeople, !rows.isEmpty {
            table.add(
                shown.map { TextTable.Cell(($0 == shown.first ? "  " : "") + columns[$0].name, .faint) })
        }
        for (row, texts) in zip(rows, cells) {
            table.add(
                shown.map { index in
                    let mark = isForPeople && index == shown.first ? mark(row) + " " : ""
                    return TextTable.Cell(mark + texts[index], style(columns[index], row))
                })
        }
        return table
    }

    /// The state of a row as a character.
    private func mark(_ row: Row) -> String {
        waits(row) ? "!" : row.bookkeeping.isDeleted ? "x" : due.contains(row.name.id) ? ">" : " "
    }

    private func waits(_ row: Row) -> Bool {
        row.bookkeeping.review > 0 || overlooked.contains(row.name)
    }

    private func style(_ column: ListColumn, _ row: Row) -> Style {
        switch column {
        case .id: waits(row) ? .attention : .plain
        case .changed, .created, .by, .author: .faint
        default: .plain
        }
    }

    private func cell(_ column: ListColumn, of row: Row) throws -> String {
        let facts = row.bookkeeping
        switch column {
        case .id: return console.out.isTerminal ? try naming.short(row.name) : row.name.fullAddress
        case .kind: return row.name.kindName
        case .title: return try title(of: row)
        case .p:
            guard let median = medians[row.name.id] else { return "" }
            return console.out.isTerminal ? "\(median / 10_000) %" : "\(median / 10_000)"
        case .changed: return console.time(Instant(milliseconds: facts.changed))
        case .created: return console.time(Instant(milliseconds: facts.created))
        case .by: return facts.changedBy ?? ""
        case .author: return facts.author ?? ""
        case .review: return String(facts.review)
        case .field(let name): return try field(name, of: row)
        }
    }

    /// The title as the query brought it; only a record without one is read whole.
    private func title(of row: Row) throws -> String {
        if let title = row.title, !title.isEmpty { return title }
        return try tx.image(of: row.name)?.headline(naming) ?? ""
    }

    private func field(_ name: String, of row: Row) throws -> String {
        let kind = row.name.schema
        guard let field = kind[name: name] else { return "" }
        let speech = ValueSpeech(naming: naming)
        if field.merge.isKeyed {
            let image = try tx.image(of: row.name)
            return (image?.registers ?? []).filter { $0.name.field == field.tag && $0.value != .bool(false) }
                .map { register in
                    field.merge == .set
                        ? register.name.key ?? ""
                        : (register.name.key ?? "") + ": "
                            + speech.text(register.value, of: register.name, in: row.name)
                }.joined(separator: ", ")
        }
        guard let index = columns.compactMap(\.fieldName).firstIndex(of: name) else { return "" }
        return speech.text(row.values[index], of: RegisterName(field: field.tag), in: row.name)
    }

    // MARK: JSON

    /// What each object has, and `--fields` may name.
    static let members = [
        "id", "kind", "title", "p", "created", "author", "changed", "by", "review", "deleted", "fields",
    ]

    private func json(_ row: Row) throws -> JSON {
        let facts = row.bookkeeping
        let image = try tx.image(of: row.name)
        let fields = RecordJSON(naming: naming).values(image)
        return [
            "id": .text(row.name.fullAddress), "kind": .text(row.name.kindName),
            "title": .text(image?.headline(naming) ?? ""),
            "p": medians[row.name.id].map { .text(FieldType.percent($0)) } ?? .null,
            "created": .text(Instant(milliseconds: facts.created).text),
            "author": .text(orNull: facts.author),
            "changed": .text(Instant(milliseconds: facts.changed).text), "by": .text(orNull: facts.changedBy),
            "review": .int(facts.review), "deleted": .bool(facts.isDeleted), "fields": fields,
        ]
    }
}

extension Listing.Row {
    /// - Parameter row: of a query whose last column is the title.
    init(_ row: RecordRow) {
        self.init(
            name: row.name, bookkeeping: row.bookkeeping, values: Array(row.values.dropLast()),
            title: row.values.last?.text)
    }
}

extension Console {
    /// `--fields` names only what the JSON has.
    func expectFields(among known: [String]) throws {
        guard options.json, let names = options.fieldNames else { return }
        for name in names where !known.contains(name) { throw CommandFailure(noMember: name, known: known) }
    }
}

extension CommandFailure {
    init(noMember name: String, known: [String]) {
        let near = nearest(to: name, among: known).first.map { " Did you mean \($0)?" } ?? ""
        self.init(
            .failed, "fields", "--fields: there is no \(Self.quoted(name)).\(near)",
            hint: "there are: \(known.joined(separator: ", "))")
    }
}
