import Foundation
import Testing

/// Real files through the program and the mappings that we ship; the numbers were counted in the files by
/// other means.
@Suite(
    "Real files by mappings", .enabled(if: Parley.isBuilt, "no parley executable"),
    .enabled(if: SharedData.isThere, Comment(rawValue: SharedData.absence)))
struct RealImportTests {
    let team: Team

    init() throws { team = try Team() }

    private func take(_ file: String, _ mapping: String = "forecastbench", by home: Home? = nil) throws
        -> Outcome
    {
        let path = "\(SharedData.path)/\(file)"
        return try (home ?? team.olga).run(
            "import", path, "--map", Parley.example(mapping + ".yaml"), "--json")
    }

    private func numbers(_ outcome: Outcome) -> [Int?] {
        ["created", "changed", "same", "kept", "refused"].map { outcome.json[$0] as? Int }
    }

    private func records(_ kind: String) throws -> [String: [String: Any]] {
        var records: [String: [String: Any]] = [:]
        for line in try team.olga.export("kind:" + kind).lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let fields = try #require(object?["fields"] as? [String: Any])
            let key = try #require(fields.keys.first { $0.hasPrefix("keys:") })
            records[String(key.dropFirst(5))] = fields
        }
        return records
    }

    @Test("two question sets: 500, then 323 new and 177 changed; again: nothing; on another replica: nothing")
    func twoSets() throws {
        #expect(numbers(try take("forecastbench/2026-08-02-llm.json")) == [750, 0, 0, 0, 0])
        let earlier = try records("judgment")
        #expect(earlier.count == 500)
        #expect(numbers(try take("forecastbench/2026-08-16-llm.json")) == [573, 177, 0, 0, 0])
        let later = try records("judgment")
        #expect(later.count == 823)
        let changed = { (field: String) in
            earlier.keys.count { "\(earlier[$0]?[field] ?? "")" != "\(later[$0]?[field] ?? "")" }
        }
        #expect(changed("x.freeze_datetime") == 177 && changed("x.freeze_datetime_value") == 137)
        #expect(changed("x.resolution_dates") == 81 && changed("text") == 1)
        #expect(later.values.compactMap { ($0["text"] as? String)?.unicodeScalars.count }.max() == 13_512)
        try team.syncAll()
        for home in [team.olga, team.ben] {
            let before = try home.status("changesets")
            #expect(numbers(try take("forecastbench/2026-08-16-llm.json", by: home)) == [0, 0, 750, 0, 0])
            #expect(try home.status("changesets") == before)
        }
        try team.expectAgreement()
    }

    @Test(
        "resolutions that come later land on the judgments, whoever brings them; the crowd's Brier score is 0.0435"
    )
    func resolutions() throws {
        let early = try take("forecastbench/2025-10-26_resolution_set.json", "forecastbench-resolutions")
        #expect(early.exit == 3 && numbers(early) == [0, 0, 0, 0, 112])
        #expect(early.output.contains("there is no judgment with the key fb:"))
        #expect(numbers(try take("forecastbench/2025-10-26-llm.json")) == [750, 0, 0, 0, 0])
        try team.syncAll()
        let late = try take(
            "forecastbench/2025-10-26_resolution_set.json", "forecastbench-resolutions", by: team.ben)
        #expect(late.exit == 0 && numbers(late) == [0, 112, 0, 0, 0])
        try team.syncAll()
        let judgments = try records("judgment").filter { $0.value["outcome"] != nil }
        #expect(judgments.count == 112 && judgments.values.allSatisfy { $0["title"] != nil })
        #expect(judgments.values.count { ($0["outcome"] as? [Any])?.first as? String == "yes" } == 18)
        #expect((0.04345..<0.04355).contains(try brier(judgments)))
    }

    /// The mean of (p - o)^2 over the exported estimates of these judgments.
    private func brier(_ judgments: [String: [String: Any]]) throws -> Double {
        var ids: [String: String] = [:]
        for line in try team.olga.export("kind:judgment").lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let key = (object?["fields"] as? [String: Any])?.keys.first { $0.hasPrefix("keys:") }
            ids[String(key?.dropFirst(5) ?? "")] = object?["id"] as? String
        }
        let estimates = try records("estimate").values
        var errors: [Double] = []
        for (key, judgment) in judgments {
            let estimate = estimates.first { $0["judgment"] as? String == ids[key] }
            let voice = estimate?.keys.first { $0.hasPrefix("value@~fb-") }
            let p = try #require((estimate?[voice ?? ""] as? [Any])?.first as? Double)
            let error = p - ((judgment["outcome"] as? [Any])?.first as? String == "yes" ? 1 : 0)
            errors.append(error * error)
        }
        return errors.reduce(0, +) / Double(errors.count)
    }

    @Test("a table of people by phrases: 46 x 17 numbers in one command")
    func perceptions() throws {
        #expect(numbers(try take("perceptions/probly.csv", "perceptions")) == [34, 0, 0, 0, 0])
        #expect(numbers(try take("perceptions/probly.csv", "perceptions")) == [0, 0, 34, 0, 0])
        let estimates = try records("estimate")
        let values = estimates.values.flatMap { fields in
            fields.keys.filter { $0.hasPrefix("value@~person-") }
        }
        #expect(values.count == 782 && estimates.count == 17)
        let likely = estimates["phrase-numbers:Almost Certainly"]?["value@~person-14"] as? [Any]
        #expect(likely?.first as? Double == 0.887)
        let titles = try records("judgment").values.compactMap { $0["title"] as? String }
        #expect(titles.count == 17 && titles.contains("Chances Are Slight"))
    }
}
