import Chance
import ParleyCore

/// Random values, headers and bodies that are well-formed.
extension Dice {
    mutating func value(depth: Int = 0) -> Value {
        switch below(depth > 3 ? 7 : 11) {
        case 0: return .null
        case 1: return .bool(one(in: 2))
        case 2: return .int(Int64(bitPattern: next()) >> Int64(below(64)))
        case 3: return .text(text())
        case 4: return .bytes(bytes(below(40)))
        case 5: return .ref(RecordID(UInt128(next()) << 64 | UInt128(next())))
        case 6: return .other(float())
        case 7, 8: return .list((0..<below(4)).map { _ in value(depth: depth + 1) })
        case 9: return .other(tagged(depth))
        default: return .other(map(depth))
        }
    }

    mutating func text() -> String {
        let letters = ["a", "B", "7", " ", "й", "é", "e\u{301}", "\u{0}", "🜂", "\u{FFFF}", "|", "@", "\n"]
        return (0..<below(30)).map { _ in pick(letters) }.joined()
    }

    private mutating func float() -> [UInt8] {
        pick([
            [0xF9, 0x3E, 0x00], [0xF9, 0x7E, 0x00], [0xF9, 0x80, 0x00], [0xFA, 0x47, 0xC3, 0x50, 0x01],
            [0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], [0xF7], [0xF8, 0x20], [0xE0],
            [0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0], [0x3B, 0xFF, 0, 0, 0, 0, 0, 0, 0],
        ])
    }

    private mutating func tagged(_ depth: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(cborMajor: 6, number())
        return bytes + value(depth: depth + 1).encoded
    }

    private mutating func map(_ depth: Int) -> [UInt8] {
        let keys = Set((0..<below(4)).map { _ in value(depth: depth + 1).encoded })
        var bytes: [UInt8] = []
        bytes.append(cborMajor: 5, UInt64(keys.count))
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            bytes += key + value(depth: depth + 1).encoded
        }
        return bytes
    }

    mutating func header() -> ChangesetHeader {
        let device = DeviceID(UInt128(next()))
        var context = Frontier()
        for _ in 0..<below(5) { context[DeviceID(UInt128(next()) << 64)] = max(1, number() >> 1) }
        return ChangesetHeader(
            change: ChangeID(device: device, number: one(in: 3) ? 1 : max(1, number() >> 1)),
            time: HybridTime(number: number() >> 1), epoch: one(in: 2) ? 0 : number() >> 1, context: context,
            statement: one(in: 2) ? bytes(32) : nil)
    }

    mutating func writes() -> [RegisterWrite] {
        let records = (0..<1 + below(4)).map { _ in
            RecordName(kind: UInt32(truncatingIfNeeded: number()), id: RecordID(UInt128(number())))
        }
        return (0..<below(30)).map { _ in
            let isKeyed = one(in: 3)
            let register = RegisterName(
                field: UInt32(truncatingIfNeeded: number()), key: isKeyed ? "k" + text() : nil)
            return RegisterWrite(pick(records), register, value())
        }
    }

    mutating func act() -> Act {
        let tags: [Act.Attribute] = [.note, .tool, .source, .digest, .batch, .part, .last, .target]
        var act = Act(pick([.hand, .importing, .undo, .redo, .resolve, .restore]))
        for tag in tags where one(in: 3) { act[tag] = value() }
        return act
    }
}

extension ChangesetBody {
    /// All writes of a list of groups, as an author would give them.
    func registerWrites(_ groups: [RecordGroup]) -> [RegisterWrite] {
        groups.flatMap { group in
            writes(of: group).map { RegisterWrite(group.name, register(of: $0), value(of: $0)) }
        }
    }

    /// The same act, encoded anew.
    var encodedAnew: [UInt8] {
        ChangesetBody.encode(act: act, written: registerWrites(written), said: registerWrites(said))
    }
}
