import Foundation
import Testing

/// The two worked examples of unattended imports.
@Suite("Scripts for feeds", .enabled(if: Parley.isBuilt, "no parley executable"))
struct FeedScriptTests {
    let scratch: Scratch
    let olga: Home
    let folder: String

    init() throws {
        scratch = try Scratch()
        olga = Home(scratch.path + "/olga")
        folder = scratch.path + "/feed"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try olga.succeed("init", "ports", "--as", "olga")
    }

    private func run(_ script: String, _ arguments: String..., environment: [String: String] = [:]) throws
        -> Outcome
    {
        let child = try start(script, arguments, environment)
        return try #require(child.outcome([script] + arguments, within: .seconds(60)))
    }

    private func start(_ script: String, _ arguments: [String], _ environment: [String: String] = [:]) throws
        -> Child
    {
        var all = Parley.environment(home: olga.path)
        all["PARLEY"] = Parley.executable
        all.merge(environment) { $1 }
        return try Child(["/bin/bash", "\(Parley.root)/Scripts/\(script)"] + arguments, environment: all)
    }

    private func put(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    private func names(_ sub: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(sub)").filter { !$0.hasPrefix(".") }
            .sorted()
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    // MARK: watch-folder

    private func pass() throws -> Outcome { try run("watch-folder", folder, "--once", "--settle", "0") }

    @Test("each file is imported under the folder's name and goes to done or failed")
    func watchFolder() throws {
        try put("a.jsonl", Feed.judgments("a", 3))
        try put("b.jsonl", Feed.judgments("b", 2) + "{\"kind\":\"jugdment\"}\n")
        try put("c.unknown", "?")
        try put("d.jsonl.part", Feed.judgments("d", 1))
        try put(".e.jsonl", Feed.judgments("e", 1))
        let outcome = try pass()
        #expect(outcome.exit == 1, "\(outcome)")
        #expect(try names("done") == ["a.jsonl", "b.jsonl"])
        #expect(try names("failed") == ["b.jsonl.log", "b.jsonl.refused", "c.unknown", "c.unknown.log"])
        #expect(try text("failed/c.unknown.log").contains("The format of c.unknown is not clear"))
        #expect(try text("failed/b.jsonl.refused").hasSuffix("\n{\"kind\":\"jugdment\"}\n"))
        #expect(outcome.lines.count == 3 && outcome.lines[0].contains("a.jsonl: 3 rows: 3 new"), "\(outcome)")
        #expect(try olga.records().count == 5)
        #expect(try names("").contains("d.jsonl.part"))
    }

    @Test("the next file of the feed is merged against the last one; names do not collide")
    func nextFile() throws {
        try put("a.jsonl", Feed.judgments("a", 2, title: "First"))
        #expect(try pass().exit == 0)
        try put("a.jsonl", Feed.judgments("a", 3, title: "Second"))
        let outcome = try pass()
        #expect(outcome.exit == 0 && outcome.output.contains("1 new, 2 changed"), "\(outcome)")
        #expect(try names("done") == ["a.jsonl", "a.jsonl.2"])
        #expect(try pass().output.isEmpty)
    }

    @Test("killed anywhere, the next pass takes every file once")
    func killed() throws {
        for round in 0..<8 {
            for file in 0..<3 { try put("r\(round)-\(file).jsonl", Feed.judgments("r\(round)-\(file)", 40)) }
            let child = try start("watch-folder", [folder, "--once", "--settle", "0"])
            Thread.sleep(forTimeInterval: Double(round) * 0.03)
            child.killNow()
            // The command that it started ends by itself, and holds no lock.
            var outcome = try pass()
            for _ in 0..<50 where outcome.exit == 9 { outcome = try pass() }
            #expect(outcome.exit == 0, "\(outcome)")
        }
        #expect(try names("done").count { !$0.contains(".jsonl.") } == 24 && names("failed").isEmpty)
        let counts = try olga.export().keyCounts
        #expect(counts.count == 8 * 3 * 40 && counts.values.allSatisfy { $0 == 1 })
        promise("watch-folder-kills", 8)
    }

    @Test("one watcher a folder; what is wrong on the command line is shown")
    func wrongUse() throws {
        let first = try start("watch-folder", [folder, "--every", "30"])
        #expect(first.wait(.seconds(20)) { _ in FileManager.default.fileExists(atPath: "\(folder)/failed") })
        Thread.sleep(forTimeInterval: 0.3)
        let second = try pass()
        #expect(second.exit == 64 && second.errors.contains("another one is at work"), "\(second)")
        first.killNow()
        #expect(try run("watch-folder").exit == 64)
        let none = try run("watch-folder", folder + "-none", "--once")
        #expect(none.exit == 64 && none.errors.contains("there is no folder"), "\(none)")
    }

    // MARK: nightly

    private func night(_ command: String, _ options: String...) throws -> Outcome {
        let all =
            ["--state", folder, "--source", "feed", "--format", "jsonl", "--pause", "0", "--no-sync"]
            + options
        let child = try start("nightly", all + ["--", "/bin/sh", "-c", command])
        return try #require(child.outcome(["nightly"], within: .seconds(60)))
    }

    private func lastLine() throws -> String {
        try text("log").split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test("a good night says one line in the log and nothing else")
    func goodNight() throws {
        let feed = try scratch.file("source.jsonl", Feed.judgments("a", 3))
        for counts in ["3 new, 0 changed, 0 same", "0 new, 0 changed, 3 same"] {
            let outcome = try night("cat '\(feed)'")
            #expect(outcome.exit == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
            #expect(try lastLine().contains(" feed: ") && lastLine().contains(counts))
        }
        #expect(try text("log").split(separator: "\n").count == 2)
        #expect(try olga.records().count == 3)
    }

    @Test("refused rows are kept and call for a person once, not every night")
    func refusedRows() throws {
        let bad = Feed.judgments("a", 2) + "{\"kind\":\"jugdment\"}\n"
        let feed = try scratch.file("source.jsonl", bad)
        let first = try night("cat '\(feed)'")
        #expect(first.exit == 1 && first.errors.contains("refused rows: "), "\(first)")
        let kept = try names("refused").filter { !$0.hasSuffix(".log") }
        #expect(kept.count == 1)
        #expect(try text("refused/\(kept[0])").hasSuffix("\n{\"kind\":\"jugdment\"}\n"))
        #expect(try text("refused/\(kept[0]).log").contains("line 3"))
        let second = try night("cat '\(feed)'")
        #expect(second.exit == 0 && second.errors.isEmpty, "\(second)")
        #expect(try lastLine().contains("the same rows as the night before"))
        _ = try scratch.file("source.jsonl", bad + "{}\n")
        #expect(try night("cat '\(feed)'").exit == 1)
        #expect(try olga.records().count == 2)
    }

    @Test("a fetch that fails is looked at after three nights, and half a file is never imported")
    func unfetched() throws {
        let half = Feed.judgments("a", 1)
        let feed = try scratch.file("source.jsonl", half)
        for (index, exit) in [0, 0, 1, 1].enumerated() {
            let outcome = try night(index == 1 ? "true" : "cat '\(feed)'; echo gone >&2; exit 22")
            #expect(outcome.exit == exit, "\(outcome)")
            #expect(try lastLine().contains(index == 1 ? "nothing was printed" : "not fetched (22): gone"))
        }
        #expect(try olga.records().isEmpty)
        #expect(try night("cat '\(feed)'").exit == 0)
        #expect(try night("exit 22").exit == 0)
    }

    @Test("an import that fails calls for a person, with what it said")
    func failedImport() throws {
        let outcome = try night("echo x", "--on-error", "perhaps")
        #expect(outcome.exit == 1 && outcome.errors.contains("the import ended with 64"), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test("each night is synced; a server that is away is looked at after three nights")
    func synced() throws {
        let team = try Team()
        let feed = try scratch.file("source.jsonl", Feed.judgments("a", 3))
        let night = {
            try self.run(
                "nightly", "--state", self.folder, "--source", "feed", "--format", "jsonl", "--", "/bin/cat",
                feed,
                environment: ["PARLEY_HOME": team.olga.path, "HOME": team.olga.path])
        }
        #expect(try night().exit == 0)
        #expect(try lastLine().hasSuffix("; synced"))
        try team.ben.succeed("sync")
        #expect(try team.ben.records().count == 3)
        _ = team.server.stop()
        for exit in [0, 0, 1] {
            let outcome = try night()
            #expect(outcome.exit == exit, "\(outcome)")
            #expect(try lastLine().contains("the server was not reached"))
        }
        promise("nights", 4)
    }
}
