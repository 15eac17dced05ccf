import Foundation
import Testing

@Suite(
    "An exported file, edited elsewhere and brought back",
    .enabled(if: Parley.isBuilt, "no parley executable"))
struct EditedExportTests {
    let team: Team
    let judgment: String

    init() throws {
        team = try Team()
        try team.olga.succeed("import", Parley.example("moscow-posture.md"))
        try team.syncAll()
        judgment = try team.olga.id(ofKey: "example:j1")
    }

    private func exported() throws -> String {
        let outcome = try team.olga.run(["export", "kind:assessment", "--format", "md"])
        return String(decoding: outcome.bytes, as: UTF8.self)
    }

    private func bringBack(_ text: String) throws -> Outcome {
        try team.olga.run(["import", try team.olga.file("edited.md", text), "--json"])
    }

    private func edited(_ text: String) -> String {
        text.replacingOccurrences(
            of: "Talks will mostly restate fixed positions while Moscow believes it will win in the end",
            with: "Edited in another program")
    }

    @Test("untouched it writes nothing")
    func untouched() throws {
        let outcome = try bringBack(try exported())
        #expect(outcome.exit == 0 && outcome.json["changed"] as? Int == 0, "\(outcome)")
        #expect(outcome.json["created"] as? Int == 0 && outcome.json["kept"] as? Int == 0, "\(outcome)")
    }

    @Test("what was edited in it is written")
    func written() throws {
        let outcome = try bringBack(edited(try exported()))
        #expect(outcome.json["changed"] as? Int == 1 && outcome.json["kept"] as? Int == 0, "\(outcome)")
        #expect(try team.olga.value(judgment, "title") == "Edited in another program")
    }

    @Test("what somebody else changed since stays, in other fields silently and in the same field by name")
    func meanwhile() throws {
        let text = try exported()
        try team.ben.succeed("set", judgment, "confidence=low", "title=Ben's words")
        try team.syncAll()
        let outcome = try bringBack(edited(text))
        #expect(outcome.json["kept"] as? Int == 1 && outcome.json["changed"] as? Int == 0, "\(outcome)")
        #expect(try team.olga.value(judgment, "title") == "Ben's words")
        #expect(try team.olga.value(judgment, "confidence") == "low")
    }

    @Test("JSON Lines say by --base when they were exported")
    func jsonLines() throws {
        let lines = try team.olga.run(["export", "key:example:j1"])
        let time = try team.olga.exportTime()
        let text = edited(String(decoding: lines.bytes, as: UTF8.self))
        let path = try team.olga.file("edited.jsonl", text)
        let outcome = try team.olga.run(["import", path, "--base", time, "--json"])
        #expect(outcome.json["changed"] as? Int == 1, "\(outcome)")
        #expect(try team.olga.value(judgment, "title") == "Edited in another program")
    }
}

extension Home {
    fileprivate func file(_ name: String, _ text: String) throws -> String {
        let path = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// What a Markdown export of now says of itself.
    fileprivate func exportTime() throws -> String {
        let text = String(
            decoding: try run(["export", "kind:assessment", "--format", "md"]).bytes, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("exported: ") })
        return line.dropFirst(10).trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
}
