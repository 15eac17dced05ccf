import Chance
import ParleyCore

/// Invents records from a seed, nasty ones by preference.
struct Invention {
    private var dice: Dice

    init(seed: Int) { dice = Dice(UInt64(seed) &* 0x2545_F491_4F6C_DD1D) }

    mutating func next() -> UInt64 { dice.next() }
    mutating func below(_ limit: Int) -> Int { dice.below(limit) }
    mutating func chance(_ percent: Int) -> Bool { dice.chance(percent) }
    mutating func pick<Item>(_ items: [Item]) -> Item { dice.pick(items) }

    mutating func id() -> RecordID { RecordID(UInt128(next()) << 64 | UInt128(next())) }

    // MARK: Texts

    private static let pieces = [
        "convoy", "Нижний", "a", " ", "  ", "\"", "\\", "|", " | ", ": ", ",", ";", "'", "=", "+1", "-", "- ",
        "- a: b", "#",
        "## ", "### J1: x", "<!--", "-->", "\u{301}", "é", "e\u{301}", "\u{200D}", "👩🏽‍🚀", "\u{FEFF}",
        "\u{2028}", "\u{85}A",
        "\u{FFFF}", "\u{1F1E9}\u{1F1EA}", "null", "true", "~", "{", "[", "]", "---", "@", "`", "%",
        "\u{10FFFF}", "0.5", "\\n", "&a",
        "*a", "!x", "\u{FFFD}", "ﷺ", "\u{202E}",
    ]

    mutating func line(_ most: Int = 6) -> String {
        let text = (0...below(most)).map { _ in pick(Self.pieces) }.joined().filter { $0 != "\u{85}" }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.filter { !(0x7F...0x9F).contains($0.value) }))
    }

    mutating func text() -> String {
        if chance(5) { return "" }
        return (0..<(1 + below(4))).map { _ in chance(15) ? "" : line() }.joined(
            separator: pick(["\n", "\n", "\n\n", "\n\t"]))
    }

    /// Also what no field allows: controls.
    mutating func anyText() -> String { text() + pick(["", "\u{0}", "\u{1B}", "\r\n", "\u{7F}", "\u{9F}"]) }

    // MARK: Values

    mutating func value(_ type: FieldType) -> Value {
        switch type {
        case .line: return .text(line())
        case .text: return .text(text())
        case .int: return .int(Int64(bitPattern: next() >> UInt64(below(64))))
        case .probability:
            return .int(Int64(pick([0, 1_000_000, 800_000, below(1_000_001), below(100) * 10_000])))
        case .date: return .text(pick(["2026", "2026-02", "2024-02-29", "2026-12-31"]))
        case .instant: return .text("2026-11-21T14:02:11Z")
        case .choice(let tokens): return .text(pick(tokens))
        case .bool: return .bool(chance(50))
        case .ref: return .ref(id())
        case .url: return .text(pick(["https://example.org/a?b=c#d", "urn:x:|y", "mailto:a@b.example"]))
        case .tuple(let components): return tuple(components)
        case .any: return anything(depth: 0)
        }
    }

    private mutating func tuple(_ components: [Component]) -> Value {
        let items = components.prefix(1 + below(components.count)).map { chance(20) ? .null : value($0.type) }
        return .tuple(items)
    }

    mutating func anything(depth: Int) -> Value {
        switch below(depth > 2 ? 6 : 8) {
        case 0: return .int(Int64(bitPattern: next()))
        case 1: return .bool(chance(50))
        case 2: return .text(anyText())
        case 3: return .bytes((0..<below(20)).map { UInt8($0 * 13) })
        case 4: return .other(pick(Self.others))
        case 5: return depth == 0 ? .int(Int64(below(10))) : .null
        case 6: return .list((0..<below(4)).map { _ in anything(depth: depth + 1) })
        default: return map(depth: depth)
        }
    }

    /// Deterministic CBOR without a Swift form: float64, float16, tags, simple values, large integers.
    static let others: [[UInt8]] = [
        [0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], [0xF9, 0x7E, 0x00], [0xF7], [0xC1, 0x00],
        [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xC4, 0x82, 0x20, 0x0B], [0xC4, 0x82, 0x20, 0x0A], [0xC4, 0x82, 0x00, 0x01], [0xA0],
        [0xA1, 0x01, 0x02],
    ]

    private mutating func map(depth: Int) -> Value {
        var pairs: [[UInt8]: Value] = [:]
        for _ in 0..<below(4) {
            pairs[Value.text(pick(["cbor", "a", line(), anyText()])).encoded] = anything(depth: depth + 1)
        }
        var bytes: [UInt8] = []
        bytes.append(cborMajor: 5, UInt64(pairs.count))
        for key in pairs.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            bytes += key + (pairs[key]?.encoded ?? [])
        }
        return .other(bytes)
    }

    // MARK: Records

    mutating func key() -> String { String(line(3).prefix(20)) + pick(["", "x", "\u{301}"]) }

    /// - Parameter isTame: only what this version's schema holds.
    mutating func image(_ kind: Kind, isTame: Bool = false) -> RecordImage {
        var registers: [RegisterName: Value] = [:]
        for field in kind.fields where chance(60) {
            guard field.merge.isKeyed else {
                registers[RegisterName(field: field.tag)] = value(isTame || chance(90) ? field.type : .any)
                continue
            }
            for _ in 0..<(1 + below(3)) {
                let key = isTame || chance(90) ? tameKey() : anyText()
                registers[RegisterName(field: field.tag, key: key)] = value(
                    isTame || chance(90) ? field.type : .any)
            }
        }
        if !isTame {
            registers[RegisterName(field: 37, key: chance(50) ? key() : nil)] = anything(depth: 0)
            registers[RegisterName(field: 1000 + UInt32(below(9)), key: "")] = anything(depth: 0)
        }
        let sorted = registers.map { RegisterImage($0.key, $0.value) }.sorted { $0.name < $1.name }
        return RecordImage(name: RecordName(kind: kind.tag, id: id()), registers: sorted)
    }

    private mutating func tameKey() -> String {
        let key = key()
        return RegisterName.isKey(key) ? key : "olga"
    }
}

extension RecordImage {
    /// What a draft would make of an empty record.
    init?(_ draft: RecordDraft) {
        guard let id = draft.id else { return nil }
        var registers: [RegisterImage] = []
        for write in draft.writes {
            guard case .value(let value) = write.content else { return nil }
            registers.append(RegisterImage(write.register, value))
        }
        self.init(
            name: RecordName(kind: draft.kind, id: id), registers: registers.sorted { $0.name < $1.name })
    }

    /// Every byte of it, since equal strings can have different bytes.
    var fingerprint: [[UInt8]] {
        registers.map { Array("\($0.name.field) \($0.name.key ?? "")=".utf8) + $0.value.encoded }
    }
}
