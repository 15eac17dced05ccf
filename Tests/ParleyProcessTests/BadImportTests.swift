import Foundation
import Testing

@Suite("Import of bad input", .enabled(if: Parley.isBuilt, "no parley executable"))
struct BadImportTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
        try olga.succeed("import", Parley.example("judgments.jsonl"))
    }

    struct Bad: Sendable, CustomStringConvertible {
        var description: String
        var name: String
        var bytes: [UInt8]
        var arguments: [String] = []
        /// What the report must name.
        var place: String
        var good = 2

        init(_ description: String, _ name: String, _ text: String, _ arguments: String..., place: String) {
            self.init(description, name, [UInt8](text.utf8), arguments, place)
        }

        init(_ description: String, _ name: String, _ bytes: [UInt8], _ arguments: [String], _ place: String)
        {
            (self.description, self.name, self.bytes) = (description, name, bytes)
            (self.arguments, self.place) = (arguments, place)
        }
    }

    private static let first = Feed.judgment("bad:1", "One")
    private static let last = Feed.judgment("bad:3", "Three")
    private static let csvHead = "key,title,type\nbad:1,One,report\n"

    static let bad: [Bad] = [
        Bad(
            "a broken JSON line", "a.jsonl",
            first + "{\"kind\":\"judgment\",\"fields\":{\"title\":oops}}\n" + last,
            place: "line 2, column 38"),
        Bad(
            "a JSON line that ends early", "b.jsonl", first + "{\"kind\":\"judgment\",\n" + last,
            place: "line 2"),
        Bad(
            "an unknown kind", "c.jsonl",
            first + "{\"kind\":\"jugdment\",\"fields\":{\"title\":\"x\"}}\n" + last,
            place: "line 2"),
        Bad(
            "an unknown field", "d.jsonl",
            first + "{\"kind\":\"judgment\",\"key\":\"bad:2\",\"fields\":{\"titel\":\"x\"}}\n" + last,
            place: "titel"),
        Bad(
            "a value that is none of those allowed", "e.jsonl",
            first + "{\"kind\":\"judgment\",\"key\":\"bad:2\",\"fields\":{\"confidence\":\"certain\"}}\n"
                + last,
            place: "confidence"),
        Bad(
            "a date that is none", "f.jsonl",
            first + "{\"kind\":\"judgment\",\"key\":\"bad:2\",\"fields\":{\"due\":\"2026-02-30\"}}\n" + last,
            place: "due"),
        Bad(
            "a line that is not UTF-8", "g.jsonl",
            [UInt8](first.utf8) + [UInt8]("{\"kind\":\"judgment\",\"fields\":{\"title\":\"".utf8) + [
                0xC3, 0x28,
            ]
                + [UInt8]("\"}}\n".utf8) + [UInt8](last.utf8), [], "line 2"),
        Bad(
            "a title of 5000 characters", "h.jsonl",
            first + Feed.judgment("bad:2", String(repeating: "x", count: 5000)) + last, place: "title"),
        Bad(
            "a CSV row of too many cells", "i.csv", csvHead + "bad:2,Two,report,extra\nbad:3,Three,report\n",
            "--kind", "evidence", place: "line 3"),
        Bad(
            "a CSV row of too few cells", "j.csv", csvHead + "bad:2,Two\nbad:3,Three,report\n",
            "--kind", "evidence", place: "line 3"),
        Bad(
            "a CSV cell that is not allowed", "k.csv", csvHead + "bad:2,Two,rumour\nbad:3,Three,report\n",
            "--kind", "evidence", place: "rumour"),
        Bad(
            "a CSV cell that is not UTF-8", "l.csv",
            [UInt8](csvHead.utf8) + [UInt8]("bad:2,".utf8) + [0xFF, 0xFE]
                + [UInt8](",report\nbad:3,Three,report\n".utf8),
            ["--kind", "evidence"], "line 3"),
    ]

    @Test("with --on-error stop one bad row is named and nothing at all is written", arguments: bad)
    func stop(_ bad: Bad) throws {
        let before = try olga.export().bytes
        let changesets = try olga.status("changesets")
        let path = try scratch.file(bad.name, bad.bytes)
        let outcome = try olga.run(["import", path, "--on-error", "stop"] + bad.arguments)
        #expect(outcome.exit == 1 && outcome.errors.contains("Nothing was written"), "\(outcome)")
        #expect(outcome.errors.contains(bad.place), "\(outcome)")
        #expect(try olga.export().bytes == before)
        #expect(try olga.status("changesets") == changesets)
        promise("bad-imports-stopped", 1)
    }

    @Test(
        "with --on-error skip the good rows come in, and the refused ones wait in a file to be mended",
        arguments: bad)
    func skip(_ bad: Bad) throws {
        let path = try scratch.file(bad.name, bad.bytes)
        let outcome = try olga.run(["import", path, "--on-error", "skip"] + bad.arguments)
        #expect(outcome.exit == 3 && outcome.errors.contains("1 refused"), "\(outcome)")
        #expect(outcome.errors.contains(bad.place), "\(outcome)")
        #expect(try olga.export().keys.isSuperset(of: ["bad:1", "bad:3"]))
        #expect(try !olga.export().keys.contains("bad:2"))
        let refused = FileManager.default.contents(atPath: path + ".refused") ?? Data()
        #expect(!refused.isEmpty && outcome.errors.contains(bad.name + ".refused"), "\(outcome)")
        promise("bad-imports-skipped", 1)
    }

    @Test("the file of refused rows can be mended and imported by itself", arguments: ["jsonl", "csv"])
    func mend(_ format: String) throws {
        let isCSV = format == "csv"
        let bad =
            isCSV
            ? "key,title,text,type\nbad:1,One,,report\nbad:2,Two,\"Two,\nin two lines\",rumour\nbad:3,Three,,report\n"
            : Self.first
                + #"{"fields":{"confidence":"certain","title":"Two"},"key":"bad:2","kind":"judgment"}"# + "\n"
                + Self.last
        let path = try scratch.file("mend." + format, bad)
        let options = isCSV ? ["--kind", "evidence"] : []
        #expect(try olga.run(["import", path] + options).exit == 3)
        let refused = try String(contentsOfFile: path + ".refused", encoding: .utf8)
        let mended = try scratch.file(
            "mended." + format,
            refused.replacingOccurrences(of: "certain", with: "low").replacingOccurrences(
                of: "rumour", with: "report"))
        let again = try olga.run(["import", mended, "--source", "mend." + format, "--json"] + options)
        #expect(again.exit == 0 && again.json["created"] as? Int == 1, "\(again)")
        #expect(try olga.export().keys.isSuperset(of: ["bad:1", "bad:2", "bad:3"]))
    }

    @Test("a header that cannot be used, a kind that is missing and a file that is not there write nothing")
    func hopeless() throws {
        let before = try olga.export().bytes
        let csv = try scratch.file("x.csv", Self.csvHead)
        let twice = try scratch.file("twice.csv", "key,title,title\nbad:1,One,Uno\n")
        let empty = try scratch.file("empty.csv", "")
        let unclear = try scratch.file("x.dat", Self.first)
        let commands = [
            ["import", csv], ["import", csv, "--kind", "evidnce"], ["import", twice, "--kind", "evidence"],
            ["import", scratch.path + "/none.jsonl"], ["import", scratch.path], ["import", unclear],
            ["import", csv, "--kind", "evidence", "--map", "title=titel"],
            ["import", csv, "--kind", "evidence", "--key", "nokey"],
            ["import", csv, "--on-error", "perhaps"],
        ]
        for command in commands {
            let outcome = try olga.run(command)
            #expect(
                outcome.exit > 0 && !outcome.isCrash && outcome.errors.hasPrefix("parley: "), "\(outcome)")
        }
        let nothing = try olga.run("import", empty, "--kind", "evidence")
        #expect(!nothing.isCrash, "\(nothing)")
        #expect(try olga.export().bytes == before)
    }

    @Test("-n tells the same counts as the import that follows, and changes nothing")
    func dry() throws {
        let before = try olga.export().bytes
        let changesets = try olga.status("changesets")
        let arguments = ["import", Parley.example("evidence.csv"), "--kind", "evidence", "--json"]
        let dry = try olga.run(arguments + ["-n"])
        #expect(dry.exit == 0 && dry.json["created"] as? Int == 12, "\(dry)")
        #expect(try olga.export().bytes == before && olga.status("changesets") == changesets)
        let real = try olga.run(arguments)
        for name in ["created", "changed", "same", "kept", "refused"] {
            #expect(real.json[name] as? Int == dry.json[name] as? Int)
        }
    }
}
