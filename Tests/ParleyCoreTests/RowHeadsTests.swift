import Chance
import ParleyCore
import Testing

/// A row as a store keeps it: packed heads for what is shown, and a table for what is set aside.
private struct Row {
    var heads: RowHeads
    var values: [UInt32: String] = [:]
    var aside: [UInt32: [Head<String>]] = [:]
    /// The planted mistake: fields with set-aside heads are not looked at one by one.
    var trustsMaskAlone = false

    mutating func take(_ deed: Deed, covers: (ChangeID) -> Bool) {
        let origin = deed.header.origin
        heads.first = min(heads.first, origin.stamp)
        let mask = deed.writes.keys.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        let contested = heads.contested(mask, covers: covers)
        var alone: UInt64 = 0
        for (field, value) in deed.writes {
            let bit: UInt64 = 1 << UInt64(field)
            if contested & bit == 0, trustsMaskAlone || (aside[field] ?? []).isEmpty {
                alone |= bit
                values[field] = value
            } else {
                merge(field, Head(origin: origin, content: value), covers)
            }
        }
        heads.replace(alone, by: origin)
    }

    private mutating func merge(_ field: UInt32, _ write: Head<String>, _ covers: (ChangeID) -> Bool) {
        let shown = heads.origins(of: field).map { Head(origin: $0, content: values[field] ?? "") }
        let all = merged(shown + (aside[field] ?? []), with: write, covers: covers)
        guard let value = all.first?.content else { return }
        values[field] = value
        aside[field] = Array(setAside(all))
        heads.set(field, heads: all.filter { $0.content == value }.map(\.origin))
    }

    func all(of field: UInt32) -> [Head<String>] {
        let shown = heads.origins(of: field).map { Head(origin: $0, content: values[field] ?? "") }
        return (shown + (aside[field] ?? [])).sorted { $0.origin > $1.origin }
    }
}

@Suite("The packed heads of a row")
struct RowHeadsTests {
    private let last = Stamp(time: HybridTime(number: .max), device: DeviceID(letter: 255))

    private func row(
        of history: History, in order: [ChangeID], trustsMaskAlone: Bool = false
    ) -> (row: Row, law: Replica) {
        var row = Row(heads: RowHeads(first: last), trustsMaskAlone: trustsMaskAlone)
        var law = Replica()
        for deed in order.compactMap({ history.deeds[$0] }) {
            row.take(deed) { deed.held.contains($0) }
            law.take(deed) { merged($0, with: $1, covers: $2) }
        }
        return (row, law)
    }

    /// - Returns: a fault of this seed.
    private func trial(_ seed: UInt64, trustsMaskAlone: Bool = false) -> String? {
        var dice = Dice(seed)
        let history = History(
            seed: seed, devices: 2 + dice.below(3), acts: 3 + dice.below(12), fields: 5, values: 2)
        var encodings: Set<[UInt8]> = []
        for _ in 0..<3 {
            let (row, law) = row(
                of: history, in: history.shuffled(with: &dice), trustsMaskAlone: trustsMaskAlone)
            for field in UInt32(1)...5 where row.all(of: field) != law.heads[field] ?? [] {
                return "seed \(seed), field \(field): not the heads of the law"
            }
            guard (try? RowHeads(decoding: row.heads.encoded)) == row.heads else {
                return "seed \(seed): does not read back"
            }
            encodings.insert(row.heads.encoded)
        }
        return encodings.count == 1 ? nil : "seed \(seed): equal heads, other bytes"
    }

    @Test("a row merges as its registers would one by one, and has one form")
    func equalsTheLaw() {
        for seed in UInt64(1)...1500 {
            if let fault = trial(seed) {
                Issue.record("\(fault)")
                return
            }
        }
        promise("row heads", count: 1500 * 3)
    }

    @Test("a store that forgets set-aside heads under a covered shown one is found out")
    func plantedFlaw() {
        #expect((UInt64(1)...300).contains { trial($0, trustsMaskAlone: true) != nil })
    }

    @Test("a row written by one changeset is one entry")
    func oneEntry() throws {
        var heads = RowHeads(first: last)
        let origin = Origin(stamp: last, number: 300)
        heads.replace(0b1110, by: origin)
        #expect(heads.entries == [RowEntry(origin: origin, mask: 0b1110)])
        #expect(heads.encoded.count == 24 + 24 + 2 + 1)
        #expect(heads.mask == 0b1110)
        #expect(heads.origins(of: 3) == [origin])
        #expect(heads.origins(of: 4).isEmpty)
        #expect(heads.contested(0b0110) { _ in true } == 0)
        #expect(heads.contested(0b10110) { _ in false } == 0b0110)
    }

    @Test("only the canonical form is read")
    func canonical() throws {
        func entry(_ time: UInt64, mask: UInt64) -> RowEntry {
            let stamp = Stamp(time: HybridTime(number: time), device: DeviceID(letter: 1))
            return RowEntry(origin: Origin(stamp: stamp, number: time), mask: mask)
        }
        let good = RowHeads(first: last, entries: [entry(1, mask: 2), entry(2, mask: 6)])
        #expect(try RowHeads(decoding: good.encoded) == good)
        for entries in [[entry(2, mask: 2), entry(1, mask: 4)], [entry(1, mask: 2), entry(1, mask: 4)]] {
            let bytes = RowHeads(first: last, entries: entries).encoded
            #expect(throws: MalformedBytes.self) { try RowHeads(decoding: bytes) }
        }
        let newest = RowHeads(first: last, entries: [entry(1, mask: 2), entry(2, mask: 0)])
        #expect(try RowHeads(decoding: newest.encoded) == newest)
        let empty = RowHeads(first: last, entries: [entry(1, mask: 0), entry(2, mask: 2)]).encoded
        #expect(throws: MalformedBytes.self) { try RowHeads(decoding: empty) }
        for count in good.encoded.indices where count != 24 && count != 24 + 26 {
            #expect(throws: MalformedBytes.self) { try RowHeads(decoding: Array(good.encoded.prefix(count))) }
        }
    }

    @Test("field 63 has a bit of its own and fields beyond it have none")
    func widestMask() throws {
        var heads = RowHeads(first: last)
        let origin = Origin(stamp: last, number: 1)
        heads.set(63, heads: [origin])
        #expect(heads.mask == 1 << 63)
        #expect(try RowHeads(decoding: heads.encoded) == heads)
        #expect(heads.origins(of: 64).isEmpty)
    }
}
