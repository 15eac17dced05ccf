import Foundation
import Testing

@Suite(
    "A session through ssh", .enabled(if: Parley.isBuilt, "no parley executable"),
    .enabled(if: SecureShell.missing == nil, "no sshd"))
struct SecureShellTests {
    let team: Team
    let shell: SecureShell
    let remote: String

    init() throws {
        team = try Team()
        let home = team.scratch.path + "/remote-home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        shell = try SecureShell(in: team.scratch, environment: Parley.environment(home: home))
        remote = "\(Parley.executable ?? "") serve --stdio --data \(team.server.data)"
    }

    /// Processes whose command line names this server's folder.
    private var leftBehind: [String] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.filter { Int($0) != nil }.compactMap { number in
            let words = try? String(contentsOfFile: "/proc/\(number)/cmdline", encoding: .utf8)
            return words.flatMap { $0.contains(team.server.data) ? "\(number) \($0)" : nil }
        }
    }

    private func expectNobodyLeft() throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !leftBehind.isEmpty, ContinuousClock.now < deadline {
            _ = try Child(["sleep", "0.05"], environment: ["PATH": "/usr/bin:/bin"]).end(within: .seconds(5))
        }
        #expect(leftBehind.isEmpty, "\(leftBehind)")
    }

    @Test("sync --via ssh carries the same session, both agree, and no process stays behind")
    func throughShell() throws {
        let id = try team.olga.new("judgment", "title=By ssh")
        try team.syncAll()
        #expect(team.server.stop() == .exited(0))
        try team.olga.succeed("set", id, "confidence=low")
        try team.ben.succeed("set", id, "likelihood=likely")
        var sessions = 0
        for home in [team.olga, team.ben, team.olga] {
            let outcome = try home.succeed("sync", "--via", shell.command(remote), "--json")
            #expect(outcome.json["refused"] as? Int == 0, "\(outcome)")
            sessions += 1
        }
        #expect(shell.log.contains("Accepted publickey"), "\(shell.log)")
        let fields = try #require(try team.olga.records()[id])
        #expect(fields["confidence"] as? String == "low" && fields["likelihood"] as? String == "likely")
        try team.expectAgreement()
        try expectNobodyLeft()
        promise("ssh-sessions", sessions)
    }

    @Test("a bulk import comes through ssh whole")
    func bulk() throws {
        #expect(team.server.stop() == .exited(0))
        try team.olga.importLines(Feed.judgments("o", 2000), source: "s")
        for home in [team.olga, team.ben] { try home.succeed("sync", "--via", shell.command(remote)) }
        #expect(try team.expectAgreement().lines.count == 2000)
        try expectNobodyLeft()
        promise("ssh-sessions", 2)
    }

    @Test("a host with another key gets nothing, and the client says why")
    func anotherHost() throws {
        #expect(team.server.stop() == .exited(0))
        let via = shell.command(remote, expecting: "other")
        let outcome = try team.olga.run("sync", "--timeout", "10", "--via", via)
        #expect(outcome.exit > 0 && !outcome.isCrash, "\(outcome)")
        #expect(outcome.errors.contains("parley: "), "\(outcome)")
        #expect(!shell.log.contains("Accepted"), "\(shell.log)")
        try expectNobodyLeft()
    }

    @Test("a client that is killed leaves no server process behind")
    func killedClient() throws {
        #expect(team.server.stop() == .exited(0))
        try team.olga.importLines(Feed.judgments("o", 3000), source: "s")
        let sync = try team.olga.start(["sync", "--via", shell.command(remote)])
        sync.wait(.seconds(30)) { _ in leftBehind.contains { !$0.contains("sync") } }
        sync.killNow()
        try expectNobodyLeft()
        for home in [team.olga, team.ben] { try home.succeed("sync", "--via", shell.command(remote)) }
        #expect(try team.expectAgreement().lines.count == 3000)
    }
}
