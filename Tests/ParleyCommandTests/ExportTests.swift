import Foundation
import Testing

@testable import parley

@Suite("Export")
struct ExportTests {
    /// A judgment, red evidence with a note and a link, evidence beside it, all under one assessment.
    private final class Marked {
        let world: World
        var ids: [String: String] = [:]

        init() throws {
            world = try World()
            try world.parley(["init", "marked", "--as", "olga"])
            try make("a", ["assessment", "title=Ports"])
            try make("j", ["judgment", "title=Talks", "parent=\(self["a"])", "tlp=green"])
            try make("red", ["evidence", "title=Intercept", "parent=\(self["a"])", "tlp=red"])
            try make("below", ["section", "title=Below the intercept", "parent=\(self["red"])"])
            try make("open", ["evidence", "title=Speech", "parent=\(self["a"])"])
            try make("source", ["source", "title=Agent", "tlp=amber+strict"])
            try world.parley(["set", self["open"], "source=\(self["source"])"])
            for (name, rel) in [("red", "supports"), ("open", "undermines")] {
                #expect(try world.parley(["link", self[name], self["j"], "--as", rel]).exit == 0)
            }
            #expect(try world.parley(["note", self["red"], "who heard it?"]).exit == 0)
        }

        private func make(_ name: String, _ arguments: [String]) throws {
            let made = try world.parley(["new"] + arguments)
            #expect(made.exit == 0, "\(made.err)")
            ids[name] = made.word
        }

        subscript(name: String) -> String { ids[name] ?? "?" }

        func titles(_ arguments: String...) throws -> [String] {
            let lines = try world.parley(["export"] + arguments).out.split(separator: "\n")
            return try lines.compactMap { line in
                try Parsed.object(String(line))["fields"].flatMap { ($0 as? [String: Any])?["title"] }
                    as? String
            }.sorted()
        }
    }

    @Test("a ceiling leaves out what is stricter, what lies below it, what is said of it, and tells how much")
    func ceiling() throws {
        let marked = try Marked()
        let all = ["Agent", "Below the intercept", "Intercept", "Ports", "Speech", "Talks"]
        #expect(try marked.titles() == all)
        #expect(try marked.titles("--tlp", "red") == all)
        #expect(
            try marked.titles("--tlp", "amber+strict") == ["Agent", "Ports", "Speech", "Talks"])
        #expect(try marked.titles("--tlp", "green") == ["Ports", "Speech", "Talks"])
        #expect(try marked.titles("--tlp", "clear") == ["Ports", "Speech"])
        let green = try marked.world.parley(["export", "--tlp", "green"])
        // The note, the link and the section hang on the intercept.
        #expect(green.err.contains("left out: 2 records stricter than TLP:GREEN, and 3 that hang on such"))
        let secret = [
            "Intercept", "who heard it", String(marked["red"].dropFirst(2)),
            String(marked["source"].dropFirst(2)),
        ]
        for word in secret { #expect(!green.out.contains(word), "\(word)") }
        #expect(green.out.contains("undermines") && !green.out.contains("supports"))
        for format in ["md", "csv"] {
            let words = format == "md" ? [marked["a"]] : ["kind:evidence"]
            let out = try marked.world.parley(["export"] + words + ["--format", format, "--tlp", "green"])
            #expect(out.exit == 0 && out.out.contains("Speech"), "\(out)")
            for word in secret { #expect(!out.out.contains(word), "\(format): \(word)") }
        }
    }

    @Test(
        "a bundle of STIX under a ceiling names nothing that is left out, neither by reference nor in what is carried"
    )
    func ceilingOfBundle() throws {
        let marked = try Marked()
        let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
        let (secret, open) = (
            "identity--11111111-1111-4111-8111-111111111111", "identity--22222222-2222-4222-8222-222222222222"
        )
        let times =
            #""created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","spec_version":"2.1""#
        let bundle = """
            {"type":"bundle","id":"bundle--33333333-3333-4333-8333-333333333333","objects":[
            {"type":"identity","id":"\(secret)","name":"Handler",\(times),"object_marking_refs":["\(red)"]},
            {"type":"identity","id":"\(open)","name":"Office",\(times)},
            {"type":"report","id":"report--44444444-4444-4444-8444-444444444444","name":"Weekly",\(times),
            "published":"2026-01-02T00:00:00Z","object_refs":["\(open)","\(secret)"]}]}
            """
        let taken = try marked.world.parley(
            ["import", "-", "--format", "stix", "--source", "p"], input: bundle)
        #expect(taken.exit == 0, "\(taken)")
        let whole = try marked.world.parley(["export", "--format", "stix"]).out
        #expect(whole.contains(secret) && whole.contains("Intercept"))
        let green = try marked.world.parley(["export", "--format", "stix", "--tlp", "green"])
        #expect(green.out.contains("Weekly") && green.out.contains(open) && green.out.contains("Speech"))
        for word in [secret, "Handler", "Intercept", "who heard it"] {
            #expect(!green.out.contains(word), "\(word)")
        }
        #expect(green.err.contains("3 records stricter than TLP:GREEN"), "\(green.err)")
    }

    @Test("under each marking, a report of an assessment and a bundle of it show the same")
    func agreesWithReport() throws {
        let marked = try Marked()
        let report = { (words: [String]) in try marked.world.parley(["report", marked["a"]] + words).out }
        let bundle = { (words: [String]) in
            try marked.world.parley(["export", marked["a"], "--format", "stix"] + words).out
        }
        let all = ["Agent", "Below the intercept", "Intercept", "Ports", "Speech", "Talks", "who heard it?"]
        let told = try report([])
        let named = all.filter(told.contains)
        #expect(named.count >= 5, "\(named)")
        var shown: [Int] = []
        for marking in ["clear", "green", "amber", "amber+strict", "red"] {
            let (told, held) = (try report(["--tlp", marking]), try bundle(["--tlp", marking]))
            for word in named { #expect(told.contains(word) == held.contains(word), "\(marking): \(word)") }
            shown.append(named.filter(held.contains).count)
        }
        #expect(shown == shown.sorted() && shown.first != shown.last && shown.last == named.count, "\(shown)")
    }

    @Test("a bundle holds the links from the assessment itself, and its report names them")
    func linksOfAssessment() throws {
        let marked = try Marked()
        let link = try marked.world.parley(["link", marked["a"], marked["open"], "--as", "cites"])
        #expect(link.exit == 0, "\(link)")
        for words in [[marked["a"]], []] {
            let out = try marked.world.parley(["export"] + words + ["--format", "stix"]).out
            let objects = try #require(try Parsed.object(out)["objects"] as? [[String: Any]])
            let report = try #require(objects.first { $0["name"] as? String == "Ports" })
            let id = try #require(report["id"] as? String)
            let own = objects.filter { $0["source_ref"] as? String == id }
            let links = own.compactMap { $0["id"] as? String }
            #expect(links.count == 1, "\(words)")
            #expect(Set(report["object_refs"] as? [String] ?? []).isSuperset(of: links), "\(words)")
        }
        let markdown = try marked.world.parley(["export", marked["a"], "--format", "md"]).out
        #expect(markdown.contains("cites:"), "\(markdown)")
    }

    @Test("what is asked for by its address and is stricter is refused; a wrong marking is named")
    func stricterItself() throws {
        let marked = try Marked()
        try marked.world.parley(["set", marked["a"], "tlp=amber"])
        let page = try marked.world.parley(["export", marked["a"], "--format", "md", "--tlp", "green"])
        #expect(page.exit == 4 && page.out.isEmpty && page.err.contains("itself stricter"), "\(page)")
        let wrong = try marked.world.parley(["export", "--tlp", "yellow"])
        #expect(wrong.exit == 64 && wrong.err.contains("clear, green, amber"), "\(wrong)")
        let both = try marked.world.parley(["export", "--tlp", "red", "--history"])
        #expect(both.exit == 64 && both.err.contains("exclude each other"), "\(both)")
    }

    @Test("a stricter marking that a later write set aside unseen still holds")
    func unseenMarking() throws {
        let (olga, ken) = (try World(), try World())
        let server = try Server(olga)
        defer { #expect(server.stop() == 0) }
        try server.found(by: olga)
        let id = try olga.parley(["new", "evidence", "title=Cable"]).word
        try olga.parley(["sync"])
        try ken.parley(["join", try olga.parley(["invite", "--for", "ken"]).word])
        try olga.parley(["set", id, "tlp=red"])
        try ken.parley(["set", id, "tlp=green"])
        try olga.parley(["sync"])
        try ken.parley(["sync"])
        try olga.parley(["sync"])
        for world in [olga, ken] {
            #expect(try world.parley(["show", id + ".tlp"]).word == "green")
            let out = try world.parley(["export", "--tlp", "green"])
            #expect(out.out.isEmpty && out.err.contains("1 record stricter than TLP:GREEN"), "\(out)")
        }
        try ken.parley(["set", id, "tlp=green", "-m", "seen both"])
        try ken.parley(["conflicts", "keep", id + ".tlp"])
        #expect(try ken.parley(["export", "--tlp", "green"]).out.contains("Cable"))
    }

    @Test("the history names every write of a field, and an import passes it over")
    func history() throws {
        let world = try World()
        try world.parley(["init", "past", "--as", "olga"])
        let id = try world.parley(["new", "judgment", "title=First", "confidence=low"]).word
        try world.parley(["set", id, "title=Second"])
        try world.parley(["set", id, "confidence="])
        let whole = try world.parley(["export", "--history"]).out
        let line = try Parsed.object(whole)
        let registers = try #require(line["registers"] as? [String: [[String: Any]]])
        #expect(registers["title"]?.map { $0["value"] as? String } == ["First", "Second"])
        #expect(registers["title"]?.map { $0["act"] as? String } == ["new", "set"])
        #expect(registers["title"]?.allSatisfy { $0["by"] as? String == "olga" } == true)
        #expect(registers["confidence"]?.map { $0["value"] is NSNull } == [false, true])
        #expect(Set(registers["title"]?.compactMap { $0["number"] as? Int } ?? []).count == 2)
        let other = try World()
        try other.parley(["init", "fresh", "--as", "olga"])
        let taken = try other.parley(["import", "-", "--format", "jsonl", "--source", "past"], input: whole)
        #expect(taken.exit == 0, "\(taken)")
        #expect(try other.parley(["export"]).out == (try world.parley(["export"]).out))
    }

    @Test("the history of thousands of records of one import is whole, edits among them")
    func longHistory() throws {
        let world = try World()
        try world.parley(["init", "past", "--as", "olga"])
        let lines = (0..<2500).map {
            #"{"fields":{"title":"T \#($0)"},"key":"t:\#($0)","kind":"section"}"#
        }
        try world.parley(
            ["import", "-", "--format", "jsonl", "--source", "t"], input: lines.joined(separator: "\n"))
        let id = try world.parley(["list", "key:t:1234", "--json"]).out
        let edited = try #require(try Parsed.array(id).first?["id"] as? String)
        try world.parley(["set", edited, "title=Mine"])
        var counts: [Int: Int] = [:]
        for line in try world.parley(["export", "--history"]).out.split(separator: "\n") {
            let object = try Parsed.object(String(line))
            let fields = try #require(object["fields"] as? [String: Any])
            let registers = try #require(object["registers"] as? [String: [[String: Any]]])
            let title = try #require(registers["title"])
            #expect(title.last?["value"] as? String == fields["title"] as? String)
            counts[title.count, default: 0] += 1
        }
        #expect(counts == [1: 2499, 2: 1])
    }

    @Test("a CSV file of several kinds is refused before a byte of it is written")
    func oneKind() throws {
        let marked = try Marked()
        let path = marked.world.home + "/mixed.csv"
        let mixed = try marked.world.parley(["export", "--format", "csv", "-o", path])
        #expect(mixed.exit == 64 && mixed.err.contains("holds one kind"), "\(mixed)")
        let left = try FileManager.default.contentsOfDirectory(atPath: marked.world.home)
        #expect(!left.contains { $0.hasPrefix("mixed.csv") }, "\(left)")
    }

    @Test(
        "a full disk, a closed pipe and a folder in the place of the file each end clearly, and leave nothing"
    )
    func troubles() throws {
        let world = try World()
        try world.parley(["init", "trouble", "--as", "olga"])
        let lines = (0..<3000).map {
            #"{"fields":{"text":"\#(String(repeating: "word ", count: 40))","title":"T \#($0)"},"key":"t:\#($0)","kind":"section"}"#
        }
        try world.parley(
            ["import", "-", "--format", "jsonl", "--source", "t"], input: lines.joined(separator: "\n"))
        let full = try world.shell("parley export > /dev/full")
        #expect(full.exit == 9 && full.err.contains("full"), "\(full)")
        let piped = try world.shell("{ parley export; echo $? >&2; } | head -n 1")
        #expect(piped.err == "0\n" && piped.out.hasPrefix("{\"fields\""), "\(piped.err)")
        // A file may have no more than 64 KiB: as on a disk that fills up.
        let limited = try world.shell("trap '' XFSZ; ulimit -f 64; exec parley export -o out.jsonl")
        #expect(limited.exit == 9 && limited.err.contains("out.jsonl could not be written"), "\(limited)")
        #expect(limited.err.contains("export again"), "\(limited.err)")
        try FileManager.default.createDirectory(
            atPath: world.home + "/taken.jsonl", withIntermediateDirectories: true)
        let taken = try world.parley(["export", "-o", world.home + "/taken.jsonl"])
        #expect(taken.exit == 1 && taken.err.contains("taken.jsonl\" cannot be written"), "\(taken)")
        let left = try FileManager.default.contentsOfDirectory(atPath: world.home)
        #expect(!left.contains { $0.hasSuffix(".part") || $0 == "out.jsonl" }, "\(left)")
    }
}
