import Foundation
import Testing

@Suite("Texts that would command a terminal", .enabled(if: Parley.isBuilt, "no parley executable"))
struct HostileTextTests {
    /// What must reach no terminal as it is.
    private static let hostile: [String] = [
        "\u{1B}]0;owned\u{07}", "\u{1B}[2J\u{1B}[31m", "\u{9B}31m", "\u{202E}", "\u{2066}", "\u{2028}",
        "\u{08}\u{08}",
        "\u{7F}", "\u{200F}", "\u{FEFF}", "\u{1B}]8;;http://x\u{1B}\\", "\r",
    ]
    private static let forbidden: Set<Unicode.Scalar> = [
        "\u{1B}", "\u{07}", "\u{9B}", "\u{202E}", "\u{2066}", "\u{2028}", "\u{08}", "\u{7F}", "\u{200F}",
        "\u{FEFF}",
    ]

    private static func json(_ text: String) -> String {
        let bytes = (try? JSONSerialization.data(withJSONObject: [text])) ?? Data()
        return String(String(decoding: bytes, as: UTF8.self).dropFirst().dropLast())
    }

    /// Lines whose every text is hostile. A client refuses most of it, so it is written as a newer or a
    /// malicious one would: as values that no field describes.
    private static var feed: String {
        hostile.enumerated().map { number, text in
            let raw = cbor("wicked \(text) text \(number)")
            let cell = json("wicked \(text) text \(number)")
            return
                ##"{"fields":{"#60":\##(raw),\##(json("#61@\(text)")):\##(raw),"basis":\##(raw),"stance@~x":\##(raw),"##
                + #""title":\#(raw),"x.c":\#(cell)},"key":"wicked:\#(number)","kind":"judgment"}"# + "\n"
        }.joined()
    }

    /// The text as CBOR, which JSON Lines takes for any field.
    private static func cbor(_ text: String) -> String {
        let length = UInt8(text.utf8.count)
        let bytes = (length < 24 ? [0x60 + length] : [0x78, length]) + [UInt8](text.utf8)
        return #"{"cbor":"\#(bytes.map { String(format: "%02x", $0) }.joined())"}"#
    }

    /// Runs a command on a terminal, and says what it wrote that a terminal would obey.
    private func obeyed(_ home: Home, _ arguments: [String], input: String = "") throws -> [String] {
        let terminal = try Terminal()
        let child = try home.start(arguments, input: [UInt8](input.utf8), terminal: terminal)
        guard let outcome = child.outcome(arguments, within: .seconds(30)) else {
            throw Trouble("\(arguments) has not ended: \(child.outputText)")
        }
        #expect(!outcome.isCrash && !outcome.bytes.isEmpty, "\(outcome)")
        return Self.found(in: outcome.output).map { "\(arguments.prefix(2)): \($0)" }
    }

    private static func found(in text: String) -> [String] {
        // The terminal itself turns each line break into CR LF.
        let text = text.replacingOccurrences(of: "\r\n", with: "\n")
        let scalars = text.unicodeScalars.filter { forbidden.contains($0) || $0 == "\r" }
        return Set(scalars).map { "U+" + String($0.value, radix: 16) }.sorted()
    }

    @Test("no command writes them raw to a terminal")
    func onTerminal() throws {
        let team = try Team()
        let imported = try obeyed(
            team.olga, ["import", "-", "--format", "jsonl", "--source", "wicked"], input: Self.feed)
        #expect(imported.isEmpty)
        try team.syncAll()
        let ids = try team.ben.records().keys.sorted()
        #expect(ids.count == Self.hostile.count)
        var commands = [
            ["list"], ["list", "--json"], ["search", "wicked"], ["log"], ["log", "--patch", "--no-pager"],
            ["status"],
            ["export"], ["export", "--format", "csv"], ["search", "wicked", "--json"], ["doctor"],
        ]
        for id in ids {
            commands += [["show", id, "--no-pager"], ["show", id, "--json"], ["log", id, "--no-pager"]]
        }
        var checked = 0
        for arguments in commands {
            let found = try obeyed(team.ben, arguments)
            #expect(found.isEmpty, "\(found)")
            checked += 1
        }
        promise("commands-on-terminals", checked)
    }

    @Test("an import that keeps or refuses names them harmlessly")
    func reports() throws {
        let team = try Team()
        try team.olga.importLines(Self.feed, source: "wicked")
        for id in try team.olga.records().keys { try team.olga.succeed("set", id, "title=mended") }
        let newer =
            Self.feed.replacingOccurrences(of: "wicked ", with: "worse ")
            + #"{"fields":{"confidence":\#(Self.json("\u{1B}[2J\u{202E}"))},"key":"w:x","kind":"judgment"}"#
            + "\n"
            + #"{"fields":{\#(Self.json("\u{1B}[2J\u{202E}")):1},"key":"w:y","kind":"judgment"}"# + "\n"
            + #"{"fields":{},"key":"w:z","kind":\#(Self.json("\u{1B}[2J\u{202E}"))}"# + "\n"
        let arguments = ["import", "-", "--format", "jsonl", "--source", "wicked"]
        let found = try obeyed(team.olga, arguments, input: newer)
        #expect(found.isEmpty, "\(found)")
    }

    @Test("a watch on a terminal shows them harmlessly")
    func watch() throws {
        let team = try Team()
        let terminal = try Terminal()
        let watch = try team.ben.start(["watch"], terminal: terminal)
        #expect(watch.wait(.seconds(30)) { $0.outputText.contains("connected") })
        try team.olga.importLines(Self.feed, source: "wicked")
        try team.olga.succeed("sync")
        let last = "text \(Self.hostile.count - 1)"
        #expect(
            watch.wait(.seconds(30)) { child in
                child.outputText.components(separatedBy: last).count > 4
            })
        #expect(Self.found(in: watch.outputText).isEmpty, "\(Self.found(in: watch.outputText))")
    }

    @Test("nor does what a server says")
    func fromServer() throws {
        let team = try Team()
        #expect(team.server.stop() == .exited(0))
        let listener = try ForeignListener(port: team.server.port)
        for code: UInt8 in [0, 1, 3, 6, 7, 8, 99] {
            let terminal = try Terminal()
            let sync = try team.olga.start(["sync", "--timeout", "5"], terminal: terminal)
            let text = [UInt8]("wicked \u{1B}[2J\u{202E}\u{07} words".utf8)
            let payload = [11, code, UInt8(text.count)] + text
            // Who is said to be no member (3) calls once more, with all there is to show.
            let callers = try (0..<(code == 3 ? 2 : 1)).map { _ in
                let caller = try SecureConnection(
                    answering: listener.accept(within: .seconds(20)), as: team.server)
                try caller.send([0, 0, 0, UInt8(payload.count)] + payload)
                return caller
            }
            defer { withExtendedLifetime(callers) {} }
            let outcome = try #require(sync.outcome(["sync"], within: .seconds(30)))
            #expect(outcome.exit > 0 && !outcome.isCrash && outcome.output.contains("wicked"), "\(outcome)")
            #expect(Self.found(in: outcome.output).isEmpty, "\(outcome.output)")
        }
    }
}
