import ParleyCore

/// SplitMix64: the same numbers for the same seed on every machine.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    /// True once in so many throws.
    mutating func one(in count: Int) -> Bool { below(count) == 0 }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Small numbers as often as large ones.
    mutating func number() -> UInt64 { next() >> UInt64(below(64)) }

    mutating func pick<Element>(_ items: [Element]) -> Element { items[below(items.count)] }
}

/// Says how much a test has tried, for `Scripts/test`, which fails where a count falls below its floor.
func promise(_ name: String, count: Int) {
    print("promise: \(name) count=\(count)")
}
