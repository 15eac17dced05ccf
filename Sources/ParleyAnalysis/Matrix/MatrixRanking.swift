package import ParleyCore

/// What speaks against one hypothesis.
package struct HypothesisScore: Sendable {
    package var hypothesis: DossierRecord
    /// All ratings by all analysts.
    package var tally: RatingTally
    /// The ratings I and II.
    package var against: Int { tally.against }
    /// The sum over the evidence of each cell's mean, I = 1 and II = 2.
    package var plain: Double
    /// The same, each item times its weight.
    package var weighted: Double
    /// Items of evidence that nobody has rated against it.
    package var unrated: Int
    /// From 1; equal scores share a place.
    package var place = 0
}

/// Which scores decide.
package enum Scoring: Sendable {
    case plain, weighted

    package func score(_ score: HypothesisScore) -> Double { self == .plain ? score.plain : score.weighted }
}

extension Matrix {
    /// The hypotheses, that with the least against it first; equal ones in the order of the matrix.
    package func ranking(_ scoring: Scoring = .plain) -> [HypothesisScore] {
        let scores = hypotheses.indices.map(score)
        let order = scores.indices.sorted { left, right in
            let (one, two) = (scoring.score(scores[left]), scoring.score(scores[right]))
            return Self.isEqual(one, two) ? left < right : one < two
        }
        var ranked: [HypothesisScore] = []
        for index in order {
            var score = scores[index]
            let last = ranked.last
            let ties = last.map { Self.isEqual(scoring.score($0), scoring.score(score)) } ?? false
            score.place = ties ? last?.place ?? 1 : ranked.count + 1
            ranked.append(score)
        }
        return ranked
    }

    /// Sums of means are not exact.
    static func isEqual(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-9 }

    private func score(of column: Int) -> HypothesisScore {
        let tallies = evidence.map { $0.cells[column].tally }
        return HypothesisScore(
            hypothesis: hypotheses[column], tally: tallies.reduce(RatingTally(), +),
            plain: tallies.reduce(0) { $0 + $1.inconsistency },
            weighted: zip(evidence, tallies).reduce(0) { $0 + $1.0.weight.value * $1.1.inconsistency },
            unrated: tallies.count { $0.isEmpty })
    }

    // MARK: Sensitivity

    /// What happens to the order of the hypotheses when one item of evidence is left out, for every item
    /// whose loss changes it: those that change the lead first.
    package func criticalEvidence(_ scoring: Scoring = .plain) -> [CriticalEvidence] {
        let totals = hypotheses.indices.map { scoring.score(score(of: $0)) }
        let before = Self.places(totals)
        let leading = leaders(before).map(\.id)
        let found = evidence.compactMap { row -> CriticalEvidence? in
            let weight = scoring == .plain ? 1 : row.weight.value
            let rest = totals.indices.map { totals[$0] - weight * row.cells[$0].tally.inconsistency }
            let after = Self.places(rest)
            guard after != before else { return nil }
            let lead = leaders(after)
            return CriticalEvidence(
                evidence: row.record, lead: lead, scores: rest, changesLead: lead.map(\.id) != leading)
        }
        return found.filter(\.changesLead) + found.filter { !$0.changesLead }
    }

    /// The place of each score, from 1; equal ones share it.
    private static func places(_ scores: [Double]) -> [Int] {
        scores.map { score in 1 + scores.count { $0 < score && !isEqual($0, score) } }
    }

    private func leaders(_ places: [Int]) -> [DossierRecord] {
        zip(hypotheses, places).filter { $0.1 == 1 }.map(\.0)
    }

    // MARK: What if

    /// The matrix without some of its evidence.
    package func without(_ ids: Set<RecordID>) -> Matrix {
        var changed = self
        changed.evidence.removeAll { ids.contains($0.record.id) }
        return changed
    }

    /// The matrix as if everybody had given one cell this rating; the same matrix where there is no such cell.
    package func setting(_ item: RecordID, _ hypothesis: RecordID, to rating: Rating) -> Matrix {
        guard let column = hypotheses.firstIndex(where: { $0.id == hypothesis }),
            let row = evidence.firstIndex(where: { $0.record.id == item })
        else { return self }
        var changed = self
        changed.evidence[row].cells[column] = MatrixCell(
            evidence[row].cells[column].link,
            [MatrixRating(analyst: "what-if", rating: rating, why: nil)])
        return changed
    }

    // MARK: Two analysts

    /// The cells that two analysts have both rated and not alike, those furthest apart first. An item that
    /// applies for one of them only is as far apart as can be.
    package func differences(_ first: String, _ second: String) -> [MatrixDifference] {
        let found = evidence.flatMap { row in
            zip(row.cells, hypotheses).compactMap { cell, hypothesis -> MatrixDifference? in
                guard let one = cell.ratings.first(where: { $0.analyst == first }),
                    let two = cell.ratings.first(where: { $0.analyst == second }), one.rating != two.rating
                else { return nil }
                return MatrixDifference(item: row.record, hypothesis: hypothesis, first: one, second: two)
            }
        }
        return found.descending(by: \.distance)
    }
}

package struct CriticalEvidence: Sendable {
    package var evidence: DossierRecord
    /// The hypotheses that lead without it.
    package var lead: [DossierRecord]
    /// The scores without it, in the order of the matrix.
    package var scores: [Double]
    package var changesLead: Bool
}

package struct MatrixDifference: Sendable {
    package var item: DossierRecord
    package var hypothesis: DossierRecord
    package var first: MatrixRating
    package var second: MatrixRating

    /// 0 to 4.
    package var distance: Double {
        guard let one = first.rating.position, let two = second.rating.position else { return 4 }
        return abs(one - two)
    }
}
