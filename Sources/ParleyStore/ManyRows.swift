internal import GRDB

/// An INSERT that takes several rows at once where there are many: to begin and to end a statement costs as much
/// as a row.
final class ManyRows {
    private let db: Database
    private let insertion: String
    private let columns: Int
    private var single: HotStatement?
    private var several: HotStatement?

    private static let most = 8

    /// - Parameter insertion: `INSERT INTO` with a table and its columns, up to the word VALUES.
    init(_ db: Database, _ insertion: String, columns: Int) {
        self.db = db
        self.insertion = insertion
        self.columns = columns
    }

    /// - Parameter bind: binds one row's values, the first of them at the index given. What they lie in must stay
    ///   where it is until this returns.
    func insert<Row>(
        _ rows: [Row], _ bind: (_ row: Row, _ statement: HotStatement, _ first: Int32) -> Void
    ) throws {
        var start = 0
        while start < rows.count {
            let count = rows.count - start < Self.most ? 1 : Self.most
            let statement = try (count == 1 ? single : several) ?? prepared(for: count)
            if count == 1 { single = statement } else { several = statement }
            for index in 0..<count { bind(rows[start + index], statement, Int32(1 + index * columns)) }
            try statement.run()
            start += count
        }
    }

    private func prepared(for count: Int) throws -> HotStatement {
        let marks = "(" + [String](repeating: "?", count: columns).joined(separator: ", ") + ")"
        let all = [String](repeating: marks, count: count).joined(separator: ", ")
        return try HotStatement(db, "\(insertion) VALUES \(all)")
    }
}
