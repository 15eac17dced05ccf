import Foundation
import Testing

@Suite("What an import would do", .enabled(if: Parley.isBuilt, "no parley executable"))
struct DryRunTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
        try olga.importLines(
            Feed.judgment("k:1", "One", confidence: "low") + Feed.judgment("k:2", "Two", confidence: "low")
                + Feed.judgment("k:3", "Three"), source: "s")
        try olga.succeed("set", olga.id(ofKey: "k:2"), "title=Olga's")
    }

    private func file() throws -> String {
        try scratch.file(
            "next.jsonl",
            Feed.judgment("k:1", "One", confidence: "high") + Feed.judgment("k:2", "Their", confidence: "low")
                + Feed.judgment("k:3", "Three") + Feed.judgment("k:4", "Four")
                + Feed.judgment("k:5", "Five", confidence: "certain"))
    }

    @Test("-n says value by value what would happen, on standard output, and writes nothing at all")
    func lines() throws {
        let store = "\(olga.path)/data/ports/workspace.sqlite"
        let path = try file()
        let (shown, heads) = (try olga.export().bytes, try olga.succeed("doctor", "--json").output)
        // The first one lets SQLite tidy up what the set-up has left.
        _ = try olga.run("import", path, "--source", "s", "-n")
        // Behind SQLite's header, which counts how often the file was opened.
        let pages = { try Data(contentsOf: URL(fileURLWithPath: store)).dropFirst(100) }
        let before = try pages()
        let outcome = try olga.run("import", path, "--source", "s", "-n")
        #expect(outcome.exit == 3, "\(outcome)")
        let one = try olga.id(ofKey: "k:1").prefix(6)
        let two = try olga.id(ofKey: "k:2").prefix(6)
        #expect(outcome.output.contains("changed  \(one).confidence: \"low\" -> \"high\"\n"), "\(outcome)")
        #expect(
            outcome.output.contains("kept     \(two).title: \"Olga's\"; the source says \"Their\"\n"),
            "\(outcome)")
        #expect(
            outcome.output.contains("title: \"Four\"\n") && outcome.output.contains("new      J-"),
            "\(outcome)")
        #expect(outcome.output.contains("refused  line 5, column "), "\(outcome)")
        #expect(!outcome.output.contains("Three"), "what stays the same is only counted")
        #expect(
            outcome.errors.contains("would be: 1 new, 1 changed, 2 same, 1 refused, 1 kept."), "\(outcome)")
        #expect(try pages() == before)
        #expect(try olga.export().bytes == shown && olga.succeed("doctor", "--json").output == heads)
        #expect(!FileManager.default.fileExists(atPath: path + ".refused"))
    }

    @Test("the JSON of -n has the same names and counts as that of the import that follows")
    func json() throws {
        let arguments = ["import", try file(), "--source", "s", "--json"]
        let dry = try olga.run(arguments + ["-n"])
        let real = try olga.run(arguments)
        for name in ["rows", "created", "changed", "same", "kept", "refused", "older", "absent"] {
            #expect(dry.json[name] as? Int == real.json[name] as? Int && dry.json[name] is Int, "\(name)")
        }
        #expect(Set(dry.json.keys) == Set(real.json.keys))
        let findings = { (outcome: Outcome) in outcome.json["findings"] as? [[String: Any]] ?? [] }
        let whats = { (outcome: Outcome) in Set(findings(outcome).compactMap { $0["what"] as? String }) }
        #expect(whats(dry) == ["new", "changed", "kept", "refused"] && whats(real) == ["kept", "refused"])
        let changed = try #require(findings(dry).first { $0["what"] as? String == "changed" })
        let field = try #require((changed["fields"] as? [[String: Any]])?.first)
        #expect(field["field"] as? String == "confidence" && field["old"] as? String == "low")
        #expect(field["new"] as? String == "high" && changed["line"] as? Int == 1)
        #expect(changed["id"] as? String == (try olga.id(ofKey: "k:1")))
    }
}
