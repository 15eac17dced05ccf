/// Something that takes bytes from strangers, and what must hold of it whatever the bytes are. The same
/// value serves libFuzzer (`Scripts/fuzz`), the replay of the corpus and the seeded mutations of the tests.
package struct FuzzTarget: Sendable {
    package let name: String
    /// Well-formed inputs to begin with.
    package let seeds: @Sendable () throws -> [[UInt8]]
    /// Makes lengths, checksums and signatures of a mutated input right again, so that it gets deep.
    package let repair: @Sendable ([UInt8]) -> [UInt8]
    /// Runs one input.
    /// - Returns: whether anything in it was taken as well-formed.
    /// - Throws: ``Violation`` where a promise does not hold.
    package let check: @Sendable ([UInt8]) throws -> Bool

    init(
        _ name: String, seeds: @escaping @Sendable () throws -> [[UInt8]],
        repair: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 },
        check: @escaping @Sendable ([UInt8]) throws -> Bool
    ) {
        (self.name, self.seeds, self.repair, self.check) = (name, seeds, repair, check)
    }

    package static let all: [FuzzTarget] = [
        frames, messages, sessions, channel, statements, rosters, changesets, bodies, packing, bundles,
        invites,
        csv, jsonLines, markdown, mappings, stix, relays,
    ]

    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A promise that an input has broken.
package struct Violation: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// - Throws: `Violation` unless the promise is kept.
func hold(_ promise: Bool, _ what: @autoclosure () -> String) throws {
    if !promise { throw Violation(what()) }
}

/// Reads an input as a program: every byte means something, and behind its end all is zero.
struct Feed {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return isAtEnd ? 0 : bytes[position]
    }

    mutating func number() -> Int { Int(byte()) << 8 | Int(byte()) }

    mutating func below(_ limit: Int) -> Int { Int(byte()) % max(limit, 1) }

    mutating func take(_ count: Int) -> [UInt8] {
        let end = min(bytes.count, position + count)
        defer { position = max(position, end) }
        return position < end ? Array(bytes[position..<end]) : []
    }

    mutating func rest() -> [UInt8] { take(bytes.count) }
}

extension [UInt8] {
    /// The bytes in pieces whose sizes a pattern decides; 0 is one piece.
    func pieces(_ pattern: UInt8) -> [ArraySlice<UInt8>] {
        guard pattern > 0, !isEmpty else { return [self[...]] }
        var pieces: [ArraySlice<UInt8>] = []
        var (start, step) = (0, Int(pattern))
        while start < count {
            let end = Swift.min(count, start + 1 + step % 97)
            pieces.append(self[start..<end])
            (start, step) = (end, (step * 31 + 7) % 4099)
        }
        return pieces
    }
}
