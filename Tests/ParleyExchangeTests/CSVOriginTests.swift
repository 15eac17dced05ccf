import ParleyCore
import ParleyExchange
import Testing

@Suite("CSV as other programs write it")
struct CSVOriginTests {
    private static func options(_ change: (inout CSVOptions) -> Void = { _ in }) -> CSVOptions {
        var options = CSVOptions(source: "feed")
        change(&options)
        return options
    }

    private static func faults(_ results: [Result<RecordDraft, DraftFault>]) -> [DraftFault] {
        results.compactMap { if case .failure(let fault) = $0 { fault } else { nil } }
    }

    @Test(
        "rows end in LF, CRLF, CR, or all of them in one file, wherever the pieces are cut",
        arguments: [1, 2, 3, 50])
    func lineEnds(chunk: Int) throws {
        for (first, second, third) in [
            ("\n", "\n", "\n"), ("\r\n", "\r\n", "\r\n"), ("\r", "\r", "\r"), ("\r", "\n", "\r\n"),
            ("\r\n", "\r", "\n"),
        ] {
            let text =
                "key,title,text\(first)a:1,one,\"x\(second)y\"\(second)a:2,two,\(third)\(third)a:3,three,z"
            let drafts = try readCSV(Array(text.utf8), chunk: chunk).map { try $0.get() }
            #expect(drafts.map(\.keys) == [["a:1"], ["a:2"], ["a:3"]])
            #expect(drafts.map { $0.text("title") } == ["one", "two", "three"])
            #expect(drafts[0].text("text") == "x\ny" && drafts[1].text("text") == nil)
            #expect(drafts.map(\.line) == [2, 4, 6])
        }
    }

    @Test("the delimiter is found in the header, quotes aside", arguments: [",", ";", "\t"])
    func delimiters(delimiter: String) throws {
        let text =
            ["key", "\"x.a,b;c, ;\"", "text"].joined(separator: delimiter) + "\n"
            + ["a:1", "1", "\"t\(delimiter)\""].joined(separator: delimiter) + "\n"
        let draft = try readCSV(Array(text.utf8))[0].get()
        #expect(draft.text("text") == "t" + delimiter && draft.text("x.a,b;c, ;") == "1")
        #expect(draft.keys == ["a:1"])
    }

    @Test("a mark of UTF-8 is no part of the first name, in one piece or in three", arguments: [1, 2, 100])
    func mark(chunk: Int) throws {
        let draft = try readCSV(Array("\u{FEFF}key,title\na:1,t\n".utf8), chunk: chunk)[0].get()
        #expect(draft.keys == ["a:1"] && draft.text("title") == "t")
    }

    @Test("UTF-16 is refused before anything is read, with the way to convert it")
    func utf16() throws {
        let text = "key,title\na:1,t\n"
        let units = Array(text.utf16)
        let little: [UInt8] =
            [0xFF, 0xFE] + units.flatMap { unit -> [UInt8] in [UInt8(unit & 255), UInt8(unit >> 8)] }
        let big: [UInt8] =
            [0xFE, 0xFF] + units.flatMap { unit -> [UInt8] in [UInt8(unit >> 8), UInt8(unit & 255)] }
        for bytes in [little, big, Array(little.dropFirst(2)), Array(big.dropFirst(2))] {
            let fault = #expect(throws: DraftFault.self) { try readCSV(bytes, chunk: 5) }
            #expect(fault?.reason.contains("iconv -f UTF-16 -t UTF-8 FILE") == true)
        }
    }

    @Test("Latin-1 is refused where it begins, with the way to convert it, in a header too")
    func latin1() throws {
        let rows = try readCSV(Array("key,title\na:1,".utf8) + [0xE9] + Array("t\na:2,t\n".utf8))
        let fault = try #require(Self.faults(rows).first)
        #expect(rows.count == 2 && fault.line == 2 && fault.column == 5)
        #expect(fault.reason.contains("iconv -f WINDOWS-1252 -t UTF-8 FILE"))
        let header = #expect(throws: DraftFault.self) { try readCSV(Array("key,".utf8) + [0xE9, 0x0A]) }
        #expect(header?.reason.contains("iconv") == true && header?.line == 1)
    }

    @Test("no key: refused with the two ways out; --key row is one")
    func noKey() throws {
        let bytes = Array("title,text\na,b\n".utf8)
        let fault = #expect(throws: DraftFault.self) { try readCSV(bytes) }
        #expect(
            fault?.reason
                == "nothing says which record a row is: add a column id, key or keys, or say --key COLUMN or --key row"
        )
        let draft = try readCSV(bytes, options: Self.options { $0.key = .row })[0].get()
        #expect(draft.keys == ["feed:row-1"])
    }

    @Test("columns without a name are called after their place, doubled names are refused")
    func names() throws {
        let draft = try readCSV(Array("key,,title,\na:1,x,t,y\n".utf8))[0].get()
        #expect(draft.text("x.column 2") == "x" && draft.text("x.column 4") == "y")
        let fault = #expect(throws: DraftFault.self) { try readCSV(Array("key,a, a\n".utf8)) }
        #expect(fault?.reason == "columns 2 and 3 are both called \"a\": rename one of them")
    }

    @Test("another system's ids in a column called id are keys when --key says so, and are carried")
    func foreignIDs() throws {
        let text = Array("id,title\n17,One\n18,Two\n".utf8)
        let asOwn = Self.faults(try readCSV(text))
        #expect(
            asOwn.count == 2
                && asOwn.allSatisfy { $0.reason.hasSuffix("(another system's ids are keys: --key id)") })
        let drafts = try readCSV(text, options: Self.options { $0.key = .column("id") }).map { try $0.get() }
        #expect(drafts.allSatisfy { $0.id == nil })
        #expect(drafts.map(\.keys).allSatisfy { $0.count == 1 } && drafts[0].keys[0].hasSuffix(":17"))
        #expect(drafts.map { $0.text("x.id") } == ["17", "18"])
    }

    @Test("rows with too many or too few cells are refused, the others read")
    func ragged() throws {
        let results = try readCSV(Array("key,title\na:1\na:2,t,x\na:3,t\n,\n".utf8))
        #expect(
            Self.faults(results).map(\.reason) == [
                "1 cells under a header of 2", "3 cells under a header of 2",
                "the row has neither an id nor a key",
            ])
        #expect(results.compactMap { try? $0.get().keys } == [["a:3"]])
    }

    @Test("quotes within a cell are letters; doubled within quotes they are one")
    func quotes() throws {
        let draft = try readCSV(Array("key,title,text\na:1,5\" gun \"big\",\"say \"\"hm\"\"\"\n".utf8))[0]
            .get()
        #expect(draft.text("title") == "5\" gun \"big\"" && draft.text("text") == "say \"hm\"")
    }

    @Test("sets in one cell, values of several analysts, decimal commas")
    func fields() throws {
        let text = "key;tags;stance@~ann;stance@~bo;x.n\na:1;\" b | a|b|\";agree | so;disagree;0,5\n"
        let draft = try readCSV(Array(text.utf8), options: Self.options { $0.decimalComma = true })[0].get()
        #expect(draft.addresses == ["stance@~ann", "stance@~bo", "tags:a", "tags:b", "x.n"])
        #expect(draft.value("stance@~ann") == .list([.text("agree"), .text("so")]))
        #expect(draft.text("x.n") == "0,5")
        let numbers = "key;value@~a\na:1;0,25 | high\na:2;12,5%\na:3;1,5\n"
        let results = try readCSV(
            Array(numbers.utf8), kind: "estimate", options: Self.options { $0.decimalComma = true })
        #expect(try results[0].get().value("value@~a") == .list([.int(250_000), .text("high")]))
        #expect(try results[1].get().value("value@~a") == .list([.int(125_000)]))
        #expect(Self.faults(results).map(\.line) == [4])
    }

    @Test("ten thousand columns are read")
    func wide() throws {
        let names = (1...10_000).map { "c\($0)" }.joined(separator: ",")
        let cells = (1...10_000).map { $0.isMultiple(of: 2) ? "\($0)" : "" }.joined(separator: ",")
        let results = try readCSV(Array("key,\(names)\na:1,\(cells)\na:2,\(cells),\n".utf8), chunk: 4096)
        #expect(try results[0].get().writes.count == 5000)
        #expect(try results[0].get().text("x.c10000") == "10000")
        #expect(Self.faults(results).map(\.reason) == ["10002 cells under a header of 10001"])
    }
}
