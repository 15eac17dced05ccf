internal import Foundation
package import ParleyCore

/// One number out of several people's.
package enum Pool: String, CaseIterable, Sendable {
    case median
    /// The mean of the log-odds. A probability of 0 or 1 would drown all others, so what lies beyond the outer
    /// words of ICD 203 enters as 1 or 99 %.
    case logOdds = "logodds"

    static let limits = 0.01...0.99

    /// - Parameter exponent: by how much the pooled log-odds are multiplied, as J. Baron and others have
    ///   proposed, since people who share information are each too cautious ("Two Reasons to Make Aggregated
    ///   Probability Forecasts More Extreme", Decision Analysis 11, 2014): p^a / (p^a + (1 - p)^a). 1 leaves
    ///   all as it is.
    package func combine(_ probabilities: [Double], exponent: Double = 1) -> Double? {
        let pooled: Double?
        switch self {
        case .median: pooled = Statistics.median(probabilities)
        case .logOdds:
            // In the order of the numbers, so that the sum is the same whoever comes first.
            let odds = probabilities.sorted().map { Self.logOdds(Self.within($0)) }
            pooled = Statistics.mean(odds).map { 1 / (1 + exp(-$0)) }
        }
        guard exponent != 1, let pooled, pooled > 0, pooled < 1 else { return pooled }
        return 1 / (1 + exp(-exponent * Self.logOdds(pooled)))
    }

    private static func within(_ p: Double) -> Double { min(max(p, limits.lowerBound), limits.upperBound) }
    private static func logOdds(_ p: Double) -> Double { log(p / (1 - p)) }
}

/// What the analysts say of one judgment or hypothesis together.
package struct PooledEstimate: Equatable, Sendable {
    package var analysts: Int
    package var probability: Double
    package var low: Double
    package var high: Double
    /// Between the least and the greatest.
    package var spread: Double { high - low }
    /// So many bands of the scale lie between the words for the least and the greatest: 0 where they share one.
    package var bandsApart: Int
}

extension Dossier {
    /// Of the current estimates, one an analyst; nil where there is none.
    package func pooled(
        _ id: RecordID, by pool: Pool = .median, exponent: Double = 1
    ) -> PooledEstimate? {
        let current = currentEstimates(of: id)
        guard let probability = pool.combine(current.map(\.probability), exponent: exponent),
            let low = current.map(\.p).min(), let high = current.map(\.p).max()
        else { return nil }
        let scale = scale(of: id)
        let places = [low, high].compactMap { number in
            scale.word(for: number).band.flatMap { scale.bands.firstIndex(of: $0) }
        }
        return PooledEstimate(
            analysts: current.count, probability: probability, low: Double(low) / 1_000_000,
            high: Double(high) / 1_000_000, bandsApart: places.count == 2 ? places[1] - places[0] : 0)
    }

    /// Every analyst's estimates of a record, the earliest first; analysts by handle in the order of bytes.
    package func trajectories(of id: RecordID) -> [(analyst: String, estimates: [Estimate])] {
        Dictionary(grouping: estimates(of: id), by: \.analyst).map { ($0.key, $0.value) }
            .sorted { $0.analyst.utf8.lexicographicallyPrecedes($1.analyst.utf8) }
    }
}
