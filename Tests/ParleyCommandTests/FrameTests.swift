import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTerminal
import ParleyTransport
import ParleyTrust
import Testing

@testable import parley

@Suite("The frame round all commands")
struct FrameTests {
    // MARK: Failures

    private static let fieldFault: any Error = {
        do { _ = try Schema.assessments.kinds[0].register(named: "titel") } catch { return error }
        return CancellationError()
    }()

    @Test(
        "every kind of error has its number",
        arguments: [
            (StoreError(.busy, path: "p", cause: "c"), 9, "busy"),
            (StoreError(.diskFull, path: "p", cause: "c"), 9, "disk-full"),
            (StoreError(.damaged, path: "p", cause: "c"), 9, "damaged"),
            (StoreError(.tooNew, path: "p", cause: "c"), 9, "too-new"),
            (TrustError(.badHandle, at: "handle"), 1, "badHandle"),
            (TrustError(.identityExposed, at: "p"), 1, "identityExposed"),
            (TrustError(.wrongInvite, at: "grant"), 4, "wrongInvite"),
            (ProtocolError(.forbidden, "no"), 4, "forbidden"),
            (ProtocolError(.timeout, "late"), 8, "timeout"),
            (ProtocolError(.malformed, "odd"), 1, "malformed"),
            (TransportError(.refused, call: "connect", detail: "refused"), 8, "refused"),
            (TransportError(.addressInUse, call: "bind", detail: "in use"), 1, "addressInUse"),
            (TransportError(.notSecure, call: "handshake", detail: "no channel"), 1, "notSecure"),
            (TransportError(.forged, call: "read", detail: "altered"), 1, "forged"),
            (CommandFailure(serverAt: "h:1", isNot: KeyFingerprint([1])), 4, "server-key"),
            (ClientError.notFound("J-0000"), 7, "not-found"), (ClientError.badAddress("x"), 7, "address"),
            (ClientError.notMember, 4, "not-member"), (ClientError.notAdmin, 4, "not-admin"),
            (ClientError.noServer, 1, "no-server"), (ClientError.filter("x"), 1, "filter"),
            (ClientError.noWorkspace(folder: "f"), 7, "no-workspace"),
            (ClientError.writtenOnce(kind: "k", field: "f"), 1, "once"),
            (ValueFault(given: "x", allowed: "y"), 1, "value"),
            (fieldFault, 1, "field"),
            (SinkError.failed(ENOSPC), 9, "disk-full"), (ValidationError("bad"), 64, "usage"),
            (MalformedBytes(.truncated, at: 3, reading: "frame"), 9, "damaged"),
            (CancellationError(), 70, "defect"),
        ] as [(any Error, Int, String)])
    func mapping(error: any Error, exit: Int, code: String) {
        let failure = CommandFailure(describing: error)
        #expect(Int(failure.exit.rawValue) == exit && failure.code == code)
        #expect(!failure.message.isEmpty)
    }

    @Test("a failure is two lines, with nothing of others that a terminal would obey")
    func failureText() {
        let failure = CommandFailure(.failed, "x", "Field \"\u{1B}[2J\u{202E}\".", hint: "look:\u{7} here")
        #expect(failure.text(json: false) == "parley: Field \"␛[2J<U+202E>\".\n  look:␇ here\n")
        #expect(failure.text(json: true).unicodeScalars.allSatisfy { !$0.isHidden || $0 == "\n" })
    }

    @Test("the exit codes are those of the specification")
    func exitCodes() {
        #expect(Exit.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 70])
    }

    // MARK: Paths

    @Test("a relative XDG value is ignored, PARLEY_HOME replaces all roots, and must be absolute")
    func paths() throws {
        let plain = try Paths(environment: ["HOME": "/h", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "/s"])
        #expect(plain.data == "/h/.local/share/parley" && plain.state == "/s/parley")
        #expect(plain.configFile == "/h/.config/parley/config.toml")
        let home = try Paths(environment: ["HOME": "/h", "XDG_DATA_HOME": "/d", "PARLEY_HOME": "/p"])
        #expect(
            home.data == "/p/data" && home.configFile == "/p/config/config.toml"
                && home.system == "/p/system.toml")
        #expect(throws: CommandFailure.self) { try Paths(environment: ["PARLEY_HOME": "p"]) }
    }

    // MARK: Which workspace

    private func choice(_ world: World, _ names: [String], variable: String? = nil, in folder: String = "")
        throws -> WorkspaceChoice
    {
        for name in names {
            let path = world.home + "/data/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: path + "/workspace.sqlite"))
        }
        let environment = ["PARLEY_HOME": world.home, "PARLEY_WORKSPACE": variable ?? ""]
        return WorkspaceChoice(
            paths: try Paths(environment: environment), environment: environment,
            directory: world.home + folder)
    }

    @Test("-w, then PARLEY_WORKSPACE, then the nearest .parley, then the only one")
    func workspaceOrder() throws {
        let world = try World()
        let one = try choice(world, ["a"])
        #expect(try one.folder(flag: nil).hasSuffix("/data/a"))
        #expect(throws: CommandFailure.self) { try one.folder(flag: "b") }
        let several = try choice(world, ["b", "c"])
        #expect { try several.folder(flag: nil) } throws: { error in
            (error as? CommandFailure)?.message == "There are several workspaces: a, b, c."
        }
        let folder = world.home + "/x/y"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try world.write("c\n", to: "x/.parley")
        #expect(try choice(world, [], in: "/x/y").folder(flag: nil).hasSuffix("/data/c"))
        #expect(try choice(world, [], variable: "b", in: "/x/y").folder(flag: nil).hasSuffix("/data/b"))
        #expect(try choice(world, [], variable: "b", in: "/x/y").folder(flag: "a").hasSuffix("/data/a"))
        #expect(try choice(world, [], in: "/x").folder(flag: "../data/a").hasSuffix("/data/a"))
    }

    @Test(
        "a .parley file, which may come from others, is never taken for a path",
        arguments: ["../data/a", "/etc", "", ".."])
    func markerIsNoPath(text: String) throws {
        let world = try World()
        try world.write(text, to: ".parley")
        let choice = try choice(world, ["a"])
        #expect(throws: CommandFailure.self) { try choice.folder(flag: nil) }
    }

    // MARK: Settings

    @Test("settings: workspace over user over system; unknown keys warn")
    func configuration() throws {
        let world = try World()
        for folder in ["config", "w"] {
            try FileManager.default.createDirectory(
                atPath: world.home + "/" + folder, withIntermediateDirectories: true)
        }
        try world.write("[ui]\ntheme = \"light\"\nascii = true\n[sync]\ntimeout = 7\n", to: "system.toml")
        try world.write(
            "[ui]\ntheme = \"dark\"\n[sync]\ntimout = 3\nconnect_timeout = \"x\"\n", to: "config/config.toml")
        try world.write(
            "[ui]\ncolumns = \"id,p\"\nascii = false\neditor = \"rm -rf /\"\npager = \"x\"\n[keys]\nquit = \"q\"\n",
            to: "w/config.toml")
        let configuration = try Configuration(
            paths: Paths(environment: ["PARLEY_HOME": world.home]), workspace: world.home + "/w")
        #expect(configuration.text("ui.theme") == "dark" && configuration.truth("ui.ascii"))
        #expect(
            configuration.number("sync.timeout") == 7 && configuration.number("sync.connect_timeout") == 5)
        #expect(configuration.text("ui.columns") == "id,p")
        let warnings = configuration.warnings.joined(separator: "\n")
        for sentence in [
            "unknown key sync.timout; did you mean sync.timeout?",
            "sync.connect_timeout is \"x\"; it takes a whole number",
            "ui.ascii is not taken from a workspace's own config", "unknown key ui.editor",
            "unknown key ui.pager",
            "keys.quit is not taken",
        ] { #expect(warnings.contains(sentence), "\(warnings)") }
    }

    @Test("no setting names a command")
    func noCommandInSettings() {
        let words = ["editor", "pager", "command", "hook", "shell", "exec"]
        #expect(ConfigKey.all.allSatisfy { key in words.allSatisfy { !key.name.contains($0) } })
        #expect(
            ConfigKey.all.filter(\.isForWorkspaces).map(\.name)
                == ["ui.theme", "ui.columns", "lint.stale_days", "lint.off", "lint."])
    }

    @Test(
        "one key is changed and all other lines stay",
        arguments: [
            ("", "[sync]\ntimeout = 9\n"),
            ("[sync]\n# why\ntimeout = 1 # s\n", "[sync]\n# why\ntimeout = 9\n"),
            (
                "[sync]\nauto = true\n\n[ui]\nascii = true\n",
                "[sync]\nauto = true\ntimeout = 9\n\n[ui]\nascii = true\n"
            ),
            ("# mine\n[ui]\n", "# mine\n[ui]\n\n[sync]\ntimeout = 9\n"),
        ])
    func settingOneKey(before: String, after: String) throws {
        #expect(ConfigFile.setting("sync.timeout", to: .number(9), in: before) == after)
        #expect(
            try Configuration.parse(after, "x").contains {
                $0.name == "sync.timeout" && $0.value == .number(9)
            })
    }

    @Test(
        "a text is quoted so that TOML reads it back",
        arguments: ["a", "a\"b\\c", "tab\t", "Новгород", "# no"])
    func quotedSetting(text: String) throws {
        let file = ConfigFile.setting("ui.columns", to: .text(text), in: "")
        #expect(try Configuration.parse(file, "x").first?.value == .text(text))
    }

    // MARK: The form in an editor

    @Test("a form is read back as it was written, headings within a text too")
    func form() throws {
        let kind = try #require(Schema.assessments[name: "judgment"])
        let texts = [
            "title": "One", "text": "# Markdown\n\n=== title ===\n\\=== basis ===\nend", "confidence": "low",
        ]
        let parts = Form.registers(of: kind, me: "olga", image: nil).map { register in
            Form.part(register, of: kind, text: texts[kind.text(of: register)] ?? "")
        }
        let form = Form(head: "J-88PD", parts: parts)
        #expect(try form.changes(in: form.text).isEmpty)
        #expect(try form.read(form.text).texts["text"] == texts["text"])
        let changed = try form.changes(in: form.text.replacingOccurrences(of: "low\n", with: "high\n"))
        #expect(changed.map(\.name) == ["confidence"] && changed.first?.text == "high")
        #expect(throws: FormFault.missing("title")) { try form.changes(in: "") }
    }
}
