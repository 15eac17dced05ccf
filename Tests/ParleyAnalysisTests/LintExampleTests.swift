import Foundation
import ParleyCore
import ParleyExchange
import Testing

@testable import ParleyAnalysis

/// The example assessments, read as an import would read them.
enum Example {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Examples")

    static func dossier(_ file: String, today: Day, status: String? = nil) throws -> Dossier {
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
        let drafts = try MarkdownReader(me: "olga").read(bytes).map { try $0.get() }
        var ids: [String: RecordID] = [:]
        for (number, draft) in drafts.enumerated() {
            if let label = draft.label { ids[label] = Sample.id(number + 1) }
        }
        var images = try drafts.enumerated().map { try image($1, Sample.id($0 + 1), ids) }
        if let status, let tag = Schema.assessments[name: "assessment"]?[name: "status"]?.tag {
            images[0].registers.removeAll { $0.name.field == tag }
            images[0].registers.append(RegisterImage(RegisterName(field: tag), .text(status)))
            images[0].registers.sort { $0.name < $1.name }
        }
        let facts = images.map { ($0.name.id, RecordFacts(created: Instant("2026-11-20T00:00:00Z")!)) }
        return Dossier(records: images, facts: Dictionary(uniqueKeysWithValues: facts), today: today)
    }

    private static func image(
        _ draft: RecordDraft, _ id: RecordID, _ ids: [String: RecordID]
    ) throws -> RecordImage {
        let kind = try #require(Schema.assessments[tag: draft.kind])
        let registers = try draft.writes.map { write -> RegisterImage in
            switch write.content {
            case .value(let value): return RegisterImage(write.register, value)
            case .text(let text), .record(let text, _):
                let type = try #require(kind[tag: write.register.field]).type
                return RegisterImage(write.register, try type.value(of: text) { ids[$0] ?? Sample.id(0) })
            }
        }
        return RecordImage(
            name: RecordName(kind: draft.kind, id: id), registers: registers.sorted { $0.name < $1.name })
    }

    static let today = Day("2026-11-25")
}

@Suite("Lint of the examples")
struct LintExampleTests {
    @Test("strays looked at apart, beside all others, give the findings that they give among them")
    func strays() {
        var sample = LintRuleTests.clean
        for number in 50..<60 {
            let source = number % 2 == 0 ? "#12" : "#\(number + 20)"
            sample.add(
                "evidence", number,
                ["title": "Report", "source": source, "quote": "So.", "access": "secondhand"])
            sample.add(
                "source", number + 20, ["title": "Page", "url": "https://x.example", "origin": "#13"])
            sample.add(
                "judgment", number + 40, ["title": "It will certainly rain.", "confidence": "high"])
            sample.add(
                "indicator", number + 60, ["title": "Sign", "state": "seen", "order": "a\(number % 7)"])
        }
        sample.add(
            "note", 130, ["about": "#50", "kind": "review", "title": "waive L08", "body@olga": "Known."])
        let whole = sample.dossier
        let referred = Set(whole.records.flatMap { $0.references.map(\.target) })
        let isStray = { (image: RecordImage) in
            !referred.contains(image.name.id) && image[Field.parentTag] == .null
                && !Lint.structure.contains(Schema.assessments[tag: image.name.kind]?.name ?? "")
        }
        let others = Dossier(
            records: sample.images.filter { !isStray($0) }, facts: sample.facts, today: sample.today)
        let (dossier, strays) = others.adding(strays: sample.images.filter(isStray), facts: sample.facts)
        #expect(strays.count > 30 && others.records.count > 20)
        let text = { (finding: Finding) in "\(finding)" }
        let (near, far) = (Lint(others).findings(), Lint(dossier).findings(at: strays))
        #expect((near + far).map(text).sorted() == Lint(whole).findings().map(text).sorted())
        #expect(Set(far.map(\.rule)).count > 5 && near.contains { $0.waiver != nil })
    }

    @Test("the bare article, set to review, breaks the rules that its text breaks")
    func article() throws {
        let dossier = try Example.dossier("moscow-article.md", today: Example.today, status: "review")
        let rules = Set(Lint(dossier).findings().map(\.rule))
        #expect(
            ["L01", "L08", "L09", "L13", "L14", "L17", "L21", "L22"].filter { !rules.contains($0) } == [])
        let error = Lint(dossier).findings().filter { $0.level == .error }.map(\.rule)
        #expect(Set(error) == ["L01"])
    }

    @Test("as a draft it need not say how likely, and everything else stands")
    func draft() throws {
        let dossier = try Example.dossier("moscow-article.md", today: Example.today)
        let rules = Set(Lint(dossier).findings().map(\.rule))
        #expect(!rules.contains("L01") && rules.contains("L21"))
    }

    @Test("the team's assessment passes, in review too, but for what it waives with a reason")
    func posture() throws {
        let dossier = try Example.dossier("moscow-posture.md", today: Example.today, status: "review")
        let findings = Lint(dossier).findings()
        #expect(findings.filter { $0.waiver == nil } == [])
        #expect(findings.map(\.rule) == ["L08", "L08", "L08", "L08", "L08", "L09"])
        #expect(findings.allSatisfy { $0.waiver?.by == "~team" })
    }
}
