import Chance
import ParleyCore
import Testing

@Suite("Encodings")
struct CodingTests {
    @Test("numbers read back and have one form")
    func varints() throws {
        var dice = Dice(1)
        for _ in 0..<20_000 {
            let number = dice.number()
            var bytes: [UInt8] = []
            bytes.append(varint: number)
            var reader = ByteReader(bytes)
            #expect(try reader.varint() == number)
            #expect(reader.isAtEnd)
        }
    }

    @Test("values read back, and reading and stepping over agree")
    func values() throws {
        for seed in UInt64(1)...5000 {
            var dice = Dice(seed)
            let value = dice.value()
            let bytes = value.encoded
            #expect(try Value(decoding: bytes) == value, "seed \(seed)")
            var reader = ByteReader(bytes)
            #expect(try reader.valueRange() == bytes.indices, "seed \(seed)")
        }
        promise("value round trips", count: 5000)
    }

    @Test("headers read back byte for byte")
    func headers() throws {
        for seed in UInt64(1)...3000 {
            var dice = Dice(seed)
            let header = dice.header()
            let body = dice.bytes(dice.below(30))
            let bytes = header.encoded(bodySize: body.count) + body
            let (decoded, range) = try ChangesetHeader.decode(bytes)
            #expect(decoded == header, "seed \(seed)")
            #expect(Array(bytes[range]) == body, "seed \(seed)")
        }
        promise("header round trips", count: 3000)
    }

    @Test("a header is found within a longer run of bytes, and reads nothing around it")
    func headerInRange() throws {
        var dice = Dice(3)
        let header = dice.header()
        let bytes = header.encoded(bodySize: 2) + [8, 9]
        let around = [1, 2, 3] + bytes + [4, 5]
        let (decoded, range) = try ChangesetHeader.decode(around, in: 3..<3 + bytes.count)
        #expect(decoded == header)
        #expect(Array(around[range]) == [8, 9])
        #expect(throws: MalformedBytes.self) {
            try ChangesetHeader.decode(around, in: 3..<2 + bytes.count)
        }
    }

    @Test("bodies read back, sorted, with the later of two writes to one register")
    func bodies() throws {
        for seed in UInt64(1)...2000 {
            var dice = Dice(seed)
            let (act, written, said) = (dice.act(), dice.writes(), dice.writes())
            let bytes = ChangesetBody.encode(act: act, written: written, said: said)
            let body = try ChangesetBody(decoding: bytes)
            #expect(body.act == act, "seed \(seed)")
            #expect(body.registerWrites(body.written) == lastOfEach(written), "seed \(seed)")
            #expect(body.registerWrites(body.said) == lastOfEach(said), "seed \(seed)")
            #expect(body.encodedAnew == bytes, "seed \(seed)")
        }
        promise("body round trips", count: 2000)
    }

    /// By (kind, id, field, key), the later of equal ones; quadratic and obvious.
    private func lastOfEach(_ writes: [RegisterWrite]) -> [RegisterWrite] {
        let kept = writes.enumerated().filter { index, write in
            !writes[(index + 1)...].contains { $0.record == write.record && $0.register == write.register }
        }
        return kept.map(\.element).sorted {
            $0.record != $1.record ? $0.record < $1.record : $0.register < $1.register
        }
    }

    @Test("writes given in order and out of order encode alike")
    func anyOrder() {
        for seed in UInt64(1)...200 {
            var dice = Dice(seed)
            let sorted = lastOfEach(dice.writes())
            let bytes = ChangesetBody.encode(act: Act(.hand), written: sorted)
            #expect(ChangesetBody.encode(act: Act(.hand), written: sorted.shuffled(using: &dice)) == bytes)
        }
    }

    @Test("two normal forms of one text are two values, two keys and two registers")
    func normalForms() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(composed == decomposed)
        #expect(Value.text(composed) != Value.text(decomposed))
        #expect(Value.list([.text(composed)]) != Value.list([.text(decomposed)]))
        let (one, other) = (
            RegisterName(field: 8, key: composed), RegisterName(field: 8, key: decomposed)
        )
        #expect(one != other)
        #expect((one < other) != (other < one))
        let record = RecordName(kind: 3, id: RecordID(1))
        let writes = [one, other].map { RegisterWrite(record, $0, .bool(true)) }
        for given in [writes, writes.reversed()] {
            let body = try ChangesetBody(decoding: ChangesetBody.encode(act: Act(.hand), written: given))
            #expect(body.writes.count == 2)
        }
    }

    @Test("registers order by field, then none before any key, then by bytes")
    func registerOrder() {
        let ascending = [
            RegisterName(field: 1), RegisterName(field: 8), RegisterName(field: 8, key: "Z"),
            RegisterName(field: 8, key: "a"), RegisterName(field: 8, key: "aa"),
            RegisterName(field: 8, key: "é"), RegisterName(field: 9),
        ]
        for (index, left) in ascending.enumerated() {
            for (other, right) in ascending.enumerated() {
                #expect((left < right) == (index < other))
                #expect((left == right) == (index == other))
            }
        }
    }

    @Test("a value nests at most eight deep, whatever it nests in", arguments: ["81", "c6", "a1f6"])
    func nesting(wrapper: String) throws {
        let layer = try #require([UInt8](hex: wrapper))
        func nested(_ depth: Int) -> [UInt8] { (0..<depth).flatMap { _ in layer } + [0] }
        #expect(try Value(decoding: nested(8)).encoded == nested(8))
        for depth in [9, 10, 1000, 100_000] {
            #expect(throws: MalformedBytes.self) { try Value(decoding: nested(depth)) }
            var reader = ByteReader(nested(depth))
            #expect(throws: MalformedBytes.self) { try reader.valueRange() }
        }
    }

    @Test("hexadecimal digits read back, and nothing else is read")
    func hex() {
        #expect([UInt8](hex: "00ff7F") == [0, 255, 127])
        #expect([0, 255, 127].map { UInt8($0) }.hex == "00ff7f")
        for text in ["0", "0g", "é0", " 00", "٠٠"] { #expect([UInt8](hex: text) == nil) }
    }
}
