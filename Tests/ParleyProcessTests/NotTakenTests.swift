import Foundation
import Testing

@Suite("What is not taken, or does not stand", .enabled(if: Parley.isBuilt, "no parley executable"))
struct NotTakenTests {
    let team: Team
    let id: String

    init() throws {
        team = try Team()
        id = try team.olga.new("judgment", "title=Common")
        try team.syncAll()
    }

    private func sql(_ home: Home, _ text: String) throws {
        let child = try Child(
            ["/usr/bin/env", "sqlite3", home.path + "/data/ports/workspace.sqlite", text],
            environment: Parley.environment(home: home.path))
        try #require(child.end(within: .seconds(20)) == .exited(0), "\(child.errorText)")
    }

    /// The server is put back to where it stood before Olga's change; Ben has the change and cannot hand it on.
    private func loseContext() throws {
        let manager = FileManager.default
        #expect(team.server.stop() == .exited(0))
        try manager.copyItem(atPath: team.server.data, toPath: team.server.data + "-backup")
        try team.server.restart()
        try team.olga.succeed("set", id, "title=Lost with the server")
        try team.syncAll()
        #expect(team.server.stop() == .exited(0))
        try manager.removeItem(atPath: team.server.data)
        try manager.moveItem(atPath: team.server.data + "-backup", toPath: team.server.data)
        try team.server.restart()
        try sql(team.ben, "DELETE FROM signature WHERE number > 1")
    }

    @Test("a refused change: sync ends 3 and names it, status says why, until the server takes it")
    func refused() throws {
        try loseContext()
        try team.ben.succeed("set", id, "basis=rests on what was lost")
        for _ in 0..<2 {
            let sync = try team.ben.run("sync", "--json")
            #expect(sync.exit == 3 && sync.json["refused"] as? Int == 1, "\(sync)")
            #expect(sync.errors.contains("does not take 1 change of yours, @"), "\(sync)")
            #expect(sync.errors.contains("is missing"), "\(sync)")
            let status = try team.ben.succeed("status")
            #expect(status.output.contains("1 of yours") && status.errors.contains("is missing"), "\(status)")
            let json = try team.ben.succeed("status", "--json").json
            let refusals = try #require(json["refusals"] as? [[String: Any]])
            #expect(refusals.map { $0["reason"] as? String } == ["context"], "\(json)")
            #expect(json["unsent"] as? Int == 1)
        }
        let set = try team.ben.run("set", id, "criterion=as well", "--sync")
        #expect(set.exit == 3 && set.errors.contains("2 changes of yours, from @"), "\(set)")
        try team.olga.succeed("sync")
        try team.ben.succeed("sync")
        let status = try team.ben.succeed("status", "--json").json
        #expect((status["refusals"] as? [Any])?.isEmpty == true && status["unsent"] as? Int == 0, "\(status)")
        try team.syncAll()
        try team.expectAgreement()
        promise("refusals-shown", 3)
    }

    @Test("what healing took out: counted by doctor and read by log --apart, until it stands again")
    func apart() throws {
        let laptop = Home(team.scratch.path + "/laptop")
        try FileManager.default.copyItem(atPath: team.olga.path, toPath: laptop.path)
        try team.olga.succeed("set", id, "title=By the first")
        try team.olga.succeed("sync")
        try laptop.succeed("set", id, "title=By the copy", "confidence=low")
        let bundle = team.scratch.path + "/copy.parley"
        try laptop.succeed("bundle", "create", bundle)
        try team.ben.succeed("bundle", "apply", bundle)
        #expect(try team.ben.succeed("log", "--apart").errors.contains("Nothing is kept apart"))
        let healed = try team.ben.succeed("sync")
        #expect(healed.errors.contains("1 change is kept apart (parley log --apart)"), "\(healed)")
        #expect(try team.ben.succeed("doctor", "--json").json["apart"] as? Int == 1)
        let log = try team.ben.succeed("log", "--apart")
        for word in ["kept apart since", "a colleague's folder was copied", "olga", "By the copy", "low"] {
            #expect(log.output.contains(word), "\(log)")
        }
        let json = try team.ben.succeed("log", "--apart", "--json")
        let found = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [[String: Any]] ?? []
        #expect(found.map { $0["reason"] as? String } == ["foreign fork"], "\(json)")
        #expect((found.first?["writes"] as? [Any])?.count == 2 && found.first?["by"] as? String == "olga")
        #expect(try team.ben.succeed("log", "--apart", "--by", "ben").errors.contains("Nothing"))
        // The copy writes it again under a name of its own.
        try laptop.succeed("sync")
        try team.syncAll(laptop)
        #expect(try team.ben.succeed("doctor", "--json").json["apart"] as? Int == 0)
        #expect(try team.ben.succeed("log", "--apart", "--json").output == "[]\n")
        try team.expectAgreement(laptop)
        promise("set-apart-shown", 1)
    }
}
