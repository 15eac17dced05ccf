import Foundation
import ParleyTerminal
import Testing

@testable import parley

@Suite("What reading commands show")
struct ReadTests {
    private static func founded() throws -> World {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        return world
    }

    @Test("a tree keeps the kinds together, in the order of the schema")
    func tree() throws {
        let world = try Self.founded()
        let root = try world.parley(["new", "assessment", "title=root"]).word
        for kind in ["evidence", "judgment", "section", "evidence", "judgment", "section"] {
            try world.parley(["new", kind, "title=x", "--under", root])
        }
        let lines = try world.parley(["show", root, "--tree"]).word.split(separator: "\n")
        let kinds = lines.map { $0.split(separator: " ").dropFirst().first.map(String.init) }
        #expect(
            kinds == ["assessment", "section", "section", "judgment", "judgment", "evidence", "evidence"])
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  ") })
    }

    @Test("in a pipe a long text keeps its own lines, and times and authors stand in columns")
    func sheet() throws {
        let world = try Self.founded()
        let long = String(repeating: "word ", count: 60) + "end"
        let id = try world.parley(["new", "judgment", "title=x", "confidence=low", "basis=\(long)"]).word
        let lines = try world.parley(["show", id]).out.split(separator: "\n").map(String.init)
        #expect(lines.contains("    " + long))
        let ends = lines.filter { $0.hasSuffix("  olga") }.compactMap { $0.range(of: "olga") }
        #expect(ends.count == 3)
        let columns = zip(lines.filter { $0.hasSuffix("  olga") }, ends).map { line, range in
            String(line[..<range.lowerBound]).columns
        }
        #expect(Set(columns).count == 1)
    }

    @Test("a setting that is wrong in the file is named, and the usual one taken")
    func badColumns() throws {
        let world = try Self.founded()
        try world.parley(["new", "note", "title=x"])
        try world.parley(["config", "set", "ui.columns", "id,title"])
        try world.write("[ui]\ncolumns = \"id,bogus\"\n", to: "config/config.toml")
        let result = try world.parley(["list"])
        #expect(result.exit == 0 && result.out.contains("\tx\t") && result.out.contains("olga"))
        #expect(result.err.contains("config.toml: ui.columns is \"id,bogus\""))
    }

    @Test("an estimate is listed with its value and its judgment's title")
    func estimate() throws {
        let world = try Self.founded()
        let judgment = try world.parley(["new", "judgment", "title=Port closure"]).word
        let made = try world.parley(["new", "estimate", "judgment=\(judgment)", "value=70%"])
        #expect(made.exit == 0, "\(made.err)")
        let row = try world.parley(["list", "kind:estimate", "--columns", "title"]).word
        #expect(row == "olga 70%: Port closure" || row == "olga 70 %: Port closure", "\(row)")
    }

    @Test("a literal quote round a filter's value is taken off")
    func quotedFilter() throws {
        let world = try Self.founded()
        try world.parley(["new", "judgment", "title=Fuel deliveries to Riga"])
        for filter in ["title:Fuel deliveries", "title:\"Fuel deliveries\"", "not:title:\"Oil\""] {
            #expect(try world.parley(["list", filter, "--exit-code"]).exit == 0, "\(filter)")
        }
        #expect(try world.parley(["list", "title:\"fuel Riga\"", "--exit-code"]).exit == 7)
    }

    @Test("a suggested command can be pasted into a shell, and control characters are named")
    func messages() throws {
        let world = try Self.founded()
        let id = try world.parley(["new", "judgment", "title=x"]).word
        let first = try world.parley(["log", id + ".title", "--json", "--fields", "change"]).word
        let change = try #require(first.split(separator: "\"").first { $0.hasPrefix("@") })
        try world.parley(["set", id, "title=y"])
        let late = try world.parley(["set", id, "title=it's late", "--if", String(change)])
        #expect(late.exit == 5 && late.err.contains("'title=it'\\''s late' --if @"), "\(late.err)")
        let control = try world.parley(["set", id, "title=a\u{7}b"])
        #expect(control.exit == 1 && control.err.contains("holds control characters"), "\(control.err)")
    }
}
