import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// A column of `list`: something that every record has, or a field.
enum ListColumn: Equatable {
    case id, kind, title, p, changed, by, created, author, review
    case field(String)

    private static let words: [String: ListColumn] = [
        "id": .id, "kind": .kind, "title": .title, "p": .p, "changed": .changed, "by": .by,
        "created": .created,
        "author": .author, "review": .review,
    ]

    static let usual = "id,title,status,p,changed,by"

    /// Reads `id,title,confidence`.
    static func parse(_ text: String) throws -> [ListColumn] {
        let names = text.split(separator: ",").map { String($0).trimmingSpaces() }
        guard !names.isEmpty else { throw CommandFailure(.usage, "usage", "--columns names no column.") }
        return try names.map { try named($0) }
    }

    static func named(_ name: String) throws -> ListColumn {
        if let word = words[name] { return word }
        let fields = Set(Schema.assessments.kinds.flatMap { $0.fields.map(\.name) })
        guard fields.contains(name) else {
            let all = fields.union(words.keys).sorted()
            let near = nearest(to: name, among: all).first.map { " Did you mean \($0)?" } ?? ""
            throw CommandFailure(
                .failed, "column", "There is no column \"\(name)\".\(near)",
                hint: "columns: id, kind, title, p, changed, by, created, author, review, and every field")
        }
        return .field(name)
    }

    var name: String {
        switch self {
        case .field(let name): name
        default: Self.words.first { $0.value == self }?.key ?? ""
        }
    }

    /// The plain field that a query must bring for this column.
    var fieldName: String? {
        if case .field(let name) = self { name } else { nil }
    }

    var layout: TextTable.Column {
        switch self {
        case .title: .init(isElastic: true, least: 12)
        case .p: .init(isRight: true)
        case .field: .init(isElastic: true, least: 6)
        default: .init()
        }
    }
}

/// `--sort changed:desc,title`.
enum ListOrder {
    static func parse(_ text: String) throws -> [RecordOrder] {
        try text.split(separator: ",").map { word in
            let parts = word.split(separator: ":", maxSplits: 1).map { String($0).trimmingSpaces() }
            guard let name = parts.first, parts.count == 1 || ["asc", "desc"].contains(parts[1]) else {
                throw CommandFailure(
                    .usage, "usage", "\"\(word)\" is no order.",
                    hint: "as in: --sort changed:desc or --sort due:asc,title")
            }
            return RecordOrder(try key(name), descending: parts.last == "desc")
        }
    }

    private static func key(_ name: String) throws -> RecordOrder.Key {
        switch try ListColumn.named(name) {
        case .id: return .id
        case .kind: return .kind
        case .changed: return .changed
        case .created: return .created
        case .title: return .field("title")
        case .field(let name)
        where Schema.assessments.kinds.contains { $0[name: name]?.merge.isKeyed == false }:
            return .field(name)
        default:
            throw CommandFailure(
                .failed, "sort", "Records cannot be sorted by \(name).", hint: "as in: --sort changed:desc")
        }
    }
}
