import Foundation
import ParleyCore
import ParleyTerminal
import Testing

@Suite("What is printed")
struct OutputTests {
    struct ColourCase: Sendable {
        var choice: Colour.Choice?
        var environment: [String: String]
        var isTerminal: Bool
        var isOn: Bool
    }

    @Test(
        "colour: the flag, then NO_COLOR, then CLICOLOR_FORCE, then the terminal",
        arguments: [
            ColourCase(choice: nil, environment: [:], isTerminal: true, isOn: true),
            ColourCase(choice: nil, environment: [:], isTerminal: false, isOn: false),
            ColourCase(choice: .auto, environment: ["TERM": "dumb"], isTerminal: true, isOn: false),
            ColourCase(choice: nil, environment: ["NO_COLOR": "1"], isTerminal: true, isOn: false),
            ColourCase(choice: nil, environment: ["NO_COLOR": ""], isTerminal: true, isOn: true),
            ColourCase(choice: nil, environment: ["CLICOLOR_FORCE": "1"], isTerminal: false, isOn: true),
            ColourCase(choice: nil, environment: ["CLICOLOR_FORCE": "0"], isTerminal: false, isOn: false),
            ColourCase(choice: nil, environment: ["CLICOLOR_FORCE": ""], isTerminal: false, isOn: false),
            ColourCase(
                choice: nil, environment: ["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], isTerminal: true,
                isOn: false),
            ColourCase(choice: .always, environment: ["NO_COLOR": "1"], isTerminal: false, isOn: true),
            ColourCase(choice: .never, environment: ["CLICOLOR_FORCE": "1"], isTerminal: true, isOn: false),
            ColourCase(
                choice: nil, environment: ["CLICOLOR_FORCE": "1", "TERM": "dumb"], isTerminal: true,
                isOn: true),
        ])
    func colour(row: ColourCase) {
        let colour = Colour(choice: row.choice, environment: row.environment, isTerminal: row.isTerminal)
        #expect(colour.isOn == row.isOn)
    }

    @Test("a style writes escapes only where colour is on")
    func paint() {
        #expect(Colour(isOn: false).paint("x", .failure) == "x")
        #expect(Colour(isOn: true).paint("x", .failure) == "\u{1B}[31mx\u{1B}[0m")
        #expect(Colour(isOn: true).paint("x", .plain) == "x")
    }

    @Test(
        "a word for a shell is quoted where it must be",
        arguments: [
            ("confidence=low", "confidence=low"), ("title=two words", "'title=two words'"),
            ("it's", "'it'\\''s'"), ("", "''"), ("$(x)", "'$(x)'"),
        ])
    func shellWords(word: String, quoted: String) { #expect(shellQuoted(word) == quoted) }

    @Test("a paragraph broken for a wider page is broken anew; lists, tables and what fits keep their lines")
    func rewrapped() {
        let text = """
            one two three
            four

            short
            lines

            - item one
            - item
            # head
            a | b
            tail
            """
        #expect(
            text.rewrapped(to: 9) == [
                "one two", "three", "four", "", "short", "lines", "", "- item", "one", "- item", "# head",
                "a | b", "tail",
            ])
        #expect("aa bb cc\ndd".rewrapped(to: 5) == ["aa bb", "cc dd"])
        #expect("".rewrapped(to: 5) == [""])
    }

    @Test("JSON keeps the declared order and escapes what a terminal would obey")
    func json() throws {
        let value: JSON = [
            "b": 1, "a": ["x": "\u{1B}\"\\\n\u{202E}é😀\u{E0041}\u{7F}", "n": .null, "t": true],
        ]
        let line = value.line
        #expect(line == #"{"b":1,"a":{"x":"\u001b\"\\\n\u202eé😀\udb40\udc41\u007f","n":null,"t":true}}"#)
        let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let inner = parsed?["a"] as? [String: Any]
        #expect(inner?["x"] as? String == "\u{1B}\"\\\n\u{202E}é😀\u{E0041}\u{7F}")
    }

    @Test("fields narrow an object and every object of an array")
    func narrowed() {
        let value: JSON = [["id": 1, "title": "a"], ["id": 2, "title": "b"]]
        #expect(value.narrowed(to: ["title"]).line == #"[{"title":"a"},{"title":"b"}]"#)
    }

    private static let table: TextTable = {
        var table = TextTable([.init(), .init(isElastic: true), .init(isRight: true)])
        table.add([.init("A-7K3F"), .init("Port closure at Нижний Новгород"), .init("80%")])
        table.add([.init("A-2M9Q"), .init("東京\u{1B}[31m\t港湾"), .init("5%")])
        return table
    }()

    @Test("a table is aligned and its elastic column gives way")
    func tableOnATerminal() {
        let lines = Self.table.lines(width: 32)
        #expect(lines == ["A-7K3F  Port closure at Ни…  80%", "A-2M9Q  東京␛[31m␉港湾        5%"])
        #expect(lines.allSatisfy { $0.columns <= 32 })
        #expect(Self.table.lines(width: nil).first == "A-7K3F  Port closure at Нижний Новгород  80%")
    }

    @Test("a piped table is TSV without a header, and nothing is cut")
    func tableInAPipe() {
        #expect(
            Self.table.tabSeparated == [
                "A-7K3F\tPort closure at Нижний Новгород\t80%", "A-2M9Q\t東京␛[31m␉港湾\t5%",
            ])
    }

    @Test(
        "times are told by the greatest whole unit",
        arguments: [
            (0, "now"), (999, "now"), (1000, "1 s ago"), (59_999, "59 s ago"), (240_000, "4 min ago"),
            (7_200_000, "2 h ago"), (86_400_000, "1 d ago"), (40 * 86_400_000, "1 mo ago"),
            (800 * 86_400_000, "2 y ago"), (-10_800_000, "in 3 h"),
        ])
    func relativeTimes(difference: Int64, words: String) {
        let now = Instant(milliseconds: 1_790_000_000_000)
        let then = Instant(milliseconds: now.milliseconds - difference)
        #expect(TimeWords.relative(then, to: now) == words)
    }

    @Test("an absolute time is UTC to the second")
    func absoluteTime() throws {
        let moment = try #require(Instant("2026-11-21T14:02:11.204Z"))
        #expect(TimeWords.absolute(moment) == "2026-11-21 14:02:11Z")
    }

    @Test("a meter waits half a second, then tells rate and time left ten times a second at most")
    func meter() {
        var meter = Meter("rows", total: 1000, now: 0)
        #expect(meter.line(done: 100, now: 499) == nil)
        #expect(meter.line(done: 100, now: 500) == "rows 100 of 1000, 200/s, 10 %, 4 s left")
        #expect(meter.line(done: 110, now: 599) == nil)
        #expect(meter.line(done: 600, now: 600) == "rows 600 of 1000, 1000/s, 60 %, a moment left")
        #expect(meter.isShown)
        #expect(meter.line(done: 700, share: 0.2, now: 1000) == "rows 700 of 1000, 700/s, 20 %, 4 s left")
    }
}
