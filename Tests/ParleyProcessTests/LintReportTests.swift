import Foundation
import Testing

/// Lint and reports as whole programs, on the examples and on texts from strangers.
@Suite("Lint and reports, as programs", .enabled(if: Parley.isBuilt, "no parley executable"))
struct LintReportTests {
    private static func imported(_ example: String) throws -> (Team, String) {
        let team = try Team()
        try team.olga.succeed("import", Parley.example(example))
        let key =
            "key:" + (example == "moscow-article.md" ? "article:moscow-article" : "example:moscow-posture")
        let id = String(decoding: try team.olga.run(["list", key, "--columns", "id"]).bytes, as: UTF8.self)
        return (team, id.trimmingCharacters(in: .newlines))
    }

    @Test("the bare article, set to review, fails by the rules that its text breaks")
    func article() throws {
        let (team, id) = try Self.imported("moscow-article.md")
        try team.olga.succeed("set", id, "status=review")
        let outcome = try team.olga.run(["lint", id])
        #expect(outcome.exit == 6)
        let rules = Set(outcome.output.split(separator: "\n").map { String($0.split(separator: "\t")[1]) })
        for rule in ["L01", "L08", "L09", "L13", "L14", "L17", "L21", "L22"] {
            #expect(rules.contains(rule), "\(rule)")
        }
        promise("lint-known-answers", 8)
    }

    @Test("a colleague's waiver counts on every replica")
    func waiver() throws {
        let (team, id) = try Self.imported("moscow-article.md")
        try team.syncAll()
        let judgment = try team.olga.id(ofKey: "article:j1")
        #expect(
            try team.ben.run(["lint", judgment, "--rule", "L21"]).output.split(separator: "\n").count == 2)
        try team.ben.succeed("lint", "--waive", "L21", "--on", judgment, "-m", "A reading exercise.")
        try team.syncAll()
        let outcome = try team.olga.run(["lint", id, "--rule", "L21", "--all"])
        #expect(
            outcome.output.split(separator: "\n").filter { $0.hasSuffix("ben: A reading exercise.") }.count
                == 2)
    }

    @Test("two replicas that hold the same write the same report, byte for byte, in every form")
    func sameBytes() throws {
        let (team, id) = try Self.imported("moscow-posture.md")
        try team.syncAll()
        for format in ["txt", "md", "html"] {
            let reports = try [team.olga, team.ben].map {
                try $0.run(["report", id, "--format", format]).bytes
            }
            #expect(reports[0] == reports[1] && reports[0].count > 5000, "\(format)")
        }
    }

    @Test("a report of wicked texts commands neither a terminal nor a browser")
    func wicked() throws {
        let team = try Team()
        let text = "body \u{202E} \u{2066}text \u{200B}<script>x</script>"
        let fields: [String: Any] = [
            "title": "T", "bluf": "<script>alert(1)</script> \u{202E}x", "status": "draft",
        ]
        let line = try JSONSerialization.data(withJSONObject: [
            "kind": "assessment", "key": "w:a", "fields": fields,
        ])
        try team.olga.importLines(String(decoding: line, as: UTF8.self) + "\n", source: "w")
        let id = try team.olga.id(ofKey: "w:a")
        try team.olga.succeed("note", id, text, "--kind", "dissent")
        for format in ["txt", "md", "html"] {
            let child = try team.olga.start(
                ["report", id, "--format", format, "--no-pager"], terminal: Terminal())
            let shown = try #require(child.outcome([format], within: .seconds(60)))
            #expect(Wicked.found(in: shown.output).isEmpty, "\(format): \(Wicked.found(in: shown.output))")
        }
        let html = try team.olga.run(["report", id, "--format", "html"]).output
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
    }
}
