/// What came true of what was said to be so likely: one line for each band of a scale.
package struct CalibrationBand: Sendable {
    package var band: WordBand
    package var count: Int
    /// The mean of the forecasts.
    package var forecast: Double
    /// The share of them that came true.
    package var observed: Double
    /// Wilson's interval for that share at 95 % (E. B. Wilson, JASA 22, 1927).
    package var interval: ClosedRange<Double>
}

extension WordScale {
    /// The last forecasts of questions, sorted into bands; a forecast in none goes to the nearest, one of 50 %
    /// in PHIA to "realistic possibility". Bands without a forecast are absent.
    package func calibration(_ scores: some Sequence<QuestionScore>) -> [CalibrationBand] {
        let entries = scores.map { (band: bandForCounting($0.probability), score: $0) }
        return bands.compactMap { band in
            let inside = entries.filter { $0.band == band }.map(\.score)
            let came = inside.filter { $0.question.outcome == 1 }.count
            guard let forecast = Statistics.mean(inside.map(\.probability)) else { return nil }
            return CalibrationBand(
                band: band, count: inside.count, forecast: forecast,
                observed: Double(came) / Double(inside.count),
                interval: Statistics.wilson(came, of: inside.count))
        }
    }

    private func bandForCounting(_ probability: Double) -> WordBand {
        word(for: Int64((probability * 1_000_000).rounded())).band ?? bands[bands.count / 2]
    }
}

extension Statistics {
    /// - Parameter count: more than 0.
    package static func wilson(_ hits: Int, of count: Int) -> ClosedRange<Double> {
        let (z, n) = (1.959_963_984_540_054, Double(count))
        let share = Double(hits) / n
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half =
            z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }
}
