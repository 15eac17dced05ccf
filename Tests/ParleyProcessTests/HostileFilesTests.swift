import Foundation
import Glibc
import Testing

/// What leaves in files and comes in from them: exports, the editor's form, names, foreign stores.
@Suite("Files and wicked texts", .enabled(if: Parley.isBuilt, "no parley executable"))
struct HostileFilesTests {
    private let scratch: Scratch
    private let home: Home

    init() throws {
        scratch = try Scratch()
        home = try Self.fresh(scratch, "first")
    }

    private static func fresh(_ scratch: Scratch, _ name: String) throws -> Home {
        let home = Home(scratch.path + "/" + name)
        try home.succeed("init", "ports", "--as", "olga")
        return home
    }

    @Test("JSON Lines: every text comes back, and nothing in the file commands a terminal")
    func lines() throws {
        try home.importLines(Wicked.record("wicked:all", "wicked") + Wicked.assessment(), source: "feed")
        let file = try home.export()
        // What joins or only hides stays as it is in a file for programs.
        let found = Wicked.found(in: file.output, allowing: ["\u{AD}", "\u{200B}", "\u{2060}", "\u{E0041}"])
        #expect(found.isEmpty, "\(found)")
        let other = try Self.fresh(scratch, "second")
        try other.importLines(file.output, source: "first")
        #expect(try other.export().bytes == file.bytes)
        promise("hostile-round-trips", Wicked.all.count)
    }

    @Test("CSV: no cell calculates, and every text comes back")
    func table() throws {
        try home.importLines(Wicked.assessment(), source: "feed")
        let table = try home.succeed("export", "kind:judgment", "--format", "csv")
        for cell in Self.cells(table.bytes) {
            let sign = cell.utf8.first { $0 > 0x20 }
            let isFormula = sign.map { "=+-@".utf8.contains($0) } == true
            #expect(!isFormula, "\(cell)")
        }
        let other = try Self.fresh(scratch, "second")
        let path = try scratch.file("table.csv", table.bytes)
        try other.succeed("import", path, "--kind", "judgment", "--source", "first")
        let again = try other.succeed("export", "kind:judgment", "--format", "csv")
        #expect(Self.withoutParents(again.output) == Self.withoutParents(table.output))
        promise("hostile-round-trips", Wicked.disguised.count)
    }

    @Test("Markdown: every text comes back")
    func page() throws {
        try home.importLines(Wicked.assessment(), source: "feed")
        let page = try home.succeed("export", "--format", "md")
        let controls = page.output.unicodeScalars.filter {
            $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value)
        }
        #expect(controls.isEmpty)
        let other = try Self.fresh(scratch, "second")
        try other.succeed("import", scratch.file("page.md", page.bytes), "--source", "first")
        let titles = { (home: Home) in
            try home.records().mapValues { fields in ["title", "basis", "x.c"].map { "\(fields[$0] ?? "")" } }
        }
        #expect(try titles(other) == titles(home))
        promise("hostile-round-trips", Wicked.disguised.count)
    }

    @Test("an editor gets no control, and an edit that changes nothing writes nothing")
    func form() throws {
        try home.importLines(Wicked.record("wicked:all", "wicked") + Wicked.assessment(), source: "feed")
        let script = try scratch.file("editor", "#!/bin/sh\ncp \"$1\" \(scratch.path)/form\n")
        chmod(script, 0o755)
        let before = try home.export().bytes
        var edited = 0
        for id in try home.records().keys.sorted() {
            try? FileManager.default.removeItem(atPath: scratch.path + "/form")
            let outcome = try home.run(["edit", id], environment: ["EDITOR": script, "VISUAL": script])
            #expect(outcome.errors.contains("Unchanged"), "\(outcome)")
            let form = try String(contentsOfFile: scratch.path + "/form", encoding: .utf8)
            let controls = form.unicodeScalars.filter {
                $0.value < 0x20 && $0 != "\n" && $0 != "\t" || (0x7F...0x9F).contains($0.value)
            }
            #expect(controls.isEmpty, "\(id): \(controls)")
            edited += 1
        }
        #expect(try home.export().bytes == before)
        promise("hostile-edits", edited)
    }

    @Test("no name becomes a path")
    func names() throws {
        let around = { try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() }
        let before = try around()
        let folders = Set(home.folders)
        var names = 0
        for name in Wicked.all + ["a/b", "../x", "x/../../y", ".hidden", ".", ""] where !name.contains("\0") {
            for arguments in [["init", "--as", "olga", "--", name], ["init", "w\(names)", "--as", name]] {
                let outcome = try home.run(arguments)
                #expect(!outcome.isCrash && outcome.exit != 70, "\(outcome)")
            }
            let line =
                #"{"fields":{"title":"t"},"key":\#(Wicked.json("s:" + name)),"kind":"judgment"}"# + "\nbad\n"
            let path = try scratch.file("feed.jsonl", line)
            _ = try home.run(["-w", "ports", "import", path, "--source", name])
            unlink(path)
            unlink(path + ".refused")
            names += 1
        }
        #expect(try around() == before)
        let new = Set(home.folders).subtracting(folders)
        for folder in new { #expect(folder != ".." && folder != "." && !folder.hasPrefix("."), "\(folder)") }
        let entries = FileManager.default.enumerator(atPath: home.path)?.compactMap { $0 as? String } ?? []
        #expect(entries.allSatisfy { !$0.contains("owned") || $0.hasPrefix("data/") }, "\(entries)")
        promise("hostile-names", names)
    }

    /// A reader of CSV that knows nothing of ours.
    private static func cells(_ file: [UInt8]) -> [String] {
        var cells: [[UInt8]] = [[]]
        var (isQuoted, previous): (Bool, UInt8) = (false, 0)
        for byte in file {
            let isQuote = byte == UInt8(ascii: "\"")
            if isQuote, !isQuoted, previous == byte { cells[cells.count - 1].append(byte) }
            if isQuote { isQuoted.toggle() }
            previous = byte
            if isQuote { continue }
            if !isQuoted, [UInt8(ascii: ","), 0x0A, 0x0D].contains(byte) {
                cells.append([])
            } else {
                cells[cells.count - 1].append(byte)
            }
        }
        return cells.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The other workspace does not hold the assessment, so that its letter is missing.
    private static func withoutParents(_ table: String) -> String {
        table.replacingOccurrences(of: "A-", with: "")
    }
}
