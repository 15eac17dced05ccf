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
    @Test(
        "strays looked at apart, beside all others, give the findings that they give among them",
        arguments: ["moscow-article.md", "moscow-posture.md"])
    func strays(file: String) throws {
        let example = try Example.dossier(file, today: Example.today).records.map { record in
            // Nothing under an assessment, so that more of it hangs together with nothing else.
            var image = record.image
            if record.kind.name != "section" {
                image.registers.removeAll { $0.name.field == Field.parentTag }
            }
            return image
        }
        let images = example.filter { image in
            Schema.assessments[tag: image.name.kind]?.name != "link" || image.name.id.number % 3 == 0
        }
        let then = RecordFacts(created: Instant("2026-11-20T00:00:00Z")!)
        let facts = Dictionary(uniqueKeysWithValues: images.map { ($0.name.id, then) })
        let whole = Dossier(records: images, facts: facts, today: Example.today)
        let referred = Set(whole.records.flatMap { $0.references.map(\.target) })
        let isStray = { (image: RecordImage) in
            !referred.contains(image.name.id) && image[Field.parentTag] == .null
                && !Lint.structure.contains(Schema.assessments[tag: image.name.kind]?.name ?? "")
        }
        let others = Dossier(records: images.filter { !isStray($0) }, facts: facts, today: Example.today)
        let (dossier, strays) = others.adding(strays: images.filter(isStray), facts: facts)
        #expect(strays.count > 3 && others.records.count > 10)
        let apart = Lint(others).findings() + Lint(dossier).findings(at: strays)
        let text = { (finding: Finding) in "\(finding)" }
        #expect(apart.map(text).sorted() == Lint(whole).findings().map(text).sorted())
        #expect(!Lint(dossier).findings(at: strays).isEmpty)
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
