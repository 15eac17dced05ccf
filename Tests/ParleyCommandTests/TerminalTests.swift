import Foundation
import ParleyClient
import ParleyCore
import ParleyTerminal
import Testing

@testable import parley

@Suite("Commands on terminals and in pipes")
struct TerminalTests {
    private static let hostile =
        "\u{1B}]0;owned\u{7}\u{1B}[2Jevil\u{202E}txt\u{9B}31m\u{200B}\u{E0041}\r\n\u{2028}x"

    /// A workspace whose texts command a terminal wherever they can, as a colleague's could.
    private static func world() throws -> (world: World, id: String) {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let workspace = try Workspace(folder: world.home + "/data/ports", ambient: SystemAmbient.ambient)
        let kind = try #require(Schema.assessments[name: "judgment"])
        let record = RecordName(kind: kind.tag, id: RecordID(UInt128(0x1234_5678) << 96))
        var act = Act(.hand, [.note: .text(hostile), .tool: .text(hostile)])
        act[.source] = .text(hostile)
        _ = try workspace.commit(act) { _ in
            Writes(
                kind.fields.filter { !$0.merge.isKeyed && $0.tag != Field.deletedTag }.map {
                    RegisterWrite(record, RegisterName(field: $0.tag), .text(hostile))
                } + [
                    RegisterWrite(record, RegisterName(field: 8, key: "tag\u{1B}[31m\u{202E}"), .bool(true)),
                    RegisterWrite(record, RegisterName(field: 10, key: "column\u{9B}1m"), .text(hostile)),
                    RegisterWrite(record, RegisterName(field: 63, key: "unknown\u{7}"), .text(hostile)),
                ])
        }
        return (world, record.fullAddress)
    }

    @Test("hostile texts of others never reach a stream raw")
    func hostileTexts() throws {
        let (world, id) = try Self.world()
        let lines = [
            "list", "list --columns id,title,tags,x,basis,confidence", "list --json", "show \(id)",
            "show \(id) --json",
            "show \(id).title", "show \(id).x.none", "show \(id) --tree", "log", "log --json", "log --patch",
            "log \(id) --patch",
            "search evil", "search evil --json", "conflicts", "status", "doctor", "set \(id) confidence=low",
            "set \(id) title=new", "delete \(id)",
        ]
        for line in lines {
            let result = try world.parley(line.split(separator: " ").map(String.init))
            for (name, text) in [("stdout", result.out), ("stderr", result.err)] {
                let raw = text.unicodeScalars.filter { $0.isHidden && $0 != "\n" && $0 != "\t" }
                #expect(raw.isEmpty, "\(line), \(name): \(raw.map { String($0.value, radix: 16) })")
            }
        }
        #expect(try world.parley(["show", id]).out.contains("␛]0;owned␇␛[2Jevil<U+202E>txt<U+009B>31m"))
    }

    @Test("hostile words on the command line are not echoed raw")
    func hostileArguments() throws {
        let (world, id) = try Self.world()
        for arguments in [
            ["set", id, "confidence=\(Self.hostile)"], ["show", Self.hostile], ["list", Self.hostile + ":x"],
            [Self.hostile],
        ] {
            let result = try world.parley(arguments)
            #expect(result.exit != 70)
            #expect(!result.err.unicodeScalars.contains { $0.isHidden && $0 != "\n" })
        }
    }

    @Test("a pipe is never coloured unless asked for, and NO_COLOR and --color are heard")
    func colour() throws {
        let (world, id) = try Self.world()
        #expect(try !world.parley(["list"]).out.contains("\u{1B}["))
        #expect(try world.parley(["show", id, "--color", "always"]).out.contains("\u{1B}[1m"))
        world.environment["CLICOLOR_FORCE"] = "1"
        #expect(try world.parley(["show", id]).out.contains("\u{1B}[1m"))
        world.environment["NO_COLOR"] = "1"
        #expect(try !world.parley(["show", id]).out.contains("\u{1B}["))
        #expect(try world.parley(["show", id, "--color", "sometimes"]).exit == 64)
    }

    @Test("a reader that has had enough ends a command quietly")
    func closedPipe() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let workspace = try Workspace(folder: world.home + "/data/ports", ambient: SystemAmbient.ambient)
        let kind = try #require(Schema.assessments[name: "note"])
        _ = try workspace.commit(.command("test")) { _ in
            Writes(
                (0..<3000).map { number in
                    RegisterWrite(
                        RecordName(kind: kind.tag, id: RecordID(UInt128(number) << 64)),
                        RegisterName(field: Field.titleTag),
                        .text(String(repeating: "x", count: 150)))
                })
        }
        let result = try world.shell("(parley list; echo \"ended with $?\" >&2) | head -1")
        #expect(result.out.filter { $0 == "\n" }.count == 1)
        #expect(result.err == "ended with 0\n")
        let full = try world.shell("parley list > /dev/full")
        #expect(full.exit == 9 && full.err.contains("disk is full"))
    }

    @Test(
        "the editor changes a record; unchanged cancels; a wrong value and a colleague's change keep the text"
    )
    func editing() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let id = try world.parley(["new", "judgment", "title=x", "confidence=low"]).word
        func edit(_ editor: String, _ arguments: String...) throws -> World.Result {
            world.environment["PARLEY_EDITOR"] = editor
            return try world.parley(["edit", id] + arguments)
        }
        #expect(try edit("sed -i s/^low/moderate/").exit == 0)
        #expect(try world.parley(["show", id + ".confidence"]).word == "moderate")
        #expect(try edit("true").exit == 2)
        #expect(try edit("cp /dev/null").exit == 2)
        #expect(try edit("false").exit == 2)
        let wrong = try edit("sed -i s/^moderate/hgh/")
        #expect(wrong.exit == 1 && wrong.err.contains("hgh") && wrong.err.contains("--continue"))
        #expect(try world.parley(["drafts", "show", id + ".confidence"]).word == "hgh")
        #expect(try edit("sed -i s/^hgh/high/", "--continue").exit == 0)
        #expect(try world.parley(["drafts", "list"]).out.isEmpty)
        let late = try edit("parley set \(id) confidence=low >/dev/null 2>&1; sed -i s/^high/moderate/")
        #expect(late.exit == 5 && late.err.contains("changed meanwhile: \"low\" by olga"))
        #expect(try world.parley(["drafts", "apply", id + ".confidence"]).exit == 5)
        #expect(try edit("true", "--continue").exit == 2)
        #expect(try edit("sed -i '/^%%% To write/d'", "--continue").exit == 0)
        #expect(try world.parley(["show", id + ".confidence"]).word == "moderate")
        #expect(try edit("true", "--continue").exit == 7)
        let other = try edit("parley set \(id) basis=elsewhere >/dev/null 2>&1; sed -i s/^moderate/low/")
        #expect(other.exit == 0, "another field is no hindrance: \(other.err)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: world.home + "/state/edit").isEmpty,
            "no file stays where nothing is in it that was typed")
    }

    @Test("one field by itself, dropping a draft, and a new record from the editor")
    func editingOneField() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let id = try world.parley(["new", "judgment", "title=x", "basis=one"]).word
        world.environment["PARLEY_EDITOR"] = "sed -i 's/one/two\\n=== title ===/'"
        #expect(try world.parley(["edit", id + ".basis"]).exit == 0)
        #expect(try world.parley(["show", id + ".basis"]).out == "two\n=== title ===\n")
        world.environment["PARLEY_EDITOR"] = "parley set \(id) basis=three 2>/dev/null; sed -i s/two/four/"
        #expect(try world.parley(["edit", id + ".basis"]).exit == 5)
        #expect(try world.parley(["edit", id + ".basis", "--discard"]).exit == 2)
        #expect(try world.parley(["edit", id + ".basis", "--discard", "-y"]).exit == 0)
        #expect(try world.parley(["drafts", "list"]).out.isEmpty)
        world.environment["PARLEY_EDITOR"] = "sed -i '/^=== title ===/a Bridge photo'"
        let made = try world.parley(["new", "evidence", "-e", "type=report"])
        #expect(made.exit == 0, "\(made.err)")
        #expect(try world.parley(["show", made.word + ".title"]).word == "Bridge photo")
        #expect(try world.parley(["show", made.word + ".type"]).word == "report")
    }

    @Test(
        "list fits 80 columns of a real terminal, aligned, and says what waits",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux")))
    func listInTmux() throws {
        let (world, _) = try Self.world()
        try world.parley(["new", "judgment", "title=東京の港湾データ 2026年 と とても長い題名がここに続きます、さらに続く"])
        try world.parley(["new", "assessment", "title=Port closure at Нижний Новгород", "status=draft"])
        let socket = world.home + "/tmux"
        let script = "cd \(world.home); parley list 2>err; tmux -S \(socket) wait-for -S done; read wait"
        let start = try world.shell(
            "tmux -S \(socket) -f /dev/null new-session -d -x 80 -y 24 '\(script)' && tmux -S \(socket) wait-for done"
                + " && tmux -S \(socket) capture-pane -p; tmux -S \(socket) kill-server")
        let all = start.out.split(separator: "\n").map(String.init)
        #expect(all.first?.hasPrefix("  id") == true && all.first?.hasSuffix("by") == true)
        let lines = all.dropFirst()
        #expect(lines.count == 3, "\(start.out)\(start.err)")
        #expect(lines.allSatisfy { $0.columns <= 80 && $0.contains("olga") })
        #expect(lines.contains { $0.contains("…") && $0.contains("東京") })
        let ends = Set(
            lines.compactMap { line in line.range(of: "olga").map { String(line[..<$0.lowerBound]).columns } }
        )
        #expect(ends.count == 1, "the last column is aligned:\n\(start.out)")
    }
}
