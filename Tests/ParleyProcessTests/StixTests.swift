import Foundation
import Testing

@Suite("STIX bundles", .enabled(if: Parley.isBuilt, "no parley executable"))
struct StixTests {
    let scratch: Scratch
    let home: Home
    private static let partner = Parley.example("partner-bundle.json")
    private static let posture = Parley.example("moscow-posture.md")

    init() throws {
        scratch = try Scratch()
        home = Home(scratch.path + "/olga")
        try home.succeed("init", "ports", "--as", "olga")
    }

    private func fresh(_ name: String) throws -> Home {
        let home = Home(scratch.path + "/" + name)
        try home.succeed("init", "copy", "--as", "olga")
        return home
    }

    private func bundle(_ home: Home, _ filter: String...) throws -> Outcome {
        let outcome = try home.run(["export", "--format", "stix"] + filter)
        try #require(outcome.exit == 0, "\(outcome)")
        return outcome
    }

    private func take(_ bytes: [UInt8], by home: Home, _ options: String...) throws -> Outcome {
        try home.run(["import", "-", "--format", "stix", "--source", "s", "--json"] + options, input: bytes)
    }

    private func numbers(_ outcome: Outcome) -> [Int?] {
        ["created", "changed", "kept", "refused"].map { outcome.json[$0] as? Int }
    }

    private func objects(_ bytes: [UInt8]) throws -> [String: [String: Any]] {
        let bundle = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let objects = try #require(bundle?["objects"] as? [[String: Any]])
        return Dictionary(objects.map { ($0["id"] as? String ?? "?", $0) }) { $1 }
    }

    @Test("a bundle is known by its content; again it writes nothing, and untouched it comes out as it was")
    func partner() throws {
        let first = try home.run("import", Self.partner, "--json")
        #expect(first.exit == 0 && numbers(first) == [8, 0, 0, 0], "\(first)")
        let changesets = try home.status("changesets")
        #expect(numbers(try home.run("import", Self.partner, "--json")) == [0, 0, 0, 0])
        #expect(try home.status("changesets") == changesets)
        let exported = try objects(bundle(home).bytes)
        let given = try objects([UInt8](Data(contentsOf: URL(fileURLWithPath: Self.partner))))
        for (id, object) in given {
            #expect(
                NSDictionary(dictionary: exported[id] ?? [:]) == NSDictionary(dictionary: object), "\(id)")
        }
        #expect(given.count == 7)
        promise("stix-round-trips", 1)
    }

    @Test("an export into an empty workspace and out again is the same bytes; at home it changes nothing")
    func roundTrip() throws {
        try #require(home.run("import", Self.posture).exit == 0)
        try #require(home.run("import", Self.partner).exit == 0)
        let judgment = try home.id(ofKey: "example:j1")
        try home.succeed("set", judgment, "stance@~ben=disagree | it moves", "tlp=amber")
        try home.succeed(
            "set", try home.id(ofKey: "stix:threat-actor--c1d7e8f9-2a3b-4c5d-8e6f-70819a2b3c4d"),
            "title=Heron")
        let exported = try bundle(home)
        #expect(try bundle(home).bytes == exported.bytes)
        let before = try home.export().bytes
        let atHome = try take(exported.bytes, by: home)
        #expect(atHome.exit == 0 && numbers(atHome) == [0, 0, 0, 0], "\(atHome)")
        #expect(try home.export().bytes == before)
        let other = try fresh("other")
        let taken = try take(exported.bytes, by: other)
        #expect(taken.exit == 0 && (taken.json["created"] as? Int ?? 0) > 100, "\(taken)")
        #expect(try bundle(other).bytes == exported.bytes)
        #expect(numbers(try take(exported.bytes, by: other)) == [0, 0, 0, 0])
        promise("stix-round-trips", 1)
    }

    @Test("an assessment goes out by itself, with what it refers to, and the same again from elsewhere")
    func assessment() throws {
        try #require(home.run("import", Self.posture).exit == 0)
        let id = try home.id(ofKey: "example:moscow-posture")
        let exported = try bundle(home, id)
        let grouping = try #require(
            try objects(exported.bytes).values.first { $0["type"] as? String == "grouping" })
        #expect((grouping["object_refs"] as? [String] ?? []).count > 80)
        let other = try fresh("other")
        #expect(try take(exported.bytes, by: other).exit == 0)
        #expect(try bundle(other, id).bytes == exported.bytes)
        try home.succeed("set", id, "status=published", "published=2026-11")
        let report = try #require(
            try objects(bundle(home, id).bytes).values.first { $0["type"] as? String == "report" })
        #expect(report["published"] as? String == "2026-11-01T00:00:00.000Z")
        promise("stix-round-trips", 1)
    }

    @Test("colleagues' own values become voices at the first import, and stay so")
    func voices() throws {
        let id = try home.new("judgment", "title=t", "stance=agree | so")
        let other = Home(scratch.path + "/ben")
        try other.succeed("init", "copy", "--as", "ben")
        try #require(take(bundle(home).bytes, by: other).exit == 0)
        #expect(try other.records()[id]?.keys.contains("stance@~olga") == true)
        let second = try bundle(other)
        let third = try fresh("third")
        try #require(take(second.bytes, by: third).exit == 0)
        #expect(try bundle(third).bytes == second.bytes)
    }

    @Test("an object that changed and kept its date is a change; edits here move modified, and only they")
    func versions() throws {
        let text = try String(contentsOfFile: Self.partner, encoding: .utf8)
        let id = "threat-actor--c1d7e8f9-2a3b-4c5d-8e6f-70819a2b3c4d"
        try #require(take([UInt8](text.utf8), by: home).exit == 0)
        let changed = text.replacingOccurrences(of: "Grey Heron", with: "Grey Egret")
        #expect(numbers(try take([UInt8](changed.utf8), by: home)) == [0, 1, 0, 0])
        let object = try #require(try objects(bundle(home).bytes)[id])
        #expect(object["name"] as? String == "Grey Egret")
        #expect(object["modified"] as? String == "2026-11-02T08:00:00.123456Z")
        try home.succeed("set", try home.id(ofKey: "stix:" + id), "text=Our words")
        let edited = try bundle(home)
        let again = try #require(try objects(edited.bytes)[id])
        #expect(again["description"] as? String == "Our words" && again["extensions"] == nil)
        #expect(try #require(again["modified"] as? String) > "2026-11-02T08:00:00.123456Z")
        #expect(try bundle(home).bytes == edited.bytes)
        let kept = try take(
            [UInt8](text.replacingOccurrences(of: "Said to jam", with: "Jams").utf8), by: home)
        #expect(kept.json["kept"] as? Int == 1, "\(kept)")
    }

    @Test(
        "an opinion on an exported judgment comes back as a voice's stance, also where all or nothing is wanted"
    )
    func opinion() throws {
        let id = try home.new("judgment", "title=t")
        let note = try #require(
            try objects(bundle(home).bytes).values.first { $0["type"] as? String == "note" })
        let text = try String(contentsOfFile: Self.partner, encoding: .utf8).replacingOccurrences(
            of: #"["report--5b6c7d8e-9f01-4a2b-8c3d-4e5f60718293"]"#, with: #"["\#(note["id"] ?? "")"]"#)
        let outcome = try take([UInt8](text.utf8), by: home, "--on-error", "stop")
        #expect(outcome.exit == 0, "\(outcome)")
        let stance = try home.records()[id]?["stance@~harbour-pilots"] as? [String]
        #expect(stance == ["disagree", "A broken shore station would look the same."])
    }

    @Test("two who import one bundle while apart have one copy of each record")
    func apart() throws {
        let team = try Team()
        for home in [team.olga, team.ben] { try #require(home.run("import", Self.partner).exit == 0) }
        try team.syncAll()
        #expect(try team.expectAgreement().lines.count == 8)
        #expect(try team.olga.status("review") == 0)
        #expect(try bundle(team.olga).bytes == bundle(team.ben).bytes)
        let changesets = try team.ben.status("changesets")
        try #require(team.ben.run("import", Self.partner).exit == 0)
        #expect(try team.ben.status("changesets") == changesets)
    }

    @Test("what is no bundle is answered in a sentence, bad objects go to the refused file")
    func bad() throws {
        let none = try home.run(
            "import", try scratch.file("a.json", #"{"type":"bundle","id":"bundle--x","objects":7}"#))
        #expect(none.exit == 1 && none.errors.contains("\"objects\" is not an array but a number"), "\(none)")
        let path = try scratch.file("b.stix", #"{"type":"bundle","objects":[{"type":"tool"},{"id":"x"}]}"#)
        let refused = try home.run("import", path)
        #expect(refused.exit == 3 && refused.errors.contains("a tool without an id"), "\(refused)")
        let lines = try String(contentsOfFile: path + ".refused", encoding: .utf8)
        #expect(lines.contains(#"{"type":"tool"}"#))
    }

    @Test(
        "the examples of OASIS: 259 ids; again nothing; out, in and out again the same bytes",
        .enabled(if: SharedData.isThere, Comment(rawValue: SharedData.absence)))
    func examples() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: SharedData.path + "/stix")
            .filter { $0.hasSuffix(".json") }.map { "\(SharedData.path)/stix/\($0)" }.sorted()
        for file in files { #expect(try home.run("import", file).exit == 0) }
        let ids = try home.records().values.flatMap(\.keys).filter { $0.hasPrefix("keys:stix:") }
        #expect(ids.count == 259 && Set(ids).count == 259 && files.count == 8)
        let changesets = try home.status("changesets")
        for file in files { #expect(numbers(try home.run("import", file, "--json")) == [0, 0, 0, 0]) }
        #expect(try home.status("changesets") == changesets)
        let exported = try bundle(home)
        let other = try fresh("other")
        try #require(take(exported.bytes, by: other).exit == 0)
        #expect(try bundle(other).bytes == exported.bytes)
        promise("stix-round-trips", 1)
    }
}
