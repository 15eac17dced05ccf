import ParleyCore
import ParleyExchange
import Testing

@Suite("STIX goes out")
struct StixWriterTests {
    private static let extensionID = "extension-definition--c0777c7d-c1b2-48c6-85f6-be33384230d7"

    private func world(_ kind: String, _ id: UInt128, _ fields: [(String, Value)]) throws -> StixWorld {
        var world = StixWorld()
        try put(kind, id, fields, in: &world)
        return world
    }

    private func put(_ name: String, _ id: UInt128, _ fields: [(String, Value)], in world: inout StixWorld)
        throws
    {
        let kind = try #require(Schema.assessments[name: name])
        let registers = try fields.map { RegisterImage(try kind.register(named: $0), $1) }
        world.put(
            RecordImage(
                name: RecordName(kind: kind.tag, id: RecordID(id)),
                registers: registers.sorted { $0.name < $1.name }))
    }

    /// The objects that are not definitions.
    private func objects(_ world: StixWorld) throws -> [[String: Any]] {
        try world.objects().values.filter { object in
            let type = object["type"] as? String
            return type != "extension-definition" && type != "marking-definition"
                && object["name"] as? String != "Parley"
        }
    }

    private func only(_ world: StixWorld) throws -> [String: Any] {
        let objects = try objects(world)
        #expect(objects.count == 1)
        return try #require(objects.first)
    }

    private static let kinds: [(kind: String, fields: [(String, Value)], type: String)] = [
        ("assessment", [("status", Value.text("draft"))], "grouping"),
        ("assessment", [("status", Value.text("published"))], "report"), ("section", [], "note"),
        ("judgment", [], "note"), ("estimate", [], "note"), ("driver", [], "note"),
        ("assumption", [], "note"),
        ("hypothesis", [], "note"), ("evidence", [], "note"), ("source", [], "note"),
        ("indicator", [], "note"),
        ("note", [], "note"), ("actor", [("type", Value.text("group"))], "identity"),
        ("actor", [("type", Value.text("place"))], "location"), ("link", [], "note"),
        (
            "link",
            [
                ("from", Value.ref(RecordID(5))), ("rel", Value.text("depends_on")),
                ("to", Value.ref(RecordID(6))),
            ],
            "relationship"
        ),
    ]

    @Test(
        "each kind has its type",
        arguments: kinds)
    func types(_ kind: String, _ fields: [(String, Value)], _ type: String) throws {
        let object = try only(try world(kind, 1, fields + [("title", .text("t"))]))
        #expect(object["type"] as? String == type && object["spec_version"] as? String == "2.1")
        let fields = (object["extensions"] as? [String: [String: Any]])?[Self.extensionID]
        #expect(fields?["kind"] as? String == kind && fields?["id"] != nil && fields?["fields"] != nil)
        if type == "relationship" { #expect(object["relationship_type"] as? String == "depends-on") }
    }

    @Test(
        "confidence is the analysts', in the numbers of the standard, and never a probability",
        arguments: [("low", 15), ("moderate", 50), ("high", 85)])
    func confidence(_ word: String, _ number: Int) throws {
        let judgment = try world(
            "judgment", 1, [("confidence", .text(word)), ("likelihood", .text("likely"))])
        #expect(try only(judgment)["confidence"] as? Int == number)
        let estimate = try world(
            "estimate", 1,
            [("value@~a", .list([.int(800_000), .text(word)])), ("judgment", .ref(RecordID(2)))])
        #expect(try only(estimate)["confidence"] == nil)
    }

    @Test("a stance is an opinion by its analyst, made anew by every export and read as nothing")
    func stances() throws {
        let stance = Value.list([.text("agree"), .text("because")])
        var world = try world(
            "judgment", 1, [("title", .text("t")), ("stance@olga", stance), ("stance@~ben", stance)])
        let opinions = try objects(world).filter { $0["type"] as? String == "opinion" }
        #expect(Set(opinions.compactMap { ($0["authors"] as? [String])?.first }) == ["olga", "ben"])
        for opinion in opinions {
            #expect(
                opinion["opinion"] as? String == "agree" && opinion["explanation"] as? String == "because")
        }
        let bytes = world.bundle()
        world = StixWorld()
        try world.take(bytes)
        #expect(world.unused == 4 && world.records.count == 1 && world.bundle() == bytes)
    }

    @Test("an opinion of others on a judgment of ours is a stance by a voice, wherever it stands in the file")
    func opinions() throws {
        let ours = try world("judgment", 1, [("title", .text("t"))])
        let judgment = try #require(try only(ours)["id"] as? String)
        let opinion = Stix.object(
            "opinion", 2,
            #""opinion":"strongly-disagree","explanation":"no","authors":["CERT X"],"object_refs":["\#(judgment)"]"#
        )
        let exported = String(decoding: ours.bundle(), as: UTF8.self)
        for (text, known) in [
            (exported.replacing("\"objects\":[", with: "\"objects\":[" + opinion + ","), StixWorld()),
            (exported.replacing("\n],", with: "," + opinion + "\n],"), StixWorld()),
            (Stix.bundle(opinion), ours),
        ] {
            var world = known
            try world.take(text)
            let name = RecordName(kind: 3, id: RecordID(1))
            let register = RegisterName(field: 22, key: "~cert-x")
            #expect(world.records[name]?[register] == .list([.text("strongly-disagree"), .text("no")]))
            #expect(world.records.count == 2 && world.faults.isEmpty)
            let again = try objects(world).filter { $0["type"] as? String == "opinion" }
            #expect(
                again.map { $0["id"] as? String } == [Stix.id("opinion", 2)],
                "it goes out once, as it came in")
        }
    }

    @Test(
        "a change here shows in the object's own property, and moves modified; what has none goes into the extension"
    )
    func edits() throws {
        var world = StixWorld()
        let text = Stix.bundle(Stix.object("malware", 1, #""name":"old","labels":["b","a"]"#))
        try world.take(text)
        #expect(try only(world)["modified"] as? String == "2026-01-02T03:04:05.678901Z")
        #expect(try only(world)["extensions"] == nil)
        let name = try #require(world.records.keys.first)
        try world.edit(name, "title", .text("new"))
        try world.edit(name, "tags:c", .bool(true))
        #expect(try only(world)["name"] as? String == "new")
        #expect(try only(world)["labels"] as? [String] == ["a", "b", "c"])
        #expect(try only(world)["modified"] as? String == "2027-01-15T08:00:00.000Z")
        #expect(try only(world)["extensions"] == nil)
        try world.edit(name, "credibility@olga", .text("2"))
        try world.edit(name, "type", .null)
        let fields = try #require(try extended(world)?["fields"] as? [String: Any])
        #expect(
            fields["credibility@olga"] as? String == "2" && fields.keys.contains("type") && fields.count == 2)
        #expect(try extended(world)?["kind"] == nil && extended(world)?["id"] == nil)
    }

    private func extended(_ world: StixWorld) throws -> [String: Any]? {
        (try only(world)["extensions"] as? [String: [String: Any]])?[Self.extensionID]
    }

    @Test("an observable gets no name: what is changed there goes into the extension")
    func observables() throws {
        var world = StixWorld()
        try world.take(
            Stix.bundle(#"{"type":"ipv4-addr","id":"\#(Stix.id("ipv4-addr", 1))","value":"10.0.0.1"}"#))
        let name = try #require(world.records.keys.first)
        try world.edit(name, "title", .text("gateway"))
        let object = try only(world)
        #expect(Set(object.keys) == ["type", "id", "value", "extensions"])
    }

    @Test("a level of TLP brings its definition along; markings that are none stay beside it")
    func markings() throws {
        var world = StixWorld()
        let refs =
            #""object_marking_refs":["\#(Stix.id("marking-definition", 7))","marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]"#
        try world.take(Stix.bundle(Stix.object("malware", 1, #""name":"n",\#(refs)"#)))
        #expect(try world.objects().values.allSatisfy { $0["type"] as? String != "marking-definition" })
        try world.edit(try #require(world.records.keys.first), "tlp", .text("red"))
        let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
        #expect(
            try only(world)["object_marking_refs"] as? [String] == [Stix.id("marking-definition", 7), red])
        #expect(try world.objects()[red]?["name"] as? String == "TLP:RED")
    }

    @Test("what is deleted here goes out as revoked, and comes back deleted")
    func deleted() throws {
        let world = try world("judgment", 1, [("title", .text("t")), ("deleted", .bool(true))])
        #expect(try only(world)["revoked"] as? Bool == true)
        var other = StixWorld()
        try other.take(world.bundle())
        #expect(other.bundle() == world.bundle())
    }

    @Test("what others add to an object of ours is carried and goes out again")
    func additions() throws {
        let ours = String(decoding: try world("judgment", 1, [("title", .text("t"))]).bundle(), as: UTF8.self)
        let added = ours.replacing(
            "\"abstract\"", with: "\"lang\":\"en\",\"x_y\":[1,{\"b\":null}],\"abstract\"")
        #expect(added != ours)
        var world = StixWorld()
        try world.take(added)
        let object = try only(world)
        #expect(object["lang"] as? String == "en" && object["x_y"] != nil)
    }

    @Test("an object of ours that lost its extension on the way says nothing, and makes no second record")
    func stripped() throws {
        let ours = try world("judgment", 1, [("title", .text("t"))])
        let text = String(decoding: ours.bundle(), as: UTF8.self)
        let stripped = text.replacing("\"extensions\"", with: "\"x_lost\"", maxReplacements: 1)
        var world = ours
        try world.take(stripped)
        #expect(world.records == ours.records && world.unused == 3)
        var other = StixWorld()
        try other.take(stripped)
        #expect(other.records.keys.map(\.kind) == [8], "elsewhere it is a note of others")
    }
}
