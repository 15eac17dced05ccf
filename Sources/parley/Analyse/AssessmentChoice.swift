import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

extension DossierLoading {
    /// The assessment that is meant: the one named, or the only one there is.
    func chosen(_ text: String?) throws -> RecordName {
        let kind = try New.kind(named: "assessment")
        if let text {
            let record = try Resolver(tx).record(text)
            guard record.kind == kind.tag else {
                throw CommandFailure(
                    .failed, "not-assessment", "\(text) is \(Self.article(record.kindName)), no assessment.",
                    hint: "look: parley list kind:assessment")
            }
            return record
        }
        let rows = try tx.query(RecordQuery([.kinds([kind.tag])], limit: 9)).rows
        guard rows.count == 1 else {
            let names = rows.prefix(8).map { $0.name.shortAddress(8) }.joined(separator: ", ")
            throw CommandFailure(
                .notFound, rows.isEmpty ? "not-found" : "ambiguous",
                rows.isEmpty ? "There is no assessment here." : "There are several: \(names).",
                hint: rows.isEmpty
                    ? "begin: parley new assessment title=\"..\"" : "say which, as: parley ach show A-..")
        }
        return rows[0].name
    }

    private static func article(_ kind: String) -> String {
        ("aeio".contains(kind.first ?? "x") ? "an " : "a ") + kind
    }
}

extension Naming {
    /// The address of a record of a dossier.
    func short(_ record: DossierRecord) -> String { (try? short(record.name)) ?? record.name.fullAddress }
}

extension DossierRecord {
    /// What the record is called in a list.
    func headline(_ naming: Naming) -> String { image.headline(naming) }
}
