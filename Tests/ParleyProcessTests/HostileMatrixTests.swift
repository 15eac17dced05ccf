import Foundation
import Glibc
import Testing

/// Every command that shows a text, on a terminal and through a pipe, with every wicked text in every place.
@Suite("Every command and every wicked text", .enabled(if: Parley.isBuilt, "no parley executable"))
struct HostileMatrixTests {
    /// A judgment with all of them, of which two analysts have written two wicked versions while apart.
    private struct Scene {
        let team: Team
        let id: String

        init() throws {
            team = try Team()
            try team.olga.importLines(Wicked.record("wicked:all", "wicked"), source: "feed")
            try team.syncAll()
            id = try team.olga.id(ofKey: "wicked:all")
            try team.olga.importLines(Wicked.record("wicked:all", "worse"), source: "feed", "--overwrite")
            try team.ben.importLines(Wicked.record("wicked:all", "worst"), source: "other", "--overwrite")
            try team.ben.succeed("note", id, "body \u{202E} \u{2066}text")
            try team.ben.succeed("set", id, "confidence=high", "-m", "\u{202E}said \u{200B}so")
            try team.syncAll()
        }

        /// Commands that read; then those that write, each of which leaves the record as wicked as it was.
        var commands: [[String]] {
            let readers = [
                ["list"], ["search", "worst"], ["log"], ["log", "--patch"], ["log", "--apart"], ["log", id],
                ["show", id],
                ["show", id, "--at", "1d"], ["blame", id], ["diff", id, "--from", "1d"], ["conflicts"],
                ["conflicts", "--all"], ["conflicts", "show", id + ".basis"], ["status"], ["members"],
                ["doctor"],
                ["doctor", "--verify"], ["drafts"], ["config"], ["export"], ["lint"], ["lint", "--all", id],
            ]
            let writers = [
                ["conflicts", "keep", id + ".basis"], ["set", id, "confidence=low"], ["undo"], ["redo"],
                ["delete", id],
                ["undelete", id], ["sync"],
            ]
            return readers.flatMap { [$0, $0 + ["--json"]] } + writers
        }
    }

    private func shown(
        _ home: Home, _ arguments: [String], on terminal: Terminal?, input: String = ""
    ) throws -> (exit: Int32, text: String) {
        let child = try home.start(
            arguments + ["--no-pager"], input: [UInt8](input.utf8), terminal: terminal)
        guard let outcome = child.outcome(arguments, within: .seconds(60)) else {
            throw Trouble("\(arguments) has not ended")
        }
        #expect(!outcome.isCrash, "\(arguments): \(outcome)")
        return (outcome.exit, outcome.output + outcome.errors)
    }

    @Test("no command writes one raw, neither to a terminal nor through a pipe")
    func matrix() throws {
        let scene = try Scene()
        var cells = 0
        for arguments in scene.commands {
            let onTerminal = try shown(scene.team.ben, arguments, on: Terminal())
            #expect(
                Wicked.found(in: onTerminal.text).isEmpty,
                "\(arguments): \(Wicked.found(in: onTerminal.text))")
            let piped = try shown(scene.team.ben, arguments, on: nil)
            // An export through a pipe is for a program: see the test of exports.
            if arguments.first != "export" {
                let found = Wicked.found(in: piped.text, allowing: ["\t"])
                #expect(found.isEmpty, "\(arguments) through a pipe: \(found)")
            }
            cells += 2 * Wicked.all.count
        }
        promise("hostile-cells", cells)
    }

    @Test("no error message does, whatever stands in the arguments")
    func arguments() throws {
        let scene = try Scene()
        let wicked = Wicked.all.filter { !$0.contains("\0") }.joined(separator: " ")
        let id = scene.id
        let commands: [[String]] = [
            ["show", wicked], ["set", id, wicked + "=1"], ["set", id, "confidence=" + wicked],
            ["list", wicked],
            ["list", "kind:" + wicked], ["list", "-w", wicked], ["search", wicked], ["log", wicked],
            ["blame", wicked],
            ["diff", id, "--from", wicked], ["show", id, "--at", wicked],
            ["restore", id + ".basis", "--to", wicked],
            ["conflicts", "show", wicked], ["conflicts", "take", id + ".basis", wicked], ["undo", wicked],
            ["new", wicked], ["new", "judgment", wicked + "=1"], ["link", id, wicked, "--as", wicked],
            ["note", wicked, "x"],
            ["delete", wicked], ["drafts", wicked], ["config", "set", wicked, "1"],
            ["config", "get", wicked],
            ["import", wicked], ["import", "-", "--format", "csv", "--kind", wicked],
            ["export", "--format", wicked],
            ["bundle", "apply", wicked], ["join", wicked], ["publish", wicked], ["invite", "--for", wicked],
            ["init", wicked, "--as", "olga"], ["init", "fresh", "--as", wicked],
            ["sync", "--server", wicked],
            ["sync", "--timeout", "2", "--via", "echo '\(wicked.filter { $0 != "'" })'"], [wicked],
            ["list", "--" + wicked], ["lint", wicked], ["lint", "--rule", wicked], ["report", wicked],
            ["lint", "--waive", "L04", "--on", wicked, "-m", "x"], ["report", id, "--since", wicked],
        ]
        for arguments in commands {
            let (exit, text) = try shown(scene.team.ben, arguments, on: Terminal())
            let name = arguments.prefix(1)
            #expect(
                exit != 0 || ["search", "list", "init", "lint"].contains(arguments[0]),
                "\(name) ended \(exit): \(text)")
            #expect(
                Wicked.found(in: text).isEmpty, "\(name): \(Wicked.found(in: text)) in \(text.prefix(600))")
        }
        promise("hostile-arguments", commands.count * Wicked.all.count)
    }

    @Test("reports of imports and bundles show them harmlessly, and refuse half a surrogate")
    func reports() throws {
        let scene = try Scene()
        let lines =
            Wicked.record("wicked:all", "anew")
            + #"{"fields":{"title":"\ud800"},"key":"w:s","kind":"judgment"}"# + "\n"
            + Wicked.all.map { #"{"fields":{\#(Wicked.json($0)):1},"key":"w:y","kind":"judgment"}"# + "\n" }
            .joined()
            + Wicked.all.map { #"{"fields":{},"key":"w:z","kind":\#(Wicked.json($0))}"# + "\n" }.joined()
        let cells = Wicked.all.filter { !$0.contains("\0") }.map {
            "\"\($0.replacingOccurrences(of: "\"", with: "\"\""))\""
        }
        let table = "key," + cells.joined(separator: ",") + "\na:1\n"
        let page =
            "---\n\(cells.joined(separator: "\n"))\n---\n## \(Wicked.all.joined())\n### \(Wicked.all.joined())\n"
        for (format, text) in [("jsonl", lines), ("csv", table), ("md", page)] {
            let arguments = ["import", "-", "--format", format, "--source", "feed", "--kind", "judgment"]
            let usable = format == "csv" ? arguments : Array(arguments.dropLast(2))
            let (exit, said) = try shown(scene.team.ben, usable, on: Terminal(), input: text)
            #expect(exit != 0, "\(format): \(said)")
            #expect(
                Wicked.found(in: said).isEmpty, "\(format): \(Wicked.found(in: said)) in \(said.prefix(900))")
            if format == "jsonl" { #expect(said.contains("surrogate"), "\(said.prefix(2000))") }
        }
        let bundle = scene.team.scratch.path + "/wicked.parley"
        try scene.team.olga.succeed("bundle", "create", bundle)
        let third = try scene.team.member("third")
        for options in [["-n"], []] {
            let (exit, said) = try shown(third, ["bundle", "apply", bundle] + options, on: Terminal())
            #expect(
                exit == 0 && Wicked.found(in: said).isEmpty, "\(Wicked.found(in: said)) \(said.prefix(600))")
        }
        promise("hostile-reports", 5)
    }

    @Test("a server's log shows what a member says harmlessly, one line each")
    func serverLog() throws {
        let team = try Team()
        #expect(team.server.stop() == .exited(0))
        let server = try team.ben.start([
            "serve", "--verbose", "--data", team.server.data, "--listen", team.server.address,
        ])
        #expect(server.wait(.seconds(30)) { $0.errorText.contains("server key") })
        let member = try Member(of: team, home: team.ben)
        for text in Wicked.all { try member.quit(saying: "wicked \(text) end") }
        let isThere = server.wait(.seconds(30)) {
            $0.errorText.components(separatedBy: "wicked").count > Wicked.all.count
        }
        #expect(isThere, "\(server.errorText.suffix(2000))")
        #expect(Wicked.found(in: server.errorText).isEmpty, "\(Wicked.found(in: server.errorText))")
        let lines = server.errorText.split(separator: "\n").filter { $0.contains("wicked") }
        #expect(lines.count == Wicked.all.count && lines.allSatisfy { $0.contains("end") })
        promise("hostile-log-lines", lines.count)
    }
}
