import Foundation
import Testing

@testable import parley

@Suite("The analyst's methods as commands")
struct AnalyseTests {
    /// An assessment with hypotheses and evidence, and the ids by their keys.
    private static func world(_ lines: [String]) throws -> World {
        let world = try World()
        try world.parley(["init", "ports", "--as", "olga"])
        let result = try world.parley(
            ["import", "-", "--format", "jsonl", "--source", "test"],
            input: lines.joined(separator: "\n") + "\n")
        #expect(result.exit == 0, "\(result.err)")
        return world
    }

    private static func line(_ kind: String, _ key: String, _ fields: [String: Any]) throws -> String {
        let object: [String: Any] = ["kind": kind, "key": key, "fields": fields]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    private static func id(_ key: String, _ world: World) throws -> String {
        try world.parley(["list", "key:" + key, "--columns", "id"]).word
    }

    @Test("a second team's assessment shares the evidence and sees only its own hypotheses")
    func teams() throws {
        let world = try Self.world([
            try Self.line("assessment", "t:a", ["title": "A"]),
            try Self.line("assessment", "t:b", ["title": "B"]),
            try Self.line("hypothesis", "t:h1", ["title": "H1", "parent": "t:a"]),
            try Self.line("hypothesis", "t:h2", ["title": "H2", "parent": "t:b"]),
            try Self.line("source", "t:s", ["title": "S", "reliability@~desk": "B"]),
            try Self.line("evidence", "t:e1", ["title": "shared", "parent": "t:a", "source": "t:s"]),
            try Self.line("evidence", "t:e2", ["title": "A's own", "parent": "t:a"]),
        ])
        let (a, b) = (try Self.id("t:a", world), try Self.id("t:b", world))
        let evidence = try Self.id("t:e1", world)
        #expect(try world.parley(["rate", evidence, try Self.id("t:h1", world), "C"]).exit == 0)
        #expect(try world.parley(["rate", evidence, try Self.id("t:h2", world), "II"]).exit == 0)
        let second = try Parsed.object(try world.parley(["ach", "show", b, "--json"]).out)
        let rows = try #require(second["evidence"] as? [[String: Any]])
        #expect(rows.compactMap { $0["title"] as? String } == ["shared"])
        #expect(rows[0]["weight"] as? Double == 0.8, "the source under the other assessment was found")
        #expect((second["hypotheses"] as? [[String: Any]])?.first?["score"] as? Int == 2)
        let first = try Parsed.object(try world.parley(["ach", "show", a, "--json"]).out)
        #expect((first["evidence"] as? [[String: Any]])?.count == 2)
        #expect((first["hypotheses"] as? [[String: Any]])?.first?["score"] as? Int == 0)
    }

    @Test("the heat map has letters and colours; without colours the letters stay")
    func heatMap() throws {
        let world = try Self.world([
            try Self.line("assessment", "t:a", ["title": "A"]),
            try Self.line("hypothesis", "t:h1", ["title": "H1", "parent": "t:a"]),
            try Self.line("hypothesis", "t:h2", ["title": "H2", "parent": "t:a"]),
            try Self.line("evidence", "t:e", ["title": "E", "parent": "t:a"]),
        ])
        let ids = try ["t:e", "t:h1", "t:h2"].map { try Self.id($0, world) }
        try world.parley(["rate", ids[0], ids[1], "II"])
        try world.parley(["rate", ids[0], ids[2], "CC"])
        let coloured = try world.parley(["ach", "--color", "always"]).out
        #expect(coloured.contains("\u{1B}[31mII") && coloured.contains("\u{1B}[32mCC"))
        let plain = try world.parley(["ach", "--color", "never"]).out
        #expect(!plain.contains("\u{1B}") && plain.contains("II") && plain.contains("CC"))
    }

    @Test("an estimate is undone like any write, and its day may be long ago")
    func undone() throws {
        let world = try Self.world([try Self.line("judgment", "t:j", ["title": "J"])])
        let judgment = try Self.id("t:j", world)
        try world.parley(["estimate", judgment, "70%"])
        try world.parley(["estimate", judgment, "20%", "--made-on", "2020"])
        let all = try Parsed.object(try world.parley(["estimate", judgment, "--json"]).out)
        #expect(all["p"] as? Double == 0.7, "the later day counts, whenever it was entered")
        #expect((all["estimates"] as? [[String: Any]])?.count == 2)
        let listed = try world.parley(["list", "kind:judgment", "p:70", "--columns", "p"])
        #expect(listed.word == "70", "a list reckons by the same rule")
        #expect(try world.parley(["undo"]).exit == 0)
        let rest = try Parsed.object(try world.parley(["estimate", judgment, "--json"]).out)
        #expect((rest["estimates"] as? [[String: Any]])?.count == 1)
    }

    @Test("by chance: the number in a list is the number of the method, whatever the days look like")
    func sameNumber() throws {
        var generator = SystemRandomNumberGenerator()
        let days: [Any] = [
            "2026", "2026-03", "2026-03-01", "2026-03-31", "2026-04", NSNull(), "2025-12-31", "2026-11",
        ]
        var lines: [String] = []
        for judgment in 0..<6 {
            lines.append(try Self.line("judgment", "t:\(judgment)", ["title": "J\(judgment)"]))
            for number in 0..<8 {
                let p = Int.random(in: 1...99, using: &generator)
                let day = days.randomElement(using: &generator) ?? NSNull()
                let who = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
                let value: [Any] = [NSDecimalNumber(value: p).multiplying(byPowerOf10: -2), NSNull(), day]
                lines.append(
                    try Self.line(
                        "estimate", "t:\(judgment)-\(number)",
                        ["judgment": "t:\(judgment)", "value@~\(who)": value]))
            }
        }
        let world = try Self.world(lines)
        let listed = try Parsed.array(try world.parley(["list", "kind:judgment", "--json"]).out)
        for row in listed {
            let id = try #require(row["id"] as? String)
            let estimate = try Parsed.object(try world.parley(["estimate", id, "--json"]).out)
            let (p, percent) = (estimate["p"] as? Double, (row["p"] as? String)?.dropLast())
            #expect(
                p.map { ($0 * 1000).rounded() } == percent.flatMap { Double($0) }.map { ($0 * 10).rounded() },
                "\(lines)")
        }
        #expect(listed.count == 6)
    }

    @Test("after how many days an indicator is due is a setting")
    func staleDays() throws {
        let world = try Self.world([
            try Self.line("indicator", "t:i", ["title": "I", "checked": "2026-01-01", "window": "2999"])
        ])
        #expect(try world.parley(["list", "is:due", "--exit-code"]).exit == 0)
        #expect(try world.parley(["config", "set", "lint.stale_days", "3000"]).exit == 0)
        #expect(try world.parley(["list", "is:due", "--exit-code"]).exit == 7)
        #expect(try world.parley(["signposts", "--due"]).out.isEmpty)
        #expect(try world.parley(["export", "is:due"]).out.isEmpty)
        try world.write("lint = [", to: "config/config.toml")
        #expect(try world.parley(["status"]).exit == 0, "a broken file stops no status")
        #expect(try world.parley(["list", "--columns", "id"]).exit == 0)
        #expect(try world.parley(["list", "is:due", "--columns", "id"]).err.contains("config.toml"))
    }

    @Test("help tells the rules from the tables that are reckoned with")
    func topic() throws {
        let text = try World().parley(["help", "analysis"]).out
        #expect(text.contains("80-95 %  very likely / highly probable"))
        #expect(text.contains("40-<50 %  realistic possibility"))
        #expect(text.contains("reliability  A 1, B 0.8, C 0.6, D 0.4, E 0.2"))
    }

    // MARK: A known answer

    private static let folder: URL = {
        let given = ProcessInfo.processInfo.environment["PARLEY_SHARED_DATA"].map { URL(filePath: $0) }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (given ?? root.appending(path: "../shared/data").standardizedFileURL)
            .appending(path: "forecastbench")
    }()

    private static let hasData = FileManager.default.fileExists(atPath: folder.path)

    private static func rows(_ file: String, _ member: String) throws -> [[String: Any]] {
        let text = String(decoding: try Data(contentsOf: folder.appending(path: file)), as: UTF8.self)
        return try #require(try Parsed.object(text)[member] as? [[String: Any]])
    }

    /// The frozen values of markets and what came of the questions, read from the published files by this test
    /// alone.
    private static func forecasts() throws -> [String] {
        let markets: Set = ["infer", "manifold", "metaculus", "polymarket"]
        var lines: [String] = []
        var known: [String: [Any]] = [:]
        for row in try rows("2025-10-26_resolution_set.json", "resolutions") {
            guard let source = row["source"] as? String, markets.contains(source),
                let id = row["id"] as? String, row["resolved"] as? Bool == true,
                let result = row["resolved_to"] as? Double, let date = row["resolution_date"] as? String
            else { continue }
            known["\(source):\(id)"] = [result == 1 ? "yes" : "no", String(date.prefix(10))]
        }
        for row in try rows("2025-10-26-llm.json", "questions") {
            guard let source = row["source"] as? String, let id = row["id"] as? String,
                let outcome = known["\(source):\(id)"], let text = row["freeze_datetime_value"] as? String,
                let value = Double(text), let day = row["freeze_datetime"] as? String
            else { continue }
            let key = "q:\(source):\(id)"
            lines.append(try line("judgment", key, ["title": "Question \(id)", "outcome": outcome]))
            lines.append(
                try line(
                    "estimate", "p:\(source):\(id)",
                    [
                        "judgment": key,
                        "value@~crowd": [Self.rounded(value), NSNull(), String(day.prefix(10))],
                    ]))
        }
        return lines
    }

    private static func rounded(_ value: Double) -> NSDecimalNumber {
        NSDecimalNumber(value: (value * 1_000_000).rounded()).multiplying(byPowerOf10: -6)
    }

    @Test(
        "112 resolved questions of ForecastBench have the Brier score 0.0435",
        .enabled(if: hasData, "no shared data: set PARLEY_SHARED_DATA"))
    func forecastBench() throws {
        let world = try Self.world(try Self.forecasts())
        let score = try Parsed.object(try world.parley(["score", "--json"]).out)
        #expect(score["questions"] as? Int == 112)
        let brier = try #require(score["brier"] as? Double)
        #expect((brier * 10_000).rounded() == 435, "\(brier)")
        let crowd = try #require((score["analysts"] as? [[String: Any]])?.first)
        #expect(crowd["analyst"] as? String == "~crowd" && crowd["judgments"] as? Int == 112)
        #expect(crowd["madeAfterOutcome"] as? Int == 0)
        let twice = try #require(crowd["brierTwoClass"] as? Double)
        #expect(abs(twice - 2 * brier) < 2e-6)
        let bands = try #require(score["calibration"] as? [[String: Any]])
        #expect(bands.compactMap { $0["count"] as? Int }.reduce(0, +) == 112)
        print("promise: forecasts-scored count=112")
    }

    @Test("lint of thousands of strays counts them all, shows as many as asked for, by rule and in order")
    func strays() throws {
        let world = try World()
        try world.parley(["init", "bulk", "--as", "olga"])
        let lines = (0..<2500).map {
            let order = String(format: "a%05d", ($0 * 7) % 2500)
            let fields = #"{"title":"T","quote":"q","order":"\#(order)"}"#
            return #"{"fields":\#(fields),"key":"t:\#($0)","kind":"evidence"}"#
        }
        try world.parley(
            ["import", "-", "--format", "jsonl", "--source", "t"], input: lines.joined(separator: "\n"))
        // Each lacks its source, which is an error, a locator and a date (L08), and the quote a speaker (L09).
        let few = try world.parley(["lint", "--limit", "5"])
        #expect(few.exit == 6 && few.out.split(separator: "\n").count == 5, "\(few)")
        #expect(few.err.contains("2500 errors, 7500 warnings. 9995 more are not shown"), "\(few.err)")
        let all = try Parsed.array(try world.parley(["lint", "--json", "--limit", "20000"]).out)
        #expect(all.map { $0["rule"] as? String } == (0..<10_000).map { $0 < 7500 ? "L08" : "L09" })
        let shown = all.suffix(2500).compactMap { $0["record"] as? String }
        let sorted = try Parsed.array(
            try world.parley(["list", "--sort", "order", "--json", "--limit", "2500"]).out)
        #expect(shown == sorted.compactMap { ($0["id"] as? String) })
        let one = try world.parley(["lint", "key:t:7", "--json"]).out
        #expect(try Parsed.array(one).count == 4, "\(one)")
    }
}
