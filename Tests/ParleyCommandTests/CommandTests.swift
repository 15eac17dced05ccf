import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import Testing

@testable import parley

@Suite("Commands as a user runs them")
struct CommandTests {
    private static func founded() throws -> World {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        return world
    }

    @Test("every command and every bad input of the table does what its row says")
    func table() throws {
        let world = try World()
        try world.write(String(repeating: "x", count: 300), to: "long.txt")
        try Data([0x66, 0xFC, 0x72]).write(to: URL(fileURLWithPath: world.home + "/latin1.txt"))
        try world.play(CommandRows.all)
    }

    @Test("no command of this machine is missing from the table")
    func tableIsComplete() {
        let elsewhere = Set(CommandList.elsewhere)
        let used = Set(CommandRows.all.compactMap { Suggestions.command(in: $0.words([:])) })
        let missing = Set(Suggestions.commands).subtracting(elsewhere).subtracting(used)
        #expect(missing.subtracting(["join", "publish", "edit"]).isEmpty, "\(missing)")
        #expect(CommandRows.all.count >= 110)
    }

    @Test("every command states its name, which would be dear to make from the name of its type")
    func statedNames() {
        var open: [any ParsableCommand.Type] = [Parley.self]
        var count = 0
        while let command = open.popLast() {
            #expect(command.configuration.commandName != nil, "\(command)")
            open += command.configuration.subcommands
            count += 1
        }
        #expect(count > 50)
    }

    @Test("--if writes while the change is shown, and ends with 5 and both ways on when it is not")
    func conditionalSet() throws {
        let world = try Self.founded()
        let id = try world.parley(["new", "judgment", "title=x", "confidence=low"]).word
        let first = try Self.change(of: "confidence", in: id, world)
        #expect(try world.parley(["set", id, "confidence=high", "--if", first]).exit == 0)
        let late = try world.parley(["set", id, "confidence=moderate", "--if", first])
        #expect(late.exit == 5)
        let second = try Self.change(of: "confidence", in: id, world)
        #expect(
            late.err.contains("confidence changed meanwhile: \"high\" by olga") && late.err.contains(second))
        #expect(late.err.contains("write anyway: parley set \(id) confidence=moderate --if \(second)"))
        #expect(try world.parley(["show", id + ".confidence"]).word == "high")
    }

    private static func change(of field: String, in id: String, _ world: World) throws -> String {
        let object = try Parsed.object(try world.parley(["show", id, "--json"]).out)
        let fields = object["fields"] as? [String: Any]
        return try #require((fields?[field] as? [String: Any])?["change"] as? String)
    }

    @Test("an address is any unique beginning of at least four characters; an ambiguous one names candidates")
    func addresses() throws {
        let world = try Self.founded()
        let workspace = try Workspace(folder: world.home + "/data/ports", ambient: SystemAmbient.ambient)
        let kind = try #require(Schema.assessments[name: "judgment"])
        let ids = [UInt128(0x8888_8000) << 96, (UInt128(0x8888_8000) << 96) | (1 << 80), UInt128(1) << 96].map
        {
            RecordName(kind: kind.tag, id: RecordID($0))
        }
        _ = try workspace.commit(.command("test")) { _ in
            Writes(ids.map { RegisterWrite($0, RegisterName(field: Field.titleTag), .text("x")) })
        }
        #expect(try world.parley(["show", ids[2].shortAddress(4)]).exit == 0)
        #expect(try world.parley(["show", ids[2].shortAddress(4).lowercased()]).exit == 0)
        let ambiguous = try world.parley(["show", ids[0].shortAddress(4)])
        #expect(ambiguous.exit == 7)
        #expect(ambiguous.err.contains("may be \(ids[0].shortAddress(8)), \(ids[1].shortAddress(8))"))
        #expect(ambiguous.err.contains("type more"))
    }

    @Test(
        "errors are one JSON object on standard error with --json",
        arguments: [
            (["set", "J-ZZZZ", "title=x"], 7, "not-found"), (["lst"], 64, "usage"),
            (["list", "--limit", "x"], 64, "usage"),
            (["new", "judgment", "due=never"], 1, "value"), (["-w", "nowhere", "list"], 7, "no-workspace"),
        ])
    func jsonErrors(arguments: [String], exit: Int, code: String) throws {
        let world = try Self.founded()
        let result = try world.parley(arguments + ["--json"])
        #expect(result.exit == Int32(exit) && result.out.isEmpty)
        #expect(result.err.filter { $0 == "\n" }.count == 1)
        let error = try #require(try Parsed.object(result.err)["error"] as? [String: Any])
        #expect(error["exit"] as? Int == exit && error["code"] as? String == code)
        #expect((error["message"] as? String)?.isEmpty == false && error.keys.contains("hint"))
    }

    @Test("--json prints documented shapes, before and after the command's name")
    func jsonShapes() throws {
        let world = try Self.founded()
        let made = try Parsed.object(
            try world.parley(["new", "judgment", "title=a", "confidence=low", "--json"]).out)
        let id = try #require(made["id"] as? String)
        #expect(made["kind"] as? String == "judgment" && (made["changes"] as? [String])?.count == 1)
        let rows = try Parsed.array(try world.parley(["--json", "list"]).out)
        #expect(
            rows.first?["id"] as? String == id
                && (rows.first?["fields"] as? [String: Any])?["title"] as? String == "a")
        let narrow = try Parsed.array(try world.parley(["list", "--json", "--fields", "id"]).out)
        #expect(narrow.first?.keys.sorted() == ["id"])
        let shown = try Parsed.object(try world.parley(["show", id, "--json", "--fields", "confidence"]).out)
        let field = (shown["fields"] as? [String: Any])?["confidence"] as? [String: Any]
        #expect(shown["schema"] as? Int == 1 && (shown["fields"] as? [String: Any])?.count == 1)
        #expect(
            field?["value"] as? String == "low" && field?["by"] as? String == "olga"
                && field?["review"] as? Bool == false)
        let status = try Parsed.object(try world.parley(["status", "--json"]).out)
        for key in [
            "workspace", "handle", "device", "records", "changesets", "unsent", "review", "server",
            "lastSync",
        ] {
            #expect(status.keys.contains(key), "status has no \(key)")
        }
        #expect(status["records"] as? Int == 1 && status["server"] is NSNull)
        for line in ["search a", "log", "members", "conflicts", "drafts list", "config list"] {
            _ = try Parsed.array(
                try world.parley(line.split(separator: " ").map(String.init) + ["--json"]).out)
        }
        for line in [
            "doctor --verify", "set \(id) title=b", "delete \(id)", "note \(id) x", "version", "config path",
        ] {
            _ = try Parsed.object(
                try world.parley(line.split(separator: " ").map(String.init) + ["--json"]).out)
        }
    }

    @Test("a read opens read-only, and PARLEY_READ_ONLY forbids writing")
    func readOnly() throws {
        let world = try Self.founded()
        world.environment["PARLEY_READ_ONLY"] = "1"
        #expect(try world.parley(["list"]).exit == 0)
        let refused = try world.parley(["new", "judgment", "title=x"])
        #expect(refused.exit == 4 && refused.err.contains("PARLEY_READ_ONLY"))
    }

    @Test("more than 20 records in one act are asked about, and nobody to ask means 2")
    func confirmation() throws {
        let world = try Self.founded()
        let ids = try (0..<21).map { _ in try world.parley(["new", "note", "title=x"]).word }
        let refused = try world.parley(["delete"] + ids)
        #expect(
            refused.exit == 2 && refused.err.contains("delete 21 records?") && refused.err.contains("--yes"))
        #expect(try world.parley(["list", "--exit-code"]).exit == 0)
        #expect(try world.parley(["delete", "--yes"] + ids).exit == 0)
        #expect(try world.parley(["list", "--exit-code"]).exit == 7)
    }

    @Test("a damaged and an unwritable file end with 9")
    func damagedStore() throws {
        let world = try Self.founded()
        let path = world.home + "/data/ports/workspace.sqlite"
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try Data(String(repeating: "no database ", count: 1000).utf8).write(to: URL(fileURLWithPath: path))
        let result = try world.parley(["list"])
        #expect(result.exit == 9 && result.err.contains("damaged"))
    }
}

enum Parsed {
    static func object(_ text: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [String: Any], "\(text)")
    }

    static func array(_ text: String) throws -> [[String: Any]] {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [[String: Any]], "\(text)")
    }
}
