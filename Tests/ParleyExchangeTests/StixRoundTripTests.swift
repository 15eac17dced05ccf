import Foundation
import ParleyCore
import ParleyExchange
import Testing

@Suite("STIX goes out as it came in, and ours comes back whole")
struct StixRoundTripTests {
    private static let files = [
        "apt1", "indicator-for-c2-ip-address", "indicator-to-campaign-relationship",
        "indicators-for-C2-with-COA", "infrastructure", "interop-objectmarking-test",
        "malicious-email-indicator-with-attachment", "poisonivy",
    ]

    @Test(
        "the examples of OASIS: 259 ids, and each of the 2,295 properties comes out as it came in",
        .enabled(if: Places.hasSharedData, Comment(rawValue: Places.noSharedData)))
    func examples() throws {
        var world = StixWorld()
        var given: [(id: String, object: [String: Any])] = []
        for file in Self.files {
            let bytes = try Places.bytes(Places.sharedData.appending(path: "stix/\(file).json"))
            try world.take(bytes, chunk: 1000)
            given += try StixWorld.objects(bytes).map { ($0.key, $0.value) }
        }
        #expect(world.faults.isEmpty && given.count == 260 && Set(given.map(\.id)).count == 259)
        let exported = try world.objects()
        var equal = 0
        for (id, object) in given {
            let again = try #require(exported[id], "\(id)")
            #expect(Set(again.keys) == Set(object.keys), "\(id)")
            for (name, value) in object where Self.isEqual(value, again[name]) { equal += 1 }
        }
        #expect(equal == 2295)
        print("promise: stix-properties count=\(equal)")
        try expectSameAgain(world, "the examples")
    }

    private static func isEqual(_ value: Any, _ other: Any?) -> Bool {
        other.map { json($0) == json(value) } ?? false
    }

    private static func json(_ value: Any) -> Data? {
        try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    }

    /// What is exported is imported into an empty workspace and exported again as the same bytes.
    @discardableResult
    private func expectSameAgain(_ world: StixWorld, _ what: String) throws -> StixWorld {
        let bytes = world.bundle()
        var other = StixWorld()
        try other.take(bytes, chunk: 501)
        #expect(other.faults.isEmpty, "\(what): \(other.faults)")
        other.changed = Instant(milliseconds: 1_900_000_000_000)
        let again = other.bundle()
        #expect(
            again.elementsEqual(bytes) == true,
            "\(what): \(Self.difference(bytes, again))")
        return other
    }

    /// Around the first byte that differs.
    private static func difference(_ left: [UInt8], _ right: [UInt8]) -> String {
        let place =
            zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset ?? min(left.count, right.count)
        return [left, right].map { bytes in
            String(decoding: bytes[max(0, place - 300)..<min(bytes.count, place + 200)], as: UTF8.self)
        }.joined(separator: "\n")
    }

    @Test("records of all kinds by chance, nasty ones too, come back whole, and go out as the same bytes")
    func recordsByChance() throws {
        let kinds = Schema.assessments.kinds + [Kind(14, "#14", "?", own: [])]
        for seed in 0..<300 {
            var invention = Invention(seed: seed)
            var world = StixWorld()
            let images = (0..<4).map { _ in
                let kind = invention.pick(kinds)
                return invention.image(kind, isTame: seed % 3 == 0)
            }
            for image in images { world.put(image) }
            let other = try expectSameAgain(world, "seed \(seed)")
            for image in images {
                let read = other.image(image.name)?.registers.filter {
                    $0.name.key?.hasPrefix("stix") != true
                }
                let given = image.registers.filter { $0.value != .null }
                #expect(read.map { Self.bytes($0) } == Self.bytes(given), "seed \(seed) \(image)")
            }
        }
        print("promise: stix-records-by-chance count=1200")
    }

    private static func bytes(_ registers: [RegisterImage]) -> [[UInt8]] {
        registers.map { Array("\($0.name.field) \($0.name.key ?? "")=".utf8) + $0.value.encoded }
    }

    @Test("objects by chance, of known types and others, come out with every property as it was")
    func objectsByChance() throws {
        for seed in 0..<400 {
            var invention = StixInvention(seed: seed)
            let objects = (0..<3).map { invention.object($0) }
            var world = StixWorld()
            try world.take(Array(StixInvention.bundle(objects).utf8), chunk: 1 + seed % 300)
            #expect(world.faults.isEmpty, "seed \(seed): \(world.faults)")
            let exported = try StixWorld.trees(world.bundle())
            for (id, object) in try StixWorld.trees(Array(StixInvention.bundle(objects).utf8)) {
                #expect(exported[id].map(object.means) == true, "seed \(seed): \(object)")
            }
            try expectSameAgain(world, "seed \(seed)")
        }
        print("promise: stix-objects-by-chance count=1200")
    }

    @Test("objects by chance that somebody has changed here come back changed")
    func editsByChance() throws {
        for seed in 0..<150 {
            var invention = StixInvention(seed: seed)
            var world = StixWorld()
            try world.take(StixInvention.bundle([invention.object(0)]))
            let names = world.records.keys.sorted()
            for name in names {
                let kind = try #require(Schema.assessments[tag: name.kind])
                for register in invention.chance.image(kind, isTame: true).registers
                where kind[tag: register.name.field]?.merge != .once && invention.chance.chance(20) {
                    try world.edit(
                        name, kind.text(of: register.name),
                        invention.chance.chance(20) ? .null : register.value)
                }
            }
            let other = try expectSameAgain(world, "seed \(seed)")
            for name in names {
                let (given, read) = (world.image(name), other.image(name))
                let isContent = { (register: RegisterImage) in
                    register.name.key?.hasPrefix("stix.modified") != true
                }
                #expect(
                    Self.bytes(given?.registers.filter(isContent) ?? [])
                        == Self.bytes(Self.shown(read, like: given).filter(isContent)),
                    "seed \(seed): \(String(decoding: world.bundle(), as: UTF8.self))")
            }
        }
    }

    /// Properties that changed are carried where they were fields, and the other way round: what counts is the
    /// fields.
    private static func shown(_ read: RecordImage?, like given: RecordImage?) -> [RegisterImage] {
        let carried = { (image: RecordImage?) in
            image?.registers.filter { $0.name.key?.hasPrefix("stix") == true } ?? []
        }
        let fields = read?.registers.filter { $0.name.key?.hasPrefix("stix") != true } ?? []
        return (fields + carried(given)).sorted { $0.name < $1.name }
    }
}

/// Invents STIX objects from a seed.
struct StixInvention {
    var chance: Invention

    init(seed: Int) { chance = Invention(seed: seed) }

    private static let types = [
        "identity", "threat-actor", "intrusion-set", "location", "note", "report", "observed-data", "opinion",
        "relationship", "malware", "campaign", "x-custom", "ipv4-addr", "file", "marking-definition",
        "language-content",
        "grouping",
    ]

    private static let names = [
        "name", "description", "abstract", "content", "labels", "aliases", "authors", "explanation",
        "opinion",
        "confidence", "revoked", "lang", "x_foo", "object_refs", "external_references", "value", "pattern",
        "extensions", "published", "first_observed", "identity_class", "object_marking_refs",
        "granular_markings",
    ]

    mutating func object(_ digit: Int) -> String {
        let type = chance.pick(Self.types)
        var members = Self.names.filter { _ in chance.chance(35) }.map { "\"\($0)\":\(property($0))" }
        if chance.chance(80) { members.append(#""created":"2026-01-02T03:04:05.678901Z""#) }
        if chance.chance(80) { members.append(#""modified":"2026-01-02T03:04:05.678901Z""#) }
        if type == "relationship" {
            members.append(#""relationship_type":"\#(chance.pick(["uses", "duplicate-of"]))""#)
            members.append(#""source_ref":"\#(Stix.id("tool", chance.below(9)))""#)
            members.append(#""target_ref":"\#(Stix.id("identity", chance.below(9)))""#)
        }
        let all = [#""type":"\#(type)""#, #""id":"\#(Stix.id(type, digit))""#] + members
        return "{" + all.joined(separator: ",") + "}"
    }

    private mutating func property(_ name: String) -> String {
        if chance.chance(15) { return anything(0) }
        switch name {
        case "labels", "aliases", "authors": return list { $0.text() }
        case "object_refs": return list { "\"" + Stix.id("malware", $0.chance.below(9)) + "\"" }
        case "object_marking_refs":
            return list {
                "\"marking-definition--"
                    + $0.chance.pick([
                        "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "f88d31f6-486f-44da-b317-01333bde0b82",
                        "00000000-0000-4000-8000-000000000009",
                    ]) + "\""
            }
        case "external_references":
            return list {
                #"{"source_name":\#($0.text()),"external_id":\#($0.text()),"description":\#($0.text())}"#
            }
        case "confidence": return "\(chance.below(120))"
        case "revoked": return chance.pick(["true", "false"])
        case "opinion": return chance.pick([#""agree""#, #""x""#])
        case "published", "first_observed": return chance.pick([#""2026-01-02T00:00:00Z""#, #""soon""#])
        default: return text()
        }
    }

    private mutating func list(_ item: (inout StixInvention) -> String) -> String {
        "[" + (0..<chance.below(4)).map { _ in item(&self) }.joined(separator: ",") + "]"
    }

    private mutating func text() -> String {
        let text = chance.pick([
            chance.line(), chance.text(), chance.anyText(), "", String(repeating: "long ", count: 60),
        ])
        let json = try? JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)
        return json.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    private mutating func anything(_ depth: Int) -> String {
        switch chance.below(depth > 9 ? 5 : 8) {
        case 0: return "null"
        case 1: return chance.pick(["true", "false"])
        case 2: return chance.pick(["0", "-1.5", "1e3", "0.000001", "12345678901234567", "{}", "[]"])
        case 3, 4: return text()
        case 5, 6:
            let count = chance.below(3)
            return "[" + (0..<count).map { _ in anything(depth + 1) }.joined(separator: ",") + "]"
        default: return #"{"\#(chance.pick(["a", "cbor", "type"]))":\#(anything(depth + 1))}"#
        }
    }

    static func bundle(_ objects: [String]) -> String {
        #"{"type":"bundle","id":"\#(Stix.id("bundle", 1))","objects":["# + objects.joined(separator: ",\n")
            + "]}"
    }
}
