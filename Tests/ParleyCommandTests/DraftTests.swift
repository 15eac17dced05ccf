import Foundation
import Testing

@testable import parley

@Suite("What was typed is never lost")
struct DraftTests {
    /// A judgment with title x, confidence low; the editor is a script.
    private struct Desk {
        let world: World
        let id: String

        init() throws {
            world = try World()
            try world.parley(["init", "ports", "--as", "olga"])
            id = try world.parley(["new", "judgment", "title=x", "confidence=low", "basis=one"]).word
        }

        func edit(_ editor: String, _ arguments: String...) throws -> World.Result {
            world.environment["PARLEY_EDITOR"] = editor
            return try world.parley(["edit", id] + arguments)
        }

        func show(_ field: String) throws -> String { try world.parley(["show", id + "." + field]).word }

        func draft(_ field: String) throws -> String {
            try world.parley(["drafts", "show", id + "." + field]).word
        }

        var files: [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: world.home + "/state/edit")) ?? []
        }
    }

    @Test("a fresh edit is refused while a draft waits, and the draft stays until it is saved or dropped")
    func waitingDraft() throws {
        let desk = try Desk()
        #expect(try desk.edit("sed -i -e 's/^x$/long careful text/' -e s/^low/bogus/").exit == 1)
        let fresh = try desk.edit("sed -i s/^x$/y/")
        #expect(fresh.exit == 5 && fresh.err.contains("--continue") && fresh.err.contains("--discard"))
        #expect(fresh.err.contains(".title") && fresh.err.contains(".confidence"))
        #expect(try desk.world.parley(["edit", desk.id + ".title"]).exit == 5)
        #expect(try desk.draft("title") == "long careful text" && desk.show("title") == "x")
        #expect(try desk.edit("sed -i s/^bogus/high/", "--continue").exit == 0)
        #expect(try desk.show("title") == "long careful text" && desk.show("confidence") == "high")
        #expect(try desk.world.parley(["drafts", "list"]).out.isEmpty)
    }

    @Test("--continue shows base, theirs and mine, and writes over theirs only when told so")
    func contested() throws {
        let desk = try Desk()
        let late = "parley set \(desk.id) title=theirs >/dev/null 2>&1;"
        #expect(try desk.edit(late + "sed -i s/^x$/mine/").exit == 5)
        let form = desk.world.home + "/form"
        let same = try desk.edit("cp \"$1\" \(form);true", "--continue")
        #expect(same.exit == 2 && same.err.contains("the draft is kept"), "\(same.err)")
        let text = try String(contentsOfFile: form, encoding: .utf8)
        #expect(text.contains("%%% It was: x\n%%% It is now, by olga (@"), "\(text)")
        #expect(text.contains("): theirs\n%%% Below is what you wrote.\n"))
        #expect(text.contains("remove this line.\nmine\n"))
        #expect(try desk.show("title") == "theirs" && desk.draft("title") == "mine")
        let other = try desk.edit("sed -i s/^low/high/", "--continue")
        #expect(other.exit == 0 && other.err.contains("title: your draft still waits"), "\(other.err)")
        #expect(try desk.show("title") == "theirs" && desk.show("confidence") == "high")
        #expect(try desk.draft("title") == "mine")
        #expect(try desk.edit("sed -i '/^%%% To write/d'", "--continue").exit == 0)
        #expect(try desk.show("title") == "mine")
        #expect(try desk.world.parley(["drafts", "list"]).out.isEmpty)
    }

    @Test("a draft that was kept while the form was open is not replaced by another")
    func twoForms() throws {
        let desk = try Desk()
        let other =
            "PARLEY_EDITOR='sed -i -e s/^x$/first/ -e s/^low/bogus/' parley edit \(desk.id) >/dev/null 2>&1;"
        let second = try desk.edit(other + "sed -i -e s/^x$/second/ -e s/^low/wrong/")
        #expect(second.exit == 1 && second.err.contains("what you typed is in "), "\(second.err)")
        #expect(try desk.draft("title") == "first" && desk.files.count == 1)
    }

    @Test("one field by itself is contested in the same way, and its notices are no part of it")
    func contestedField() throws {
        let desk = try Desk()
        let field = desk.id + ".basis"
        desk.world.environment["PARLEY_EDITOR"] =
            "parley set \(desk.id) basis=theirs >/dev/null 2>&1; printf '%%%%%% a\\nmine\\n' >"
        #expect(try desk.world.parley(["edit", field]).exit == 5)
        desk.world.environment["PARLEY_EDITOR"] = "true"
        #expect(try desk.world.parley(["edit", field, "--continue"]).exit == 2)
        desk.world.environment["PARLEY_EDITOR"] = "sed -i s/^mine/ours/"
        #expect(try desk.world.parley(["edit", field, "--continue"]).exit == 0)
        #expect(try desk.show("basis") == "%%% a\nours")
    }

    @Test(
        "a damaged, doubled or missing heading and bytes that are no text are errors that keep the file",
        arguments: [
            ("sed -i -e 's/^=== title/=== titel/' -e s/^x$/typed/", "Line 3, .*titel"),
            ("sed -i -e 's/^=== title/== title/' -e s/^x$/typed/", "heading === title === is gone"),
            ("sed -i -e 's/^=== text/=== title/' -e s/^x$/typed/", "was there before"),
            ("printf 'typed\\n\\377\\n' >>", "Line [0-9]+ of what you typed is not UTF-8"),
        ])
    func damagedForm(editor: String, message: String) throws {
        let desk = try Desk()
        let result = try desk.edit(editor)
        #expect(result.exit == 1 && result.err.contains("what you typed is in "), "\(result.err)")
        let isSaid = try Regex(message).firstMatch(in: result.err) != nil
        #expect(isSaid, "\(result.err)")
        #expect(try desk.show("title") == "x" && desk.files.count == 1)
        let kept = try #require(
            FileManager.default.contents(atPath: desk.world.home + "/state/edit/" + desk.files[0]))
        #expect(kept.range(of: Data("typed".utf8)) != nil)
    }

    @Test("nobody at a keyboard and no editor chosen is an error, and so is --no-input")
    func nobodyToAsk() throws {
        let desk = try Desk()
        let result = try desk.world.parley(["edit", desk.id])
        #expect(result.exit == 2 && result.err.contains("PARLEY_EDITOR"))
        #expect(try desk.edit("sed -i s/^x$/y/", "--no-input").exit == 2)
        #expect(try desk.show("title") == "x")
    }

    @Test("a failed editor leaves a file only where something was typed; a refused new record too")
    func failedEditor() throws {
        let desk = try Desk()
        #expect(try desk.edit("false").exit == 2 && desk.files.isEmpty)
        #expect(try desk.edit("sed -i s/^x$/y/ \"$1\"; false").exit == 2 && desk.files.count == 1)
        desk.world.environment["PARLEY_EDITOR"] = "sed -i '/^=== confidence/a bogus'"
        let refused = try desk.world.parley(["new", "judgment", "title=z", "-e"])
        #expect(refused.exit == 1 && refused.err.contains("what you typed is in ") && desk.files.count == 2)
    }
}
