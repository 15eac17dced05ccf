import Chance
import CZstd
import ParleyCore
import ParleyProtocol
import Testing

@Suite("Packed bodies")
struct PackingTests {
    private func unpack(_ bytes: [UInt8]) throws(MalformedBytes) -> [UInt8] {
        try Packing.unpack(bytes, in: bytes.indices)
    }

    private func packed(_ size: Int, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.append(varint: UInt64(size))
        return bytes + data
    }

    /// What zstd makes of `count` zeros: a few dozen bytes.
    private func zeros(_ count: Int) -> [UInt8] {
        let source = [UInt8](repeating: 0, count: count)
        var target = [UInt8](repeating: 0, count: ZSTD_compressBound(count))
        let size = ZSTD_compress(&target, target.count, source, count, 3)
        return Array(target.prefix(size))
    }

    @Test("bodies of any size read back, and only long ones are compressed")
    func roundTrip() throws {
        for seed in UInt64(1)...300 {
            var dice = Dice(seed)
            let noise = dice.bytes(dice.below(2000))
            for body in [noise, [UInt8](repeating: 7, count: noise.count)] {
                let packed = Packing.pack(body)
                #expect(try unpack(packed) == body, "seed \(seed)")
                #expect(packed.count <= body.count + 1, "seed \(seed)")
                if body.count <= Packing.threshold { #expect(packed == [0] + body, "seed \(seed)") }
            }
        }
    }

    @Test("the largest body reads back, and one more byte is refused")
    func largest() throws {
        let most = ChangesetBody.longest
        let body = [UInt8](repeating: 7, count: most)
        #expect(try unpack(Packing.pack(body)) == body)
        #expect(try unpack([0] + body) == body)
        #expect(throws: MalformedBytes.self) { try unpack([0] + body + [7]) }
        #expect(throws: MalformedBytes.self) { try unpack(packed(most + 1, zeros(most + 1))) }
    }

    @Test("a packing bomb is refused by what it states, and by what it holds")
    func bombs() {
        let bomb = zeros(64 << 20)
        #expect(bomb.count < 8192)
        for size in [1, 1000, ChangesetBody.longest, ChangesetBody.longest + 1, 64 << 20, Int.max] {
            #expect(throws: MalformedBytes.self) { try unpack(packed(size, bomb)) }
        }
    }

    @Test("a window above 8 MiB is refused by what the frame states, though its content is small")
    func windows() throws {
        let content: [UInt8] = [97, 98, 99]
        let block: [UInt8] = [UInt8(1 | content.count << 3), 0, 0] + content
        for descriptor in UInt8.min...(.max) {
            let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x80, descriptor, 3, 0, 0, 0] + block
            let read = try? unpack(packed(content.count, frame))
            #expect(read == (descriptor <= 13 << 3 ? content : nil), "descriptor \(descriptor)")
        }
    }

    @Test("no truncation and no change of a packed body is taken for the body")
    func damage() throws {
        var dice = Dice(1)
        let words: [[UInt8]] = [[1, 2, 3, 4, 5, 6], [9, 9, 9]]
        let body = (0..<200).flatMap { _ in dice.pick(words) }
        let packed = Packing.pack(body)
        #expect(packed.first == 1)
        for count in packed.indices {
            #expect(throws: MalformedBytes.self) { try unpack(Array(packed.prefix(count))) }
        }
        for index in packed.indices {
            for bit in 0..<8 {
                var changed = packed
                changed[index] ^= 1 << UInt8(bit)
                if let read = try? unpack(changed), index > 0 { #expect(read.count == body.count) }
            }
        }
        promise("packed flips", count: packed.count * 8)
    }

    @Test("random packed bytes never crash")
    func random() {
        var dice = Dice(3)
        for _ in 0..<20_000 {
            let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
            let bytes = packed(dice.below(5000), magic + dice.bytes(dice.below(60)))
            _ = try? unpack(bytes)
        }
        promise("random packed", count: 20_000)
    }

    @Test("a body is found within a longer run of bytes")
    func range() throws {
        let body = [UInt8](repeating: 5, count: 900)
        let packed = Packing.pack(body)
        #expect(try Packing.unpack([9, 9] + packed + [9], in: 2..<2 + packed.count) == body)
        #expect(throws: MalformedBytes.self) {
            try Packing.unpack([9, 9] + packed + [9], in: 2..<3 + packed.count)
        }
        #expect(throws: MalformedBytes.self) { try Packing.unpack([1, 2], in: 1..<1) }
    }

    @Test("derived ids are UUIDs of version 5, and canonical keys are canonical")
    func derived() {
        for seed in UInt64(1)...500 {
            var dice = Dice(seed)
            let key = String(decoding: dice.bytes(20), as: UTF8.self) + ":x"
            let id = DerivedID.record(kind: 8, key: key).number.bigEndianBytes
            #expect(id[6] >> 4 == 5 && id[8] >> 6 == 2)
            let canonical = DerivedID.canonical(key)
            #expect(Array(DerivedID.canonical(canonical).utf8) == Array(canonical.utf8), "seed \(seed)")
            #expect(DerivedID.record(kind: 8, key: canonical) == DerivedID.record(kind: 8, key: key))
            #expect(DerivedID.record(kind: 3, key: key) != DerivedID.record(kind: 8, key: key))
        }
    }
}
