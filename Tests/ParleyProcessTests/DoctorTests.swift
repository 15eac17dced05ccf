import Foundation
import Testing

@Suite("What doctor proves, and what sync doubts", .enabled(if: Parley.isBuilt, "no parley executable"))
struct DoctorTests {
    let team: Team

    init() throws { team = try Team() }

    @Test("doctor --verify says what it has proved, in words and in JSON")
    func proved() throws {
        let id = try team.olga.new("judgment", "title=First")
        try team.syncAll()
        try team.ben.succeed("set", id, "likelihood=likely")
        try team.syncAll()
        let words = try team.olga.succeed("doctor", "--verify").output
        for part in ["2 changes of 2 devices", "chains whole", "2 signatures right", "2 sealed", "signed"] {
            #expect(words.contains(part), "\(part): \(words)")
        }
        let report = try team.olga.succeed("doctor", "--verify", "--json").json
        let proved = try #require(report["proved"] as? [String: Any])
        #expect(proved["changesets"] as? Int == 2 && proved["devices"] as? Int == 2)
        #expect(
            proved["sealed"] as? Int == 2 && proved["waiting"] as? Int == 0
                && proved["tables"] as? Bool == true)
        #expect((proved["statements"] as? Int ?? 0) >= 4 && report["check"] as? String == "well")
        #expect(try team.olga.succeed("doctor", "--json").json["proved"] is NSNull, "not asked for")
    }

    @Test("what is altered in the file is named, and what is proved is not claimed")
    func altered() throws {
        _ = try team.olga.new("judgment", "title=First")
        let child = try Child(
            [
                "/usr/bin/env", "sqlite3", team.olga.path + "/data/ports/workspace.sqlite",
                "UPDATE changeset SET bytes = substr(bytes, 1, length(bytes) - 1) || x'7f'",
            ], environment: Parley.environment(home: team.olga.path))
        try #require(child.end(within: .seconds(20)) == .exited(0), "\(child.errorText)")
        let outcome = try team.olga.run("doctor", "--verify")
        #expect(outcome.exit == 9 && outcome.errors.contains("are not those that were written"), "\(outcome)")
        #expect(!outcome.output.contains("chains whole"), "\(outcome)")
    }

    @Test("a server that has gone back behind a removal is told of by sync, and is given it back")
    func rolledBack() throws {
        try team.syncAll()
        let (data, backup) = (team.server.data, team.scratch.path + "/backup")
        #expect(team.server.stop() == .exited(0))
        try FileManager.default.copyItem(atPath: data, toPath: backup)
        try team.server.restart()
        let cara = try team.member("cara")
        try team.olga.succeed("revoke", "ben", "--yes")
        try team.olga.succeed("sync")
        try team.olga.succeed("sync")
        #expect(team.server.stop() == .exited(0))
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.copyItem(atPath: backup, toPath: data)
        try team.server.restart()
        let outcome = try team.olga.run("sync", "--json")
        let doubts = outcome.json["doubts"] as? [[String: Any]] ?? []
        #expect(
            outcome.exit == 0 && doubts.map { $0["doubt"] as? String } == ["lost statements"], "\(outcome)")
        #expect(outcome.errors.contains("The server does not hold"), "\(outcome)")
        try cara.succeed("sync")
        #expect(try team.ben.run("sync").exit == 4, "the removal holds again")
    }
}
