import ParleyCore
import ParleyExchange
import Testing

@Suite("A JSON document is read element by element")
struct JSONDocumentTests {
    typealias Result = Swift.Result<JSONDocumentReader.Element, DraftFault>

    private static func read(
        _ text: String, at place: JSONDocumentReader.Place, capturing: [[String]] = [], chunk: Int = 7
    ) throws -> (elements: [Result], reader: JSONDocumentReader) {
        var reader = JSONDocumentReader(place, capturing: capturing)
        var elements: [Result] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try reader.feed(bytes[start..<min(start + chunk, bytes.count)]) { elements.append($0) }
        }
        try reader.finish { elements.append($0) }
        return (elements, reader)
    }

    private static func fault(_ text: String, at place: JSONDocumentReader.Place) -> DraftFault? {
        do {
            _ = try read(text, at: place)
            return nil
        } catch {
            return error as? DraftFault
        }
    }

    static let document = """
        \u{FEFF}{
          "set": {"due": "2026-08-16", "skipped": [1, {"a": "]}"}]},
          "more": true, "é\\"": -1.5e3,
          "data": {
            "other": ["x"],
            "items": [
              {"id": "a", "text": "[{\\"\\\\"},
              7, "ü", null,
              [1, [2]], {}
            ],
            "after": "}"
          },
          "last": 0
        }

        """

    @Test("wherever the chunks are cut", arguments: [1, 2, 3, 5, 8, 64, 100_000])
    func chunks(size: Int) throws {
        let (results, reader) = try Self.read(
            Self.document, at: .array(["data", "items"]), capturing: [["set", "due"], ["more"], ["none"]],
            chunk: size)
        let elements = try results.map { try $0.get() }
        #expect(elements.map(\.line) == [7, 8, 8, 8, 9, 9])
        #expect(elements.map(\.column) == [7, 7, 10, 15, 7, 17])
        #expect(elements.map(\.number) == [1, 2, 3, 4, 5, 6])
        #expect(elements[0].tree["text"] == .text("[{\"\\"))
        #expect(elements[1].tree.value == .int(7) && elements[2].tree.text == "ü")
        #expect(elements[3].tree == .null && elements[4].tree[1]?[0]?.value == .int(2))
        #expect(elements[5].tree == .object([]))
        #expect(reader[captured: ["set", "due"]] == .text("2026-08-16"))
        #expect(reader[captured: ["more"]] == .bool(true))
        #expect(reader[captured: ["none"]] == nil)
    }

    @Test("a document's own array, and a document as its one element")
    func places() throws {
        let (list, _) = try Self.read(" [1,\n 2] ", at: .array([]))
        #expect(try list.map { try $0.get().tree.value } == [.int(1), .int(2)])
        let (whole, _) = try Self.read("{\"a\": [1]}\n", at: .document)
        #expect(try whole.map { try $0.get().tree["a"]?[0]?.value } == [.int(1)])
        let (number, _) = try Self.read("12", at: .document)
        #expect(try number.map { try $0.get().tree.value } == [.int(12)])
        #expect(try Self.read("[]", at: .array([])).elements.isEmpty)
    }

    @Test("an element that is no JSON is refused by itself, with its place and its bytes")
    func badElement() throws {
        let text = "{\"items\": [{\"a\": 1},\n  {\"a\": 1,\n \"ä\" 2},\n {\"a\": 3, \"a\": 3}, {\"a\": 4}]}"
        let (results, _) = try Self.read(text, at: .array(["items"]))
        let faults = results.compactMap { if case .failure(let fault) = $0 { fault } else { nil } }
        #expect(results.count == 4 && faults.count == 2)
        #expect(faults[0].line == 3 && faults[0].column == 6 && faults[0].reason.contains("':'"))
        #expect(String(decoding: faults[0].raw, as: UTF8.self) == "{\"a\": 1,  \"ä\" 2}")
        #expect(faults[1].line == 4 && faults[1].column == 12)
        #expect(faults[1].reason == "the name \"a\" stands twice")
    }

    @Test(
        "a document that breaks off or is none says where",
        arguments: [
            ("", 1, 1, "the file is empty"),
            ("  \n", 2, 1, "the file is empty"),
            ("{\"a\": {\"b\": [1, {\"c\": 2", 1, 17, "the file is cut off: what begins here does not end"),
            ("{\"a\": {\"b\": [1, 2", 1, 17, "the file is cut off: what begins here does not end"),
            ("{\"a\": {\"b\": [1, ", 1, 17, "the file is cut off behind element 1 of \"a.b\""),
            ("{\"a\": {\"b\": [1]}", 1, 17, "the file is cut off"),
            ("{\"a\": {\"c\": 1}}", 1, 1, "there is no \"a.b\": \"a\" has c"),
            ("{\"x\": {}, \"y\": 1}", 1, 1, "there is no \"a.b\": the document has x, y"),
            ("{}", 1, 1, "there is no \"a.b\": the document has no member"),
            ("[1]", 1, 1, "the document is not an object but an array, so it has no \"a.b\""),
            ("{\"a\": 5}", 1, 7, "\"a\" is not an object but a number, so it has no \"a.b\""),
            ("{\"a\": {\"b\": \"c\"}}", 1, 13, "\"a.b\" is not an array but a string"),
            ("{\"a\": {\"b\": []}, \"a\": {}}", 1, 23, "\"a\" stands twice"),
            ("{\"a\": {\"b\": [1 2]}}", 1, 16, "expected ',' or ']' after element 1"),
            ("{\"a\": {\"b\": [1,]}}", 1, 16, "expected a value"),
            ("{\"a\": {\"b\": [[1}]}}", 1, 16, "'}' closes what was not opened"),
            ("{\"a\": {\"b\": []}} x", 1, 18, "something follows the end of the document"),
            ("{a: 1}", 1, 2, "expected a name in quotes"),
            ("{\"q\": nonsense, \"a\": {\"b\": []}}", 1, 7, "expected a value"),
            (
                "<html>", 1, 1,
                "the document is not an object but something that is no JSON, so it has no \"a.b\""
            ),
        ])
    func brokenDocuments(text: String, line: Int, column: Int, reason: String) {
        let fault = Self.fault(text, at: .array(["a", "b"]))
        #expect(fault == DraftFault(line: line, column: column, reason: reason))
        print("promise: broken-documents count=1")
    }

    @Test("UTF-16 is named as what it is")
    func utf16() {
        var reader = JSONDocumentReader(.document)
        #expect(throws: DraftFault.self) { try reader.feed([0xFF, 0xFE, 0x7B, 0], into: { _ in }) }
        var unmarked = JSONDocumentReader(.array(["a"]))
        let fault = #expect(throws: DraftFault.self) { try unmarked.feed([0x7B, 0, 0x22, 0]) { _ in } }
        #expect(fault?.reason.contains("iconv -f UTF-16 -t UTF-8") == true)
    }

    @Test("too large or too deep is refused, and what comes after is read")
    func limits() throws {
        let huge = String(repeating: "x", count: JSONDocumentReader.longestElement)
        let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        let (results, _) = try Self.read("[\"\(huge)\", \(deep), 3]", at: .array([]), chunk: 65_536)
        let reasons = results.compactMap { if case .failure(let fault) = $0 { fault.reason } else { nil } }
        #expect(reasons == ["element 1 is larger than 4 MiB", "nested deeper than 16 levels"])
        #expect(try results.last?.get().tree.value == .int(3))
        let tooDeep = Self.fault(String(repeating: "[", count: 2000), at: .document)
        #expect(tooDeep?.reason == "nested deeper than 512 levels")
        let member = "{\"set\": \"\(String(repeating: "x", count: 70_000))\", \"items\": []}"
        let fault = #expect(throws: DraftFault.self) {
            try Self.read(member, at: .array(["items"]), capturing: [["set"]], chunk: 9999)
        }
        #expect(fault?.reason == "\"set\" is larger than 64 KiB")
        #expect(try Self.read(member, at: .array(["items"]), chunk: 9999).elements.isEmpty)
    }

    @Test("numbers keep their digits, objects become maps in their one order")
    func values() throws {
        let tree = try JSONTree(parsing: Array("{\"bb\": 0.10, \"a\": [1.0, -3, true]}".utf8))
        #expect(tree["bb"] != nil && tree["a"]?[0]?.value == .int(1))
        guard case .number(let number)? = tree["bb"] else { return #expect(Bool(false)) }
        #expect(number.text == "0.1")
        let same = try JSONTree(parsing: Array("{\"a\": [1, -3, true], \"bb\": 0.1}".utf8))
        #expect(tree != same && tree.value == same.value)
        let deep = String(repeating: "[", count: 12) + String(repeating: "]", count: 12)
        #expect(try JSONTree(parsing: Array(deep.utf8)).value == nil)
    }
}
