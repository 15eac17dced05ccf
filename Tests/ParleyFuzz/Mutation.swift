import Chance

/// Mutations by a seed, the same on every machine.
package struct Mutator {
    private var dice: Dice

    package init(seed: UInt64) { dice = Dice(seed) }

    package mutating func below(_ limit: Int) -> Int { dice.below(limit) }

    /// Bytes that mean something in many formats: ends of ranges, lengths, quotes, signs.
    private static let telling: [UInt8] =
        [0, 1, 2, 3, 16, 32, 0x7F, 0x80, 0xFF, 0xF5, 0xF6] + Array("\"'\\|,;:=@#-~{}[]<>\n\r\t ".utf8)

    /// An input with a few changes, which may have taken a part of another one.
    package mutating func mutated(_ input: [UInt8], with others: [[UInt8]]) -> [UInt8] {
        var bytes = input
        for _ in 0...below(5) { change(&bytes, others) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        let at = below(bytes.count + 1)
        let end = min(bytes.count, at + 1 + below(below(3) == 0 ? 64 : 4))
        switch below(9) {
        case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(below(8))
        case 1 where at < bytes.count: bytes[at] = UInt8(below(256))
        case 2 where at < bytes.count: bytes[at] = Self.telling[below(Self.telling.count)]
        case 3: bytes.insert(Self.telling[below(Self.telling.count)], at: at)
        case 4 where at < end: bytes.removeSubrange(at..<end)
        case 5 where at < end: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 6: bytes.removeLast(min(bytes.count, below(9)))
        case 7 where at < bytes.count: bytes[at] = bytes[at] &+ UInt8(1 + below(2) * 254)
        default: splice(&bytes, at, others)
        }
    }

    private mutating func splice(_ bytes: inout [UInt8], _ at: Int, _ others: [[UInt8]]) {
        guard !others.isEmpty else { return }
        let other = others[below(others.count)]
        let start = below(other.count)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(80))], at: at)
    }
}
