package import ParleyCore

/// A marking of TLP 2.0, from the least strict.
package enum Marking: String, CaseIterable, Comparable, Sendable {
    case clear, green, amber
    case amberStrict = "amber+strict"
    case red

    package static func < (left: Marking, right: Marking) -> Bool { left.rank < right.rank }
    /// The place among `allCases`, which would make an array for each comparison.
    private var rank: Int {
        switch self {
        case .clear: 0
        case .green: 1
        case .amber: 2
        case .amberStrict: 3
        case .red: 4
        }
    }
}

extension DossierRecord {
    /// The record's own marking: the strictest of what is shown and what a later write set aside unseen.
    package var marking: Marking? {
        ([choice("tlp")] + facts.unseenMarkings).compactMap { $0.flatMap(Marking.init) }.max()
    }
}

extension Dossier {
    /// The strictest marking of these records; nil where none is marked.
    package func marking(of records: some Sequence<DossierRecord>) -> Marking? {
        records.compactMap(\.marking).max()
    }

    /// An assessment, all below it, the links and estimates and notes of those, and the far ends of the links:
    /// evidence that two assessments share lies under one of them.
    package func contents(of assessment: RecordID) -> [DossierRecord] {
        let inside = tree(of: assessment).map(\.id)
        var found = Set(inside)
        for id in inside {
            for link in links(from: id) { found.formUnion([link.id, link.to]) }
            for link in links(to: id) { found.formUnion([link.id, link.from]) }
            found.formUnion(estimates(of: id).map(\.record))
            found.formUnion(notes(about: id).map(\.id))
            found.formUnion(self[id]?.references.map(\.target) ?? [])
        }
        for id in found.subtracting(inside) where self[id]?.kind.name == "evidence" {
            if let source = self[id]?.ref("source") { found.insert(source) }
        }
        return found.compactMap { index.places[$0] }.sorted().map { records[$0] }
    }
}
