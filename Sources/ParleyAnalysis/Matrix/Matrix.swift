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
                var counted = dossier[link.id]?.reasoned("rating") ?? []
                if let analysts { counted.removeAll { !analysts.contains($0.analyst) } }
                cells[link.from, default: blank(hypotheses.count)][column].join(
                    MatrixCell(link: link.id, ratings: counted))
            }
        }
        return cells
    }

    /// Nobody has rated anything in it.
    package var isUnrated: Bool {
        [evidence, indicators].allSatisfy { $0.allSatisfy { $0.cells.allSatisfy(\.ratings.isEmpty) } }
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
        let means = cells.compactMap(\.tally.position)
        return means.count < 2 ? nil : Statistics.deviation(means)
    }
}

/// One item against one hypothesis. What the ratings say together is counted once.
package struct MatrixCell: Equatable, Sendable {
    /// The link that carries the ratings; nil where nobody has made one.
    package private(set) var link: RecordID?
    package private(set) var ratings: [MatrixRating]
    package let tally: RatingTally

    package init(link: RecordID? = nil, ratings: [Reasoned] = []) {
        var rated: [MatrixRating] = []
        rated.reserveCapacity(ratings.count)
        for entry in ratings {
            guard let rating = Rating(rawValue: entry.token) else { continue }
            rated.append(MatrixRating(analyst: entry.analyst, rating: rating, why: entry.why))
        }
        self.init(link, rated)
    }

    init(_ link: RecordID?, _ ratings: [MatrixRating]) {
        self.link = link
        self.ratings = ratings
        var tally = RatingTally()
        for entry in ratings { tally.add(entry.rating) }
        self.tally = tally
    }

    /// Two links between the same ends are one cell; of an analyst who rated both the first counts.
    fileprivate mutating func join(_ other: MatrixCell) {
        guard link != nil || !ratings.isEmpty else { return self = other }
        let news = other.ratings.filter { new in !ratings.contains { $0.analyst == new.analyst } }
        self = MatrixCell(link, ratings + news)
    }

    package var consensus: Rating? { tally.consensus }
    package var deviation: Double { tally.deviation }
    package var dispute: Dispute { Dispute(deviation: tally.deviation) }
}

package struct MatrixRating: Equatable, Sendable {
    package var analyst: String
    package var rating: Rating
    package var why: String?
}
