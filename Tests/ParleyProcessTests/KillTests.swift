import Foundation
import Testing

/// kill -9 at moments drawn by chance from the time that the work takes.
@Suite("Killed in the middle", .enabled(if: Parley.isBuilt, "no parley executable"))
struct KillTests {
    /// A hundred of the server, and a hundred of a client at its various works.
    private static let rounds = (server: 100, set: 40, imports: 30, sync: 30, beginnings: 20)
    private static let batch = 20

    @Test("a server killed while two clients push loses nothing it has acknowledged and doubles nothing")
    func server() throws {
        let team = try Team()
        let witness = try team.member("cara")
        let span = try time { try team.olga.succeed("sync") } * 3
        var (acknowledged, cut, storedUnsaid) = (0, 0, 0)
        for round in 0..<Self.rounds.server {
            let homes = [("olga", team.olga), ("ben", team.ben)]
            try importAtOnce(homes, round)
            let syncs = try homes.map { try $0.1.start(["sync"]) }
            syncs[0].wait(span * .random(in: 0...1)) { _ in false }
            team.server.killNow()
            let outcomes = syncs.map { $0.outcome(["sync"], within: .seconds(30)) }
            try team.server.restart()
            try witness.succeed("sync", "--pull")
            let held = try witness.export().keys
            for ((name, _), outcome) in zip(homes, outcomes) {
                let outcome = try #require(outcome, "a sync has not ended after its server was killed")
                try #require([0, 8].contains(outcome.exit), "\(outcome)")
                let isHeld = Feed.keys("\(name)\(round)", Self.batch).isSubset(of: held)
                if outcome.exit == 0 { acknowledged += 1 } else { cut += 1 }
                if outcome.exit == 8, isHeld { storedUnsaid += 1 }
                #expect(outcome.exit == 8 || isHeld, "acknowledged and lost in round \(round)")
            }
        }
        try team.syncAll(witness)
        let fresh = try team.member("dora")
        let all = try team.expectAgreement(witness, fresh)
        #expect(all.lines.count == Self.rounds.server * 2 * Self.batch)
        #expect(all.keyCounts.count == all.lines.count)
        #expect(try fresh.status("changesets") == Self.rounds.server * 2)
        promise("server-kills", Self.rounds.server)
        promise("server-kills-acknowledged", acknowledged)
        promise("server-kills-cut", cut)
        print("stored but not yet acknowledged when the server was killed: \(storedUnsaid)")
        #expect(acknowledged > 0 && cut > 0, "the kills came all too early or all too late")
    }

    @Test("a set that is killed has written all or nothing, and what it reported is there")
    func set() throws {
        let team = try Team()
        let olga = team.olga
        let id = try olga.new("judgment", "title=Start")
        let span = try time { try olga.succeed("set", id, "title=First") }
        var (title, reported) = ("First", 0)
        for round in 0..<Self.rounds.set {
            let child = try olga.start(["set", id, "title=Round \(round)", "basis=Basis \(round)"])
            child.wait(span * .random(in: 0...1.3)) { _ in false }
            child.killNow()
            let fields = try olga.records()[id] ?? [:]
            let now = fields["title"] as? String
            let hasReported = child.errorText.contains(" @")
            #expect(now == title || now == "Round \(round)")
            #expect(!hasReported || now == "Round \(round)", "reported and lost in round \(round)")
            if now != title { #expect(fields["basis"] as? String == "Basis \(round)") }
            (title, reported) = (now ?? "", reported + (hasReported ? 1 : 0))
        }
        try olga.expectHealth()
        try team.syncAll()
        try team.expectAgreement()
        promise("set-kills", Self.rounds.set)
        promise("client-kills", Self.rounds.set)
        print("reported before the kill: \(reported)")
    }

    @Test("an import that is killed has written all or nothing, and can be run again")
    func importing() throws {
        let team = try Team()
        let olga = team.olga
        let span = try time { try olga.importLines(Feed.judgments("warm", Self.batch * 4), source: "warm") }
        var reported = 0
        for round in 0..<Self.rounds.imports {
            let text = Feed.judgments("r\(round)", Self.batch * 4)
            let child = try olga.start(
                ["import", "-", "--format", "jsonl", "--source", "kill"], input: [UInt8](text.utf8))
            child.wait(span * .random(in: 0...1.3)) { _ in false }
            child.killNow()
            let wanted = Feed.keys("r\(round)", Self.batch * 4)
            let found = wanted.intersection(try olga.export("kind:judgment").keys)
            #expect(found.isEmpty || found == wanted, "\(found.count) of \(wanted.count) in round \(round)")
            let hasReported = child.errorText.contains(" rows: ")
            #expect(!hasReported || found == wanted, "reported and lost in round \(round)")
            if hasReported { reported += 1 }
            if round.isMultiple(of: 5) { try olga.expectHealth("round \(round)") }
            let again = try olga.importLines(text, source: "kill", "--json")
            #expect(again.json["created"] as? Int == wanted.count - found.count, "\(again)")
        }
        try olga.expectHealth()
        try team.syncAll()
        let all = try team.expectAgreement()
        #expect(all.lines.count == (Self.rounds.imports + 1) * Self.batch * 4)
        promise("import-kills", Self.rounds.imports)
        promise("client-kills", Self.rounds.imports)
        print("reported before the kill: \(reported)")
    }

    @Test("a sync that is killed leaves a whole workspace, and the next one completes it")
    func sync() throws {
        let team = try Team()
        let witness = try team.member("cara")
        let span = try time { try team.ben.succeed("sync") } * 1.6
        var reported = 0
        for round in 0..<Self.rounds.sync {
            try importAtOnce([("olga", team.olga), ("ben", team.ben)], round)
            try team.olga.succeed("sync")
            let child = try team.ben.start(["sync"])
            child.wait(span * .random(in: 0...1)) { _ in false }
            child.killNow()
            if child.errorText.contains("sent ") {
                reported += 1
                try witness.succeed("sync", "--pull")
                #expect(try Feed.keys("ben\(round)", Self.batch).isSubset(of: witness.export().keys))
                #expect(try Feed.keys("olga\(round)", Self.batch).isSubset(of: team.ben.export().keys))
            }
            if round.isMultiple(of: 5) { try team.ben.expectHealth("round \(round)") }
        }
        try team.syncAll(witness)
        for home in [team.olga, team.ben, witness] { try home.expectHealth() }
        let all = try team.expectAgreement(witness)
        #expect(all.lines.count == Self.rounds.sync * 2 * Self.batch)
        promise("sync-kills", Self.rounds.sync)
        promise("client-kills", Self.rounds.sync)
        print("reported before the kill: \(reported)")
    }

    @Test("an init or a join that is killed can be run again")
    func beginning() throws {
        let team = try Team()
        let span = try time { try Home(team.scratch.path + "/warm").succeed("init", "warm", "--as", "eva") }
        for round in 0..<Self.rounds.beginnings {
            let home = Home(team.scratch.path + "/new\(round)")
            let arguments =
                round.isMultiple(of: 2)
                ? ["init", "mine", "--as", "eva"] : ["join", try team.invite(for: "eva\(round)")]
            let child = try home.start(arguments)
            child.wait(span * .random(in: 0...1.5)) { _ in false }
            child.killNow()
            let again = try home.run(arguments)
            let isDone = again.exit == 0 || again.errors.contains("already")
            #expect(isDone && !again.isCrash, "in round \(round): \(again)")
            try home.expectHealth("round \(round)")
            _ = try home.new("judgment", "title=It works")
        }
        promise("client-kills", Self.rounds.beginnings)
    }

    /// Each imports a batch of its own: NAME and the round are in the keys.
    private func importAtOnce(_ homes: [(String, Home)], _ round: Int) throws {
        let arguments = ["import", "-", "--format", "jsonl", "--source", "kill"]
        let imports = try homes.map { name, home in
            try home.start(arguments, input: [UInt8](Feed.judgments("\(name)\(round)", Self.batch).utf8))
        }
        for child in imports {
            let outcome = try #require(child.outcome(arguments, within: .seconds(60)))
            try #require(outcome.exit == 0, "\(outcome)")
        }
    }

    private func time(_ work: () throws -> Void) rethrows -> Duration { try ContinuousClock().measure(work) }

    private func time(_ work: () throws -> Outcome) rethrows -> Duration {
        try ContinuousClock().measure { _ = try work() }
    }
}
