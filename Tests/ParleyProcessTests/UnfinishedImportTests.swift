import Foundation
import Testing

@Suite("Imports that were ended before their end", .enabled(if: Parley.isBuilt, "no parley executable"))
struct UnfinishedImportTests {
    let team: Team

    init() throws { team = try Team() }

    /// Rows with keys and rows without any name, and some that contradict or lead nowhere.
    private static func mixed(_ count: Int, _ seed: Int) -> String {
        let parent = "m\(seed):\((5 - seed % 5) % 5)"
        return (0..<count).map { number in
            switch (number + seed) % 5 {
            case 0, 1: Feed.judgment("m\(seed):\(number)", "Named \(number)", confidence: "low")
            case 2: #"{"fields":{"title":"Nameless \#(number)"},"kind":"judgment"}"# + "\n"
            case 3:
                #"{"fields":{"title":"Section \#(number)","parent":"\#(parent)"},"kind":"section"}"# + "\n"
            default: #"{"fields":{"title":"Twin \#(number / 50)"},"kind":"judgment"}"# + "\n"
            }
        }.joined()
    }

    private func titles(_ home: Home) throws -> [String] {
        try home.records().values.map { $0["title"] as? String ?? "" }.sorted()
    }

    /// Starts an import and kills it.
    private func begin(_ path: String, after delay: Double, by home: Home) throws {
        let child = try home.start(["import", path])
        Thread.sleep(forTimeInterval: delay)
        child.killNow()
    }

    /// Kills an import as soon as a part of it is there.
    private func beginAndKill(_ path: String, by home: Home) throws {
        let child = try home.start(["import", path])
        let limit = ContinuousClock.now + .seconds(30)
        while try unfinished(home).isEmpty, ContinuousClock.now < limit {
            Thread.sleep(forTimeInterval: 0.005)
        }
        child.killNow()
    }

    private func unfinished(_ home: Home) throws -> [[String: Any]] {
        try home.run("status", "--json").json["imports"] as? [[String: Any]] ?? []
    }

    @Test(
        "killed at any moment and begun again, an import ends as if nothing had been: same records, none twice"
    )
    func killed() throws {
        let scratch = try Scratch()
        var cut = 0
        for seed in 0..<6 {
            var dice = SystemRandomNumberGenerator()
            // Every other one is killed early, which finds it under way on any machine; the rest at any moment.
            let (count, isEarly) = (seed.isMultiple(of: 2) ? 12_000 : 5200, seed.isMultiple(of: 2))
            let path = try scratch.file("s\(seed).jsonl", Self.mixed(count, seed))
            let whole = Home(scratch.path + "/whole\(seed)")
            let broken = Home(scratch.path + "/broken\(seed)")
            for home in [whole, broken] { try home.succeed("init", "ports", "--as", "olga") }
            let span = try ContinuousClock().measure { _ = try whole.run("import", path) }
            let seconds = Double(span.components.attoseconds) / 1e18 + Double(span.components.seconds)
            // One that came to its end before the kill is not begun again: its nameless rows would be new ones.
            for _ in 0..<3 where try unfinished(broken).count == 1 || broken.records().isEmpty {
                if isEarly {
                    try beginAndKill(path, by: broken)
                    break
                }
                try begin(path, after: .random(in: 0.2...1, using: &dice) * seconds, by: broken)
            }
            let open = try unfinished(broken)
            if let open = open.first {
                cut += 1
                #expect(
                    open["source"] as? String == "s\(seed).jsonl" && open["state"] as? String == "unfinished")
                #expect((open["rows"] as? Int ?? 0) > 0 && (open["rows"] as? Int ?? 0) <= count)
                #expect(try broken.succeed("log").output.contains("! unfinished"))
            }
            let last = try broken.run("import", path, "--json")
            #expect(last.exit == 0, "seed \(seed): \(last)")
            #expect((last.json["continues"] as? String != nil) == !open.isEmpty, "seed \(seed): \(last)")
            #expect(try unfinished(broken).isEmpty, "seed \(seed)")
            if !open.isEmpty { #expect(try titles(broken) == titles(whole), "seed \(seed)") }
        }
        promise("imports-continued", cut)
        #expect(cut > 0, "the kills came all too early or all too late")
    }

    @Test(
        "on another replica the rest is not here yet; continued and synced, both agree and nothing is missing"
    )
    func twoReplicas() throws {
        let path = try team.scratch.file("feed.jsonl", Self.mixed(20_000, 1))
        try beginAndKill(path, by: team.olga)
        let open = try #require(try unfinished(team.olga).first)
        try team.syncAll()
        let theirs = try #require(try unfinished(team.ben).first)
        #expect(
            theirs["state"] as? String == "not all here yet"
                && theirs["change"] as? String == open["change"] as? String)
        #expect(try team.ben.succeed("log").output.contains("! not all here yet"))
        #expect(try team.ben.succeed("status").output.contains("not all here yet: feed.jsonl"))
        #expect(try team.olga.run("import", path).exit == 0)
        try team.syncAll()
        #expect(try unfinished(team.ben).isEmpty && unfinished(team.olga).isEmpty)
        #expect(try team.expectAgreement().lines.count == 20_000)
    }

    @Test("undoing any part of an unfinished import undoes all of it, and then it is not unfinished")
    func undone() throws {
        let path = try team.scratch.file("feed.jsonl", Self.mixed(20_000, 2))
        try beginAndKill(path, by: team.olga)
        let open = try #require(try unfinished(team.olga).first?["change"] as? String)
        #expect(try team.olga.run("undo", open, "--yes").exit == 0)
        #expect(try unfinished(team.olga).isEmpty)
        #expect(try team.olga.records().values.allSatisfy { $0["deleted"] as? Bool == true })
        #expect(try !team.olga.succeed("log").output.contains("unfinished"))
        try team.olga.succeed("redo", "--yes")
        #expect(try unfinished(team.olga).count == 1)
    }

    @Test("a whole import leaves nothing unfinished, whatever its last rows say")
    func whole() throws {
        let text = Feed.judgments("a", 3100)
        let tail = try team.scratch.file(
            "a.jsonl", String(text.split(separator: "\n").suffix(1500).joined(separator: "\n")))
        let all = try team.scratch.file("b.jsonl", text)
        try team.olga.succeed("import", tail, "--source", "s")
        try team.olga.succeed("import", all, "--source", "s")
        #expect(try unfinished(team.olga).isEmpty)
        let bad = try team.scratch.file(
            "c.jsonl", Feed.judgments("c", 1000) + String(repeating: "{}\n", count: 1500))
        #expect(try team.olga.run("import", bad).exit == 3)
        #expect(try unfinished(team.olga).isEmpty)
    }
}
