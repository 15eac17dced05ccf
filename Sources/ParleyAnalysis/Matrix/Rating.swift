/// How consistent an item of evidence is with a hypothesis (R. Heuer, Psychology of Intelligence Analysis,
/// chapter 8; the five steps as in PARC's ACH program): from very inconsistent to very consistent, or not
/// applicable. In the order of their consistency.
package enum Rating: String, CaseIterable, Comparable, Sendable {
    case veryInconsistent = "II"
    case inconsistent = "I"
    case neutral = "N"
    case consistent = "C"
    case veryConsistent = "CC"
    case notApplicable = "NA"

    package static func < (left: Rating, right: Rating) -> Bool { left.rank < right.rank }
    /// The place among `allCases`, which would make an array for each comparison.
    var rank: Int {
        switch self {
        case .veryInconsistent: 0
        case .inconsistent: 1
        case .neutral: 2
        case .consistent: 3
        case .veryConsistent: 4
        case .notApplicable: 5
        }
    }

    /// What the rating adds to a hypothesis' inconsistency: only what speaks against it counts (Open Source
    /// ACH, `getHypoRatingScore`).
    package var inconsistency: Double {
        switch self {
        case .veryInconsistent: 2
        case .inconsistent: 1
        default: 0
        }
    }

    /// Where the rating stands between -2 and 2, for consensus, dispute and diagnosticity (the steps of Open
    /// Source ACH, `getRatingScore`); nil where the evidence does not apply.
    package var position: Double? {
        switch self {
        case .veryInconsistent: -2
        case .inconsistent: -1.5
        case .neutral: 0
        case .consistent: 1.5
        case .veryConsistent: 2
        case .notApplicable: nil
        }
    }
}

/// How far analysts are apart over one cell (Open Source ACH, `getGroupRating`): the limits of the standard
/// deviation of their positions.
package enum Dispute: String, Comparable, CaseIterable, Sendable {
    case none, mild, strong, extreme

    package init(deviation: Double) {
        switch deviation {
        case ...0.25: self = .none
        case ...1.0: self = .mild
        case ...1.74: self = .strong
        default: self = .extreme
        }
    }

    package static func < (left: Dispute, right: Dispute) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The arithmetic that all methods share.
package enum Statistics {
    package static func mean(_ numbers: [Double]) -> Double? {
        numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
    }

    /// The middle number; of an even count the mean of the two in the middle.
    package static func median(_ numbers: [Double]) -> Double? {
        guard !numbers.isEmpty else { return nil }
        let sorted = numbers.sorted()
        let high = sorted[sorted.count / 2]
        return sorted.count.isMultiple(of: 2) ? (sorted[sorted.count / 2 - 1] + high) / 2 : high
    }

    /// The standard deviation of a whole population (divided by n): these are all the analysts there are.
    package static func deviation(_ numbers: [Double]) -> Double? {
        guard let mean = mean(numbers) else { return nil }
        let squares = numbers.map { ($0 - mean) * ($0 - mean) }
        return (squares.reduce(0, +) / Double(numbers.count)).squareRoot()
    }
}

extension Array {
    /// The greatest first, equal ones in their order; each number is asked for once.
    package func descending(by number: (Element) -> Double) -> [Element] {
        let numbers = map(number)
        let order = indices.sorted { (numbers[$1], $0) < (numbers[$0], $1) }
        return order.map { self[$0] }
    }
}
