import Foundation
import ParleyCore
import Testing

@testable import ParleyAnalysis

@Suite("Reports")
struct ReportTests {
    private static func report(_ sample: Sample, _ options: ReportOptions = ReportOptions()) throws -> Report
    {
        try #require(Report(sample.dossier, assessment: Sample.id(1), options: options))
    }

    private static func example() throws -> Report {
        let dossier = try Example.dossier("moscow-posture.md", today: Example.today)
        return try #require(Report(dossier, assessment: Sample.id(1)))
    }

    @Test("judgments come first, and what the words mean last")
    func order() throws {
        let headings = try Self.example().document.blocks.compactMap { block -> String? in
            if case .heading(2, _, let anchor) = block { anchor } else { nil }
        }
        #expect(
            headings == [
                "bottom-line", "judgments", "drivers", "alternatives", "analysis", "implications",
                "assumptions",
                "signposts", "dissent", "evidence", "sources", "gaps", "scale",
            ])
    }

    @Test("no sentence holds both a likelihood and a confidence, whatever was set")
    func sentences() throws {
        let tokens = WordScale.icd203.bands.map(\.token)
        for scale in WordScale.allCases {
            for token in tokens {
                for level in ["low", "moderate", "high"] {
                    var sample = LintRuleTests.clean
                    sample.set(1, ["scale": scale.rawValue])
                    sample.set(3, ["likelihood": token, "confidence": level])
                    let report = try Self.report(sample)
                    let judgment = try #require(report.dossier[Sample.id(3)])
                    let likelihood = plain(report.likelihood(judgment))
                    let confidence = plain(report.confidence(judgment))
                    let terms = Sentence.all(in: likelihood).flatMap { ScaleTerms.all(in: $0) }
                    #expect(terms.count == 1, "\(likelihood)")
                    #expect(Sentence.all(in: likelihood).allSatisfy { ConfidenceTerms.first(in: $0) == nil })
                    #expect(Sentence.all(in: confidence).allSatisfy { ScaleTerms.all(in: $0).isEmpty })
                    #expect(confidence == "Our confidence in this judgment is \(level).")
                }
            }
        }
    }

    private func plain(_ spans: [Span]) -> String {
        spans.map { span in
            switch span {
            case .own(let text), .theirs(let text), .strong(let text), .term(let text),
                .reference(let text, _):
                text
            }
        }.joined()
    }

    @Test(
        "the sentence for a likelihood",
        arguments: [
            ("icd203", "almost_no_chance", "There is almost no chance of it (1-5 %)."),
            ("icd203", "even", "There is a roughly even chance of it (45-55 %)."),
            ("icd203", "very_likely", "It is very likely (80-95 %)."),
            ("phia", "almost_no_chance", "There is a remote chance of it (>0-5 %)."),
            ("phia", "even", "It is a realistic possibility (40-<50 %)."),
        ])
    func likelihood(scale: String, token: String, expected: String) throws {
        var sample = LintRuleTests.clean
        sample.set(1, ["scale": scale])
        sample.set(3, ["likelihood": token])
        let report = try Self.report(sample)
        #expect(plain(report.likelihood(try #require(report.dossier[Sample.id(3)]))) == expected)
    }

    @Test(
        "the marking is the strictest of all, and a ceiling leaves out what is stricter and what hangs on it")
    func ceiling() throws {
        var sample = LintRuleTests.clean
        sample.set(1, ["tlp": "clear"])
        sample.set(4, ["title": "A red secret", "tlp": "red"])
        sample.set(9, ["title": "An amber secret", "tlp": "amber"])
        sample.add("note", 31, ["kind": "dissent", "about": "#4", "body@ben": "A secret dissent"])
        sample.add("estimate", 32, ["judgment": "#4", "value@olga": "77%"])
        #expect(try Self.report(sample).marking == .red)
        let report = try Self.report(sample, ReportOptions(ceiling: .green))
        #expect(report.marking == .clear && report.withheld == 2)
        for text in [HTMLReport(report.document).text(), MarkdownReport(report.document).text()] {
            #expect(!text.contains("secret") && !text.contains("77"))
            #expect(text.contains("2 items are stricter than TLP:GREEN"))
        }
        sample.set(1, ["tlp": "amber"])
        #expect(
            Report(sample.dossier, assessment: Sample.id(1), options: ReportOptions(ceiling: .green)) == nil)
    }

    @Test("what has changed since it was published is told, and what is gone")
    func changes() throws {
        let before = LintRuleTests.clean
        var images = Dictionary(uniqueKeysWithValues: before.images.map { ($0.name.id, $0) })
        images[Sample.id(4)] = nil
        images = images.filter {
            ["judgment", "indicator"].contains(Schema.assessments[tag: $0.value.name.kind]?.name)
        }
        var sample = before
        sample.set(3, ["likelihood": "very_likely"])
        sample.drop(14)
        let past = ReportPast(
            at: Instant("2026-11-01T00:00:00Z")!, occasion: "it was published", images: images)
        let blocks = try Self.report(sample, ReportOptions(past: past)).changes
        let texts = blocks.flatMap { block -> [String] in
            switch block {
            case .list(let items): items.map(plain)
            case .paragraph(let spans): [plain(spans)]
            default: []
            }
        }
        #expect(texts.first == "Since it was published on 2026-11-01:")
        #expect(texts.contains("J1: likelihood was likely, is very likely."))
        #expect(texts.contains("New: J2 Talks restate positions"))
        #expect(texts.contains("Gone: indicator A draft"))
    }

    @Test("what has changed tells nothing of what the ceiling leaves out, now or then")
    func changesBelowCeiling() throws {
        var then = LintRuleTests.clean
        then.set(3, ["title": "A secret wording", "tlp": "red"])
        then.set(4, ["title": "Another secret", "tlp": "red"])
        then.set(14, ["title": "A deleted secret", "tlp": "red"])
        then.set(5, ["title": "A secret's driver", "parent": "#4"])
        let images = Dictionary(uniqueKeysWithValues: then.images.map { ($0.name.id, $0) })
        var now = LintRuleTests.clean
        now.set(1, ["tlp": "clear"])
        now.set(4, ["title": "Another secret", "tlp": "red"])
        now.drop(5)
        now.drop(14)
        let past = ReportPast(
            at: Instant("2026-11-01T00:00:00Z")!, occasion: "it was published", images: images)
        let whole = try Self.report(now, ReportOptions(past: past))
        #expect(MarkdownReport(whole.document).text().contains("A secret wording"))
        let report = try Self.report(now, ReportOptions(ceiling: .green, past: past))
        let text = MarkdownReport(report.document).text()
        #expect(!text.contains("secret") && text.contains("What has changed"))
    }

    @Test("a long row of neighbours is told by its ends, a short one whole")
    func runs() throws {
        var sample = LintRuleTests.clean
        for number in 40...47 where number != 44 {
            sample.add("evidence", number, ["title": "More", "parent": "#1"])
        }
        let report = try Self.report(sample)
        let all = report.inside("evidence")
        #expect(all.count == 10)
        #expect(plain(report.list(Array(all.prefix(3)))) == "E1, E2, E3")
        #expect(plain(report.list(all)) == "E1 to E10")
        #expect(
            plain(report.list(all.filter { report.labels[$0.id] != "E5" }.reversed()))
                == "E1 to E4, E6 to E10")
        #expect(
            plain(report.list(all.filter { !["E3", "E5"].contains(report.labels[$0.id]) }))
                == "E1, E2, E4, E6 to E10")
    }

    @Test("the same records give the same bytes, in whatever order they come")
    func deterministic() throws {
        let expected = HTMLReport(try Self.report(LintRuleTests.clean).document).text()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10 {
            let dossier = LintRuleTests.clean.shuffled(by: &generator)
            let report = try #require(Report(dossier, assessment: Sample.id(1)))
            #expect(HTMLReport(report.document).text() == expected)
        }
    }

    @Test("an HTML report asks for nothing from elsewhere and runs nothing")
    func selfContained() throws {
        let html = HTMLReport(try Self.example().document).text()
        for word in ["<script", "http:", "https:", "src=", "@import", "url(", "javascript:", "onload"] {
            #expect(!html.replacing("http://www.w3.org/2000/svg", with: "").contains(word), "\(word)")
        }
        #expect(
            html.contains(
                "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\""))
        #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    }

    @Test("its elements are closed in order, its ids are unique, and every reference leads somewhere")
    func wellFormed() throws {
        for document in [try Self.example().document, try Self.report(LintRuleTests.clean).document] {
            let page = try Page(HTMLReport(document).text())
            #expect(Set(page.ids).count == page.ids.count)
            #expect(page.references.filter { !page.ids.contains($0) } == [])
            #expect(page.references.count > 20)
        }
    }

    @Test("headings go down one level at a time, tables have captions and scopes, pictures names and stories")
    func accessible() throws {
        let html = HTMLReport(try Self.example().document).text()
        let page = try Page(html)
        #expect(page.levels.first == 1 && page.levels.filter { $0 == 1 }.count == 1)
        #expect(zip(page.levels, page.levels.dropFirst()).allSatisfy { $1 <= $0 + 1 })
        let count = { (text: String) in html.components(separatedBy: text).count - 1 }
        #expect(count("<table") == count("<caption") && count("<table") > 6)
        #expect(count("<th ") == count("<th scope="))
        #expect(
            count("<svg") == 5 && count("role=\"img\"") == 5 && count("<desc ") == 5 && count("<details") == 5
        )
        #expect(count("<main") == 1 && count("<nav aria-label=") == 1 && count("class=\"skip\"") == 1)
    }

    @Test("colours of text stand out from what they stand on by 4.5 to 1 and more, light and dark")
    func contrast() throws {
        let themes = HTMLStyle.sheet.components(separatedBy: ":root{").dropFirst().prefix(2).map(Self.colours)
        let pairs = [
            ("ink", "paper"), ("soft", "paper"), ("link", "paper"), ("ink", "band0"), ("soft", "band0"),
            ("iit", "ii"),
            ("it", "i"), ("nt", "n"), ("ct", "c"), ("cct", "cc"),
        ]
        for theme in themes {
            for (text, ground) in pairs {
                let ratio = try Self.contrast(theme, text, ground)
                #expect(ratio >= 4.5, "\(text) on \(ground): \(ratio)")
            }
            for line in (0...5).map({ "c\($0)" }) + ["line"] {
                for ground in ["paper", "band0"] {
                    let ratio = try Self.contrast(theme, line, ground)
                    #expect(
                        ratio >= (line == "line" && ground == "band0" ? 2.5 : 3),
                        "\(line) on \(ground): \(ratio)")
                }
            }
        }
    }

    private static func colours(_ text: String) -> [String: String] {
        let pairs = text.prefix { $0 != "}" }.components(separatedBy: ";").map {
            $0.components(separatedBy: ":#")
        }
        return Dictionary(
            uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map {
                ($0[0].replacing("--", with: ""), $0[1])
            })
    }

    /// WCAG 2.2, relative luminance and contrast ratio.
    private static func contrast(_ theme: [String: String], _ one: String, _ two: String) throws -> Double {
        func luminance(_ name: String) throws -> Double {
            let hex = try #require(theme[name])
            let full = hex.count == 3 ? hex.map { "\($0)\($0)" }.joined() : hex
            let number = try #require(Int(full, radix: 16))
            let parts = [16, 8, 0].map { shift -> Double in
                let part = Double((number >> shift) & 255) / 255
                return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let sorted = [try luminance(one), try luminance(two)].sorted()
        return (sorted[1] + 0.05) / (sorted[0] + 0.05)
    }

    @Test("wicked texts are inert in every form", arguments: Wicked.texts)
    func inert(raw: String) throws {
        // What no field takes never gets into a dossier.
        let text = String(
            raw.unicodeScalars.filter { $0 == "\n" || $0.properties.generalCategory != .control }.map {
                Character($0)
            })
        var sample = LintRuleTests.clean
        sample.set(1, ["title": line(text), "bluf": text, "question": line(text), "implications": text])
        for number in 2...14 { sample.set(number, ["title": line(text)]) }
        sample.set(2, ["text": text])
        sample.set(9, ["quote": text, "speaker": line(text), "locator": line(text)])
        sample.add("estimate", 31, ["judgment": "#3", "value@~\u{202E}x": "70%"])
        sample.add("note", 32, ["kind": "dissent", "about": "#3", "body@ben": text])
        let document = try Self.report(sample).document
        let html = HTMLReport(document).text()
        let page = try Page(html)
        #expect(page.elements.isSubset(of: Page.known), "\(page.elements.subtracting(Page.known))")
        #expect(
            page.attributes.isSubset(of: Page.knownAttributes),
            "\(page.attributes.subtracting(Page.knownAttributes))")
        let markdown = MarkdownReport(document).text()
        #expect(!markdown.contains("<script") && !markdown.contains("<img"))
        for scalar in (html + markdown).unicodeScalars where scalar != "\n" && scalar != "\t" {
            #expect(
                ![.control, .format].contains(scalar.properties.generalCategory) || scalar == "\u{200D}",
                "\(scalar)")
        }
        print("promise: wicked-reports count=2")
    }

    @Test("controls, and what turns the direction of its neighbours, are shown as marks")
    func marks() {
        #expect(Inert.html("a\u{1B}[1m\u{9B}b") == "a\u{27E8}U+001B\u{27E9}[1m\u{27E8}U+009B\u{27E9}b")
        #expect(
            Inert.html("\u{202E}x\u{2066}\u{E0041}")
                == "\u{27E8}U+202E\u{27E9}x\u{27E8}U+2066\u{27E9}\u{27E8}U+E0041\u{27E9}")
        #expect(Inert.html("<a b=\"c\" d='e'>&") == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;")
        #expect(Inert.markdown("<b>*x* [y](z) & `q`") == "&lt;b\\>\\*x\\* \\[y\\](z) &amp; \\`q\\`")
        #expect(Inert.html("\u{1F468}\u{200D}\u{1F469}") == "\u{1F468}\u{200D}\u{1F469}")
    }

    /// As much of a text as a line field takes.
    private func line(_ text: String) -> String {
        let controls: (Unicode.Scalar) -> Bool = { $0.properties.generalCategory == .control }
        let scalars = text.unicodeScalars.filter { !controls($0) && $0 != "\u{2028}" }.prefix(150)
        return String(String.UnicodeScalarView(scalars))
    }
}

enum Wicked {
    static let texts = [
        "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
        "</text></svg><script>x</script>", "'; x: url(javascript:1)", "]]><!-- --> <?php ?>",
        "&lt;&amp;&#60;script&#62;",
        "a\u{202E}txt.exe\u{2066}b\u{200F}", "\u{1B}[31mred\u{7}\u{9B}2J", "</style><style>*{display:none}",
        "# heading\n| a | b |\n|---|---|\n<details open>", "[x](javascript:alert(1)) ![y](http://e)",
        "\u{E0041}\u{FEFF}\u{2028}z",
        String(repeating: "\u{0300}", count: 400), String(repeating: "W", count: 3000),
    ]
}

/// As much of HTML as the reports use, read strictly: elements closed in order, attributes in double quotes.
struct Page {
    private(set) var elements: Set<String> = []
    private(set) var attributes: Set<String> = []
    private(set) var ids: [String] = []
    private(set) var references: [String] = []
    private(set) var levels: [Int] = []

    struct Malformed: Error { var place: String }

    static let known: Set<String> = [
        "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "bdi", "nav",
        "ul", "li",
        "main", "strong", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure",
        "figcaption",
        "details", "summary", "svg", "desc", "rect", "line", "polyline", "polygon", "path", "circle", "text",
        "footer",
        "pre",
    ]
    static let knownAttributes: Set<String> = [
        "lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "aria-label", "tabindex",
        "scope", "role",
        "viewBox", "aria-labelledby", "xmlns", "x", "y", "width", "height", "x1", "x2", "y1", "y2", "points",
        "d", "cx",
        "cy", "r", "text-anchor", "stroke-width", "dir",
    ]
    private static let empty: Set<String> = ["meta"]

    init(_ html: String) throws {
        var open: [String] = []
        // A mark on a bracket would make another character of it, for Swift and not for a browser.
        let plain = String(
            html.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }.map {
                Character($0)
            })
        var rest = plain.dropFirst("<!DOCTYPE html>".count)
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else {
                throw Malformed(place: String(rest.prefix(80)))
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { throw Malformed(place: String(tag)) }
                continue
            }
            let name = String(tag.prefix { $0.isLetter || $0.isNumber })
            elements.insert(name)
            try read(tag.dropFirst(name.count))
            if let level = name.first == "h" ? name.dropFirst().first?.wholeNumberValue : nil {
                levels.append(level)
            }
            if !tag.hasSuffix("/"), !Self.empty.contains(name) { open.append(name) }
        }
        guard open.isEmpty else { throw Malformed(place: open.joined(separator: " ")) }
    }

    private mutating func read(_ text: Substring) throws {
        var rest = text.drop { $0 == " " || $0 == "/" }
        while !rest.isEmpty {
            let name = String(rest.prefix { $0 != "=" })
            rest = rest.dropFirst(name.count + 1)
            guard rest.first == "\"" else { throw Malformed(place: String(text)) }
            let value = String(rest.dropFirst().prefix { $0 != "\"" })
            rest = rest.dropFirst(value.count + 2).drop { $0 == " " || $0 == "/" }
            attributes.insert(name)
            if name == "id" { ids.append(value) }
            if name == "href", value.hasPrefix("#") { references.append(String(value.dropFirst())) }
            if name == "aria-labelledby" { references += value.split(separator: " ").map(String.init) }
        }
    }
}
