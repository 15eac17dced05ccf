import ParleyCore
import ParleyExchange
import Testing

@Suite("A mapping makes records of foreign files")
struct MappingTests {
    private static func one(_ element: String, _ fields: String) throws -> RecordDraft {
        let yaml = "elements: list\nrecords:\n  - kind: judgment\n    key: \"a:{id}\"\n    fields:\n"
        let indented = fields.split(separator: "\n").map { "      \($0)\n" }.joined()
        let mapped = try Mapped("{\"list\": [\(element)]}", by: yaml + indented)
        #expect(mapped.faults.isEmpty)
        return try #require(mapped.drafts.first)
    }

    private static func refusal(_ element: String, _ fields: String) throws -> String? {
        let yaml = "elements: list\nrecords:\n  - kind: judgment\n    key: \"a:{id}\"\n    fields:\n"
        let indented = fields.split(separator: "\n").map { "      \($0)\n" }.joined()
        let mapped = try Mapped("{\"list\": [\(element)]}", by: yaml + indented)
        #expect(mapped.drafts.isEmpty && mapped.faults.count == 1)
        return mapped.faults.first?.reason
    }

    @Test("paths lead into objects and lists, and past names with dots")
    func paths() throws {
        let draft = try Self.one(
            #"{"id": 7, "a": {"b": ["first", {"c": "deep"}, "last"]}, "d.e": "dotted", "who": [{"n": "x"}, {}, {"n": "y"}]}"#,
            #"""
            title: a.b.1.c
            text: a.b.-1
            criterion: d\.e
            basis: {from: [nothing, a.none, a.b.0]}
            tags: who.*.n
            x.one: a.b
            """#)
        #expect(draft.keys == ["a:7"])
        #expect(draft.text("title") == "deep" && draft.text("text") == "last")
        #expect(draft.text("criterion") == "dotted" && draft.text("basis") == "first")
        #expect(draft["tags:x"] == .value(.bool(true)) && draft["tags:y"] != nil)
        #expect(draft.value("x.one")?.list?[0] == .text("first"))
    }

    @Test("conversions: days, probabilities, percents, lists, translations, defaults, absent marks")
    func conversions() throws {
        let draft = try Self.one(
            #"{"id": "q", "t": "2026-08-06T23:59:00+02:00", "p": 12.34567891, "l": ["a", 2, true], "w": "N/A", "c": "HIGH", "s": "a; b;;c"}"#,
            #"""
            due: {from: t, as: date}
            outcome: {tuple: {result: {value: no}, date: {from: t, as: date}}}
            stance@~x: {tuple: {value: {value: agree}, why: {text: "{p|percent} of {t|date} {{x}}"}}}
            text: {from: l, join: ", "}
            basis: {from: w, absent: [N/A], default: none given}
            confidence: {from: c, values: {HIGH: high, LOW: low}}
            likelihood: {from: c, values: {x: likely}, else: }
            tags: {from: s, split: ";"}
            """#)
        #expect(draft.text("due") == "2026-08-06")
        #expect(draft.value("outcome") == .list([.text("no"), .text("2026-08-06")]))
        #expect(draft.value("stance@~x") == .list([.text("agree"), .text("0.123457 of 2026-08-06 {x}")]))
        #expect(draft.text("text") == "a, 2, true" && draft.text("basis") == "none given")
        #expect(draft.text("confidence") == "high" && draft["likelihood"] == nil)
        #expect(draft["tags:a"] != nil && draft["tags:b"] != nil && draft["tags:c"] != nil)
    }

    @Test("numbers are translated by what they mean, texts by their letters")
    func literals() throws {
        for element in ["{\"id\": 1, \"r\": 1.0}", "{\"id\": 1, \"r\": \"1\"}", "{\"id\": 1, \"r\": 1e0}"] {
            let draft = try Self.one(
                element, "outcome: {tuple: {result: {from: r, values: {\"0.0\": no, \"1.0\": yes}}}}")
            #expect(draft.value("outcome") == .list([.text("yes")]))
        }
        let reason = try Self.refusal(
            "{\"id\": 1, \"r\": 0.5}", "outcome: {tuple: {result: {from: r, values: {0: no, 1: yes}}}}")
        #expect(
            reason
                == "element 1: judgment.outcome: \"0.5\" is none of the values that the mapping translates: 0, 1"
        )
    }

    @Test("texts that do not fit are made fit, and nothing of them is lost")
    func fitting() throws {
        let long = Array(repeating: "wörd", count: 60).joined(separator: " ")
        let huge = String(repeating: "ä\n", count: 40_000)
        let draft = try Self.one(
            "{\"id\": 1, \"t\": \"\(long)\", \"b\": \"\(huge.replacing("\n", with: "\\n"))\", \"c\": \" a\\r\\nb\\rc\\u0007\\td \"}",
            "title: t\ntext: b\ncriterion: c\nbasis: {text: \"{t}\"}")
        let title = try #require(draft.text("title"))
        #expect(title.unicodeScalars.count <= 200 && title.hasSuffix("wörd…") && draft.text("x.t") == long)
        #expect(draft.text("text")?.utf8.count == 65_535 && draft.text("x.b") == huge)
        #expect(draft.text("criterion") == "a\nb\nc\td" && draft.text("x.c") == " a\r\nb\rc\u{7}\td ")
        #expect(draft.text("basis") == long && draft["x.basis"] == nil)
        let fits = try Self.one(
            "{\"id\": 1, \"t\": \"short\", \"c\": \"a\\r\\nb \"}", "title: t\ncriterion: c")
        #expect(fits.addresses == ["criterion", "title"])
        // What an earlier file had carried is taken back.
        let column = RegisterName(field: Field.columnsTag, key: "t")
        #expect(fits.writes.contains(DraftWrite(column, .value(.null))))
    }

    @Test("rest carries what is not mapped, and what did not arrive whole")
    func rest() throws {
        let yaml = """
            format: jsonl
            records:
              - kind: evidence
                key: "e:{id}"
                except: [secret]
                fields: {title: name, happened: {from: when, as: date}, speaker: {from: who, values: {a: Ann, b: Ben}}}
                rest: x.feed
            """
        let mapped = try Mapped(
            #"{"id":1,"name":"n","when":"2026-01-02T03","who":"a","secret":1,"deep":{"l":[1.5]},"e":[],"n":null,"d":[[[[[[[[[[0]]]]]]]]]]}"#,
            by: yaml)
        let draft = try #require(mapped.drafts.first)
        #expect(
            draft.addresses == [
                "happened", "speaker", "title", "x.feed.d", "x.feed.deep", "x.feed.id", "x.feed.when",
            ])
        #expect(draft.text("x.feed.d") == "[[[[[[[[[[0]]]]]]]]]]" && draft.value("x.feed.id") == .int(1))
    }

    @Test("conditions: equal, one of, none of, present, a number in a range")
    func conditions() throws {
        let elements = #"""
            {"id":1,"a":"x","n":"0.5","t":true}
            {"id":2,"a":"y","n":0.999999,"t":"true"}
            {"id":3,"a":"z","n":1.5,"t":false}
            {"id":4,"a":"N/A","n":"N/A"}
            """#
        let ids = { (condition: String) in
            let yaml =
                "format: jsonl\nabsent: [N/A]\nrecords:\n  - {kind: note, key: \"n:{id}\", rest: x, when: {\(condition)}}"
            return try Mapped(elements, by: yaml).drafts.map { String($0.keys[0].dropFirst(2)) }.joined()
        }
        #expect(try ids("a: x") == "1" && ids("a: [x, z]") == "13" && ids("t: true") == "12")
        #expect(try ids("a: {not: [x, y]}") == "34" && ids("t: {present: false}") == "4")
        #expect(try ids("a: {present: true}") == "123" && ids("n: {between: [0, 1]}") == "12")
        #expect(try ids("n: {between: [0.5, 2], not: 0.5}, t: {present: true}") == "23")
    }

    @Test("records of parts, links, references, voices and members of the document")
    func parts() throws {
        let yaml = """
            elements: data.rows
            source: feed
            records:
              - kind: judgment
                key: ["j:{id}", "old:{id}"]
                label: "J{id}"
                fields: {title: {text: "{name} ({$document.set.day}, row {$row})"}}
                links:
                  - {rel: depends_on, to: "d:{driver}", when: {driver: {present: true}}}
              - kind: estimate
                each: votes
                key: "p:{id}:{$number}"
                when: {$item.p: {present: true}}
                fields:
                  judgment: {text: "j:{id}"}
                  value@~{$item.by}: {tuple: {p: $item.p}}
            """
        let mapped = try Mapped(
            #"{"set":{"day":"2026-01-01"},"data":{"rows":[{"id":1,"name":"a","driver":"x","votes":[{"by":"ann","p":0.25},{"by":"bo"},{"by":"cy","p":1}]},{"id":2,"name":"b"}]}}"#,
            by: yaml)
        #expect(mapped.faults.isEmpty)
        #expect(mapped.drafts.map(\.kindName) == ["judgment", "link", "estimate", "estimate", "judgment"])
        #expect(mapped.drafts[0].keys == ["j:1", "old:1"] && mapped.drafts[0].label == "J1")
        #expect(mapped.drafts[0].text("title") == "a (2026-01-01, row 1)")
        let link = mapped.drafts[1]
        #expect(link.text("from") == "j:1" && link.text("rel") == "depends_on" && link.text("to") == "d:x")
        #expect(mapped.drafts[2].text("judgment") == "j:1")
        #expect(mapped.drafts[2].value("value@~ann") == .list([.int(250_000)]))
        #expect(mapped.drafts[3].keys == ["p:1:3"])
        #expect(mapped.drafts[3].value("value@~cy") == .list([.int(1_000_000)]))
    }

    @Test("a table too large to be turned is said once, and what stood before is kept")
    func full() throws {
        let yaml =
            "format: csv\nrecords:\n  - {kind: note, key: \"n:{$name}\", each: columns, collect: true, fields: {\"x.r{$row}\": $value}}"
        let header = (1...1000).map { "c\($0)" }.joined(separator: ",") + "\n"
        let row = Array(repeating: "1", count: 1000).joined(separator: ",") + "\n"
        let text = header + String(repeating: row, count: 1003)
        let mapped = try Mapped(Array(text.utf8), by: try Mapping(yaml: Array(yaml.utf8)), chunk: 65_536)
        #expect(mapped.drafts.count == 1000 && mapped.drafts.allSatisfy { $0.writes.count == 1000 })
        #expect(mapped.faults.map(\.line) == [1002])
        #expect(mapped.faults.first?.reason.contains("from here on nothing is collected") == true)
    }

    @Test("a path that leads nowhere in any element is told: it may be a slip")
    func unseen() throws {
        let yaml = """
            format: jsonl
            records:
              - kind: judgment
                key: "a:{id}"
                when: {gone: {present: false}}
                fields: {title: titel, text: a.b, basis: {from: [x, y]}, due: n}
            """
        var reader = MappedReader(try Mapping(yaml: Array(yaml.utf8)))
        let lines = Array("{\"id\": 1, \"title\": \"t\", \"n\": null}\n{\"id\": 2, \"a\": {\"c\": 1}}\n".utf8)
        try reader.feed(lines[...]) { _ in }
        try reader.finish { _ in }
        #expect(reader.unseen == ["a.b", "titel"])
    }

    @Test("an id that is a list names one thing")
    func combined() throws {
        let draft = try Self.one(#"{"id": ["b", "a", 3]}"#, "title: {text: \"about {id}\"}\nx.id: id")
        #expect(draft.keys == ["a:b+a+3"] && draft.text("title") == "about b+a+3")
        #expect(draft.value("x.id") == .list([.text("b"), .text("a"), .int(3)]))
    }

    @Test("CSV by a mapping: columns are paths, dots and all; decimal comma; collected columns")
    func csv() throws {
        let yaml = #"""
            format: csv
            decimal: comma
            records:
              - kind: estimate
                each: columns
                except: [who, "it.em"]
                collect: true
                key: "c:{$name}"
                fields:
                  x.first: it.em
                  value@~{who}: {tuple: {p: {from: $value, as: probability}}}
            """#
        let mapped = try Mapped("\u{FEFF}who;it.em;A;B\r\nann;i;0,5;\r\nbo;i;0,25;1\r\n", by: yaml, chunk: 3)
        #expect(mapped.faults.isEmpty && mapped.drafts.map(\.keys) == [["c:A"], ["c:B"]])
        #expect(mapped.drafts[0].addresses == ["value@~ann", "value@~bo", "x.first"])
        #expect(mapped.drafts[0].value("value@~bo") == .list([.int(250_000)]))
        #expect(mapped.drafts[1].addresses == ["value@~bo", "x.first"])
        let contradiction = try Mapped("who;it.em;A\nann;i;1\nann;i;0\n", by: yaml)
        #expect(contradiction.faults.map(\.reason) == ["c:A: says something else than line 2"])
        let ragged = try Mapped("who;it.em;A\nann;i\n\"x;y\nbo;i;1\n", by: yaml)
        #expect(ragged.faults.map(\.line) == [2, 3] && ragged.drafts.count == 1)
    }

    @Test("refused elements keep their bytes, once, as JSON Lines that the same mapping reads")
    func refused() throws {
        let yaml = """
            elements: list
            records:
              - kind: judgment
                key: "a:{id}"
                fields: {title: t, due: due, likelihood: {from: l, misfit: carry}}
              - {kind: evidence, key: "b:{id}", fields: {happened: due}}
            """
        let mapped = try Mapped(
            "{\"list\": [{\"id\": 1,\n \"t\": \"x\", \"due\": \"2026-02-30\"}, {\"t\": 1}, {\"id\": 3, \"t\": \"y\", \"l\": \"perhaps\"}]}",
            by: yaml)
        #expect(
            mapped.faults.map(\.reason) == [
                "element 1: judgment.due: \"2026-02-30\" is not a date: YYYY, YYYY-MM or YYYY-MM-DD",
                "element 1: evidence.happened: \"2026-02-30\" is not a date: YYYY, YYYY-MM or YYYY-MM-DD",
                "element 2: nothing to fill the key \"a:{id}\" with",
                "element 2: nothing to fill the key \"b:{id}\" with",
            ])
        #expect(mapped.faults.map(\.line) == [1, 1, 2, 2])
        let lines = mapped.faults.filter { !$0.raw.isEmpty }.map { String(decoding: $0.raw, as: UTF8.self) }
        #expect(lines == ["{\"id\": 1,  \"t\": \"x\", \"due\": \"2026-02-30\"}", "{\"t\": 1}"])
        #expect(mapped.drafts[0].text("x.l") == "perhaps" && mapped.drafts[0]["likelihood"] == nil)
        let mended = lines[0].replacing("30", with: "28") + "\n"
        #expect(try Mapped(mended, by: yaml, as: .jsonl).drafts.map(\.keys) == [["a:1"], ["b:1"]])
    }

    @Test("a day where a date is wanted is offered, a structure where a text is wanted explained")
    func hints() throws {
        #expect(
            try Self.refusal("{\"id\": 1, \"d\": \"2026-08-06T00:00:00Z\"}", "due: d")?.hasSuffix(
                "(\"as: date\" takes the day of a timestamp)") == true)
        #expect(
            try Self.refusal("{\"id\": 1, \"d\": [1]}", "title: d")
                == "element 1: judgment.title: a list is no text: \"join: , \" makes a text of it")
        #expect(
            try Self.refusal("{\"id\": 1, \"d\": {\"e\": 1}}", "title: d")
                == "element 1: judgment.title: an object is no text: name one of its members")
    }
}
