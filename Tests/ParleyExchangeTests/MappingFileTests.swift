import ParleyCore
import ParleyExchange
import Testing

@Suite("What is wrong with a mapping file is said with its line and what is allowed")
struct MappingFileTests {
    private static func fault(_ yaml: String) -> DraftFault? {
        do throws(DraftFault) {
            _ = try Mapping(yaml: Array(yaml.utf8))
            return nil
        } catch {
            return error
        }
    }

    private static let head = "records:\n  - kind: judgment\n    key: \"a:{id}\"\n"

    @Test(
        "the frame",
        arguments: [
            ("", 1, "the mapping is empty"),
            (
                "- a", 1,
                "the mapping: expected names and values; it may have format, source, elements, absent, delimiter, decimal, records"
            ),
            ("format: json", 1, "the mapping has no \"records\": say which records each element becomes"),
            ("formt: json", 1, "the mapping has no \"formt\": did you mean format?"),
            ("\nformat: xml\nrecords: []", 2, "format has no \"xml\": allowed are json, jsonl, csv"),
            ("records: []", 1, "records: an empty list"),
            ("records: {}", 1, "records: expected a list, each item after a dash"),
            ("format: csv\nelements: a\nrecords: []", 2, "only format json has elements at a path"),
            (
                "elements: a..b", 1,
                "elements: names separated by dots that lead to an array, or $document for the whole"
            ),
            ("a: [1", 1, "mapping: did not find expected ',' or ']'"),
            ("source: a\nsource: b", 1, "mapping: source stands twice"),
            ("delimiter: pipe", 1, "delimiter has no \"pipe\": allowed are comma, semicolon, tab"),
            ("source:", 1, "source is empty"),
        ])
    func frame(yaml: String, line: Int, reason: String) {
        let fault = Self.fault(yaml)
        #expect(fault?.reason == reason && (fault?.line == line || yaml == "a: [1"))
        print("promise: mapping-mistakes count=1")
    }

    @Test(
        "records",
        arguments: [
            ("records:\n  - key: a", 2, "a record needs a kind, such as judgment"),
            (
                "records:\n  - kind: judgement\n    key: a", 2,
                "kind has no \"judgement\": did you mean judgment?"
            ),
            (
                "records:\n  - kind: note\n    rest: x", 2,
                "a record needs a key, such as \"feed:{id}\": without one each import would make it again"
            ),
            (head, 2, "a record needs fields, or \"rest: x\" to carry everything"),
            (head + "    feilds: {}", 4, "a record has no \"feilds\": did you mean fields?"),
            (head + "    rest: y", 4, "rest: x, or x. and a prefix: x.feed"),
            (head + "    collect: perhaps", 4, "collect is true or false"),
            (head + "    when: {a: {is: 1}}", 4, "a has no \"is\": allowed are not, present, between"),
            (head + "    when: {a: {between: [1]}}", 4, "between: [lowest, highest], two numbers"),
            (head + "    each: $x", 4, "each: columns, or the path of a list"),
            (
                "records:\n  - kind: judgment\n    key: \"a:{id\"", 3,
                "key: \"a:{id\" has a brace without its other half ({{ is a brace itself)"
            ),
            (
                "records:\n  - kind: judgment\n    key: \"a:{$here}\"", 3,
                "key: {$here} is no path: names separated by dots, or one of $document, $row, $item, $number, $name, $value"
            ),
            (
                "records:\n  - kind: judgment\n    key: \"{a|day}\"", 3,
                "key: {a|day}: \"day\" is not one of date, probability, percent, lower"
            ),
            (
                head + "    rest: x\n    links: [{rel: likes, to: \"a:{b}\"}]", 5,
                "rel: \"likes\" is not one of supports, undermines, depends_on, bears_on, watches, cites, alternative_to, subsumes, duplicates, updates, related_to"
            ),
            (
                head + "    rest: x\n    links: [{rel: cites}]", 5,
                "a link needs rel, and to or from; the other end is this record"
            ),
            (
                "records:\n  - kind: link\n    fields: {from: {text: a}}", 2,
                "a link needs the fields from, rel and to"
            ),
        ])
    func records(yaml: String, line: Int, reason: String) {
        let fault = Self.fault(yaml)
        #expect(fault?.reason == reason && fault?.line == line)
        print("promise: mapping-mistakes count=1")
    }

    @Test(
        "fields",
        arguments: [
            ("tilte: a", "judgment has no field \"tilte\"; near: title"),
            ("value@x: a", "judgment has no field \"value\""),
            ("title@{a}: a", "judgment.title takes no key, given \"title@x\""),
            ("stance: a", "judgment.stance needs a key: stance@.."),
            ("title: {form: a}", "the rule of title has no \"form\": did you mean from?"),
            (
                "title: {as: date}",
                "title needs one of from (a path), text (with {places}), value (always the same) or tuple"
            ),
            (
                "title: {from: a, text: b}",
                "title needs one of from (a path), text (with {places}), value (always the same) or tuple"
            ),
            ("title: {from: a, as: dat}", "as has no \"dat\": did you mean date?"),
            ("title: {from: a, else: b}", "else belongs to values"),
            ("title: {tuple: {a: b}}", "title is no tuple but one line of at most 200 characters"),
            ("outcome: {tuple: {reslt: b}}", "the tuple outcome has no \"reslt\": did you mean result?"),
            ("outcome: {tuple: {result: {tuple: {}}}}", "a tuple does not hold another"),
            (
                "likelihood: {value: perhaps}",
                "likelihood: \"perhaps\" is not one of almost_no_chance, very_unlikely, unlikely, even, likely, very_likely, almost_certain, or a word for it"
            ),
            (
                "confidence: {from: a, values: {1: hihg}}",
                "confidence: \"hihg\" is not one of low, moderate, high"
            ),
            (
                "outcome: {tuple: {result: {from: a, values: {1: ja}}}}",
                "outcome.result: \"ja\" is not one of yes, no, void"
            ),
            ("due: {from: a, default: soon}", "due: \"soon\" is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
            ("title: {from: a, misfit: drop}", "misfit has no \"drop\": allowed are refuse, carry"),
            (
                "title: a..b",
                "title: \"a..b\" is no path: names separated by dots, or one of $document, $row, $item, $number, $name, $value"
            ),
        ])
    func fields(field: String, reason: String) {
        let fault = Self.fault(Self.head + "    fields:\n      " + field)
        #expect(fault?.reason == reason && fault?.line == 5)
        print("promise: mapping-mistakes count=1")
    }

    @Test("hostile YAML ends in a sentence, at once")
    func hostile() {
        let bomb =
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + (1...8).map {
                "\("abcdefghi".dropFirst($0).first!): &\("abcdefghi".dropFirst($0).first!) ["
                    + Array(repeating: "*\("abcdefghi".dropFirst($0 - 1).first!)", count: 9).joined(
                        separator: ",") + "]\n"
            }
            .joined()
        #expect(Self.fault(bomb)?.reason == "the mapping repeats itself by more than 8 aliases")
        let deep = String(repeating: "[", count: 20_000)
        #expect(Self.fault(deep)?.reason.hasPrefix("mapping: ") == true)
        let nested = "records:\n" + (1...900).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(Self.fault(String(nested.prefix(200_000)))?.reason.isEmpty == false)
        #expect(Self.fault(String(repeating: "#", count: 300_000))?.reason == "a mapping has at most 256 KiB")
        #expect(
            Self.fault("records: !!binary x")?.reason == "records: expected a list, each item after a dash")
        #expect(Self.fault("? [a]\n: b")?.reason.isEmpty == false)
        var bytes = Array("records: []\nsource: ".utf8)
        bytes += [0xE4, 0x0A]
        let fault = #expect(throws: DraftFault.self) { try Mapping(yaml: bytes) }
        #expect(fault?.reason == "not UTF-8" && fault?.line == 2)
    }

    @Test(
        "what the examples say",
        arguments: ["forecastbench.yaml", "forecastbench-resolutions.yaml", "perceptions.yaml"])
    func examples(name: String) throws {
        let mapping = try Mapped.example(name)
        #expect(mapping.source == String(name.dropLast(5)))
        #expect(mapping.format == (name == "perceptions.yaml" ? .csv : .json))
    }
}
