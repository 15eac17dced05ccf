/// A set of deeds, by their numbers: one bit each.
struct DeedSet: Equatable {
    private var words: [UInt64] = []

    func contains(_ deed: Int) -> Bool {
        deed >> 6 < words.count && words[deed >> 6] >> UInt64(deed & 63) & 1 == 1
    }

    mutating func insert(_ deed: Int) {
        while words.count <= deed >> 6 { words.append(0) }
        words[deed >> 6] |= 1 << UInt64(deed & 63)
    }

    mutating func remove(_ deed: Int) {
        guard contains(deed) else { return }
        words[deed >> 6] &= ~(1 << UInt64(deed & 63))
    }

    mutating func formUnion(_ other: DeedSet) {
        while words.count < other.words.count { words.append(0) }
        for index in other.words.indices { words[index] |= other.words[index] }
    }

    func subtracting(_ other: DeedSet) -> DeedSet {
        var rest = self
        for index in rest.words.indices where index < other.words.count {
            rest.words[index] &= ~other.words[index]
        }
        return rest
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
    var members: [Int] { (0..<words.count * 64).filter(contains) }
}
