import Foundation
import Testing

@Suite(
    "Refused rows, mended and imported by themselves", .enabled(if: Parley.isBuilt, "no parley executable"))
struct RefusedRowsTests {
    let scratch: Scratch
    let olga: Home

    init() throws {
        scratch = try Scratch()
        olga = try scratch.founder()
    }

    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var name: String
        var text: String
        var options: [String] = []
        /// What stands in the refused file.
        var refused: String
        var mend: (from: String, to: String)
        var created = 1
        /// Whether the row is refused without the others too.
        var isBadAlone = true
    }

    private static let types = "report, statement, data, observation, argument, absence"

    static let cases: [Case] = [
        Case(
            description: "CSV with semicolons, CRLF and a line break in a cell", name: "a.csv",
            text:
                "key;text;type\r\nk:1;One;report\r\nk:2;\"Two;\r\n# refused: no\";rumour\r\nk:3;Three;data\r\n",
            options: ["--kind", "evidence"],
            refused:
                "key;text;type\r\n# refused: evidence.type: \"rumour\" is not one of \(types)\r\nk:2;\"Two;\r\n# refused: no\";rumour\r\n",
            mend: (";rumour", ";report")),
        Case(
            description: "CSV with CR alone", name: "b.csv",
            text: "key,title,type\rk:1,One,report\rk:2,Two,rumour\r", options: ["--kind", "evidence"],
            refused:
                "key,title,type\r# refused: evidence.type: \"rumour\" is not one of \(types)\rk:2,Two,rumour\r",
            mend: (",rumour", ",report")),
        Case(
            description: "JSON Lines", name: "c.jsonl",
            text: Feed.judgment("k:1", "One") + Feed.judgment("k:2", "Two", confidence: "certain"),
            refused:
                "# refused: judgment.confidence: \"certain\" is not one of low, moderate, high\n"
                + Feed.judgment("k:2", "Two", confidence: "certain"),
            mend: (#":"certain""#, #":"low""#)),
        Case(
            description: "a reference that is found nowhere, which only the workspace can tell",
            name: "d.csv",
            text: "key,title,source\nk:1,One,\nk:2,Two,none:1\n", options: ["--kind", "evidence"],
            refused:
                "key,title,source\n# refused: evidence.source: \"none:1\" is not the id of a record in the workspace or the file\nk:2,Two,none:1\n",
            mend: (",none:1", ",")),
        Case(
            description: "a contradiction between two rows", name: "e.jsonl",
            text: Feed.judgment("k:1", "One") + Feed.judgment("k:1", "Other"),
            refused:
                "# refused: title says something else than line 1, which is the same record\n"
                + Feed.judgment("k:1", "Other"),
            mend: ("k:1\",\"kind", "k:2\",\"kind"), isBadAlone: false),
    ]

    @Test(
        "the refused file is what the same command reads, and the report prints that command",
        arguments: cases)
    func mended(_ sample: Case) throws {
        let path = try scratch.file(sample.name, sample.text)
        let first = try olga.run(["import", path] + sample.options)
        #expect(first.exit == 3, "\(first)")
        let refused = try String(contentsOfFile: path + ".refused", encoding: .utf8)
        #expect(refused == sample.refused)
        let command = try #require(Self.again(first))
        if sample.isBadAlone {
            let untouched = try olga.run(Array(command.dropFirst()))
            #expect(untouched.exit == 3, "\(untouched)")
            #expect(try String(contentsOfFile: path + ".refused2", encoding: .utf8) == sample.refused)
        }
        _ = try scratch.file(
            sample.name + ".refused", refused.replacing(sample.mend.from, with: sample.mend.to))
        let second = try olga.run(command.dropFirst() + ["--json"])
        #expect(second.exit == 0 && second.json["created"] as? Int == sample.created, "\(second)")
        #expect(try olga.run(command.dropFirst() + ["--json"]).json["same"] as? Int == 1)
        promise("refused-mended", 1)
    }

    /// The words of the command behind `again: `.
    static func again(_ outcome: Outcome) -> [String]? {
        outcome.errors.split(separator: "\n").compactMap { line -> [String]? in
            line.range(of: "again: parley ").map {
                ["parley"] + line[$0.upperBound...].split(separator: " ").map(String.init)
            }
        }.first
    }

    @Test("a Markdown item keeps its record and its assessment")
    func markdown() throws {
        let text = """
            # Title

            ## Judgments

            ### J1: one

            - depends_on: D7

            ## Evidence

            ### E1: two

            - type: rumour

            """
        let path = try scratch.file("x.md", text)
        let first = try olga.run("import", path)
        #expect(first.exit == 3, "\(first)")
        let before = try olga.records()
        let refused = try String(contentsOfFile: path + ".refused", encoding: .utf8)
        _ = try scratch.file(
            "x.md.refused",
            refused.replacing("rumour", with: "report").replacing("- depends_on: D7", with: "- due: 2027"))
        let command = try #require(Self.again(first))
        let second = try olga.run(command.dropFirst() + ["--json"])
        #expect(second.exit == 0 && second.json["created"] as? Int == 1, "\(second)")
        let after = try olga.records()
        let added = Set(after.keys).subtracting(before.keys)
        #expect(added.count == 1 && after.count == before.count + 1)
        let assessment = try #require(after.keys.first { $0.hasPrefix("A-") })
        #expect(added.allSatisfy { after[$0]?["parent"] as? String == assessment })
    }

    @Test("standard input has its refused rows where --refused says, and no file is written over")
    func standardInput() throws {
        let bad = Feed.judgment("k:1", "One") + "{\"kind\":\"jugdment\"}\n"
        let path = try scratch.file("mine", "precious")
        let arguments = ["import", "-", "--format", "jsonl", "--source", "s", "--refused", path]
        let outcome = try olga.run(arguments, input: [UInt8](bad.utf8))
        #expect(outcome.exit == 3 && outcome.errors.contains("refused rows: \(path)2"), "\(outcome)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        #expect(
            try String(contentsOfFile: path + "2", encoding: .utf8).hasSuffix("\n{\"kind\":\"jugdment\"}\n"))
        let without = try olga.run(Array(arguments.dropLast(2)), input: [UInt8](bad.utf8))
        #expect(without.exit == 3 && !without.errors.contains("refused rows: "), "\(without)")
    }

    @Test("an import that is killed leaves what it has refused")
    func killed() throws {
        let bad = (0..<40_000).map {
            $0.isMultiple(of: 40)
                ? "{\"kind\":\"jugdment\",\"key\":\"\($0)\"}\n" : Feed.judgment("k:\($0)", "T")
        }.joined()
        let path = try scratch.file("big.jsonl", bad)
        let child = try olga.start(["import", path])
        let refused = path + ".refused"
        #expect(child.wait(.seconds(60)) { _ in FileManager.default.fileExists(atPath: refused) })
        Thread.sleep(forTimeInterval: 0.1)
        child.killNow()
        let rows = try String(contentsOfFile: refused, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("# refused: ") }
        #expect(!rows.isEmpty && rows.count <= 1000 && rows.allSatisfy { $0.hasSuffix("\"}") })
        #expect(rows.count % 25 == 0 && rows.first == "{\"kind\":\"jugdment\",\"key\":\"0\"}")
    }
}
