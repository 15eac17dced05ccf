import Foundation
import Testing

@Suite("The main job", .enabled(if: Parley.isBuilt, "no parley executable"))
struct MainJobTests {
    @Test("an operator's invite founds, a member's lets in, three files are imported, and both hold the same")
    func importAndSync() throws {
        let team = try Team()
        for arguments in Self.imports { try #require(team.olga.run(arguments).exit == 0) }
        try team.syncAll()
        let exported = try team.expectAgreement()
        #expect(exported.lines.count == 121)
        #expect(try team.ben.records().values.contains { "\($0["speaker"] ?? "")" == "Dr. Elena Petrova" })
        for home in [team.olga, team.ben] {
            #expect(try home.status("review") == 0 && home.status("unsent") == 0)
            try home.expectHealth()
        }
        promise("records-agreed", exported.lines.count)
    }

    private static let imports = [
        ["import", Parley.example("moscow-posture.md")],
        ["import", Parley.example("judgments.jsonl")],
        ["import", Parley.example("evidence.csv"), "--kind", "evidence"],
    ]

    @Test("offline edits of different fields both survive; of one field the greater stamp shows on both")
    func offlineEdits() throws {
        let team = try Team()
        let (olga, ben) = (team.olga, team.ben)
        try olga.succeed("import", Parley.example("judgments.jsonl"))
        try team.syncAll()
        let id = try olga.id(ofKey: "demo:j-01")
        #expect(team.server.stop() == .exited(0))
        try olga.succeed("set", id, "likelihood=unlikely")
        try ben.succeed("set", id, "confidence=high")
        try olga.succeed("set", id, "title=As Olga words it")
        try ben.succeed("set", id, "title=As Ben words it")
        try team.server.restart()
        try team.syncAll()
        try team.expectAgreement()
        let shown = try Self.later(of: ["As Olga words it", "As Ben words it"], id, by: olga)
        for home in [olga, ben] {
            let fields = try #require(try home.records()[id])
            #expect(fields["likelihood"] as? String == "unlikely")
            #expect(fields["confidence"] as? String == "high")
            #expect(fields["title"] as? String == shown)
            #expect(try home.status("review") == 1)
        }
    }

    /// Which of these titles was written last, by the stamps in the history.
    private static func later(of titles: [String], _ id: String, by home: Home) throws -> String {
        let deeds = try JSONSerialization.jsonObject(
            with: Data(home.succeed("log", id + ".title", "--json").bytes))
        var stamped: [(at: String, title: String)] = []
        for deed in try #require(deeds as? [[String: Any]]) {
            for write in deed["writes"] as? [[String: Any]] ?? [] {
                guard let title = write["value"] as? String, titles.contains(title) else { continue }
                stamped.append((deed["at"] as? String ?? "", title))
            }
        }
        try #require(stamped.count == 2 && stamped[0].at != stamped[1].at, "\(deeds)")
        return stamped.max { $0.at < $1.at }?.title ?? ""
    }

    @Test("three analysts, each writing offline in turn, end with the same bytes whatever the order of syncs")
    func orders() throws {
        let team = try Team()
        let cara = try team.member("cara")
        let homes = [team.olga, team.ben, cara]
        let id = try team.olga.new("judgment", "title=Start")
        try team.syncAll(cara)
        var writes = 0
        for round in 0..<4 {
            for (number, home) in homes.enumerated() {
                try home.succeed("set", id, "title=Title \(round).\(number)", "tags:t\(round)-\(number)=yes")
                writes += 2
            }
            for home in homes.shuffled().prefix(2) { try home.succeed("sync") }
        }
        try team.syncAll(cara)
        try team.expectAgreement(cara)
        let fields = try #require(try cara.records()[id])
        #expect(fields.keys.count { $0.hasPrefix("tags:") } == 12)
        let reviews = try homes.map { try $0.status("review") }
        #expect(Set(reviews).count == 1, "\(reviews)")
        promise("offline-writes", writes)
    }
}
