import Foundation
import Testing

@Suite(
    "Imports of a source that has versions, and of one that lacks records",
    .enabled(if: Parley.isBuilt, "no parley executable"))
struct VersionedImportTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
    }

    private func row(_ title: String, _ version: String, key: String = "v:1") -> String {
        #"{"fields":{"title":"\#(title)","x.version":"\#(version)"},"key":"\#(key)","kind":"judgment"}"#
            + "\n"
    }

    private func title() throws -> String? { try olga.records().values.first?["title"] as? String }

    @Test(
        "an importer does not step back; --allow-older is the way past; equal versions are merged three ways")
    func older() throws {
        try olga.importLines(row("May", "2026-05-01T00:00:00Z"), source: "s")
        let older = try olga.importLines(row("April", "2026-04-30T23:59:59Z"), source: "s", "--json")
        #expect(
            older.exit == 0 && older.json["older"] as? Int == 1 && older.json["changed"] as? Int == 0,
            "\(older)")
        let finding = try #require((older.json["findings"] as? [[String: Any]])?.first)
        #expect(finding["what"] as? String == "older" && finding["line"] as? Int == 1)
        let dry = try olga.importLines(row("April", "2026-04-30"), source: "s", "-n")
        #expect(
            dry.output.contains("older    J-") && dry.output.contains("\"2026-05-01T00:00:00Z\" is here"),
            "\(dry)")
        #expect(try title() == "May")
        #expect(
            try olga.importLines(row("May again", "2026-05-01"), source: "s", "--json").json["changed"]
                as? Int == 1)
        #expect(
            try olga.importLines(row("June", "2026-06-01"), source: "s", "--json").json["changed"] as? Int
                == 1)
        let taken = try olga.importLines(row("April", "2026-04-30"), source: "s", "--allow-older", "--json")
        #expect(taken.json["changed"] as? Int == 1 && taken.json["older"] as? Int == 0, "\(taken)")
        #expect(try title() == "April")
    }

    @Test("of two versions of a record in one file the newer one stands, whatever their order and distance")
    func twice() throws {
        let far = Feed.judgments("far", 2500)
        for (round, rows) in [
            [row("Old", "2026-01-01"), row("New", "2026-02-01")],
            [row("New", "2026-02-01"), row("Old", "2026-01-01")],
            [row("Old", "2026-01-01"), far, row("New", "2026-02-01")],
            [row("New", "2026-02-01"), far, row("Old", "2026-01-01")],
        ].enumerated() {
            for options in [[], ["--allow-older"]] {
                let home = Home(scratch.path + "/home\(round)\(options.count)")
                try home.succeed("init", "ports", "--as", "olga")
                let arguments = ["import", "-", "--format", "jsonl", "--source", "s", "--json"] + options
                let outcome = try home.run(arguments, input: [UInt8](rows.joined().utf8))
                #expect(outcome.exit == 0 && outcome.json["refused"] as? Int == 0, "\(outcome)")
                #expect(try home.value(home.id(ofKey: "v:1"), "title") == "New")
            }
        }
    }

    @Test("people's edits are untouched by versions")
    func people() throws {
        try olga.importLines(row("May", "2026-05-01"), source: "s")
        let id = try olga.id(ofKey: "v:1")
        try olga.succeed("set", id, "title=Olga's")
        let outcome = try olga.importLines(row("June", "2026-06-01"), source: "s", "--json")
        #expect(outcome.json["kept"] as? Int == 1, "\(outcome)")
        #expect(try title() == "Olga's")
    }

    @Test("a CSV column and a mapping say the version too, and a version that is no time refuses its element")
    func formats() throws {
        let csv = { (title: String, version: String) in "key,title,version\nc:1,\(title),\(version)\n" }
        let options = ["--kind", "evidence", "--source", "c", "--json"]
        for (title, version, older) in [("B", "2026-02-01", 0), ("A", "2026-01-01", 1)] {
            let path = try scratch.file("c.csv", csv(title, version))
            #expect(try olga.run(["import", path] + options).json["older"] as? Int == older)
        }
        let map = try scratch.file(
            "m.yaml",
            "source: m\nrecords:\n  - kind: judgment\n    key: \"m:{id}\"\n    version: modified\n    fields: {title: name}\n"
        )
        for (name, modified, count) in [
            ("B", "2026-02-01T10:00:00+02:00", "created"), ("A", "2026-02-01T07:59:59Z", "older"),
            ("C", "soon", "refused"),
        ] {
            let path = try scratch.file("m.json", #"[{"id":1,"name":"\#(name)","modified":"\#(modified)"}]"#)
            let outcome = try olga.run("import", path, "--map", map, "--json")
            #expect(outcome.json[count] as? Int == 1, "\(outcome)")
        }
        #expect(try olga.value(olga.id(ofKey: "m:1"), "x.version") == "2026-02-01T08:00:00.000Z")
    }

    @Test("records that the source had and that are not in the file are counted, named by -n, and stay")
    func absent() throws {
        let first = try olga.importLines(Feed.judgments("a", 5), source: "s", "--json")
        #expect(first.json["absent"] as? Int == 0)
        try olga.importLines(Feed.judgments("b", 3), source: "other")
        let fewer = try olga.importLines(Feed.judgments("a", 3), source: "s")
        #expect(fewer.errors.contains("2 that the source had are not in it; they stay"), "\(fewer)")
        let dry = try olga.importLines(Feed.judgments("a", 3), source: "s", "-n")
        #expect(dry.lines.count == 2 && dry.output.contains("Question a 0003"), "\(dry)")
        #expect(dry.lines.allSatisfy { $0.hasPrefix("absent   J-") })
        try olga.succeed("delete", olga.id(ofKey: "a:0004"), "--yes")
        #expect(
            try olga.importLines(Feed.judgments("a", 3), source: "s", "--json").json["absent"] as? Int == 1)
        #expect(try olga.records().count == 8)
        let part = try scratch.file("s.jsonl.refused", Feed.judgments("a", 1))
        #expect(try olga.run("import", part, "--source", "s", "--json").json["absent"] as? Int == 0)
    }

    @Test("records that are deleted here are counted and stay so; what brings them back is said")
    func deletedHere() throws {
        let first = try olga.importLines(Feed.judgments("a", 4), source: "s", "--json")
        #expect(first.json["deleted"] as? Int == 0)
        let second = try olga.id(ofKey: "a:0002")
        try olga.succeed("undo")
        let again = try olga.importLines(Feed.judgments("a", 4), source: "s")
        #expect(again.errors.contains("4 are deleted here and stay so"), "\(again)")
        #expect(again.errors.contains("parley undelete ID"))
        let isThere = { (fields: [String: Any]) in fields["deleted"] as? Bool != true }
        #expect(try !olga.records().values.contains(where: isThere))
        try olga.succeed("undelete", second)
        let last = try olga.importLines(Feed.judgments("a", 4), source: "s", "--json")
        #expect(last.json["deleted"] as? Int == 3 && last.json["same"] as? Int == 4, "\(last)")
        #expect(try olga.records().values.count(where: isThere) == 1)
    }

    @Test("a JSON document without a mapping is answered by one sentence on what to do")
    func document() throws {
        let outcome = try olga.run("import", scratch.file("set.json", "[\n{}\n]\n"))
        #expect(outcome.exit == 64 && outcome.errors.contains("--map FILE"), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 2)
    }
}
