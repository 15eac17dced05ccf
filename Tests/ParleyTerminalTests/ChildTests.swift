import Foundation
import ParleyTerminal
import Testing

@Suite("Editors, pagers and closed pipes", .serialized)
struct ChildTests {
    @Test(
        "the editor is PARLEY_EDITOR, VISUAL, EDITOR, vi; the pager PARLEY_PAGER, PAGER, less",
        arguments: [
            ([:], "vi", "less -FIRX"), (["EDITOR": "ed"], "ed", "less -FIRX"),
            (["EDITOR": "ed", "VISUAL": "code -w"], "code -w", "less -FIRX"),
            (["PARLEY_EDITOR": "x", "VISUAL": "y", "PAGER": "more"], "x", "more"),
            (["VISUAL": " ", "EDITOR": "ed", "PARLEY_PAGER": "most", "PAGER": "more"], "ed", "most"),
            (["PAGER": "cat"], "vi", nil), (["PARLEY_PAGER": ""], "vi", nil),
            (["TERM": "dumb", "PAGER": "less"], "vi", nil),
            (["TERM": "dumb", "PARLEY_PAGER": "x"], "vi", "x"),
        ] as [([String: String], String, String?)])
    func commands(environment: [String: String], editor: String, pager: String?) {
        #expect(Editor.command(environment: environment) == editor)
        #expect(Pager.command(environment: environment) == pager)
    }

    @Test(
        "an editor changes a text, leaves it, empties it, or fails",
        arguments: [
            ("sed -i s/old/new/", Editor.Outcome.changed("new\n")), ("true", .unchanged),
            ("cp /dev/null", .emptied),
            ("printf 'a\\nb\\377\\n' >", .notUTF8(line: 2)), ("exit 3;", .failed(3)),
            ("no-such-editor 2>/dev/null", .failed(127)),
        ])
    func edit(command: String, outcome: Editor.Outcome) throws {
        let path = NSTemporaryDirectory() + "parley-edit-\(UUID().uuidString) with space"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try Editor.edit("old\n", at: path, by: command) == outcome)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a draft's path is never followed through a link")
    func editRefusesLinks() throws {
        let path = NSTemporaryDirectory() + "parley-link-\(UUID().uuidString)"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: SinkError.failed(ELOOP)) { try Editor.edit("a", at: path, by: "true") }
    }

    @Test("a pager that reads nothing, or does not exist, harms nobody")
    func pager() throws {
        Sink.ignoreClosedPipes()
        let text = String(repeating: "line\n", count: 100_000)
        #expect(try Pager.show(text, by: "true"))
        #expect(try Pager.show(text, by: "cat > /dev/null"))
        #expect(try !Pager.show(text, by: "no-such-pager 2>/dev/null"))
    }

    @Test("a closed pipe and a full disk are told apart")
    func closedPipe() throws {
        Sink.ignoreClosedPipes()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        let sink = Sink(descriptor: ends[1], isTerminal: false, colour: Colour(isOn: false))
        try sink.line("gathered")
        #expect(throws: SinkError.closed) { try sink.flush() }
        close(ends[1])
        let full = Sink(
            descriptor: open("/dev/full", O_WRONLY), isTerminal: false, colour: Colour(isOn: false))
        try full.line("gathered")
        #expect(throws: SinkError.failed(ENOSPC)) { try full.flush() }
        close(full.descriptor)
    }

    @Test("nothing is drawn where there is no terminal")
    func noTerminal() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let sink = Sink(descriptor: ends[1], isTerminal: false, colour: Colour(isOn: false))
        try sink.draw("rows 3", width: 80)
        try sink.wipe()
        try sink.flush()
        close(ends[1])
        #expect(try Editor.readAll(ends[0], atMost: 100).isEmpty)
        close(ends[0])
        #expect(sink.width(environment: ["COLUMNS": "70"]) == nil)
    }
}
