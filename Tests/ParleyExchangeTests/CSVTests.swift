import ParleyCore
import ParleyExchange
import Testing

func readCSV(
    _ bytes: [UInt8], kind: String = "judgment", chunk: Int = .max,
    options: CSVOptions = CSVOptions(source: "feed")
) throws -> [Result<RecordDraft, DraftFault>] {
    let kind = try #require(Schema.assessments[name: kind])
    var reader = CSVReader(kind: kind, options: options)
    var results: [Result<RecordDraft, DraftFault>] = []
    var start = 0
    while start < bytes.count {
        let end = bytes.count - start > chunk ? start + chunk : bytes.count
        try reader.feed(bytes[start..<end]) { results.append($0) }
        start = end
    }
    try reader.finish { results.append($0) }
    return results
}

@Suite struct CSVTests {
    static func options(_ change: (inout CSVOptions) -> Void) -> CSVOptions {
        var options = CSVOptions(source: "feed")
        change(&options)
        return options
    }

    @Test(
        "line breaks, delimiters and quotes of any make are read alike, in chunks of any size",
        arguments: [
            "key,title,text\na:1,One,\"two\nlines, \"\"x\"\"\"\na:2,Two,\n",
            "key;title;text\r\na:1;One;\"two\r\nlines, \"\"x\"\"\"\r\na:2;Two;\r\n",
            "key\ttitle\ttext\ra:1\tOne\t\"two\rlines, \"\"x\"\"\"\ra:2\tTwo\t",
            "\u{FEFF}key,title,text\n\n\"a:1\",\"One\",\"two\nlines, \"\"x\"\"\"\n\na:2,Two,\"\"",
        ])
    func variants(_ text: String) throws {
        for chunk in [1, 2, 3, 7, 1000] {
            let drafts = try readCSV(Array(text.utf8), chunk: chunk).map { try $0.get() }
            #expect(drafts.map(\.keys) == [["a:1"], ["a:2"]])
            #expect(
                drafts[0].writes.map(\.content) == [.value(.text("One")), .value(.text("two\nlines, \"x\""))])
            #expect(drafts[1].writes.map(\.content) == [.value(.text("Two"))])
        }
    }

    @Test("columns are fields by name, keyed ones too, and others are carried")
    func columns() throws {
        let text =
            "id,label,title,stance@~bob,tags,Région,x.b,parent,deleted\n"
            + "J-00000000000000000000000004,J1,T,agree | why | not,moscow | kyiv,Ω,5,D1,no\n"
        let draft = try readCSV(Array(text.utf8))[0].get()
        let expected: [DraftWrite] = [
            DraftWrite(RegisterName(field: 1), .value(.text("T"))),
            DraftWrite(
                RegisterName(field: 22, key: "~bob"), .value(.list([.text("agree"), .text("why | not")]))),
            DraftWrite(RegisterName(field: 8, key: "kyiv"), .value(.bool(true))),
            DraftWrite(RegisterName(field: 8, key: "moscow"), .value(.bool(true))),
            DraftWrite(RegisterName(field: 10, key: "Région"), .value(.text("Ω"))),
            DraftWrite(RegisterName(field: 10, key: "b"), .value(.text("5"))),
            DraftWrite(RegisterName(field: 4), .text("D1")),
            DraftWrite(RegisterName(field: 7), .value(.bool(false))),
        ]
        #expect(draft.writes == expected)
        #expect(draft.id == RecordID(1) && draft.label == "J1")
    }

    @Test("a column may be mapped, give the key, and hold decimal commas")
    func options() throws {
        let options = Self.options {
            $0.map = ["p": "value@~crowd"]
            $0.key = .column("url")
            $0.decimalComma = true
        }
        let text = "url;p\nhttps://a.example;0,8 | | 2026\nhttps://b.example;12,5%\n"
        let drafts = try readCSV(Array(text.utf8), kind: "estimate", options: options).map { try $0.get() }
        #expect(drafts.map(\.keys) == [["feed:https://a.example"], ["feed:https://b.example"]])
        #expect(drafts[0].writes.last?.content == .value(.list([.int(800_000), .null, .text("2026")])))
        #expect(drafts[1].writes.last?.content == .value(.list([.int(125_000)])))
    }

    @Test("the number of a row can be its key")
    func rowKeys() throws {
        let options = Self.options { $0.key = .row }
        let text = "title\n\"A\n\"\n\nB\n"
        let results = try readCSV(Array(text.utf8), kind: "source", options: options)
        #expect(results.count == 2)
        #expect(try results[1].get().keys == ["feed:row-2"] && results[1].get().line == 5)
    }

    @Test(
        "a header that no row can be read by is refused",
        arguments: [
            ("title,text\na,b\n", "nothing says which record a row is"),
            ("id,title,title\n", "columns 2 and 3 are both called \"title\": rename one of them"),
            ("id,stance\n", "column \"stance\": judgment.stance needs a key"), ("", "no header"),
        ])
    func headers(_ text: String, _ reason: String) {
        #expect {
            try readCSV(Array(text.utf8))
        } throws: {
            ($0 as? DraftFault)?.reason.hasPrefix(reason) == true
        }
    }

    @Test("a key column that is not there is answered by those that are")
    func missingKey() {
        let options = Self.options { $0.key = .column("urll") }
        #expect(throws: DraftFault(line: 1, reason: "no column \"urll\" for the key; there is url")) {
            try readCSV(Array("url,title\n".utf8), options: options)
        }
    }

    @Test("bad rows are refused with place and bytes, and the rest goes on")
    func badRows() throws {
        let rows = [
            "a:1,x", "a:2,4O May,extra", ",2026", "a:4,4O May", "a:5,\"20\"26", "a:6,\"2026\na:7,2027\n",
            "a:8,2028",
        ]
        let bytes = Array("key,due\n".utf8) + Array(rows[1...].joined(separator: "\n").utf8)
        let results = try readCSV(bytes)
        let faults = results.compactMap { if case .failure(let fault) = $0 { fault } else { nil } }
        #expect(faults.map(\.line) == [2, 3, 4, 5, 6])
        #expect(faults.map(\.column) == [0, 0, 5, 9, 0])
        #expect(
            faults.map(\.reason) == [
                "3 cells under a header of 2", "the row has neither an id nor a key",
                "judgment.due: \"4O May\" is not a date: YYYY, YYYY-MM or YYYY-MM-DD",
                "text after the closing quote of a cell", "a quote is opened and not closed",
            ])
        #expect(faults[2].raw == Array("a:4,4O May".utf8))
        #expect(results.compactMap { try? $0.get().keys } == [["a:7"], ["a:8"]])
    }

    @Test("a quote that never closes costs one line of a long file")
    func openQuote() throws {
        let many = String(repeating: "a:1,2026\n", count: 200_000)
        let results = try readCSV(Array(("key,due\na:0,\"2026\n" + many).utf8), chunk: 65_536)
        #expect(results.count == 200_001)
        #expect(results.filter { if case .failure = $0 { true } else { false } }.count == 1)
    }

    @Test("what is not UTF-8 is refused where it begins, and not mangled")
    func notUTF8() throws {
        let results = try readCSV(Array("key,title\na:1,Zürich ".utf8) + [0xFC] + Array("\na:2,b\n".utf8))
        guard case .failure(let fault) = results[0] else { return #expect(Bool(false), "it was read") }
        #expect(
            fault.line == 2 && fault.reason.hasPrefix("not UTF-8; a file in Latin-1 is converted by: iconv"))
        #expect(try results[1].get().keys == ["a:2"])
    }

    @Test(
        "cells that a spreadsheet would run are guarded and come back",
        arguments: ["=1+1", "+x", "-a", "@SUM", "'=1", "''-x", "'a", "-5", "'-5"])
    func formulas(_ text: String) throws {
        let kind = try #require(Schema.assessments[name: "source"])
        let image = RecordImage(
            name: RecordName(kind: 9, id: RecordID(1)),
            registers: [RegisterImage(RegisterName(field: 1), .text(text))])
        let writer = CSVWriter(kind: kind, columns: ["title"])
        let row = String(decoding: writer.row(image), as: UTF8.self)
        let cell = try #require(row.split(separator: ",").last?.split(separator: "\r\n").first)
        #expect(!"=+@".contains(cell.first ?? "="))
        let draft = try readCSV(writer.header + writer.row(image), kind: "source")[0].get()
        #expect(draft.writes == [DraftWrite(RegisterName(field: 1), .value(.text(text)))])
    }

    @Test("what CSV holds comes back")
    func roundTrip() throws {
        for seed in 0..<1000 {
            var invention = Invention(seed: seed)
            let kind = invention.pick(Schema.assessments.kinds)
            var image = invention.image(kind, isTame: true)
            image.registers.removeAll { !Self.isHeld($0, kind) }
            let writer = CSVWriter(
                kind: kind, columns: CSVWriter.columns(of: image.registers.map(\.name), in: kind))
            let result = try #require(
                try readCSV(writer.header + writer.row(image), kind: kind.name).first, "seed \(seed)")
            let again = try #require(RecordImage(try result.get()), "seed \(seed)")
            #expect(again.fingerprint == image.fingerprint, "seed \(seed)")
        }
    }

    /// Texts that are more than spaces, of words that no cell's form takes apart.
    private static func isHeld(_ register: RegisterImage, _ kind: Kind) -> Bool {
        if let key = register.name.key {
            let isPlain =
                key.utf8.allSatisfy { $0 != UInt8(ascii: "|") }
                && key.trimmingSpaces().utf8.count == key.utf8.count
            guard isPlain, kind.text(of: register.name).utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        }
        if register.name.field == Field.keysTag { return false }
        let isColumn = register.name.field == Field.columnsTag
        switch register.value {
        case .text(let text): return !text.trimmingSpaces().isEmpty && !text.utf8.contains(0x0D)
        case .bool(let truth): return !isColumn && (truth || register.name.key == nil)
        case .list(let items): return !isColumn && items.allSatisfy(Self.isPlain)
        default: return !isColumn
        }
    }

    private static func isPlain(_ component: Value) -> Bool {
        guard let text = component.text else { return component != .null }
        return !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7C && $0 < 0x80 }
    }
}
