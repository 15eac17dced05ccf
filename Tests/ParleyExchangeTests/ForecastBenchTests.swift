import Foundation
import ParleyCore
import ParleyExchange
import Testing

/// Real question sets through `Scripts/forecastbench` and the reader, against facts that were counted in
/// them by other means.
@Suite(.enabled(if: Places.hasSharedData, Comment(rawValue: Places.noSharedData)))
struct ForecastBenchTests {
    typealias Fields = [RegisterName: DraftContent]

    static func records(_ set: String, resolutions: String? = nil) throws -> [RecordDraft] {
        let folder = Places.sharedData.appending(path: "forecastbench")
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            [
                "python3", Places.root.appending(path: "Scripts/forecastbench").path,
                folder.appending(path: set).path,
            ]
            + (resolutions.map { ["--resolutions", folder.appending(path: $0).path] } ?? [])
        process.standardOutput = output
        try process.run()
        let bytes = Array(output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try readJSONLines(bytes, chunk: 65_536).map { try $0.get() }
    }

    private static func judgments(_ records: [RecordDraft]) -> [String: Fields] {
        Dictionary(
            uniqueKeysWithValues: records.filter { $0.kind == 3 }.map { draft in
                (
                    draft.keys[0],
                    Dictionary(uniqueKeysWithValues: draft.writes.map { ($0.register, $0.content) })
                )
            })
    }

    private static func column(_ name: String) -> RegisterName {
        RegisterName(field: Field.columnsTag, key: name)
    }

    private static func text(_ content: DraftContent?) -> String? {
        if case .value(let value)? = content { value.text } else { nil }
    }

    @Test("two sets a fortnight apart differ in what was counted")
    func twoSets() throws {
        let earlier = Self.judgments(try Self.records("2026-08-02-llm.json"))
        let later = Self.judgments(try Self.records("2026-08-16-llm.json"))
        #expect(earlier.count == 500 && later.count == 500)
        let common = later.keys.filter { earlier[$0] != nil }
        let changed = { (register: RegisterName) in
            common.filter { earlier[$0]?[register] != later[$0]?[register] }.count
        }
        #expect(common.count == 177 && later.count - common.count == 323)
        #expect(changed(Self.column("freeze_datetime")) == 177)
        #expect(changed(Self.column("freeze_datetime_value")) == 137)
        #expect(changed(Self.column("resolution_dates")) == 81)
        #expect(changed(RegisterName(field: 2)) == 1)
    }

    @Test("lists, words for numbers, empty and long texts arrive as they are")
    func traps() throws {
        let records = try Self.records("2026-08-16-llm.json")
        let judgments = Self.judgments(records)
        let dates = judgments.values.map { $0[Self.column("resolution_dates")] }
        #expect(dates.filter { Self.text($0) != nil }.count == 250)
        #expect(dates.filter { if case .value(.list)? = $0 { true } else { false } }.count == 250)
        let values = judgments.values.compactMap { Self.text($0[Self.column("freeze_datetime_value")]) }
        #expect(values.count == 500 && values.filter { Double($0) == nil }.count == 27)
        let texts = judgments.values.map { Self.text($0[RegisterName(field: 2)]) }
        #expect(texts.filter { $0 == nil }.count == 7)
        #expect(texts.compactMap { $0?.unicodeScalars.count }.max() == 13_512)
        #expect(records.filter { $0.kind == 4 }.count == 250)
    }

    @Test("resolved questions carry their outcome, and the crowd's Brier score is the known one")
    func outcomes() throws {
        let records = try Self.records("2025-10-26-llm.json", resolutions: "2025-10-26_resolution_set.json")
        var estimates: [String: Double] = [:]
        for estimate in records where estimate.kind == 4 {
            guard case .text(let judgment) = estimate.writes[0].content,
                case .value(let value) = estimate.writes[1].content
            else { continue }
            estimates[judgment] = Double(value.list?[0].int ?? 0) / 1_000_000
        }
        var errors: [Double] = []
        var yes = 0
        for (key, fields) in Self.judgments(records) {
            guard case .value(let outcome)? = fields[RegisterName(field: 21)], let p = estimates[key] else {
                continue
            }
            let happened = outcome.list?[0] == .text("yes")
            yes += happened ? 1 : 0
            let error: Double = happened ? p - 1 : p
            errors.append(error * error)
        }
        #expect(errors.count == 112 && yes == 18)
        let brier: Double = errors.reduce(0, +) / Double(errors.count)
        #expect((0.04345..<0.04355).contains(brier))
    }

    @Test("a table of people by phrases is read with a column a phrase")
    func perceptions() throws {
        let bytes = try Places.bytes(Places.sharedData.appending(path: "perceptions/probly.csv"))
        var options = CSVOptions(source: "perceptions")
        options.key = .row
        let rows = try readCSV(bytes, kind: "note", options: options).map { try $0.get() }
        #expect(rows.count == 46 && rows.allSatisfy { $0.writes.count == 17 })
    }
}
