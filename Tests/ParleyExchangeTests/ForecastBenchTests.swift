import Foundation
import ParleyCore
import ParleyExchange
import Testing

/// Real question sets through the mappings that we ship, against facts that were counted in them by other means.
@Suite(.enabled(if: Places.hasSharedData, Comment(rawValue: Places.noSharedData)))
struct ForecastBenchTests {
    static func records(_ file: String, by mapping: String = "forecastbench.yaml") throws -> Mapped {
        let bytes = try Places.bytes(Places.sharedData.appending(path: "forecastbench/" + file))
        return try Mapped(bytes, by: try Mapped.example(mapping), chunk: 65_536)
    }

    private static func judgments(_ mapped: Mapped) -> [String: RecordDraft] {
        let judgments = mapped.drafts.filter { $0.kindName == "judgment" }
        return Dictionary(uniqueKeysWithValues: judgments.map { ($0.keys[0], $0) })
    }

    @Test("two sets a fortnight apart differ in what was counted")
    func twoSets() throws {
        let earlier = Self.judgments(try Self.records("2026-08-02-llm.json"))
        let later = Self.judgments(try Self.records("2026-08-16-llm.json"))
        #expect(earlier.count == 500 && later.count == 500)
        let common = later.keys.filter { earlier[$0] != nil }
        let changed = { (address: String) in
            common.filter { earlier[$0]?[address] != later[$0]?[address] }.count
        }
        #expect(common.count == 177 && later.count - common.count == 323)
        #expect(changed("x.freeze_datetime") == 177)
        #expect(changed("x.freeze_datetime_value") == 137)
        #expect(changed("x.resolution_dates") == 81)
        #expect(changed("text") == 1)
    }

    @Test("lists, words for numbers, empty and long texts arrive as they are")
    func traps() throws {
        let mapped = try Self.records("2026-08-16-llm.json")
        #expect(mapped.faults.isEmpty && mapped.count == 500 && mapped.unused == 0)
        let judgments = Self.judgments(mapped).values
        let dates = judgments.map { $0.value("x.resolution_dates") }
        #expect(dates.count { $0?.text != nil } == 250 && dates.count { $0?.list != nil } == 250)
        let values = judgments.compactMap { $0.text("x.freeze_datetime_value") }
        #expect(values.count == 500 && values.count { Double($0) == nil } == 27)
        let texts = judgments.map { $0.text("text") }
        #expect(texts.count { $0 == nil } == 7)
        #expect(texts.compactMap { $0?.unicodeScalars.count }.max() == 13_512)
        #expect(mapped.drafts.count { $0.kindName == "estimate" } == 250)
        #expect(judgments.allSatisfy { $0.text("title")?.isEmpty == false && $0.text("x.source") != nil })
    }

    @Test("nothing of a question is lost: each member is a field or a column")
    func nothingLost() throws {
        let bytes = try Places.bytes(
            Places.sharedData.appending(path: "forecastbench/2026-08-16-llm.json"))
        let questions = try JSONTree(parsing: bytes)["questions"]?.list ?? []
        let judgments = Self.judgments(try Self.records("2026-08-16-llm.json"))
        var found = 0
        for question in questions {
            let key = "fb:\(question["source"]?.text ?? ""):\(question["id"]?.text ?? "")"
            let judgment = try #require(judgments[key])
            for member in question.members ?? [] where member.value != .text("") {
                found += 1
                let held = judgment.value("x." + member.name)
                if held == member.value.value { continue }
                let field = ["question": "title", "resolution_criteria": "criterion", "background": "text"]
                let text = field[member.name].flatMap { judgment.text($0) }
                let isAbsent = member.value == .text("N/A") && text == nil && held == nil
                #expect(text == member.value.text?.trimmed || isAbsent, "\(key) \(member.name)")
            }
        }
        #expect(questions.count == 500 && found == 500 * 14 - 7)
    }

    @Test("resolutions join their questions, and the crowd's Brier score is the known one")
    func outcomes() throws {
        let questions = try Self.records("2025-10-26-llm.json")
        let resolutions = try Self.records(
            "2025-10-26_resolution_set.json", by: "forecastbench-resolutions.yaml")
        #expect(resolutions.count == 1208 && resolutions.drafts.count == 112 && resolutions.faults.isEmpty)
        #expect(resolutions.drafts.allSatisfy { $0.mustExist && $0.addresses == ["outcome"] })
        var errors: [Double] = []
        var yes = 0
        for resolution in resolutions.drafts {
            let key = resolution.keys[0]
            let estimate = questions.drafts.first { $0.kindName == "estimate" && $0.text("judgment") == key }
            let source = key.split(separator: ":")[1]
            let p = try #require(estimate?.value("value@~fb-\(source)")?.list?[0].int)
            let happened = resolution.value("outcome")?.list?[0] == .text("yes")
            yes += happened ? 1 : 0
            let error = Double(p) / 1_000_000 - (happened ? 1 : 0)
            errors.append(error * error)
        }
        #expect(errors.count == 112 && yes == 18)
        #expect((0.04345..<0.04355).contains(errors.reduce(0, +) / Double(errors.count)))
    }

    @Test("all 231 resolutions of markets belong to a question of the set")
    func allJoin() throws {
        let every = """
            elements: resolutions
            records:
              - kind: judgment
                key: "fb:{source}:{id}"
                when: {source: [infer, manifold, metaculus, polymarket]}
                rest: x
            """
        let bytes = try Places.bytes(
            Places.sharedData.appending(path: "forecastbench/2025-10-26_resolution_set.json"))
        let rows = try Mapped(bytes, by: try Mapping(yaml: Array(every.utf8)))
        let questions = Self.judgments(try Self.records("2025-10-26-llm.json"))
        #expect(rows.drafts.count == 231 && rows.drafts.allSatisfy { questions[$0.keys[0]] != nil })
    }

    @Test("a table of people by phrases becomes each person's number for each phrase")
    func perceptions() throws {
        let bytes = try Places.bytes(Places.sharedData.appending(path: "perceptions/probly.csv"))
        let mapped = try Mapped(bytes, by: try Mapped.example("perceptions.yaml"))
        #expect(mapped.faults.isEmpty && mapped.count == 46)
        let phrases = mapped.drafts.filter { $0.kindName == "judgment" }
        let numbers = mapped.drafts.filter { $0.kindName == "estimate" }
        #expect(phrases.count == 17 && numbers.count == 17)
        #expect(phrases.map { $0.text("title") }.contains("Chances Are Slight"))
        let values = numbers.flatMap(\.addresses).filter { $0.hasPrefix("value@~person-") }
        #expect(values.count == 782)
        let number = { (phrase: String, person: Int) in
            numbers.first { $0.keys == ["phrase-numbers:" + phrase] }?
                .value("value@~person-\(person)")?.list?[0].int
        }
        #expect(number("Almost Certainly", 1) == 950_000 && number("Almost Certainly", 14) == 887_000)
        #expect(number("Better Than Even", 20) == 501_000 && number("Chances Are Slight", 46) == 150_000)
        #expect(number("Improbable", 33) == 10 && number("Almost No Chance", 33) == 500)
        #expect(numbers.allSatisfy { $0.text("judgment") == $0.keys[0].replacing("-numbers", with: "") })
    }
}

extension String {
    /// As the reader takes it: how lines end, and space around a text, do not count.
    fileprivate var trimmed: String {
        replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
