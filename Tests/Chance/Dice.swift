/// All chance in a test comes from its seed: the same numbers for the same seed on every machine. SplitMix64
/// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0; a limit of 0 counts as 1.
    package mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
    package mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
    /// True in so many of a hundred throws.
    package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    /// True once in so many throws.
    package mutating func one(in count: Int) -> Bool { below(count) == 0 }
    package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
    /// Small numbers as often as large ones.
    package mutating func number() -> UInt64 { next() >> UInt64(below(64)) }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
