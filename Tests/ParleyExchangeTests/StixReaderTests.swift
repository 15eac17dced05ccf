import ParleyCore
import ParleyExchange
import Testing

@Suite("STIX comes in")
struct StixReaderTests {
    private func draft(_ object: String) throws -> RecordDraft {
        var world = StixWorld()
        try world.take(Stix.bundle(object))
        try #require(world.faults.isEmpty, "\(world.faults)")
        return try #require(world.drafts.first)
    }

    private static let types: [(type: String, more: String, kind: String, said: String?)] = [
        ("identity", #""name":"n","identity_class":"individual""#, "actor", "person"),
        ("identity", #""name":"n","identity_class":"organization""#, "actor", "organisation"),
        ("identity", #""name":"n","identity_class":"system""#, "actor", nil),
        ("threat-actor", #""name":"n","threat_actor_types":["nation-state"]"#, "actor", "state"),
        ("threat-actor", #""name":"n","resource_level":"individual""#, "actor", "person"),
        ("intrusion-set", #""name":"n""#, "actor", "group"),
        ("location", #""name":"n","country":"us""#, "actor", "place"),
        ("note", #""content":"c","object_refs":[]"#, "evidence", "statement"),
        ("report", #""name":"n""#, "evidence", "report"),
        ("grouping", #""name":"n""#, "evidence", "report"),
        ("observed-data", #""number_observed":3"#, "evidence", "observation"),
        ("indicator", #""pattern":"[a:b = 1]""#, "evidence", "data"),
        ("x-anything", #""a":1"#, "evidence", "data"),
        ("ipv4-addr", #""value":"10.0.0.1""#, "evidence", "data"),
        ("opinion", #""opinion":"agree""#, "note", nil),
        ("marking-definition", #""name":"m""#, "note", nil),
        ("language-content", #""object_modified":"x""#, "note", nil),
        ("extension-definition", #""name":"m""#, "note", nil),
    ]

    @Test(
        "each type becomes a kind, and says what it is",
        arguments: types)
    func kinds(_ type: String, _ more: String, _ kind: String, _ said: String?) throws {
        let draft = try draft(Stix.object(type, 1, more))
        #expect(draft.kindName == kind && draft.text("type") == said)
        #expect(draft.keys == ["stix:" + Stix.id(type, 1)])
        #expect(draft.version == Instant(milliseconds: 1_767_323_045_678))
        #expect(draft.text("x.stix.created") == "2026-01-02T03:04:05.678901Z")
        #expect(!draft.raw.isEmpty && draft.text("title") != nil)
    }

    @Test(
        "what an object is called that has no name",
        arguments: [
            ("ipv4-addr", #""value":"10.0.0.1""#, "ipv4-addr 10.0.0.1"),
            ("file", #""name":"a.exe""#, "file a.exe"), ("note", #""content":"one\ntwo""#, "one"),
            ("opinion", #""opinion":"agree""#, "opinion: agree"), ("malware", "", "malware 00000000"),
            ("x-a", #""name":"  \n ""#, "x-a 00000000"),
        ])
    func titles(_ type: String, _ more: String, _ title: String) throws {
        #expect(try draft(Stix.object(type, 1, more)).text("title") == title)
    }

    private static let levels: [(uuids: String, level: String?, isCarried: Bool)] = [
        ("94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", false),
        ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", false),
        ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", false),
        ("939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict", false),
        ("e828b379-4e03-4974-9ac4-e53a884c97c1", "red", false),
        ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "clear", true),
        ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", true),
        ("f88d31f6-486f-44da-b317-01333bde0b82", "amber", true),
        ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", true),
        ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb e828b379-4e03-4974-9ac4-e53a884c97c1", "red", true),
        ("00000000-0000-4000-8000-000000000009", nil, true),
    ]

    @Test(
        "markings of both generations of TLP are levels; the strictest counts, and unknown ones are carried",
        arguments: levels)
    func markings(_ uuids: String, _ level: String?, _ isCarried: Bool) throws {
        let refs = uuids.split(separator: " ").map { "\"marking-definition--\($0)\"" }.joined(separator: ",")
        let draft = try draft(Stix.object("malware", 1, #""name":"n","object_marking_refs":[\#(refs)]"#))
        #expect(draft.text("tlp") == level)
        #expect((draft["x.stix.object_marking_refs"] != nil) == isCarried)
    }

    private static let numbers: [(type: String, number: Int, credibility: String?)] = [
        ("note", 0, "5"), ("note", 19, "5"), ("report", 20, "4"), ("note", 39, "4"), ("note", 40, "3"),
        ("note", 60, "2"), ("note", 79, "2"), ("note", 80, "1"), ("note", 100, "1"), ("note", 101, nil),
        ("malware", 80, nil),
    ]

    @Test(
        "confidence is a credibility by the Admiralty scale, of what somebody states alone",
        arguments: numbers)
    func confidence(_ type: String, _ number: Int, _ credibility: String?) throws {
        let more = #""name":"n","content":"c","confidence":\#(number),"authors":["Dr. Ä. Smith"]"#
        let draft = try draft(Stix.object(type, 1, more))
        #expect(draft.text("credibility@~dr-smith") == credibility)
        #expect(draft.value("x.stix.confidence") == .int(Int64(number)))
    }

    @Test(
        "a relationship is a link: what says the same here, else related_to; the original stays",
        arguments: [
            ("duplicate-of", "duplicates"), ("related-to", "related_to"), ("derived-from", "depends_on"),
            ("supports", "supports"), ("uses", "related_to"), ("attributed-to", "related_to"),
        ])
    func relations(_ type: String, _ rel: String) throws {
        let ends = #""source_ref":"\#(Stix.id("malware", 2))","target_ref":"\#(Stix.id("identity", 3))""#
        let draft = try draft(Stix.object("relationship", 1, #""relationship_type":"\#(type)",\#(ends)"#))
        #expect(draft.kindName == "link" && draft.text("rel") == rel && draft.text("title") == type)
        #expect(draft["from"] == .record(key: "stix:" + Stix.id("malware", 2), kind: 8))
        #expect(draft["to"] == .record(key: "stix:" + Stix.id("identity", 3), kind: 11))
        #expect(draft.text("x.stix.relationship_type") == type)
    }

    @Test("references are keys and sources; the first is the evidence's own, others are cited")
    func references() throws {
        let more =
            #""name":"n","external_references":[{"source_name":"CVE","external_id":"CVE-1"},{"source_name":"a","url":"https://a.example/"},{"source_name":"b","description":"d"},{"source_name":"stix","external_id":"malware--x"}]"#
        var world = StixWorld()
        try world.take(Stix.bundle(Stix.object("malware", 1, more)))
        #expect(world.drafts.map(\.kindName) == ["evidence", "link", "source", "source"])
        #expect(
            world.drafts[0].addresses.filter { $0.hasPrefix("keys:") } == [
                "keys:cve:CVE-1", "keys:stix:" + Stix.id("malware", 1),
            ])
        #expect(
            world.drafts[2].text("url") == "https://a.example/" && world.drafts[3].text("descriptor") == "d")
        #expect(world.drafts[0].text("source") == world.drafts[2].keys[0])
        #expect(
            world.drafts[1].text("to") == world.drafts[3].keys[0] && world.drafts[1].text("rel") == "cites")
    }

    @Test("what is revoked is marked by a tag and stays")
    func revoked() throws {
        let draft = try draft(
            Stix.object("malware", 1, #""name":"n","revoked":true,"labels":["a","revoked"]"#))
        #expect(draft.value("tags:revoked") == .bool(true) && draft.value("tags:a") == .bool(true))
        #expect(draft.value("x.stix.revoked") == .bool(true) && draft["deleted"] == nil)
    }

    private static let bad: [(object: String, reason: String)] = [
        (#"{"id":"malware--00000000-0000-4000-8000-000000000001"}"#, "an object without a type"),
        (#"{"type":"malware"}"#, "a malware without an id"),
        (#"{"type":"malware","id":7}"#, "the id \"7\" is not TYPE--UUID"),
        (#"{"type":"malware","id":"malware--1"}"#, "the id \"malware--1\" is not TYPE--UUID"),
        (
            #"{"type":"tool","id":"malware--00000000-0000-4000-8000-000000000001"}"#,
            "is not the id of a tool"
        ),
        (#"{"type":"Tool","id":"Tool--00000000-0000-4000-8000-000000000001"}"#, "is not TYPE--UUID"),
        ("7", "this is a number, not an object"), ("[]", "this is a list, not an object"),
        (
            #"{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001"}"#,
            "a bundle within a bundle"
        ),
        (#"{"type":"tool","type":"tool"}"#, "stands twice"),
        (
            Stix.object("relationship", 1, #""relationship_type":"uses""#),
            "a relationship without source_ref"
        ),
        (
            Stix.object(
                "relationship", 1,
                #""relationship_type":"uses","source_ref":"x","target_ref":"tool--00000000-0000-4000-8000-000000000001""#
            ),
            "source_ref: \"x\" is not TYPE--UUID"
        ),
        (Stix.object("tool", 1, #""a\u0000":1"#), "too long or holds controls"),
        (
            Stix.object(
                "tool", 1,
                "\"a\":" + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)),
            "nested deeper than 16 levels"
        ),
        (Stix.object("tool", 1, #""a":123456789012345678901234567890"#), "more than 19 digits"),
        (
            Stix.object("tool", 1, "\"a\":\"" + String(repeating: "x", count: 1_000_000) + "\""),
            "a is larger than 900 KiB"
        ),
        (
            Stix.object(
                "note", 1,
                #""extensions":{"extension-definition--c0777c7d-c1b2-48c6-85f6-be33384230d7":{"kind":"judgement","id":"J-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8"}}"#
            ),
            "the record of Parley in it: \"judgement\" is not a kind: judgment"
        ),
    ]

    @Test(
        "an object that cannot be read is refused by name, and the others are read",
        arguments: bad)
    func refused(_ object: String, _ reason: String) throws {
        var world = StixWorld()
        try world.take(Array(Stix.bundle(object, Stix.object("tool", 9, #""name":"n""#)).utf8))
        #expect(world.drafts.map(\.keys) == [["stix:" + Stix.id("tool", 9)]])
        let fault = try #require(world.faults.first)
        #expect(fault.reason.contains(reason), "\(fault.reason)")
        #expect(fault.line == 1 && !fault.raw.isEmpty)
        print("promise: stix-refusals count=1")
    }

    @Test(
        "what is no bundle is refused as a whole",
        arguments: [
            ("", "the file is empty"), ("[]", "the document is not an object but an array"),
            ("{}", "there is no \"objects\""), (#"{"a":1}"#, "the document has a"),
            (#"{"type":"bundle","objects":{}}"#, "\"objects\" is not an array but an object"),
            (#"{"type":"bundle","objects":[],"objects":[]}"#, "\"objects\" stands twice"),
            ("<xml/>", "not an object but something that is no JSON"),
        ])
    func noBundle(_ text: String, _ reason: String) {
        var world = StixWorld()
        var found: DraftFault?
        do { try world.take(text) } catch { found = error }
        #expect(found?.reason.contains(reason) == true, "\(found?.reason ?? "nothing")")
        print("promise: stix-refusals count=1")
    }

    @Test("a bundle without objects is empty, and one object alone is read as a bundle of it")
    func alone() throws {
        var world = StixWorld()
        try world.take(#"{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001"}"#)
        #expect(world.drafts.isEmpty && world.faults.isEmpty)
        try world.take(Stix.object("tool", 1, #""name":"n""#))
        #expect(world.drafts.map(\.keys) == [["stix:" + Stix.id("tool", 1)]])
    }

    @Test("a bundle that breaks off gives what stood before the place")
    func cutOff() {
        var world = StixWorld()
        let text = Stix.bundle(Stix.object("tool", 1), Stix.object("tool", 2))
        var fault: DraftFault?
        do { try world.take(String(text.dropLast(40))) } catch { fault = error }
        #expect(fault?.reason.contains("cut off") == true && world.drafts.count == 1)
    }

    @Test("whether a JSON file is STIX stands near its beginning, however it is spaced")
    func recognised() {
        for text in [
            "{ \"type\" :\n \"bundle\"", #"{"id":"bundle--44af6c39-"#,
            #"{"type":"tool","spec_version":"2.1""#,
        ] {
            #expect(StixReader.isStix(Array(text.utf8)))
        }
        for text in ["", "[]", #"{"kind":"judgment"}"#, #"{"questions":[]}"#] {
            #expect(!StixReader.isStix(Array(text.utf8)))
        }
    }
}
