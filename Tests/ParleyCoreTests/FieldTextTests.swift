import Chance
import ParleyCore
import Testing

@Suite("Fields as people write them")
struct FieldTextTests {
    private let id = RecordID(0x1011_1213_1415_1617_1819_1A1B_1C1D_1E1F)

    private func read(_ text: String, as type: FieldType) -> Value? {
        let id = id
        return try? type.value(of: text) { (name) throws(ValueFault) in
            if name == "J-1" { return id }
            throw ValueFault(given: name, allowed: "a record")
        }
    }

    @Test(
        "probabilities are millionths without a rounding error",
        arguments: [
            ("60%", 600_000), ("60 %", 600_000), ("0.6", 600_000), (".6", 600_000), ("1", 1_000_000),
            ("0", 0),
            ("1.", 1_000_000), ("0.0000005", 1), ("0.00000049", 0), ("0.1234565", 123_457),
            ("12.34565%", 123_457),
            ("0.1", 100_000), ("0.7", 700_000), ("0.29", 290_000), ("99.9999%", 999_999), ("100%", 1_000_000),
            ("100.00004%", 1_000_000), ("0.333333333333333333333333333", 333_333), ("007", nil), ("60", nil),
            ("1.1", nil), ("101%", nil), ("-0.1", nil), ("+0.1", nil), ("", nil), (".", nil), ("%", nil),
            ("0,6", nil), ("0.6.1", nil), ("1e-3", nil), ("0x1", nil), (" 0.6", nil), ("0.6 ", nil),
            ("٠.٦", nil),
            ("99999999", nil), ("9999999999999999999999", nil), ("60%%", nil), ("nan", nil), ("0.6%é", nil),
        ] as [(String, Int64?)])
    func probabilities(text: String, millionths: Int64?) {
        #expect(FieldType.millionths(text) == millionths)
    }

    @Test("every whole millionth is shown so that it reads back")
    func percentages() {
        for millionths in stride(from: Int64(0), through: 1_000_000, by: 37) {
            #expect(FieldType.millionths(FieldType.percent(millionths)) == millionths)
        }
        let shown: [(Int64, String)] = [
            (625_000, "62.5%"), (1, "0.0001%"), (1_000_000, "100%"), (0, "0%"), (-9_999, "-0.9999%"),
            (-625_000, "-62.5%"), (12_345_678, "1234.5678%"), (.min, "-922337203685477.5808%"),
        ]
        for (millionths, text) in shown { #expect(FieldType.percent(millionths) == text) }
        #expect(FieldType.probability.text(of: .int(-9_999)) { _ in "" } == "-0.9999%")
    }

    @Test(
        "lines hold 200 code points and no control",
        arguments: [
            ("", true), ("Talks", true), (String(repeating: "й", count: 200), true),
            (String(repeating: "x", count: 201), false), ("a\tb", false), ("a\nb", false), ("a\rb", false),
            ("a\r\nb", false), ("\u{0}", false), ("\u{1B}[31m", false), ("\u{7F}", false), ("\u{85}", false),
            ("\u{9F}", false), ("\u{A0}", true), ("e" + String(repeating: "\u{301}", count: 200), false),
        ])
    func lines(text: String, fits: Bool) {
        #expect(FieldType.line.accepts(.text(text)) == fits)
        #expect((read(text, as: .line) != nil) == fits)
    }

    @Test(
        "texts hold 64 KiB, line feeds and tabs",
        arguments: [
            ("a\n\tb", true), ("a\r\nb", false), ("\u{8}", false), ("\u{9B}", false),
            (String(repeating: "x", count: 65_536), true), (String(repeating: "x", count: 65_537), false),
            (String(repeating: "й", count: 32_769), false),
        ])
    func texts(text: String, fits: Bool) {
        #expect(FieldType.text.accepts(.text(text)) == fits)
    }

    @Test(
        "addresses have a scheme and no white space",
        arguments: [
            ("https://example.org/a?b#c", true), ("urn:isbn:1", true), ("a+b-c.d:x", true), ("https:", false),
            (":x", false), ("example.org", false), ("https://a b", false), ("https://a\u{A0}b", false),
            ("https://a\nb", false), ("ht tp://x", false), ("é://x", false), ("", false),
            ("x:" + String(repeating: "y", count: 1998), true),
            ("x:" + String(repeating: "y", count: 1999), false),
        ])
    func addresses(text: String, fits: Bool) {
        #expect(FieldType.url.accepts(.text(text)) == fits)
    }

    @Test("choices are their tokens and nothing near them")
    func choices() {
        let type = FieldType.choice(["low", "moderate", "K"])
        #expect(read("low", as: type) == .text("low"))
        for text in ["Low", "low ", "", "medium", "low|high"] { #expect(read(text, as: type) == nil) }
        #expect(!type.accepts(.int(0)))
        #expect(!type.accepts(.bytes([0x6C, 0x6F, 0x77])))
    }

    @Test(
        "yes and no have many words",
        arguments: [
            ("yes", true), ("TRUE", true), ("on", true), ("1", true), ("no", false), ("False", false),
            ("off", false), ("0", false), ("maybe", nil), ("", nil), ("y", nil),
        ] as [(String, Bool?)])
    func truths(text: String, truth: Bool?) {
        #expect(read(text, as: .bool) == truth.map(Value.bool))
    }

    @Test("whole numbers fit 64 bits")
    func integers() {
        #expect(read("-9223372036854775808", as: .int) == .int(.min))
        for text in ["9223372036854775808", "1.0", "", "1 000"] { #expect(read(text, as: .int) == nil) }
    }

    private let stance = FieldType.tuple([
        Component("value", .choice(["agree", "disagree"])), Component("on", .date), Component("why", .text),
    ])

    @Test("tuples are read by bars; the last component takes the rest")
    func tuples() {
        let agree = Value.text("agree")
        let table: [(String, Value?)] = [
            ("agree", .list([agree])), ("agree|", .list([agree])), ("agree | |", .list([agree])),
            ("agree | 2026-11 | a | b", .list([agree, .text("2026-11"), .text("a | b")])),
            ("agree||why", .list([agree, .null, .text("why")])),
            ("|| why ", .list([.null, .null, .text("why")])), ("", .list([.null])), ("maybe", nil),
            ("agree | 2026-13", nil),
        ]
        for (text, value) in table { #expect(read(text, as: stance) == value, "\(text)") }
        #expect(!stance.accepts(.list([])))
        #expect(!stance.accepts(.list([agree, .null, .null, .null])))
        #expect(!stance.accepts(agree))
    }

    @Test("what is shown reads back")
    func roundTrip() {
        let table: [(FieldType, Value)] = [
            (.line, .text("a @ b : c")), (.text, .text("a\n\n b | c")), (.int, .int(.min)),
            (.probability, .int(123_456)), (.date, .text("2026-02")),
            (.instant, .text("2026-11-21T14:02:11.204Z")),
            (.choice(["low"]), .text("low")), (.bool, .bool(true)), (.bool, .bool(false)), (.ref, .ref(id)),
            (.url, .text("https://x")), (stance, .list([.text("agree")])), (stance, .list([.null])),
            (stance, .list([.null, .text("2026"), .text("x | y\nz")])),
            (.tuple([Component("d", .date), Component("r", .ref)]), .list([.null, .ref(id)])),
        ]
        for (type, value) in table {
            #expect(type.accepts(value), "\(value)")
            #expect(read(type.text(of: value) { _ in "J-1" }, as: type) == value, "\(value)")
        }
    }

    @Test("a value that does not fit is shown all the same, and null fits everywhere")
    func unfitting() {
        let types: [FieldType] = [
            .line, .text, .int, .probability, .date, .instant, .choice(["a"]), .bool, .ref, .url, stance,
            .any,
        ]
        var dice = Dice(11)
        for type in types {
            #expect(type.accepts(.null))
            #expect(type.text(of: .null) { _ in "" } == "")
            for _ in 0..<300 {
                let value = dice.value()
                let text = type.text(of: value) { $0.text }
                if type.accepts(value) && !text.isEmpty { continue }
                #expect(!type.allowed.isEmpty)
            }
        }
        #expect(Value.list([.int(1), .bytes([1]), .other([0xF7])]).diagnostic == "[1, h'01', cbor'f7']")
    }

    @Test("what is printable ASCII is seen at every place of texts of every length")
    func printable() {
        for length in 0...19 {
            let text = String(repeating: "~", count: length)
            #expect(text.isPrintableASCII)
            for place in 0..<length {
                for scalar in (0...0x1FF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init) {
                    let other = text.prefix(place) + "\(scalar)" + text.dropFirst(place + 1)
                    let isPrintable = (0x20..<0x7F).contains(scalar.value)
                    #expect(String(other).isPrintableASCII == isPrintable, "\(scalar.value) at \(place)")
                }
            }
        }
    }

    @Test("a reference that nobody knows is a fault")
    func references() {
        #expect(read("J-1", as: .ref) == .ref(id))
        #expect(read("J-2", as: .ref) == nil)
        #expect(Value.bytes([1, 2]).ref == nil)
        #expect(!FieldType.ref.accepts(.bytes([UInt8](repeating: 0, count: 17))))
    }
}
