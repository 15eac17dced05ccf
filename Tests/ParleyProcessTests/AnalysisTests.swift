import Foundation
import Testing

/// The analyst's methods as whole programs: two analysts on two machines, and texts from strangers.
@Suite("The analyst's methods, as programs", .enabled(if: Parley.isBuilt, "no parley executable"))
struct AnalysisTests {
    private static func line(_ kind: String, _ key: String, _ fields: [String: Any]) throws -> String {
        let object: [String: Any] = ["kind": kind, "key": key, "fields": fields]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self) + "\n"
    }

    @Test("two who rate one cell and estimate one judgment while apart both keep their own; nothing waits")
    func apart() throws {
        let team = try Team()
        let feed = try [
            Self.line("assessment", "t:a", ["title": "Convoy"]),
            Self.line("hypothesis", "t:h1", ["title": "Bridge", "parent": "t:a"]),
            Self.line("hypothesis", "t:h2", ["title": "Decoy", "parent": "t:a"]),
            Self.line("evidence", "t:e", ["title": "Column", "parent": "t:a"]),
            Self.line("judgment", "t:j", ["title": "North", "parent": "t:a"]),
        ].joined()
        try team.olga.importLines(feed, source: "feed")
        try team.syncAll()
        let ids = try ["t:a", "t:h1", "t:h2", "t:e", "t:j"].map { try team.olga.id(ofKey: $0) }
        try team.olga.succeed("rate", ids[3], ids[1], "CC")
        try team.ben.succeed("rate", ids[3], ids[1], "II", "--why", "a bluff")
        try team.ben.succeed("rate", ids[3], ids[2], "C")
        try team.olga.succeed("estimate", ids[4], "80%")
        try team.ben.succeed("estimate", ids[4], "40%", "--confidence", "low")
        try team.syncAll()
        for home in [team.olga, team.ben] {
            let matrix = try home.run("ach", "show", ids[0], "--json").json
            let row = try #require((matrix["evidence"] as? [[String: Any]])?.first)
            let cell = try #require((row["cells"] as? [[String: Any]])?.first)
            let ratings = try #require(cell["ratings"] as? [[String: Any]])
            #expect(ratings.map { $0["analyst"] as? String } == ["ben", "olga"])
            #expect(ratings.map { $0["rating"] as? String } == ["II", "CC"])
            #expect(cell["dispute"] as? String == "extreme" && cell["consensus"] as? String == "II")
            let ranking = try #require(matrix["hypotheses"] as? [[String: Any]])
            #expect(ranking.map { $0["title"] as? String } == ["Decoy", "Bridge"])
            #expect(ranking.map { $0["score"] as? Int } == [0, 1])
            let estimate = try home.run("estimate", ids[4], "--json").json
            #expect(estimate["p"] as? Double == 0.6 && estimate["bandsApart"] as? Int == 3)
            #expect(try home.run("conflicts", "--exit-code").exit == 0)
        }
        let same = try ["ach", "estimate"].map { command in
            try [team.olga, team.ben].map {
                try $0.run([command, command == "ach" ? ids[0] : ids[4], "--json"]).output
            }
        }
        #expect(same.allSatisfy { $0[0] == $0[1] })
        let compared = try team.ben.succeed("ach", "rank", ids[0], "--compare", "olga,ben")
        #expect(compared.errors.contains("1 cell apart"))
        promise("analysts-apart", 2)
    }

    @Test("no method writes a wicked title, reason or name raw, neither to a terminal nor through a pipe")
    func wicked() throws {
        let scratch = try Scratch()
        let home = Home(scratch.path + "/olga")
        try home.succeed("init", "ports", "--as", "olga")
        var cells = 0
        let titles = Self.titles
        for (number, text) in titles.enumerated() {
            try home.importLines(try Self.scene("w\(number)", text), source: "wicked")
        }
        let assessments = titles.indices.map { "w\($0):a" }
        for key in assessments {
            let a = try home.id(ofKey: key)
            let j = try home.id(ofKey: String(key.dropLast()) + "j")
            for arguments in [
                ["ach", "show", a], ["ach", "rank", a], ["ach", "rank", a, "--compare", "~x,~y"],
                ["ach", "show", a, "--by", "~x"], ["estimate", j], ["score", "--under", a], ["score", "~x"],
                ["signposts", a], ["assumptions", a],
            ].flatMap({ [$0, $0 + ["--json"]] }) {
                for terminal in [try Terminal(), nil] {
                    let child = try home.start(arguments + ["--no-pager"], terminal: terminal)
                    let outcome = try #require(child.outcome(arguments, within: .seconds(60)))
                    #expect(outcome.exit == 0, "\(outcome)")
                    let found = Wicked.found(
                        in: outcome.output + outcome.errors, allowing: terminal == nil ? ["\t"] : [])
                    #expect(found.isEmpty, "\(arguments): \(found)")
                    cells += 1
                }
            }
        }
        promise("hostile-analysis", cells)
    }

    @Test("a matrix of eight hypotheses fits a terminal of 80 columns; letters stand for their addresses")
    func narrow() throws {
        let scratch = try Scratch()
        let home = Home(scratch.path + "/olga")
        try home.succeed("init", "ports", "--as", "olga")
        var feed = try Self.line("assessment", "n:a", ["title": "A"])
        feed += try Self.line(
            "evidence", "n:e", ["title": String(repeating: "long ", count: 30), "parent": "n:a"])
        for number in 0..<8 {
            let title = String(repeating: "hypothesis ", count: 12)
            feed += try Self.line("hypothesis", "n:h\(number)", ["title": title, "parent": "n:a"])
            feed += try Self.line(
                "link", "n:l\(number)",
                [
                    "from": "n:e", "rel": "bears_on", "to": "n:h\(number)", "rating@~x": ["II"],
                    "rating@~y": [number == 3 ? "CC" : "II"],
                ])
        }
        try home.importLines(feed, source: "feed")
        func shown(_ columns: UInt16) throws -> [Substring] {
            let child = try home.start(["ach", "--no-pager"], terminal: Terminal(columns: columns))
            let outcome = try #require(child.outcome(["ach"], within: .seconds(60)))
            #expect(outcome.exit == 0, "\(outcome)")
            return outcome.output.split(whereSeparator: \.isNewline)
        }
        let narrow = try shown(80)
        #expect(narrow[0].contains(/weight  a .* h .*apart/))
        #expect(narrow.contains { $0.contains(/^ *1  [a-h] H-[0-9A-Z]+  hypothesis/) })
        #expect(narrow.allSatisfy { $0.count <= 80 }, "\(narrow.filter { $0.count > 80 })")
        #expect(try shown(160)[0].contains(/weight  H-/))
    }

    /// All texts that a line may hold, as many in one as fit.
    private static var titles: [String] {
        var titles: [String] = []
        for text in Wicked.disguised {
            let joined = (titles.last.map { $0 + " " } ?? "") + text
            if titles.isEmpty || joined.unicodeScalars.count > 150 {
                titles.append(text)
            } else {
                titles[titles.count - 1] = joined
            }
        }
        return titles
    }

    /// An assessment in which every text that a method shows is `text`.
    private static func scene(_ key: String, _ text: String) throws -> String {
        let title = "t \(text) end"
        return try [
            line("assessment", key + ":a", ["title": title]),
            line("hypothesis", key + ":h", ["title": title, "parent": key + ":a"]),
            line("hypothesis", key + ":g", ["title": title, "parent": key + ":a"]),
            line("evidence", key + ":e", ["title": title, "parent": key + ":a", "credibility@~x": "2"]),
            line("indicator", key + ":i", ["title": title, "parent": key + ":a"]),
            line(
                "assumption", key + ":m",
                ["title": title, "parent": key + ":a", "if_wrong": title, "support@~x": ["solid", title]]),
            line(
                "judgment", key + ":j",
                ["title": title, "parent": key + ":a", "outcome": ["yes", "2026-10-01"]]),
            line(
                "estimate", key + ":p",
                [
                    "judgment": key + ":j", "value@~x": [0.5, NSNull(), "2026-09-01", title],
                    "value@~y": [0.75, NSNull(), "2026-09-01", title],
                ]),
            line(
                "link", key + ":l",
                [
                    "from": key + ":e", "rel": "bears_on", "to": key + ":h", "rating@~x": ["II", title],
                    "rating@~y": ["CC", title],
                ]),
        ].joined()
    }
}
