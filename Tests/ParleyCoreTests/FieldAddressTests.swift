import Chance
import ParleyCore
import Testing

@Suite("Addresses of registers")
struct FieldAddressTests {
    private var judgment: Kind {
        get throws { try #require(Schema.assessments[name: "judgment"]) }
    }

    @Test(
        "addresses are read",
        arguments: [
            ("title", 1, nil), ("stance@olga", 22, "olga"), ("stance@~Ken O.", 22, "~Ken O."),
            ("tags:moscow", 8, "moscow"), ("tags:a:b@c.d", 8, "a:b@c.d"), ("x.col", 10, "col"),
            ("x.a.b", 10, "a.b"), ("x.@me", 10, "@me"), ("x. padded ", 10, " padded "), ("x..", 10, "."),
            ("x.\u{301}accent", 10, "\u{301}accent"), ("tags:\u{200D}joiner", 8, "\u{200D}joiner"),
            ("tags:\u{1F3FB}", 8, "\u{1F3FB}"), ("x.#", 10, "#"), ("x.Спрос, %", 10, "Спрос, %"),
            ("#17", 17, nil), ("#4294967295@k", 4_294_967_295, "k"), ("#17@a@b", 17, "a@b"),
            ("#17@\u{301}", 17, "\u{301}"),
        ] as [(String, UInt32, String?)])
    func reading(text: String, field: UInt32, key: String?) throws {
        let kind = try judgment
        let register = try kind.register(named: text)
        #expect(register == RegisterName(field: field, key: key))
        if !text.hasPrefix("#") { #expect(kind.text(of: register) == text) }
        #expect(try kind.register(named: kind.text(of: register)) == register)
    }

    @Test(
        "faults say what is wrong",
        arguments: [
            ("", .unknownField), ("titel", .unknownField), ("title@olga", .takesNoKey),
            ("title.", .takesNoKey),
            ("stance", .needsKey), ("tags", .needsKey), ("tags:", .badKey), ("tags@moscow", .badKey),
            ("stance:olga", .badKey), ("x.a\nb", .badKey), ("x.a\u{7F}", .badKey), ("x.a\u{85}", .badKey),
            ("x." + String(repeating: "k", count: 513), .badKey), ("#", .unknownField), ("#x", .unknownField),
            ("#-1", .unknownField), ("#4294967296", .unknownField), ("#17@", .badKey),
            ("#17@a\u{1B}", .badKey),
            ("@olga", .unknownField), (".x", .unknownField),
        ] as [(String, FieldFault.Reason)])
    func faults(text: String, reason: FieldFault.Reason) throws {
        let kind = try judgment
        do throws(FieldFault) {
            let register = try kind.register(named: text)
            Issue.record("\(text) was read as \(register)")
        } catch {
            #expect(error.reason == reason)
        }
    }

    @Test("any key that may stand reads back, in every keyed field")
    func anyKey() throws {
        let kind = try judgment
        let letters: [Unicode.Scalar] = [
            "a", "@", ":", ".", "#", " ", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{1F3FB}", "й", "~",
            "\u{202E}",
        ]
        for seed in UInt64(1)...2000 {
            var dice = Dice(seed)
            var key = String.UnicodeScalarView()
            for _ in 0..<1 + dice.below(6) { key.append(dice.pick(letters)) }
            for field in [UInt32(8), 9, 10, 22, 60] {
                let register = RegisterName(field: field, key: String(key))
                let text = kind.text(of: register)
                #expect(try kind.register(named: text) == register, "seed \(seed): \(text)")
            }
        }
        promise("register addresses", count: 10_000)
    }

    @Test("one's own handle fills in for a missing analyst, and only there")
    func me() throws {
        let kind = try judgment
        #expect(try kind.register(named: "stance", me: "olga").key == "olga")
        #expect(try kind.register(named: "stance@ben", me: "olga").key == "ben")
        #expect(try kind.register(named: "title", me: "olga").key == nil)
        #expect(throws: FieldFault.self) { try kind.register(named: "tags", me: "olga") }
    }

    @Test("the nearest names come first")
    func nearestNames() {
        let names = ["title", "text", "tlp", "tags", "stance"]
        #expect(nearest(to: "titel", among: names) == ["title"])
        #expect(nearest(to: "tex", among: names) == ["text", "tlp"])
        #expect(nearest(to: "tgs", among: names) == ["tags", "tlp"])
        #expect(nearest(to: "stance", among: names) == ["stance"])
        #expect(nearest(to: "likelihood", among: names).isEmpty)
        #expect(nearest(to: "", among: ["a"]) == ["a"])
        #expect(nearest(to: "", among: []).isEmpty)
        #expect(nearest(to: String(repeating: "x", count: 5000), among: names).isEmpty)
    }

    @Test("tags, names and letters of the schema are given once")
    func schema() {
        let kinds = Schema.assessments.kinds
        #expect(kinds.count == 13)
        #expect(Set(kinds.map(\.letter)).count == 13)
        for kind in kinds {
            #expect(Set(kind.fields.map(\.tag)).count == kind.fields.count, "\(kind.name)")
            #expect(kind.fields.allSatisfy { $0.tag > 0 && $0.tag < Field.tagLimit })
            #expect(Schema.assessments[tag: kind.tag]?.name == kind.name)
            #expect(Schema.assessments.kind(letter: kind.letter)?.tag == kind.tag)
            for field in kind.fields { #expect(kind[tag: field.tag]?.name == field.name) }
            #expect(kind[tag: 64] == nil)
            #expect(kind[tag: .max] == nil)
        }
        #expect(Schema.assessments[tag: 99] == nil)
    }

    @Test("an act keeps attributes and kinds it does not know")
    func acts() throws {
        let bytes: [UInt8] = [0x80, 0x20, 2, 1, 0xF6, 0xC8, 1, 0x81, 1, 0, 0]
        let body = try ChangesetBody(decoding: bytes)
        #expect(body.act.kind == 4096)
        #expect(body.act.attributes == [1: .null, 200: .list([.int(1)])])
        #expect(body.act[.note] == .null)
        #expect(body.encodedAnew == bytes)
        var act = Act(.importing, [.source: .text("feed")])
        act[.part] = .int(2)
        act[.source] = nil
        #expect(act == Act(.importing, [.part: .int(2)]))
    }
}
