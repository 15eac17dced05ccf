import Foundation
import Testing

@Suite("Promise 5: members as processes", .enabled(if: Parley.isBuilt, "no parley executable"))
struct MembershipTests {
    let team: Team

    init() throws { team = try Team() }

    @Test("a revocation ends the revoked's connection within a second, and their work stays on their machine")
    func revoke() throws {
        let watch = try team.ben.watch()
        let id = try team.olga.new("judgment", "title=Common")
        try team.olga.succeed("sync")
        _ = try watch.events(1, within: .seconds(20))
        try team.olga.succeed("revoke", "ben", "--yes")
        // The server ends it in the turn in which it takes the revocation; the rest is this process's end.
        #expect(watch.end(within: .seconds(5)) == .exited(4), "\(watch.errorText)")
        #expect(watch.errorText.contains("was removed from the workspace"), "\(watch.errorText)")
        try team.ben.succeed("set", id, "basis=Ben's own")
        let refused = try team.ben.run("sync")
        #expect(refused.exit == 4 && refused.errors.contains("parley export"), "\(refused)")
        #expect(try team.ben.value(id, "basis") == "Ben's own")
        #expect(try team.ben.succeed("status", "--json").json["out"] as? Bool == true)
        #expect(try team.ben.succeed("status").output.contains("put out"))
        try team.olga.succeed("sync")
        #expect(try team.olga.value(id, "basis") == nil)
        let members = try team.olga.succeed("members").output
        #expect(members.contains("ben") && members.contains("out"), "\(members)")
        promise("revocations", 1)
    }

    @Test("offline a revocation holds here at once, and at the server with the next sync")
    func offline() throws {
        #expect(team.server.stop() == .exited(0))
        let outcome = try team.olga.succeed("revoke", "ben", "--yes")
        #expect(outcome.errors.contains("does not know it yet"), "\(outcome)")
        try team.server.restart()
        try team.olga.succeed("sync")
        #expect(try team.ben.run("sync").exit == 4)
    }

    @Test(
        "who may not is told so: an analyst removes nobody, the last admin cannot go, a stranger has no name")
    func refused() throws {
        for (home, arguments, word) in [
            (team.ben, ["revoke", "olga", "--yes"], "admin"),
            (team.olga, ["revoke", "olga", "--yes"], "last admin"),
            (team.olga, ["role", "olga", "reader"], "last admin"),
            (team.olga, ["revoke", "nobody", "--yes"], "no member"),
            (team.olga, ["role", "nobody", "reader"], "no member"),
        ] {
            let outcome = try home.run(arguments)
            #expect(outcome.exit > 0 && !outcome.isCrash && outcome.errors.contains(word), "\(outcome)")
        }
        #expect(try team.olga.run("role", "ben", "king").exit == 64)
        #expect(try team.olga.run("revoke", "ben", "--no-input").exit != 0, "nobody to ask")
        try team.ben.succeed("sync")
    }

    @Test("a second device comes in by its analyst's own invite, and goes alone")
    func secondDevice() throws {
        let invite = try team.ben.succeed("invite", "--for", "ben").output.trimmingCharacters(in: .newlines)
        let laptop = Home(team.scratch.path + "/laptop")
        try laptop.succeed("join", invite)
        let device = try #require(try laptop.succeed("status", "--json").json["device"] as? String)
        try team.olga.succeed("sync")
        try team.olga.succeed("revoke", String(device.prefix(8)), "--yes")
        #expect(try laptop.run("sync").exit == 4)
        try team.ben.succeed("sync")
        let id = try team.ben.new("judgment", "title=From the desk")
        try team.syncAll()
        #expect(try team.olga.value(id, "title") == "From the desk")
    }

    @Test("a reader is refused a word, reads on, and writes again as an analyst")
    func role() throws {
        let id = try team.olga.new("judgment", "title=Common")
        try team.syncAll()
        try team.olga.succeed("role", "ben", "reader")
        try team.ben.succeed("sync")
        #expect(try team.ben.run("set", id, "basis=no").exit == 4)
        #expect(try team.ben.value(id, "title") == "Common")
        try team.olga.succeed("role", "ben", "analyst")
        try team.ben.succeed("sync")
        try team.ben.succeed("set", id, "basis=yes")
        try team.syncAll()
        try team.expectAgreement()
    }

    @Test(
        "a key that was announced is followed; who has not heard of it stops hard and goes on with an invite")
    func key() throws {
        let server = team.server
        let before = try server.home.succeed("key", "--data", server.data).output
        let cara = try team.member("cara")
        try server.home.succeed("key", "--data", server.data, "announce")
        try team.olga.succeed("sync")
        try team.ben.succeed("sync")
        #expect(try server.home.run("key", "--data", server.data, "switch").exit != 0, "the server runs")
        #expect(server.stop() == .exited(0))
        let after = try server.home.succeed("key", "--data", server.data, "switch").output
        #expect(before != after && after.contains("server key") && !after.contains("announced"), "\(after)")
        try server.restart()
        for home in [team.olga, team.ben] {
            try home.succeed("sync")
            let key = try home.succeed("status", "--json").json["serverKey"] as? String
            #expect(after.contains(key ?? "?"), "\(key ?? "") \(after)")
        }
        let stopped = try cara.run("sync")
        #expect(stopped.exit == 4 && stopped.errors.contains("does not hold the key"), "\(stopped)")
        try cara.succeed("sync", "--server", team.invite(for: "dora"))
        try team.expectAgreement(cara)
        promise("server-keys", 3)
    }
}
