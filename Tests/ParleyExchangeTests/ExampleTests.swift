import Foundation
import ParleyCore
import ParleyExchange
import Testing

@Suite struct ExampleTests {
    static func example(_ name: String) throws -> [UInt8] {
        try Places.bytes(Places.root.appending(path: "Examples").appending(path: name))
    }

    @Test("the example assessment is complete, and every item can be found again by its key")
    func assessment() throws {
        let drafts = try MarkdownReader(me: "me").read(Self.example("moscow-posture.md")).map { try $0.get() }
        let counts = Dictionary(grouping: drafts) { Schema.assessments[tag: $0.kind]?.name ?? "" }.mapValues(
            \.count)
        #expect(
            counts == [
                "assessment": 1, "section": 4, "judgment": 3, "driver": 3, "assumption": 5, "hypothesis": 5,
                "evidence": 4,
                "source": 1, "indicator": 4, "actor": 1, "note": 9, "link": 50,
                "estimate": 8,
            ])
        for draft in drafts where Schema.assessments[tag: draft.kind]?.name != "link" || !draft.keys.isEmpty {
            #expect(draft.keys.count == 1 && draft.keys[0].hasPrefix("example:"), "line \(draft.line)")
        }
        #expect(Set(drafts.flatMap(\.keys)).count == 68)
    }

    @Test("every reference in the example leads to an item of it")
    func references() throws {
        let drafts = try MarkdownReader(me: "me").read(Self.example("moscow-posture.md")).map { try $0.get() }
        let labels = Set(drafts.compactMap(\.label))
        for case let draft in drafts {
            for case .text(let name) in draft.writes.map(\.content) {
                #expect(labels.contains(name), "line \(draft.line): \(name)")
            }
        }
    }

    @Test(
        "the judgments of the bare article carry no likelihood, confidence, criterion or due date: the text has none"
    )
    func absences() throws {
        let drafts = try MarkdownReader(me: "me").read(Self.example("moscow-article.md")).map { try $0.get() }
        #expect(drafts.filter { $0.kind == 3 }.count == 3)
        for judgment in drafts where judgment.kind == 3 {
            #expect(judgment.writes.allSatisfy { !(16...20).contains($0.register.field) })
        }
    }

    @Test(
        "no six words in a row of the example are the article's",
        .enabled(if: Places.hasSharedData, Comment(rawValue: Places.noSharedData)),
        arguments: ["moscow-posture.md", "moscow-article.md"])
    func ownWords(example: String) throws {
        let words = { (bytes: [UInt8]) in
            String(decoding: bytes, as: UTF8.self).lowercased().split { !$0.isLetter && !$0.isNumber }
        }
        let article = words(try Places.bytes(Places.sharedData.appending(path: "seed-article.txt")))
        let runs = Set(article.indices.dropLast(5).map { article[$0..<$0 + 6] })
        let ours = words(try Self.example(example))
        #expect(article.count > 500 && ours.count > 400)
        for index in ours.indices.dropLast(5) where runs.contains(ours[index..<index + 6]) {
            Issue.record("\(ours[index..<index + 6].joined(separator: " "))")
        }
    }

    @Test("the example tables are read whole")
    func tables() throws {
        var options = CSVOptions(source: "demo")
        options.me = "me"
        let evidence = try readCSV(Self.example("evidence.csv"), kind: "evidence", options: options).map {
            try $0.get()
        }
        #expect(evidence.count == 12 && Set(evidence.flatMap(\.keys)).count == 12)
        let records = try readJSONLines(Self.example("judgments.jsonl")).map { try $0.get() }
        #expect(records.map(\.kind).filter { $0 == 3 }.count == 9 && records.count == 11)
    }
}
