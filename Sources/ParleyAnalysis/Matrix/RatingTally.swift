/// How often each rating was given to one cell, or to many, and what the ratings say together.
package struct RatingTally: Equatable, Sendable {
    /// By `Rating.rank`. Without an array: a matrix has thousands of cells.
    private var numbers = SIMD8<Int32>()

    package init() {}

    package mutating func add(_ rating: Rating) { numbers[rating.rank] += 1 }

    package static func + (left: RatingTally, right: RatingTally) -> RatingTally {
        var sum = left
        sum.numbers &+= right.numbers
        return sum
    }

    package subscript(rating: Rating) -> Int { Int(numbers[rating.rank]) }

    package var isEmpty: Bool { numbers == SIMD8() }

    /// How many say I or II.
    package var against: Int { self[.inconsistent] + self[.veryInconsistent] }

    /// The mean of what the ratings add to the hypothesis' inconsistency, 0 to 2: a cell that ten have rated
    /// weighs no more than one that two have.
    package var inconsistency: Double {
        isEmpty ? 0 : sum(of: \.inconsistency) / Double(numbers.wrappedSum())
    }

    // MARK: Of those for whom the item applies

    private static let applicable = Rating.allCases.filter { $0 != .notApplicable }
    private var applicable: Int { Int(numbers.wrappedSum()) - self[.notApplicable] }

    /// The rating in the middle; of an even count the more inconsistent of the two. `NA` where all say so.
    package var consensus: Rating? {
        var before = (applicable - 1) / 2
        for rating in Self.applicable {
            if before < self[rating] { return rating }
            before -= self[rating]
        }
        return isEmpty ? nil : .notApplicable
    }

    /// The mean of the positions, -2 to 2; nil where nobody has one.
    package var position: Double? {
        applicable == 0 ? nil : sum(of: { $0.position ?? 0 }) / Double(applicable)
    }

    /// The standard deviation of the positions; 0 where nobody has one.
    package var deviation: Double {
        guard let mean = position else { return 0 }
        var squares = 0.0
        for rating in Self.applicable {
            let distance = (rating.position ?? mean) - mean
            for _ in 0..<self[rating] { squares += distance * distance }
        }
        return (squares / Double(applicable)).squareRoot()
    }

    /// Exact: what is added up are halves.
    private func sum(of number: (Rating) -> Double) -> Double {
        Self.applicable.reduce(0) { $0 + Double(self[$1]) * number($1) }
    }
}
