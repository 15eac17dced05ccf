import Foundation
import Testing

@Suite("Several processes on one workspace", .enabled(if: Parley.isBuilt, "no parley executable"))
struct TwoProcessesTests {
    private static let turns = 100

    @Test("two loops of 100 sets beside a watch lose no write and never meet a locked database")
    func sets() throws {
        let team = try Team()
        let olga = team.olga
        let ids = [try olga.new("judgment", "title=One"), try olga.new("judgment", "title=Two")]
        let before = try olga.status("changesets")
        let watch = try olga.watch("kind:judgment")
        var outcomes: [Outcome] = []
        for turn in 0..<Self.turns {
            // Both run at the same time; half of the turns they write to the same record.
            let arguments = [
                ["set", ids[0], "tags:a\(turn)=yes"], ["set", ids[turn % 2], "tags:b\(turn)=yes"],
            ]
            let children = try arguments.map { try olga.start($0) }
            for (child, arguments) in zip(children, arguments) {
                outcomes.append(try #require(child.outcome(arguments, within: .seconds(30))))
            }
        }
        for outcome in outcomes { #expect(outcome.exit == 0, "\(outcome)") }
        #expect(!outcomes.contains { $0.errors.contains("locked") } && !watch.errorText.contains("locked"))
        let records = try olga.records()
        let tags = ids.flatMap { id in (records[id] ?? [:]).keys.filter { $0.hasPrefix("tags:") } }
        #expect(Set(tags).count == 2 * Self.turns)
        #expect(try olga.status("changesets") == before + 2 * Self.turns)
        let events = try watch.events(2 * Self.turns, within: .seconds(30))
        #expect(Set(events.map(\.field)).count == 2 * Self.turns, "the watch tells each write once")
        try olga.expectHealth()
        try team.syncAll()
        try team.expectAgreement()
        promise("parallel-sets", outcomes.count)
    }

    @Test("a watch, an import and a set at the same time all succeed")
    func importBesideSet() throws {
        let team = try Team()
        let olga = team.olga
        let id = try olga.new("judgment", "title=Start")
        let watch = try olga.watch()
        for round in 0..<5 {
            let text = Feed.judgments("r\(round)", 400)
            let importing = try olga.start(
                ["import", "-", "--format", "jsonl", "--source", "s"], input: [UInt8](text.utf8))
            let set = try olga.run("set", id, "title=Round \(round)")
            let imported = try #require(importing.outcome(["import"], within: .seconds(60)))
            #expect(set.exit == 0 && imported.exit == 0, "\(set)\(imported)")
        }
        #expect(watch.exit == nil, "\(watch.errorText)")
        #expect(try olga.records().count == 2001)
        try olga.expectHealth()
    }

    @Test("two syncs of one workspace at the same time both succeed and double nothing")
    func syncs() throws {
        let team = try Team()
        try team.olga.importLines(Feed.judgments("two", 100), source: "two")
        let syncs = try (0..<3).map { _ in try team.olga.start(["sync"]) }
        for sync in syncs {
            let outcome = try #require(sync.outcome(["sync"], within: .seconds(30)))
            #expect(outcome.exit == 0, "\(outcome)")
        }
        try team.syncAll()
        try team.expectAgreement()
        #expect(try team.ben.status("changesets") == 1)
    }
}
