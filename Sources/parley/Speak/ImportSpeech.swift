import ParleyClient
import ParleyTerminal

extension UnfinishedImport {
    var state: String { isOwn ? "unfinished" : "not all here yet" }

    /// `feed (feed.csv), 2000 rows so far, @3kq7`.
    var words: String {
        let name = file == source ? source : "\(source) (\(file))"
        return "\(state): \(name), \(rows) rows so far, \(change.shortAddress)"
    }

    var json: JSON {
        [
            "source": .text(source), "file": .text(file), "rows": .int(rows),
            "change": .text(change.shortAddress), "state": .text(state),
        ]
    }
}
