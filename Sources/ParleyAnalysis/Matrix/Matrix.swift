package import ParleyCore

/// The matrix of competing hypotheses of one assessment: evidence in rows, hypotheses in columns, and in
/// each cell every analyst's own rating. Indicators have rows too: how expected each is if a hypothesis holds.
package struct Matrix: Sendable {
    /// The live hypotheses, in order.
    package var hypotheses: [DossierRecord]
    /// Hypotheses that were rejected or merged into others, and are left out.
    package var retired: [DossierRecord]
    package var evidence: [MatrixRow]
    package var indicators: [MatrixRow]

    /// Evidence that bears on one of the hypotheses, wherever it lies, and whatever evidence lies under the
    /// assessment; likewise indicators.
    package init(_ dossier: Dossier, assessment: RecordID, by analysts: Set<String>? = nil) {
        let inside = dossier.tree(of: assessment)
        let all = inside.filter { $0.kind.name == "hypothesis" }
        let isLive: (DossierRecord) -> Bool = { ($0.choice("standing") ?? "live") == "live" }
        hypotheses = all.filter(isLive)
        retired = all.filter { !isLive($0) }
        let cells = Self.cells(dossier, hypotheses, by: analysts)
        let rows: (String) -> [MatrixRow] = { kind in
            let own = inside.filter { $0.kind.name == kind }.map(\.id)
            let ids = Set(own).union(cells.keys.filter { dossier[$0]?.kind.name == kind })
            return dossier.all(kind).filter { ids.contains($0.id) }.map { record in
                MatrixRow(
                    record: record, cells: cells[record.id] ?? Self.blank(all.filter(isLive).count),
                    weight: EvidenceWeight(of: record, in: dossier, by: analysts))
            }
        }
        evidence = rows("evidence")
        indicators = rows("indicator")
    }

    private static func blank(_ count: Int) -> [MatrixCell] { Array(repeating: MatrixCell(), count: count) }

    private static func cells(
        _ dossier: Dossier, _ hypotheses: [DossierRecord], by analysts: Set<String>?
    ) -> [RecordID: [MatrixCell]] {
        var cells: [RecordID: [MatrixCell]] = [:]
        for (column, hypothesis) in hypotheses.enumerated() {
            for link in dossier.links(to: hypothesis.id, "bears_on") {
                let ratings = dossier[link.id]?.reasoned("rating") ?? []
                let counted = ratings.filter { analysts?.contains($0.analyst) ?? true }
                cells[link.from, default: blank(hypotheses.count)][column]
                    .add(MatrixCell(link: link.id, ratings: counted))
            }
        }
        return cells
    }

    /// Everybody who has rated anything in it, by handle in the order of bytes.
    package var analysts: [String] {
        let names = (evidence + indicators).flatMap { $0.cells.flatMap { $0.ratings.map(\.analyst) } }
        return Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// An item of evidence, or an indicator, with its cells in the order of the hypotheses.
package struct MatrixRow: Sendable {
    package var record: DossierRecord
    package var cells: [MatrixCell]
    package var weight: EvidenceWeight

    /// The standard deviation of the cells' mean positions: 0 where the item fits all hypotheses alike and so
    /// sets none apart. nil where fewer than two cells are rated.
    package var diagnosticity: Double? {
        let means = cells.compactMap(\.position)
        return means.count < 2 ? nil : Statistics.deviation(means)
    }
}

/// One item against one hypothesis.
package struct MatrixCell: Equatable, Sendable {
    /// The link that carries the ratings; nil where nobody has made one.
    package var link: RecordID?
    package var ratings: [MatrixRating]

    package init(link: RecordID? = nil, ratings: [Reasoned] = []) {
        self.link = link
        self.ratings = ratings.compactMap { entry in
            Rating(rawValue: entry.token).map {
                MatrixRating(analyst: entry.analyst, rating: $0, why: entry.why)
            }
        }
    }

    /// Two links between the same ends are one cell; of an analyst who rated both the first counts.
    fileprivate mutating func add(_ other: MatrixCell) {
        link = link ?? other.link
        ratings += other.ratings.filter { new in !ratings.contains { $0.analyst == new.analyst } }
    }

    private var applicable: [Rating] { ratings.map(\.rating).filter { $0 != .notApplicable } }

    /// The rating in the middle; of an even count the more inconsistent of the two. `NA` where all say so.
    package var consensus: Rating? {
        let sorted = applicable.sorted()
        return sorted.isEmpty ? ratings.first?.rating : sorted[(sorted.count - 1) / 2]
    }

    /// The mean of the positions, -2 to 2.
    package var position: Double? { Statistics.mean(applicable.compactMap(\.position)) }

    /// The standard deviation of the positions.
    package var deviation: Double { Statistics.deviation(applicable.compactMap(\.position)) ?? 0 }
    package var dispute: Dispute { Dispute(deviation: deviation) }

    /// The mean of what the ratings add to the hypothesis' inconsistency, 0 to 2: a cell that ten have rated
    /// weighs no more than one that two have.
    package var inconsistency: Double { Statistics.mean(ratings.map(\.rating.inconsistency)) ?? 0 }

    /// How many analysts say I or II.
    package var against: Int { ratings.filter { $0.rating.inconsistency > 0 }.count }
}

package struct MatrixRating: Equatable, Sendable {
    package var analyst: String
    package var rating: Rating
    package var why: String?
}
