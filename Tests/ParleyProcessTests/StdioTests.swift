import Foundation
import Testing

@Suite("A session through a pipe", .enabled(if: Parley.isBuilt, "no parley executable"))
struct StdioTests {
    let team: Team
    let via: String

    init() throws {
        team = try Team()
        via = "\(Parley.executable ?? "") serve --stdio --data \(team.server.data)"
    }

    @Test("sync --via carries the same session, and both agree")
    func pipe() throws {
        let id = try team.olga.new("judgment", "title=By the pipe")
        try team.syncAll()
        #expect(team.server.stop() == .exited(0))
        try team.olga.succeed("set", id, "confidence=low")
        try team.ben.succeed("set", id, "likelihood=likely")
        for home in [team.olga, team.ben, team.olga] {
            let outcome = try home.succeed("sync", "--via", via, "--json")
            #expect(outcome.json["refused"] as? Int == 0, "\(outcome)")
        }
        let fields = try #require(try team.olga.records()[id])
        #expect(fields["confidence"] as? String == "low" && fields["likelihood"] as? String == "likely")
        try team.expectAgreement()
        try team.server.restart()
        try team.syncAll()
        try team.expectAgreement()
    }

    @Test("two at once through pipes wait for each other and both succeed")
    func waiting() throws {
        #expect(team.server.stop() == .exited(0))
        try team.olga.importLines(Feed.judgments("o", 50), source: "s")
        try team.ben.importLines(Feed.judgments("b", 50), source: "s")
        let syncs = try [team.olga, team.ben].map { try $0.start(["sync", "--via", via]) }
        for sync in syncs {
            let outcome = try #require(sync.outcome(["sync"], within: .seconds(30)))
            #expect(outcome.exit == 0, "\(outcome)")
        }
        for home in [team.olga, team.ben] { try home.succeed("sync", "--via", via) }
        #expect(try team.expectAgreement().lines.count == 100)
    }

    @Test("while a server holds the folder it is refused, and the client says why")
    func held() throws {
        let outcome = try team.olga.run(["sync", "--via", via], within: .seconds(40))
        #expect(outcome.exit == 8, "\(outcome)")
        #expect(outcome.errors.contains(team.server.data), "\(outcome)")
        #expect(!outcome.errors.contains("defect"), "\(outcome)")
        try team.olga.succeed("sync")
    }

    @Test("a command that fails, says nothing or talks nonsense ends with a sentence")
    func badCommands() throws {
        for command in [
            "exit 3", "no-such-program-here", "echo hello", "cat", "sleep 60", "head -c 100000 /dev/zero",
        ] {
            let outcome = try team.olga.run(
                ["sync", "--timeout", "3", "--via", command], within: .seconds(30))
            #expect(outcome.exit > 0 && !outcome.isCrash, "\(command): \(outcome)")
            #expect(outcome.errors.contains("parley: "), "\(command): \(outcome)")
        }
    }
}
