import Foundation
import Testing

@Suite("Invites", .enabled(if: Parley.isBuilt, "no parley executable"))
struct InviteTests {
    let team: Team

    init() throws { team = try Team() }

    private func home(_ name: String) -> Home { Home(team.scratch.path + "/" + name) }

    @Test("a member's invite works once; who comes second is told so and keeps no folder")
    func once() throws {
        let invite = try team.invite(for: "cara")
        try home("cara").succeed("join", invite)
        let late = home("late")
        let outcome = try late.run("join", invite)
        #expect(outcome.exit == 4 && outcome.errors.contains("used"), "\(outcome)")
        #expect(late.folders.isEmpty)
        try home("cara").succeed("sync")
    }

    @Test("an operator's invite works once; a second workspace is not founded with it")
    func hostingOnce() throws {
        let invite = try Team.hostingInvite(of: team.server, "harbour", for: "olga")
        try home("first").succeed("join", invite)
        let late = home("late")
        let outcome = try late.run("join", invite)
        #expect(outcome.exit == 4 && outcome.errors.contains("used"), "\(outcome)")
        #expect(late.folders.isEmpty, "\(late.folders)")
    }

    @Test("of three who join with one invite at the same moment exactly one gets in")
    func race() throws {
        var entered = 0
        for round in 0..<5 {
            let invite = try team.invite(for: "guest\(round)")
            let homes = (0..<3).map { home("race\(round)-\($0)") }
            let joins = try homes.map { try $0.start(["join", invite]) }
            let outcomes = try joins.map { try #require($0.outcome(["join"], within: .seconds(60))) }
            #expect(outcomes.map(\.exit).sorted() == [0, 4, 4], "\(outcomes)")
            for (home, outcome) in zip(homes, outcomes) {
                #expect(home.folders == (outcome.exit == 0 ? ["ports"] : []))
            }
            entered += outcomes.count { $0.exit == 0 }
        }
        #expect(entered == 5)
        promise("invite-races", 5)
    }

    @Test("an invite with one character changed is damaged, and says so, wherever it was changed")
    func damaged() throws {
        let invite = Array(try team.invite(for: "cara"))
        let start = try #require(invite.lastIndex(of: "/")) + 1
        let guest = home("guest")
        for index in stride(from: start, to: invite.count, by: max(1, (invite.count - start) / 12)) {
            var damaged = invite
            damaged[index] = invite[index] == "7" ? "8" : "7"
            let outcome = try guest.run("join", String(damaged))
            #expect(
                outcome.exit == 1 && outcome.errors.contains("mistyped or cut off"), "\(index): \(outcome)")
        }
        for text in [
            "", "parley://", "http://127.0.0.1/x", String(invite.dropLast(3)), "parley://127.0.0.1:0/7",
        ] {
            let outcome = try guest.run("join", text)
            #expect([1, 64].contains(outcome.exit) && !outcome.errors.isEmpty, "\(outcome)")
        }
        #expect(guest.folders.isEmpty)
        try guest.succeed("join", "-", input: String(invite) + "\n")
    }

    private func sql(_ query: String, _ path: String) throws {
        let sqlite = try Child(
            ["sqlite3", "-cmd", ".timeout 5000", path, query], environment: ["PATH": "/usr/bin:/bin"])
        try #require(sqlite.end(within: .seconds(20)) == .exited(0), "\(sqlite.errorText)")
    }

    @Test("an operator's invite whose time is over is refused")
    func expired() throws {
        let invite = try Team.hostingInvite(of: team.server, "harbour", for: "olga")
        try sql("UPDATE token SET expires = 1 WHERE workspace IS NULL", team.server.data + "/server.sqlite")
        let late = home("late")
        let outcome = try late.run("join", invite)
        #expect(outcome.exit == 4 && outcome.errors.contains("expired"), "\(outcome)")
        #expect(late.folders.isEmpty, "\(late.folders)")
    }

    @Test("a workspace that is not here and one that one may not enter get the same words")
    func sameWords() throws {
        // A server that has forgotten Cara: it was put back to where it stood before she came. And she has
        // nothing to show, else it would let her in again.
        let other = try Team("other")
        #expect(team.server.stop() == .exited(0) && other.server.stop() == .exited(0))
        let backup = team.scratch.path + "/backup"
        let manager = FileManager.default
        try manager.copyItem(atPath: team.server.data, toPath: backup)
        try team.server.restart()
        let cara = try team.member("cara")
        #expect(team.server.stop() == .exited(0))
        try manager.removeItem(atPath: team.server.data)
        try manager.moveItem(atPath: backup, toPath: team.server.data)
        try team.server.restart()
        try sql("DELETE FROM statement", cara.path + "/data/ports/workspace.sqlite")
        let stranger = try cara.run("sync")
        #expect(team.server.stop() == .exited(0))
        // The other team's server takes over the port and the key, and has never heard of this workspace.
        let key = try Data(contentsOf: URL(fileURLWithPath: team.server.data + "/server-identity"))
        try manager.removeItem(atPath: team.server.data)
        try manager.copyItem(atPath: other.server.data, toPath: team.server.data)
        try key.write(to: URL(fileURLWithPath: team.server.data + "/server-identity"))
        try team.server.restart()
        let unknown = try cara.run("sync")
        #expect(stranger.exit == 4 && stranger.errors == unknown.errors, "\(stranger)\(unknown)")
    }

    @Test("an analyst who is no admin cannot invite")
    func notAdmin() throws {
        let outcome = try team.ben.run("invite", "--for", "dora")
        #expect(outcome.exit == 4 && outcome.output.isEmpty, "\(outcome)")
    }

    @Test("invites made one after the other let in, in any order, before their maker syncs")
    func several() throws {
        let names = ["cara", "dora", "eva"]
        let invites = try names.map { try team.invite(for: $0) }
        for index in [2, 0, 1] { try home(names[index]).succeed("join", invites[index]) }
        try team.olga.succeed("sync")
    }

    @Test("an invite made while the server is away lets in once it is back")
    func offline() throws {
        #expect(team.server.stop() == .exited(0))
        let invite = try team.invite(for: "cara")
        let cara = home("cara")
        let early = try cara.run("join", invite)
        #expect(early.exit == 8, "\(early)")
        #expect(cara.folders.isEmpty, "\(cara.folders)")
        try team.server.restart()
        try cara.succeed("join", invite)
    }
}
