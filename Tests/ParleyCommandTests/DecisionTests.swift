import Foundation
import Testing

@testable import parley

/// Two people whose replicas meet at a real server.
private final class Pair {
    let olga: World
    let ben: World
    private let server: Server

    init() throws {
        (olga, ben) = (try World(), try World())
        server = try Server(olga)
        try server.found(by: olga)
        let invite = try olga.parley(["invite", "--for", "ben"])
        try sync()
        #expect(try ben.parley(["join", invite.word]).exit == 0)
    }

    func sync() throws { for world in [olga, ben, olga] { try world.parley(["sync"]) } }

    func stop() { #expect(server.stop() == 0) }

    /// The `@` of the change that the field shows.
    func change(_ world: World, _ field: String) throws -> String {
        let rows = try Parsed.array(try world.parley(["blame", field, "--json"]).out)
        return try #require(rows.first?["change"] as? String)
    }
}

@Suite("Two people decide, and go back")
struct DecisionTests {
    @Test(
        "who wrote what, when, where and why stands in the list; a decision reaches both and stays in --all")
    func decide() throws {
        let pair = try Pair()
        defer { pair.stop() }
        let (olga, ben) = (pair.olga, pair.ben)
        let id = try olga.parley(["new", "judgment", "title=Port", "basis=two of three sources agree"]).word
        try pair.sync()
        try ben.parley(["set", id, "basis=two of four sources agree", "-m", "C3 is new"])
        let bens = try pair.change(ben, id + ".basis")
        try olga.parley(["set", id, "basis=all sources agree"])
        try pair.sync()
        let list = try ben.parley(["conflicts", "--exit-code"])
        #expect(list.exit == 6 && list.err.contains("1 field waits for review"))
        #expect(list.out.contains("\taside\ttwo of four sources agree\tben\t"))
        #expect(list.out.contains("\tset\t\(bens)\tC3 is new\n"))
        let sheet = try ben.parley(["conflicts", "show", id]).out
        #expect(sheet.contains("    [-two of four-]{+all+} sources agree\n"), "\(sheet)")
        #expect(
            sheet.contains("\ntake:   parley conflicts take J-\(id.dropFirst(2).prefix(4)).basis \(bens)\n"),
            "\(sheet)")
        #expect(
            try ben.parley(["conflicts", "show", id, "--color", "always"]).out.contains("\u{1B}[31m[-two"))
        let taken = try olga.parley(["conflicts", "take", id + ".basis", bens, "-m", "Ben is right"])
        #expect(taken.exit == 0 && taken.err.contains("settled  @"), "\(taken.err)")
        try pair.sync()
        for world in [olga, ben] {
            #expect(try world.parley(["show", id + ".basis"]).word == "two of four sources agree")
            #expect(try world.parley(["conflicts", "--exit-code"]).exit == 0)
            let all = try world.parley(["conflicts", "--all"])
            #expect(all.out.contains("\twas shown\tall sources agree\tolga"))
            #expect(all.out.contains("\tsettled\ttwo of four sources agree\tolga"))
            #expect(all.out.contains("\tBen is right\n"))
        }
        #expect(try olga.parley(["undo"]).exit == 0)
        #expect(try olga.parley(["show", id + ".basis"]).word == "all sources agree")
    }

    @Test("a deletion that missed an edit is listed, and the edit can be taken: the record comes back")
    func deletion() throws {
        let pair = try Pair()
        defer { pair.stop() }
        let (olga, ben) = (pair.olga, pair.ben)
        let id = try olga.parley(["new", "judgment", "title=Port"]).word
        try pair.sync()
        try ben.parley(["set", id, "title=Ben's port"])
        let edit = try pair.change(ben, id + ".title")
        try olga.parley(["delete", id])
        try pair.sync()
        let list = try olga.parley(["conflicts"]).out
        #expect(list.contains(".deleted\tshown\tdeleted\tolga") && list.contains("\tedited\tBen's port\tben"))
        #expect(try olga.parley(["list", "has:review"]).out.contains("Ben's port"))
        #expect(try olga.parley(["conflicts", "take", id, edit]).exit == 0)
        try pair.sync()
        for world in [olga, ben] {
            #expect(try world.parley(["list"]).out.contains("Ben's port"))
            #expect(try world.parley(["conflicts", "--exit-code"]).exit == 0)
            #expect(try world.parley(["conflicts", "--all"]).out.contains("\twas edited\tBen's port\tben"))
        }
    }

    @Test("undo leaves what a colleague has changed since, says so and ends with 3")
    func partly() throws {
        let pair = try Pair()
        defer { pair.stop() }
        let (olga, ben) = (pair.olga, pair.ben)
        let id = try olga.parley(["new", "judgment", "title=Port", "basis=why"]).word
        try olga.parley(["set", id, "title=Harbour", "basis=because"])
        let change = try pair.change(olga, id + ".title")
        try pair.sync()
        try ben.parley(["set", id, "title=Ben's harbour"])
        try pair.sync()
        let undone = try olga.parley(["undo", change])
        #expect(undone.exit == 3 && undone.err.contains("title left: ben has changed it since (@"))
        #expect(undone.err.contains("undone, 1 field, 1 left  @"), "\(undone.err)")
        #expect(try olga.parley(["show", id + ".title", id + ".basis"]).word == "Ben's harbour\nwhy")
        let again = try olga.parley(["undo", change, "--json"])
        let object = try Parsed.object(again.out)
        #expect(again.exit == 3 && (object["steps"] as? [Any])?.isEmpty == true)
        #expect((object["left"] as? [[String: Any]])?.count == 2)
    }

    @Test("a whole import is undone by its @ after a question, and comes back by redo")
    func wholeImport() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let lines = (0..<30).map {
            "{\"kind\":\"judgment\",\"keys\":[\"n:\($0)\"],\"fields\":{\"title\":\"T\($0)\"}}"
        }
        try world.write(lines.joined(separator: "\n") + "\n", to: "feed.jsonl")
        let made = try Parsed.object(
            try world.parley(["import", "feed.jsonl", "--source", "feed", "--json"]).out)
        let change = try #require(made["change"] as? String)
        let asked = try world.parley(["undo", change])
        #expect(
            asked.exit == 2 && asked.err.contains("undo 30 records? [y/N] There is nobody to ask"),
            "\(asked.err)")
        #expect(try world.parley(["list"]).err.contains("30 shown"))
        #expect(try world.parley(["undo", change, "--yes"]).exit == 0)
        #expect(try world.parley(["list"]).err.contains("Nothing to show"))
        #expect(try world.parley(["redo", "--yes", "-q"]).exit == 0)
        #expect(try world.parley(["list"]).err.contains("30 shown"))
    }

    @Test("as it was: show --at, diff and restore agree about what a change's author had")
    func past() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let id = try world.parley(["new", "judgment", "title=one", "confidence=low"]).word
        let first = try world.parley(["blame", id + ".title", "--json", "--fields", "change"]).word
        let change = try #require(first.split(separator: "\"").first { $0.hasPrefix("@") }.map(String.init))
        try world.parley(["set", id, "title=two", "basis=why"])
        try world.parley(["delete", id])
        let sheet = try world.parley(["show", id, "--at", change])
        #expect(sheet.out.contains("as it was at \(change)") && sheet.out.contains("title       one"))
        #expect(!sheet.out.contains("basis") && !sheet.out.contains("deleted"))
        #expect(try world.parley(["show", id + ".title", "--at", change]).word == "one")
        let differs = try world.parley(["diff", id, "--from", change, "--exit-code"])
        #expect(differs.exit == 6 && differs.out.contains("title  [-one-]{+two+}"))
        let dry = try world.parley(["restore", id, "--to", change, "-n"])
        #expect(dry.out.contains("brought back") && dry.out.contains("basis: [-why-]"))
        #expect(try world.parley(["restore", id, "--to", change]).exit == 0)
        #expect(try world.parley(["diff", id, "--from", change, "--exit-code"]).exit == 0)
        #expect(try world.parley(["log", id, "--limit", "1"]).out.contains("\trestore\t"))
        #expect(try world.parley(["undo"]).exit == 0)
        #expect(try world.parley(["show", id]).out.contains("x deleted"))
    }

    @Test("what was typed when the machine stopped is told of at the next edit")
    func orphan() throws {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let id = try world.parley(["new", "judgment", "title=x"]).word
        world.environment["PARLEY_EDITOR"] = "echo typed >> \"$1\"; kill -9 $PPID; true"
        #expect(try world.parley(["edit", id + ".basis"]).exit != 0)
        world.environment["PARLEY_EDITOR"] = "true"
        let next = try world.parley(["edit", id + ".basis"])
        let path = try #require(next.err.split(separator: " ").last { $0.contains("/edit/") })
        let kept = path.split(separator: "\n").first.map(String.init) ?? ""
        #expect(try String(contentsOfFile: kept, encoding: .utf8).contains("typed"), "\(next.err)")
    }
}
