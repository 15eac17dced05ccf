import Foundation
import Testing

@Suite("Several files in one import", .enabled(if: Parley.isBuilt, "no parley executable"))
struct SeveralFilesTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
    }

    @Test("a line per file and one for all; one act, undone as one; each file is its own source")
    func files() throws {
        let a = try scratch.file("a.jsonl", Feed.judgments("a", 3))
        let b = try scratch.file("b.jsonl", Feed.judgments("b", 2) + "{}\n")
        let outcome = try olga.run("import", a, b)
        #expect(outcome.exit == 3, "\(outcome)")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines[0].hasPrefix("a.jsonl: 3 rows: 3 new") && lines[1].hasPrefix("b.jsonl: 3 rows: 2 new"))
        #expect(lines[2].hasPrefix("all 2 files: 6 rows: 5 new"), "\(outcome)")
        #expect(try olga.succeed("log").output.contains("import a.jsonl"))
        #expect(try olga.succeed("log").output.contains("import b.jsonl"))
        let json = try olga.run("import", a, b, "--json").json
        let files = try #require(json["files"] as? [[String: Any]])
        #expect(files.map { $0["source"] as? String } == ["a.jsonl", "b.jsonl"])
        #expect(files.map { $0["same"] as? Int } == [3, 2] && json["same"] as? Int == 5)
        let change = try #require(lines[2].split(separator: " ").last)
        try olga.succeed("undo", String(change))
        #expect(try olga.records().values.allSatisfy { $0["deleted"] as? Bool == true })
    }

    @Test("a file that cannot be opened or has no format keeps all others out")
    func opened() throws {
        let a = try scratch.file("a.jsonl", Feed.judgments("a", 3))
        let unclear = try scratch.file("b.dat", "x")
        for files in [[a, scratch.path + "/none.jsonl"], [a, unclear], [a, "-", "-"]] {
            #expect(try olga.run(["import"] + files).exit > 0)
        }
        #expect(try olga.records().isEmpty)
    }

    @Test("--on-error stop covers every file")
    func strict() throws {
        let a = try scratch.file("a.jsonl", Feed.judgments("a", 3))
        let b = try scratch.file("b.jsonl", Feed.judgments("b", 2) + "{}\n")
        let outcome = try olga.run("import", a, b, "--on-error", "stop")
        #expect(outcome.exit == 1 && outcome.errors.contains("2 files: 1 of 6 rows"), "\(outcome)")
        #expect(outcome.errors.contains("b.jsonl, line 3"), "\(outcome)")
        #expect(try olga.records().isEmpty && olga.status("changesets") == 0)
    }

    @Test(
        "files of one source must not contradict each other; of two sources the first one's value stays, named"
    )
    func contradiction() throws {
        let a = try scratch.file("a.jsonl", Feed.judgment("k:1", "One"))
        let b = try scratch.file("b.jsonl", Feed.judgment("k:1", "Other"))
        let one = try olga.run("import", a, b, "--source", "s")
        #expect(
            one.exit == 3 && one.errors.contains("title says something else than a.jsonl line 1"), "\(one)")
        let two = try olga.run("import", a, b, "--json")
        #expect(two.exit == 0 && two.json["kept"] as? Int == 1, "\(two)")
        #expect(try olga.records().values.first?["title"] as? String == "One")
    }

    @Test("a reference may lead into a later file, and labels are names within one file")
    func references() throws {
        let link = #"{"fields":{"from":"k:1","rel":"depends_on","to":"k:2"},"kind":"link"}"# + "\n"
        let a = try scratch.file("a.jsonl", Feed.judgment("k:1", "One") + link)
        let b = try scratch.file("b.jsonl", Feed.judgment("k:2", "Two"))
        let outcome = try olga.run("import", a, b, "--json")
        #expect(outcome.exit == 0 && outcome.json["created"] as? Int == 3, "\(outcome)")
        let item = "# T\n\n## Judgments\n\n### J1: one\n\n- depends_on: J2\n"
        let c = try scratch.file("c.md", item + "\n### J2: two\n")
        let d = try scratch.file("d.md", item)
        let labels = try olga.run("import", c, d)
        #expect(labels.exit == 3 && labels.errors.contains("d.md, line 7: link.to: \"J2\""), "\(labels)")
    }
}
