import Chance
import ParleyCore

/// Some devices that write and exchange parts of what they hold, by chance and a seed. Devices, records and
/// so everything else of two seeds are apart, so that many histories fit one file.
struct RandomHistory {
    var dice: Dice
    var changes: [Change] = []
    let records: [RecordName]
    private var authors: [Author]
    /// What each device holds, in the order in which it came.
    private var held: [[Int]]

    init(seed: UInt64, steps: Int) {
        dice = Dice(seed)
        let base = UInt128(seed) << 64
        let count = 2 + dice.below(3)
        authors = (0..<count).map { Author(base | UInt128($0 + 1)) }
        held = Array(repeating: [], count: count)
        records = [
            name(3, base | 1), name(3, base | 2), name(12, base | 3), name(13, base | 4), name(99, base | 5),
        ]
        for _ in 0..<steps { step() }
    }

    private mutating func step() {
        let who = dice.below(authors.count)
        if dice.chance(45) { return pull(to: who, from: dice.below(authors.count)) }
        let writes = (0...dice.below(4)).map { _ in write() }
        let act = dice.chance(20) ? Act(.importing, [.source: .text("feed")]) : Act(.hand)
        let change = authors[who].write(
            writes, act: act, wall: Int64(dice.below(6)), isVoid: dice.chance(3))
        held[who].append(changes.count)
        changes.append(change)
    }

    /// Takes over a beginning of what the other holds beyond this one: a causally closed part.
    private mutating func pull(to who: Int, from other: Int) {
        let missing = held[other].filter { !held[who].contains($0) }
        for index in missing.prefix(dice.below(missing.count + 1)) {
            held[who].append(index)
            authors[who].receive(changes[index])
        }
    }

    private mutating func write() -> RegisterWrite {
        let record = dice.pick(records)
        let (field, key, values): (UInt32, String?, [Value]) = dice.pick([
            (1, nil, [.text("a"), .text("b"), .text("порт"), .null, .int(7), .text("two\nlines")]),
            (2, nil, [.text("x\ny"), .text("\""), .text("\u{1}"), .null]),
            (5, nil, [.text("green"), .text("red"), .text("mauve")]),
            (7, nil, [.bool(true), .bool(false), .bool(true), .null]),
            (8, "m\(dice.below(3))", [.bool(true), .bool(false)]),
            (8, nil, [.bool(true), .text("no key")]),
            (1, "odd", [.text("a plain field with a key"), .null]),
            (20, nil, [.text("2026-11"), .text("2026-13"), .bool(true)]),
            (
                21, nil,
                [
                    .tuple([.text("yes"), .text("2026"), .bytes(Array(1...16))]),
                    .tuple([.null, .text("2026")]),
                    .tuple([.text("no")]), .list([]), .text("yes"), .null,
                ]
            ),
            (
                22, dice.pick(["olga", "ken", "mia", "~Анна"]),
                [
                    .tuple([.text("agree"), .text("say \"why\"")]), .tuple([.text("neutral")]), .null,
                ]
            ),
            (40, nil, [.int(1), .int(-2), .other([0xFB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0])]),
            (90, "k", [.text("unknown"), .bytes([1, 2])]),
        ])
        return RegisterWrite(record, field, key, dice.pick(values))
    }

    /// All changesets in some order in which they could arrive.
    mutating func anyCausalOrder() -> [Change] {
        var waiting = changes
        var frontier = Frontier()
        var order: [Change] = []
        while !waiting.isEmpty {
            let ready = waiting.indices.filter { index in
                let header = waiting[index].header
                return frontier[header.change.device] + 1 == header.change.number
                    && waiting[index].whole.numbers.allSatisfy { frontier[$0.key] >= $0.value }
            }
            let change = waiting.remove(at: dice.pick(ready))
            frontier[change.header.change.device] = change.header.change.number
            order.append(change)
        }
        return order
    }

    /// Batches cut anywhere.
    mutating func batches() -> [[Change]] {
        var rest = anyCausalOrder()[...]
        var batches: [[Change]] = []
        while !rest.isEmpty {
            let size = 1 + dice.below(dice.chance(20) ? 40 : 5)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return batches
    }
}
