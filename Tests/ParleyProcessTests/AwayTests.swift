import Foundation
import Testing

@Suite("The server is away", .enabled(if: Parley.isBuilt, "no parley executable"))
struct AwayTests {
    let team: Team

    init() throws { team = try Team() }

    private func expectUnreachable(
        _ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.exit == 8, "\(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.errors.hasPrefix("parley: "), "\(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.errors.contains("local work is intact"), "\(outcome)", sourceLocation: sourceLocation)
    }

    @Test("everything local works, sync says so and ends with 8 at once")
    func local() throws {
        #expect(team.server.stop() == .exited(0))
        let olga = team.olga
        let id = try olga.new("judgment", "title=Made offline", "confidence=low")
        let other = try olga.new("evidence", "title=Seen offline")
        let commands = [
            ["set", id, "confidence=high"], ["note", id, "A remark"],
            ["link", other, id, "--as", "supports"],
            ["delete", other], ["undelete", other], ["list"], ["show", id], ["search", "offline"], ["log"],
            ["log", id], ["status"], ["doctor", "--verify"], ["export"], ["members"], ["conflicts"],
            ["import", Parley.example("judgments.jsonl")], ["invite", "--for", "dora"], ["drafts", "list"],
            [],
        ]
        for command in commands {
            let outcome = try olga.run(command)
            #expect(outcome.exit == 0, "\(outcome)")
        }
        let started = ContinuousClock.now
        expectUnreachable(try olga.run("sync"))
        #expect(ContinuousClock.now - started < .seconds(5))
        try team.server.restart()
        try team.syncAll()
        try team.expectAgreement()
        promise("commands-offline", commands.count)
    }

    @Test("with --json the failure is one object on stderr")
    func asJSON() throws {
        #expect(team.server.stop() == .exited(0))
        let outcome = try team.olga.run("sync", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: Any]
        let error = object?["error"] as? [String: Any]
        #expect(outcome.exit == 8 && error?["exit"] as? Int == 8 && outcome.output.isEmpty, "\(outcome)")
    }

    @Test("a server that accepts and says nothing is left after --timeout")
    func mute() throws {
        #expect(team.server.stop() == .exited(0))
        let listener = try ForeignListener(port: team.server.port)
        let started = ContinuousClock.now
        expectUnreachable(try team.olga.run("sync", "--timeout", "2"))
        let elapsed = ContinuousClock.now - started
        #expect(elapsed > .seconds(1.5) && elapsed < .seconds(4.5), "\(elapsed)")
        withExtendedLifetime(listener) {}
    }

    @Test("a server that says nothing does not hold a client for longer than its own five seconds either")
    func muteForFiveSeconds() throws {
        #expect(team.server.stop() == .exited(0))
        let listener = try ForeignListener(port: team.server.port)
        let started = ContinuousClock.now
        expectUnreachable(try team.olga.run("sync"))
        #expect(ContinuousClock.now - started < .seconds(15))
        withExtendedLifetime(listener) {}
    }

    @Test("somebody else's server gets a sentence, whatever it says", arguments: [false, true])
    func foreign(holdsTheKey: Bool) throws {
        #expect(team.server.stop() == .exited(0))
        let listener = try ForeignListener(port: team.server.port)
        let replies = [
            [UInt8]("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [0xFF, 0xFF, 0xFF, 0xFF, 2], [0, 0, 0, 0, 0],
            [UInt8](repeating: 0, count: 4096), [],
        ]
        for reply in replies {
            let sync = try team.olga.start(["sync", "--timeout", "5"])
            let caller = try listener.accept(within: .seconds(20))
            let started = ContinuousClock.now
            if holdsTheKey {
                try SecureConnection(answering: caller, as: team.server).send(reply)
            } else {
                caller.send(reply)
            }
            if reply.isEmpty { caller.close() }
            let outcome = try #require(sync.outcome(["sync"], within: .seconds(30)))
            #expect(outcome.exit > 0 && !outcome.isCrash, "\(outcome)")
            #expect(outcome.errors.hasPrefix("parley: "), "\(outcome)")
            #expect(
                ContinuousClock.now - started < .seconds(7), "it waited for a server that does not hang up")
        }
        try team.olga.expectHealth()
        promise("foreign-replies", replies.count)
    }

    @Test("PARLEY_OFFLINE keeps a sync from even trying")
    func offline() throws {
        let outcome = try team.olga.run("sync", environment: ["PARLEY_OFFLINE": "1"])
        #expect(outcome.exit == 8 && outcome.errors.contains("PARLEY_OFFLINE"), "\(outcome)")
    }
}
