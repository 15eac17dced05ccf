import Chance
import ParleyCore
import Testing

/// Decoders take bytes from anybody: they refuse or they read, and what they read has one encoding.
@Suite("Hostile bytes")
struct HostileBytesTests {
    /// Reads as a changeset's header; what is accepted must encode to the same bytes.
    private func header(_ bytes: [UInt8]) -> ChangesetHeader? {
        guard let (header, body) = try? ChangesetHeader.decode(bytes) else { return nil }
        let again = header.encoded(bodySize: body.count) + bytes[body]
        if again != bytes { Issue.record("a second form of a header: \(bytes.hex)") }
        return header
    }

    private func body(_ bytes: [UInt8]) -> ChangesetBody? {
        guard let body = try? ChangesetBody(decoding: bytes) else { return nil }
        if body.encodedAnew != bytes { Issue.record("a second form of a body: \(bytes.hex)") }
        return body
    }

    private func value(_ bytes: [UInt8]) -> Value? {
        let value = try? Value(decoding: bytes)
        if let value, value.encoded != bytes { Issue.record("a second form of a value: \(bytes.hex)") }
        var reader = ByteReader(bytes)
        let steps = (try? reader.valueRange()) != nil && reader.isAtEnd
        if steps != (value != nil) { Issue.record("reading and stepping over differ: \(bytes.hex)") }
        return value
    }

    @Test("every truncation of a header or a body is refused")
    func truncations() {
        var tried = 0
        for seed in UInt64(1)...60 {
            var dice = Dice(seed)
            let head = dice.header().encoded(bodySize: 3) + [1, 2, 3]
            let written = ChangesetBody.encode(act: dice.act(), written: dice.writes(), said: dice.writes())
            for count in head.indices where header(Array(head.prefix(count))) != nil {
                Issue.record("seed \(seed): \(count) bytes of a header were taken")
            }
            for count in written.indices where body(Array(written.prefix(count))) != nil {
                Issue.record("seed \(seed): \(count) bytes of a body were taken")
            }
            tried += head.count + written.count
        }
        promise("truncations", count: tried)
    }

    @Test("every change of one byte is refused or reads as something else")
    func flips() {
        var tried = 0
        for seed in UInt64(1)...40 {
            var dice = Dice(seed)
            let head = dice.header().encoded(bodySize: 0)
            let written = ChangesetBody.encode(
                act: dice.act(), written: Array(dice.writes().prefix(4)), said: Array(dice.writes().prefix(2))
            )
            for (bytes, reads) in [(head, { self.header($0) != nil }), (written, { self.body($0) != nil })] {
                tried += flip(bytes, by: seed == 1 ? Array(1...255) : Self.bits) { _ = reads($0) }
            }
        }
        promise("byte flips", count: tried)
    }

    /// Each bit by itself, and all at once.
    private static let bits: [UInt8] = [1, 2, 4, 8, 16, 32, 64, 128, 255]

    /// That what is read encodes to what was given, which differs from the original, is what `header` and
    /// `body` check.
    private func flip(_ bytes: [UInt8], by deltas: [UInt8], _ read: ([UInt8]) -> Void) -> Int {
        var changed = bytes
        for index in bytes.indices.prefix(200) {
            for delta in deltas {
                changed[index] = bytes[index] ^ delta
                read(changed)
            }
            changed[index] = bytes[index]
        }
        return min(bytes.count, 200) * deltas.count
    }

    @Test("100,000 random inputs crash no decoder")
    func random() {
        var dice = Dice(7)
        var taken = 0
        for _ in 0..<100_000 {
            let bytes = randomBytes(&dice)
            if header(bytes) != nil { taken += 1 }
            if body(bytes) != nil { taken += 1 }
            if value(bytes) != nil { taken += 1 }
            _ = try? RowHeads(decoding: bytes)
            var reader = ByteReader(bytes)
            _ = try? reader.frontier()
            reader = ByteReader(bytes)
            _ = try? reader.text(atMost: 100)
        }
        #expect(taken > 1000, "the inputs are so wild that nothing behind the first byte was tried")
        promise("random inputs", count: 100_000)
    }

    /// Noise, or a good encoding with some of its bytes changed, moved or taken away.
    private func randomBytes(_ dice: inout Dice) -> [UInt8] {
        var bytes: [UInt8]
        switch dice.below(5) {
        case 0: return dice.bytes(dice.below(60))
        case 1: bytes = dice.header().encoded(bodySize: 0)
        case 2: bytes = dice.value().encoded
        case 3:
            bytes = (0..<dice.below(12)).map { _ in dice.pick([0x81, 0xA1, 0xC6, 0xF6, 0, 1, 0x61, 0xF9]) }
        default: bytes = ChangesetBody.encode(act: dice.act(), written: Array(dice.writes().prefix(3)))
        }
        for _ in 0..<dice.below(4) where !bytes.isEmpty {
            let index = dice.below(bytes.count)
            switch dice.below(3) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: dice.next())
            case 1: bytes.remove(at: index)
            default: bytes.insert(dice.pick([0, 0x7F, 0x80, 0xFF]), at: index)
            }
        }
        return bytes
    }

    @Test(
        "a count that the bytes cannot hold is refused before anything is allocated by it",
        arguments: [
            "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "7bffffffffffffffff",
            "9b7fffffffffffffff", "9affffffff", "8198ff",
        ])
    func hostileCounts(hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(value(bytes) == nil)
        #expect(body([1, 1, 1] + bytes) == nil)
    }

    @Test(
        "a varint of hostile length is refused everywhere that counts",
        arguments: [1 << 20, 1 << 40, UInt64.max])
    func hostileVarints(count: UInt64) throws {
        var bytes: [UInt8] = []
        bytes.append(varint: count)
        #expect(body([1] + bytes) == nil)
        #expect(body([1, 0] + bytes) == nil)
        var reader = ByteReader(bytes)
        #expect(throws: MalformedBytes.self) { try reader.frontier() }
        reader = ByteReader(bytes)
        #expect(throws: MalformedBytes.self) { try reader.text(atMost: .max) }
    }

    @Test("a reader never goes beyond its range")
    func bounds() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var reader = ByteReader(bytes, in: 2..<4)
        #expect(try reader.byte() == 3)
        for count in [-1, Int.min, 2, Int.max] {
            #expect(throws: MalformedBytes.self) { try reader.range(count) }
        }
        #expect(throws: MalformedBytes.self) { try reader.uint64() }
        #expect(throws: MalformedBytes.self) { try reader.uint128() }
        #expect(try reader.take(1) == [4])
        #expect(throws: MalformedBytes.self) { try reader.byte() }
        #expect(reader.remaining == 0)
        try reader.expectEnd("range")
    }

    @Test("the limits of a changeset hold")
    func limits() throws {
        var context = Frontier()
        for device in 1...3700 { context[DeviceID(UInt128(device))] = 1 }
        let change = ChangeID(device: DeviceID(letter: 9), number: 1)
        let header = ChangesetHeader(change: change, time: HybridTime(number: 1), context: context)
        let bytes = header.encoded(bodySize: 0)
        #expect(bytes.count > ChangesetHeader.longest)
        #expect(throws: MalformedBytes.self) { try ChangesetHeader.decode(bytes) }
        let small = ChangesetHeader(change: change, time: HybridTime(number: 1), context: Frontier())
        let most = ChangesetHeader.longestBody
        let full = small.encoded(bodySize: most) + [UInt8](repeating: 0, count: most)
        #expect(try ChangesetHeader.decode(full).body.count == most)
        let over = small.encoded(bodySize: most + 1) + [UInt8](repeating: 0, count: most + 1)
        #expect(throws: MalformedBytes.self) { try ChangesetHeader.decode(over) }
    }
}
