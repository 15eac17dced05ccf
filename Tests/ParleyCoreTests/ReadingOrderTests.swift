import Chance
import ParleyCore
import Testing

@Suite("Reading order")
struct ReadingOrderTests {
    private struct Entry {
        var name: RecordName
        var key: String?
        var created: Int64

        var order: ReadingOrder { ReadingOrder(name, key: key, created: created) }

        /// By the words of the rule.
        func isBefore(_ other: Entry) -> Bool {
            if name.kind != other.name.kind { return name.kind < other.name.kind }
            switch (key.map { Array($0.utf8) }, other.key.map { Array($0.utf8) }) {
            case (let one?, let two?) where one != two: return one.lexicographicallyPrecedes(two)
            case (.some, nil): return true
            case (nil, .some): return false
            default: return (created, name.id) < (other.created, other.name.id)
            }
        }
    }

    @Test("by chance: kind, key by its bytes, none last, creation, id")
    func byRule() {
        var dice = Dice(3)
        let letters = ["a", "b", "é", "e\u{301}", "\u{0}", "漢", "z"]
        let entries = (0..<600).map { number in
            let key = (0...dice.below(12)).map { _ in letters[dice.below(letters.count)] }.joined()
            return Entry(
                name: RecordName(kind: UInt32(dice.below(2)), id: RecordID(UInt128(number))),
                key: dice.below(5) == 0 ? nil : key, created: Int64(dice.below(3)))
        }
        let sorted = entries.sorted { $0.order < $1.order }
        let expected = entries.sorted { $0.isBefore($1) }
        #expect(sorted.map(\.name) == expected.map(\.name))
    }

    @Test("a blank key is none")
    func blank() {
        let name = RecordName(kind: 3, id: RecordID(1))
        let blank = ReadingOrder(name, key: " ", created: 1)
        #expect(ReadingOrder(RecordName(kind: 3, id: RecordID(2)), key: "a", created: 2) < blank)
    }
}
