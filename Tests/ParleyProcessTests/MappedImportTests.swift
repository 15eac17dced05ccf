import Foundation
import Testing

@Suite("Import by a mapping file", .enabled(if: Parley.isBuilt, "no parley executable"))
struct MappedImportTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
    }

    private static let mapping = """
        elements: data.rows
        source: feed
        records:
          - kind: judgment
            key: "feed:{id}"
            fields: {title: name, due: {from: when, as: date}}
            rest: x
        """

    private static let document = """
        {"data": {"rows": [
          {"id": 1, "name": "One", "when": "2026-12-31T10:00:00Z", "tag": ["a", 1.5]},
          {"id": 2, "name": "Two", "when": "soon"},
          {"id": 3, "name": "Three"}
        ]}}

        """

    @Test("what fits is imported, the rest refused by line, kept whole, mended and imported by itself")
    func refused() throws {
        let map = try scratch.file("feed.yaml", Self.mapping)
        let file = try scratch.file("feed.json", Self.document)
        let first = try olga.run("import", file, "--map", map)
        #expect(first.exit == 3, "\(first)")
        #expect(first.errors.contains("line 3: element 2: judgment.due: \"soon\" does not begin with a date"))
        let refused = try String(contentsOfFile: file + ".refused", encoding: .utf8)
        #expect(
            refused == "{\"data\":{\"rows\":[\n{\"id\": 2, \"name\": \"Two\", \"when\": \"soon\"}\n]}}\n")
        let mended = try scratch.file("feed.json.refused", refused.replacing("soon", with: "2027-01-01"))
        #expect(
            first.errors.contains("again: parley import \(mended) --source feed --map \(map)"), "\(first)")
        let second = try olga.run("import", mended, "--source", "feed", "--map", map, "--json")
        #expect(second.exit == 0 && second.json["created"] as? Int == 1, "\(second)")
        let records = try olga.records().values
        #expect(records.count == 3 && records.contains { $0["due"] as? String == "2027-01-01" })
        #expect(records.contains { ($0["x.tag"] as? [Any])?.count == 2 })
    }

    @Test("a later file of the same feed writes what changed and leaves what people wrote")
    func again() throws {
        let map = try scratch.file("feed.yaml", Self.mapping)
        let good = Self.document.replacing("\"soon\"", with: "\"2027-01-01\"")
        try olga.succeed("import", scratch.file("monday.json", good), "--map", map)
        let id = try olga.id(ofKey: "feed:1")
        try olga.succeed("set", id, "title=Olga's words")
        let tuesday = good.replacing("One", with: "One changed").replacing("Three", with: "Three changed")
        let outcome = try olga.run("import", scratch.file("tuesday.json", tuesday), "--map", map, "--json")
        #expect(outcome.json["changed"] as? Int == 1 && outcome.json["kept"] as? Int == 1, "\(outcome)")
        #expect(try olga.value(id, "title") == "Olga's words")
    }

    @Test("a document that breaks off gives what stood before; one without its array, nothing")
    func brokenDocuments() throws {
        let map = try scratch.file("feed.yaml", Self.mapping)
        let half = try scratch.file("half.json", String(Self.document.prefix(120)))
        let outcome = try olga.run("import", half, "--map", map)
        #expect(outcome.exit == 3 && outcome.errors.contains("the file is cut off"), "\(outcome)")
        #expect(try olga.records().count == 1)
        let strict = try olga.run("import", half, "--map", map, "--on-error", "stop", "--source", "other")
        #expect(strict.exit == 1 && strict.errors.contains("Nothing was written"), "\(strict)")
        let other = try olga.run("import", scratch.file("other.json", "{\"rows\": []}"), "--map", map)
        #expect(other.exit == 1, "\(other)")
        #expect(
            other.errors.contains(
                "other.json, line 1, column 1: there is no \"data.rows\": the document has rows. Nothing was written."
            ))
    }

    @Test(
        "what only says more of a record may stand before it in the file, and is refused where there is none")
    func moreOfARecord() throws {
        let map = try scratch.file(
            "more.yaml",
            """
            format: jsonl
            records:
              - {kind: judgment, key: "q:{id}", when: {t: {present: true}}, fields: {title: t}}
              - kind: judgment
                key: "q:{of}"
                create: false
                when: {of: {present: true}}
                fields: {outcome: {tuple: {result: {from: r, values: {0: no, 1: yes}}}}}
            """)
        let file = try scratch.file(
            "more.jsonl", "{\"of\": 1, \"r\": 1.0}\n{\"of\": 2, \"r\": 0}\n{\"id\": 1, \"t\": \"One\"}\n")
        let outcome = try olga.run("import", file, "--map", map)
        #expect(outcome.exit == 3, "\(outcome)")
        #expect(outcome.errors.contains("line 2: there is no judgment with the key q:2: import that first"))
        let records = try olga.records().values
        #expect(records.count == 1 && records.first?["title"] as? String == "One")
        #expect((records.first?["outcome"] as? [Any])?.first as? String == "yes")
        #expect(try olga.run("import", file, "--map", map, "--json").json["changed"] as? Int == 0)
    }

    @Test("the mapping that the help shows does what it shows")
    func help() throws {
        let help = try olga.succeed("help", "mapping").output
        let start = try #require(help.range(of: "  format: json ")?.lowerBound)
        let end = try #require(help.range(of: "\n\n", range: start..<help.endIndex)?.lowerBound)
        let map = try scratch.file("help.yaml", String(help[start..<end]) + "\n")
        try olga.succeed(
            "import", "-", "--format", "jsonl",
            input: "{\"kind\":\"driver\",\"key\":\"feed-driver:d\",\"fields\":{\"title\":\"D\"}}\n")
        let element =
            #"{"id": 1, "state": "held", "score": "0.5", "question": "Q", "closes": "2026-12-01T00:00Z", "sure": 2, "answer": 1.0, "labels": "a; b", "driver": "d"}"#
        let file = try scratch.file(
            "help.json", "{\"data\": {\"questions\": [\(element), {\"id\": 2, \"state\": \"shut\"}]}}")
        let outcome = try olga.run("import", file, "--map", map)
        #expect(outcome.exit == 0 && outcome.errors.contains("2 new"), "\(outcome)")
        #expect(outcome.errors.contains("1 of 2 elements are no record by this mapping"))
        let records = try olga.records().values
        let judgment = try #require(records.first { $0["title"] as? String == "Q" })
        #expect(judgment["due"] as? String == "2026-12-01" && judgment["confidence"] as? String == "high")
        #expect(judgment["tags:b"] as? Bool == true && judgment["x.state"] as? String == "held")
        #expect((judgment["outcome"] as? [String]) == ["yes", "2026-12-01"])
        #expect(records.contains { $0["rel"] as? String == "depends_on" })
    }

    @Test("mistakes on the command line and in the mapping say what is allowed")
    func mistakes() throws {
        let file = try scratch.file("feed.json", Self.document)
        let map = try scratch.file("feed.yaml", Self.mapping.replacing("fields:", with: "fiels:"))
        let mapping = try olga.run("import", file, "--map", map)
        #expect(mapping.exit == 1, "\(mapping)")
        #expect(mapping.errors.contains("line 6, column 5: a record has no \"fiels\": did you mean fields?"))
        let kind = try olga.run("import", file, "--map", map, "--kind", "note")
        #expect(kind.exit == 64 && kind.errors.contains("it says both itself"), "\(kind)")
        let both = try olga.run("import", file, "--map", map, "--map", "a=title")
        #expect(both.exit == 64 && both.errors.contains("not both"), "\(both)")
        let format = try olga.run(
            "import", file, "--map", scratch.file("b.yaml", Self.mapping), "--format", "md")
        #expect(format.exit == 64 && format.errors.contains("json, jsonl or csv"), "\(format)")
        let absent = try olga.run("import", file, "--map", scratch.path + "/none.yaml")
        #expect(absent.exit == 1 && absent.errors.contains("none.yaml"), "\(absent)")
        #expect(try olga.records().isEmpty)
    }
}
