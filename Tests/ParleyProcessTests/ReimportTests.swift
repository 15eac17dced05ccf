import Foundation
import Testing

@Suite("Importing again", .enabled(if: Parley.isBuilt, "no parley executable"))
struct ReimportTests {
    let team: Team

    init() throws { team = try Team() }

    private static let files: [[String]] = [
        [Parley.example("moscow-posture.md")], [Parley.example("judgments.jsonl")],
        [Parley.example("evidence.csv"), "--kind", "evidence"],
    ]

    @Test("the same files again write nothing, here and on the other analyst's replica")
    func again() throws {
        for file in Self.files { try #require(team.olga.run(["import"] + file).exit == 0) }
        try team.syncAll()
        let before = try team.expectAgreement().bytes
        for file in Self.files { try expectNothingNew(file, by: team.olga, showing: before) }
        for file in Self.files { try expectNothingNew(file, by: team.ben, showing: before) }
        promise("reimports", 2 * Self.files.count)
    }

    private func expectNothingNew(_ file: [String], by home: Home, showing before: [UInt8]) throws {
        let changesets = try home.status("changesets")
        let outcome = try home.run(["import"] + file + ["--json"])
        #expect(outcome.exit == 0, "\(outcome)")
        #expect(outcome.json["created"] as? Int == 0 && outcome.json["changed"] as? Int == 0, "\(outcome)")
        #expect(outcome.json["kept"] as? Int == 0, "\(outcome)")
        #expect(try home.status("changesets") == changesets)
        #expect(try home.export().bytes == before)
    }

    @Test("two sites that import one file while apart end with one copy of each record")
    func apart() throws {
        for home in [team.olga, team.ben] {
            for file in Self.files { try #require(home.run(["import"] + file).exit == 0) }
        }
        try team.syncAll()
        let all = try team.expectAgreement()
        #expect(all.lines.count == 121)
        #expect(try team.olga.status("review") == 0)
    }

    private func feed(_ title: String, _ confidence: String, to home: Home, _ options: String...) throws
        -> Outcome
    {
        let text = Feed.judgment("feed:1", title, confidence: confidence)
        return try home.run(
            ["import", "-", "--format", "jsonl", "--source", "feed", "--json"] + options,
            input: [UInt8](text.utf8))
    }

    @Test("a person's edit survives an import whose source did not change that value")
    func editSurvives() throws {
        try #require(feed("First", "low", to: team.olga).exit == 0)
        try team.syncAll()
        let id = try team.ben.id(ofKey: "feed:1")
        try team.ben.succeed("set", id, "title=Ben's wording")
        try team.syncAll()
        let outcome = try feed("First", "high", to: team.olga)
        #expect(outcome.exit == 0 && outcome.json["kept"] as? Int == 0, "\(outcome)")
        try team.syncAll()
        let fields = try #require(try team.ben.records()[id])
        #expect(fields["title"] as? String == "Ben's wording" && fields["confidence"] as? String == "high")
        try team.expectAgreement()
    }

    @Test(
        "where both changed it the person's value stays and the report names both; --overwrite is the way past"
    )
    func bothChanged() throws {
        try #require(feed("First", "low", to: team.olga).exit == 0)
        try team.syncAll()
        let id = try team.ben.id(ofKey: "feed:1")
        try team.ben.succeed("set", id, "title=Ben's wording")
        try team.syncAll()
        let text = Feed.judgment("feed:1", "The source's new wording", confidence: "low")
        let kept = try team.olga.importLines(text, source: "feed")
        #expect(kept.exit == 0 && kept.errors.contains("1 kept"), "\(kept)")
        #expect(
            kept.errors.contains("Ben's wording") && kept.errors.contains("The source's new wording"),
            "\(kept)")
        #expect(try team.olga.value(id, "title") == "Ben's wording")
        let changesets = try team.olga.status("changesets")
        try team.olga.importLines(text, source: "feed")
        #expect(try team.olga.status("changesets") == changesets, "said once, it is not said again")
        try team.syncAll()
        let onBens = try team.ben.importLines(text, source: "feed", "--overwrite")
        #expect(onBens.exit == 0, "\(onBens)")
        try team.syncAll()
        for home in [team.olga, team.ben] {
            #expect(try home.value(id, "title") == "The source's new wording")
        }
    }

    @Test("what a file does not mention is neither cleared nor deleted")
    func absent() throws {
        try #require(feed("First", "low", to: team.olga).exit == 0)
        try team.olga.importLines(Feed.judgment("feed:2", "Second"), source: "feed")
        let id = try team.olga.id(ofKey: "feed:1")
        #expect(try team.olga.value(id, "confidence") == "low")
        let nothing = try team.olga.importLines(
            #"{"fields":{"title":""},"key":"feed:1","kind":"judgment"}"# + "\n", source: "feed")
        #expect(nothing.exit == 0, "\(nothing)")
        #expect(try team.olga.value(id, "title") == "First")
    }

    @Test("an export imported into an empty workspace and exported again is the same bytes")
    func roundTrip() throws {
        for file in Self.files { try #require(team.olga.run(["import"] + file).exit == 0) }
        let exported = try team.olga.export()
        let other = Home(team.scratch.path + "/other")
        try other.succeed("init", "copy", "--as", "olga")
        let outcome = try other.importLines(exported.output, source: "copy")
        #expect(outcome.exit == 0, "\(outcome)")
        #expect(try other.export().bytes == exported.bytes)
        promise("round-trip-records", exported.lines.count)
    }
}
