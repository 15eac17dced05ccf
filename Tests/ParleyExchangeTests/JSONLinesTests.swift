import ParleyCore
import ParleyExchange
import Testing

func readJSONLines(_ bytes: [UInt8], chunk: Int = .max, me: String? = nil) -> [Result<
    RecordDraft, DraftFault
>] {
    var reader = JSONLinesReader(me: me)
    var results: [Result<RecordDraft, DraftFault>] = []
    var start = 0
    while start < bytes.count {
        let end = bytes.count - start > chunk ? start + chunk : bytes.count
        reader.feed(bytes[start..<end]) { results.append($0) }
        start = end
    }
    reader.finish { results.append($0) }
    return results
}

func readJSONLine(_ text: String, me: String? = nil) throws -> RecordDraft {
    try #require(readJSONLines(Array(text.utf8), me: me).first).get()
}

func fault(_ text: String) -> DraftFault? {
    guard case .failure(let fault)? = readJSONLines(Array(text.utf8)).first else { return nil }
    return fault
}

@Suite struct JSONLinesTests {
    static let id = "3KQ7F9QX2M3KQ7F9QX2M3KQ7F8"

    @Test("what is exported, imported and exported again has the same bytes")
    func roundTrip() throws {
        let schema = Schema.assessments
        for seed in 0..<3000 {
            var invention = Invention(seed: seed)
            let kind = invention.pick(schema.kinds + [Kind(14, "#14", "?", own: [])])
            let image = invention.image(kind)
            let line = JSONLinesWriter().line(image)
            let result = try #require(readJSONLines(line, chunk: 1 + seed % 50).first, "seed \(seed)")
            let draft = try result.get()
            let again = try #require(RecordImage(draft), "seed \(seed)")
            #expect(
                again.fingerprint == image.fingerprint,
                "seed \(seed): \(String(decoding: line, as: UTF8.self))")
            #expect(JSONLinesWriter().line(again) == line, "seed \(seed)")
        }
    }

    @Test("members and fields are sorted, and controls are escaped")
    func form() {
        let name = RecordName(kind: 3, id: RecordID(1))
        let image = RecordImage(
            name: name,
            registers: [
                RegisterImage(RegisterName(field: 1), .text("a\"\\/é")),
                RegisterImage(RegisterName(field: 8, key: "moscow"), .bool(true)),
                RegisterImage(RegisterName(field: 10, key: "c"), .text("\u{1}\u{7F}\t\n")),
                RegisterImage(RegisterName(field: 16), .text("likely")),
                RegisterImage(
                    RegisterName(field: 22, key: "olga"), .list([.text("agree"), .text("because")])),
                RegisterImage(RegisterName(field: 37), .int(1)),
            ])
        let line = String(decoding: JSONLinesWriter().line(image), as: UTF8.self)
        let expected =
            ##"{"fields":{"#37":{"cbor":"01"},"likelihood":"likely","stance@olga":["agree","because"],"tags:moscow":true,"##
            + ##""title":"a\"\\/é","x.c":"\u0001\u007f\t\n"},"id":"J-00000000000000000000000004","kind":"judgment"}"##
        #expect(line == expected + "\n")
    }

    @Test("a reference shows the letter of the kind that it names, where that is known")
    func referenceLetters() {
        let image = RecordImage(
            name: RecordName(kind: 8, id: RecordID(1)),
            registers: [RegisterImage(RegisterName(field: 21), .ref(RecordID(2)))])
        let line = JSONLinesWriter(kindOf: { $0 == RecordID(2) ? 9 : nil }).line(image)
        #expect(String(decoding: line, as: UTF8.self).contains(#""source":"R-00000000000000000000000008""#))
    }

    @Test(
        "values are read by the type of their field",
        arguments: [
            (#""title":"x""#, 1, nil, DraftContent.value(.text("x"))),
            (#""title":null"#, 1, nil, .value(.null)),
            (#""title":"\u0041\ud83d\ude80\/""#, 1, nil, .value(.text("A🚀/"))),
            (#""due":"2026-12""#, 20, nil, .value(.text("2026-12"))),
            (#""tags:moscow":false"#, 8, "moscow", .value(.bool(false))),
            (#""tags":["a"]"#, 8, "a", .value(.bool(true))),
            (#""parent":"J1""#, 4, nil, .text("J1")),
            (#""parent":"fb:manifold:x""#, 4, nil, .text("fb:manifold:x")),
            (#""parent":"J-00000000000000000000000004""#, 4, nil, .value(.ref(RecordID(1)))),
            (#""parent":"00000000000000000000000004""#, 4, nil, .value(.ref(RecordID(1)))),
            (#""stance@olga":"agree""#, 22, "olga", .value(.list([.text("agree")]))),
            (#""stance":["agree",null]"#, 22, "me", .value(.list([.text("agree")]))),
            (
                #""stance@olga":{"why":"y","value":"agree"}"#, 22, "olga",
                .value(.list([.text("agree"), .text("y")]))
            ),
            (#""outcome":["yes","2026","S1"]"#, 21, nil, .text("yes | 2026 | S1")),
            (#""outcome":["yes",null,"S1"]"#, 21, nil, .text("yes |  | S1")),
            (#""outcome":{"result":"no"}"#, 21, nil, .value(.list([.text("no")]))),
            (#""x.a":[1,{"b":true}]"#, 10, "a", .value(.list([.int(1), .other([0xA1, 0x61, 0x62, 0xF5])]))),
            (#""x.a":0.1"#, 10, "a", .value(.other([0xC4, 0x82, 0x20, 0x01]))),
            (#""x.a":1.0e2"#, 10, "a", .value(.int(100))),
            (#""x.a":{"cbor":"f7"}"#, 10, "a", .value(.other([0xF7]))),
            (##""#37@k":{"cbor":"01"}"##, 37, "k", .value(.int(1))),
            (#""due":{"cbor":"01"}"#, 20, nil, .value(.int(1))),
        ])
    func typedValues(_ member: String, _ field: Int, _ key: String?, _ content: DraftContent) throws {
        let draft = try readJSONLine(#"{"kind":"judgment","fields":{\#(member)}}"#, me: "me")
        #expect(draft.writes == [DraftWrite(RegisterName(field: UInt32(field), key: key), content)])
    }

    @Test(
        "a probability is read to the millionth and not beyond",
        arguments: [
            ("0.8", 800_000), ("0.000001", 1), ("1", 1_000_000), ("0", 0), ("8e-1", 800_000),
            ("0.8000000", 800_000),
        ])
    func probabilities(_ number: String, _ millionths: Int64) throws {
        let draft = try readJSONLine(
            #"{"kind":"estimate","fields":{"value@a":[\#(number),null,"2026-08-06"]}}"#)
        #expect(draft.writes[0].content == .value(.list([.int(millionths), .null, .text("2026-08-06")])))
    }

    @Test("a record is named by id, key, keys or label, or is new")
    func identity() throws {
        let draft = try readJSONLine(
            #"{"kind":"judgment","key":"a:b","label":"J1","keys":["c:d"],"fields":{"keys:e:f":true}}"#)
        #expect(draft.keys == ["a:b", "c:d", "e:f"])
        #expect(draft.label == "J1" && draft.id == nil)
        #expect(try readJSONLine(#"{"kind":"judgment","id":"J-\#(Self.id)"}"#).id?.text == Self.id)
        #expect(try readJSONLine(#"{"kind":"judgment","id":"\#(Self.id)"}"#).id?.text == Self.id)
        let new = try readJSONLine(#"{"kind":"judgment","fields":{}}"#)
        #expect(new.id == nil && new.keys.isEmpty && new.label == nil)
    }

    @Test("an empty string is absent, but a text of its own in a native export")
    func emptyStrings() throws {
        #expect(try readJSONLine(#"{"kind":"judgment","fields":{"title":"","x.a":""}}"#).writes.isEmpty)
        let native = try readJSONLine(#"{"kind":"judgment","id":"\#(Self.id)","fields":{"title":""}}"#)
        #expect(native.writes.map(\.content) == [.value(.text(""))])
    }

    @Test("lines may come in chunks of any size, end in CRLF, be empty, and begin with a byte order mark")
    func chunks() throws {
        let text =
            "\u{FEFF}{\"kind\":\"judgment\",\"label\":\"J1\"}\r\n\r\n{\"kind\":\"driver\",\"label\":\"Д1\"}"
        for size in 1...text.utf8.count {
            let drafts = try readJSONLines(Array(text.utf8), chunk: size).map { try $0.get() }
            #expect(drafts.map(\.label) == ["J1", "Д1"])
            #expect(drafts.map(\.line) == [1, 3])
        }
    }

    @Test("a bad line is refused with its bytes and the rest goes on")
    func badLines() throws {
        let text = "{\"kind\":\"judgment\"}\n{oops\n{\"kind\":\"driver\"}\n"
        let results = readJSONLines(Array(text.utf8))
        #expect(results.count == 3)
        guard case .failure(let fault) = results[1] else { return #expect(Bool(false), "line 2 was read") }
        #expect(fault.line == 2 && fault.column == 2 && fault.raw == Array("{oops".utf8))
        #expect(try results[2].get().kind == 5)
    }

    @Test("a line beyond the limit is refused and costs no memory")
    func longLine() throws {
        let filler = [UInt8](repeating: 0x61, count: 5 * 1024 * 1024)
        let results = readJSONLines(filler + Array("\n{\"kind\":\"driver\"}".utf8), chunk: 65_536)
        #expect(results.count == 2)
        guard case .failure(let fault) = results[0] else {
            return #expect(Bool(false), "the long line was read")
        }
        #expect(fault.line == 1 && fault.raw.count <= 1024)
        #expect(try results[1].get().line == 2)
    }
}

@Suite struct JSONFaultTests {
    @Test(
        "a value that does not fit names field, given and allowed",
        arguments: [
            (#""due":"4O May""#, #"judgment.due: "4O May" is not a date: YYYY, YYYY-MM or YYYY-MM-DD"#),
            (#""due":5"#, "judgment.due: 5 is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
            (#""confidence":"medium""#, #"judgment.confidence: "medium" is not one of low, moderate, high"#),
            (#""deleted":"yes""#, #"judgment.deleted: "yes" is not yes or no"#),
            (#""titel":"x""#, #"judgment has no field "titel"; near: title"#),
            (#""stance":"agree""#, "judgment.stance needs a key: stance@.."),
            (#""title:x":"y""#, #"judgment.title takes no key, given "title:x""#),
            (#""title":"a","title":"b""#, "a field stands twice"),
            (#""outcome":[]"#, "judgment.outcome: [] is not result | date | source"),
            (#""title":"a\u0007""#, #"judgment.title: "a\u0007" is not one line"#),
        ])
    func sentences(_ member: String, _ sentence: String) {
        let fault = fault(#"{"fields":{\#(member)},"kind":"judgment"}"#)
        #expect(fault?.reason.hasPrefix(sentence) == true, "\(fault?.reason ?? "none")")
        #expect(fault?.line == 1)
    }

    @Test(
        "what is not JSON is refused where it goes wrong",
        arguments: [
            (#"{"kind":"judgment"} x"#, 21), (#"{"kind":"judgment",}"#, 20), (#"{"kind" "judgment"}"#, 9),
            (#"{"kind":'judgment'}"#, 9), (#"{"kind":"judgment","fields":{"x.a":01}}"#, 36),
            (#"{"kind":"judgment","fields":{"x.a":1.}}"#, 38),
            (#"{"kind":"judgment","fields":{"x.a":tru}}"#, 36),
            (#"{"kind":"judgment","fields":{"x.a":"\q"}}"#, 37),
            (#"{"kind":"judgment","fields":{"x.a":"\ud800"}}"#, 37),
            (#"{"kind":"judgment","fields":{"x.a":"b}}"#, 36),
            (#"{"kind":"judgment","fields":{"x.a":NaN}}"#, 36),
            ("{\"kind\":\"judgment\",\"fields\":{\"title\":\"é\t\"}}", 40), ("[1]", 1),
            (#"{"fields":{}}"#, 1),
            (#"{"kind":"judgment","kind":"driver"}"#, 21), (#"{"kind":"judgement"}"#, 9),
            (#"{"kind":"judgment","id":"E-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8"}"#, 25),
            (#"{"kind":"judgment","id":"J-88PD"}"#, 25),
        ])
    func strictness(_ line: String, _ column: Int) {
        #expect(fault(line)?.column == column, "\(fault(line)?.reason ?? "read")")
    }

    @Test("bytes that are not UTF-8 are refused at the first wrong one")
    func notUTF8() {
        let line =
            Array(#"{"kind":"judgment","fields":{"title":"é"#.utf8) + [0xC3, 0x28] + Array(#""}}"#.utf8)
        guard case .failure(let fault)? = readJSONLines(line).first else {
            return #expect(Bool(false), "it was read")
        }
        #expect(fault.column == 40 && fault.reason == "judgment.title: not UTF-8")
    }

    @Test("no bytes at all make the reader fail otherwise than by a fault")
    func mutations() {
        let base = Array(
            #"{"fields":{"stance@a":["agree","ü"],"tags":["b"],"x.c":[{"d":1.5e3},null]},"id":"\#(JSONLinesTests.id)","kind":"judgment"}"#
                .utf8)
        var count = 0
        for seed in 0..<20_000 {
            var invention = Invention(seed: seed)
            var bytes = base
            for _ in 0...invention.below(3) {
                let index = invention.below(bytes.count)
                if invention.chance(30) {
                    bytes.remove(at: index)
                } else {
                    bytes[index] = UInt8(invention.below(256))
                }
            }
            count += readJSONLines(bytes, chunk: 64).count
        }
        #expect(count >= 20_000)
    }
}
