package import ParleyCore

/// A scale of words for probabilities. Words are bands, never points: a word has no number of its own.
package enum WordScale: String, CaseIterable, Sendable {
    /// Intelligence Community Directive 203, section D.6.e.(2)(a): seven bands, two rows of words, which share
    /// their edges.
    case icd203
    /// The yardstick of the Professional Head of Intelligence Assessment (UK): seven bands with gaps between.
    case phia

    package var title: String { self == .icd203 ? "ICD 203" : "PHIA yardstick" }

    /// From the least likely.
    package var bands: [WordBand] { self == .icd203 ? Self.icd203Bands : Self.phiaBands }

    private static let icd203Bands = [
        WordBand(0, of: LikelihoodWords.icd203, 1...5), WordBand(1, of: LikelihoodWords.icd203, 5...20),
        WordBand(2, of: LikelihoodWords.icd203, 20...45), WordBand(3, of: LikelihoodWords.icd203, 45...55),
        WordBand(4, of: LikelihoodWords.icd203, 55...80), WordBand(5, of: LikelihoodWords.icd203, 80...95),
        WordBand(6, of: LikelihoodWords.icd203, 95...99),
    ]

    private static let phiaBands = [
        WordBand(0, of: LikelihoodWords.phia, 0...5, openLow: true),
        WordBand(1, of: LikelihoodWords.phia, 10...20), WordBand(2, of: LikelihoodWords.phia, 25...35),
        WordBand(3, of: LikelihoodWords.phia, 40...50, openHigh: true),
        WordBand(4, of: LikelihoodWords.phia, 55...75), WordBand(5, of: LikelihoodWords.phia, 80...90),
        WordBand(6, of: LikelihoodWords.phia, 95...100, openHigh: true),
    ]
}

/// One band: the token that is stored, its words, and what they mean in millionths.
package struct WordBand: Equatable, Sendable {
    package var token: String
    /// In the order of the rows; the first is shown.
    package var words: [String]
    package var low: Int64
    package var high: Int64
    /// The edge itself is not part of the band (PHIA: more than 0, less than 50, less than 100).
    package var isOpenLow: Bool
    package var isOpenHigh: Bool

    fileprivate init(
        _ place: Int, of words: [(token: String, words: [String])], _ percent: ClosedRange<Int64>,
        openLow: Bool = false, openHigh: Bool = false
    ) {
        (token, self.words) = words[place]
        (low, high) = (percent.lowerBound * 10_000, percent.upperBound * 10_000)
        (isOpenLow, isOpenHigh) = (openLow, openHigh)
    }

    /// Is a number that somebody wrote beside the word in keeping with it? An edge that two bands share is in
    /// keeping with both.
    package func contains(_ millionths: Int64) -> Bool {
        (isOpenLow ? millionths > low : millionths >= low)
            && (isOpenHigh ? millionths < high : millionths <= high)
    }

    /// `55-80 %`, with the marks of open edges: `40-<50 %`.
    package var range: String {
        "\(isOpenLow ? ">" : "")\(low / 10_000)-\(isOpenHigh ? "<" : "")\(high / 10_000) %"
    }
}

/// What a scale says of a number.
package enum WordFinding: Equatable, Sendable {
    case word(WordBand)
    /// It lies between bands, or beyond the last; this one is nearest.
    case nearest(WordBand)
    /// No band, and none nearer than another.
    case none

    package var band: WordBand? {
        switch self {
        case .word(let band), .nearest(let band): band
        case .none: nil
        }
    }
}

extension WordScale {
    /// The word for a number in millionths. An edge that two bands share belongs to the upper one: 5 % is
    /// very unlikely, 95 % almost certain. A number outside every band gets the nearest and is said to be in
    /// none; 50 % has no word in PHIA, which reserves it.
    package func word(for millionths: Int64) -> WordFinding {
        if let band = bands.last(where: { $0.contains(millionths) }) { return .word(band) }
        if self == .phia, millionths == 500_000 { return .none }
        let distances = bands.map { (band: $0, distance: $0.distance(to: millionths)) }
        guard let least = distances.map(\.distance).min() else { return .none }
        let nearest = distances.filter { $0.distance == least }
        // Half way between two bands neither is nearer: the one towards 50 % claims less.
        return nearest.min { abs($0.band.middle - 500_000) < abs($1.band.middle - 500_000) }
            .map { .nearest($0.band) } ?? .none
    }

    package func band(token: String) -> WordBand? { bands.first { $0.token == token } }

    /// The band that a person means by a word of any row and either scale, or by a token.
    package func band(word: String) -> WordBand? {
        LikelihoodWords.token(for: word).flatMap { band(token: $0) }
    }

    /// The word of a number in the terms of this scale, with its band, and whether it lies outside of all.
    package func phrase(for millionths: Int64) -> String {
        switch word(for: millionths) {
        case .word(let band): "\(band.words[0]) (\(band.range))"
        case .nearest(let band): "between the words; nearest: \(band.words[0]) (\(band.range))"
        case .none: "no word: \(title) has none for it"
        }
    }

    /// What stands beside a chart or below a product: each band with all its words.
    package var legend: [String] {
        bands.map { "\($0.range)  \($0.words.joined(separator: " / "))" }
    }
}

extension WordBand {
    fileprivate var middle: Int64 { (low + high) / 2 }

    fileprivate func distance(to millionths: Int64) -> Int64 {
        millionths < low ? low - millionths : max(0, millionths - high)
    }
}

extension DossierRecord {
    /// The scale of an assessment: ICD 203 where it names none.
    package var scale: WordScale { choice("scale").flatMap(WordScale.init) ?? .icd203 }
}

extension Dossier {
    /// The scale in which a record's likelihood is worded: that of its assessment.
    package func scale(of id: RecordID) -> WordScale { assessment(of: id)?.scale ?? .icd203 }
}
