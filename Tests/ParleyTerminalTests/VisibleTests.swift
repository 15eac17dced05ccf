import ParleyTerminal
import Testing

@Suite("Texts of others on a terminal")
struct VisibleTests {
    /// Every scalar that commands a terminal, reorders a line, or hides in one.
    private static let hostile: [Unicode.Scalar] = {
        let ranges: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x034F...0x034F, 0x061C...0x061C, 0x115F...0x1160,
            0x17B4...0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0x3164...0x3164, 0xFE00...0xFE0F, 0xFEFF...0xFEFF, 0xFFA0...0xFFA0, 0xFFF0...0xFFFB,
            0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE01EF,
        ]
        return ranges.joined().compactMap { Unicode.Scalar($0) }
    }()

    private static let surroundings: [(before: String, after: String)] = [
        ("", ""), ("a", "b"), (" ", " "), ("0", "1"), ("é", "ж"), ("漢", " "), ("\u{1B}[31m", "x"),
    ]

    @Test("no control, bidi or format scalar passes, wherever it stands")
    func hostileListNeverPasses() {
        for scalar in Self.hostile {
            for (before, after) in Self.surroundings {
                let isSelector = (0xE0100...0xE01EF).contains(scalar.value) && before == "漢"
                let isMathSelector =
                    (0xFE00...0xFE0D).contains(scalar.value) && !before.isEmpty && before != "a"
                let isEmojiSelector = [0xFE0E, 0xFE0F].contains(scalar.value) && before == "0"
                if isSelector || isMathSelector || isEmojiSelector { continue }
                let shown = visible(before + String(Character(scalar)) + after)
                #expect(
                    !shown.unicodeScalars.contains(scalar),
                    "U+\(String(scalar.value, radix: 16)) after \(before)")
            }
        }
    }

    @Test("every scalar of the categories Cc, Cf, Zl, Zp and Cn is marked by itself")
    func wholeOfUnicode() {
        for number in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(number) else { continue }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned:
                let shown = visible("a" + String(Character(scalar)) + "b")
                if shown.unicodeScalars.contains(scalar) {
                    Issue.record("U+\(String(number, radix: 16)) passes")
                }
            default: continue
            }
        }
    }

    @Test(
        "ordinary text stays as it is",
        arguments: [
            "", "Port closure", "Нижний Новгород", "東京の港湾データ", "한국어", "שלום עולם", "می‌خواهم", "क्‍ष",
            "👩‍👩‍👧", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "❤️‍🔥", "👍🏽", "1️⃣", "☺︎", "e\u{301}", "ไม้", "n\u{303}o", "葛\u{E0100}", "≨\u{FE00}",
            "—“”…",
        ])
    func ordinaryTextStays(text: String) {
        #expect(visible(text) == text)
        #expect(visibleBlock(text) == text)
    }

    @Test(
        "what is dangerous is shown as a mark",
        arguments: [
            ("\u{1B}[2J", "␛[2J"), ("a\u{7}b", "a␇b"), ("a\u{7F}", "a␡"), ("a\u{9B}31m", "a<U+009B>31m"),
            ("x\u{202E}gpj.exe", "x<U+202E>gpj.exe"), ("a\u{200B}b", "a<U+200B>b"),
            ("a\u{200D}b", "a<U+200D>b"),
            ("a\u{200C}b", "a<U+200C>b"), ("one\ntwo\r\nthree", "one↵two↵three"), ("a\rb", "a␍b"),
            ("a\tb", "a␉b"), ("a\u{2028}b", "a<U+2028>b"), ("\u{301}a", "◌\u{301}a"),
            ("🏴\u{E0067}\u{E0062}", "🏴<U+E0067><U+E0062>"), ("👩\u{200D}x", "👩<U+200D>x"),
            ("\u{1B}\u{301}", "␛◌\u{301}"), ("a\u{FE0F}", "a<U+FE0F>"),
            ("漢\u{E0100}\u{E0101}", "漢\u{E0100}<U+E0101>"),
        ])
    func marks(text: String, shown: String) {
        #expect(visible(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    @Test("a block keeps its lines, indented, and shows all else as marks")
    func block() {
        #expect(visibleBlock("one\ntwo\u{1B}\r\n\tthree", indent: 2) == "one\n  two␛\n      three")
    }

    @Test("marks without end are cut off from their letter")
    func manyMarks() {
        let shown = visible("a" + String(repeating: "\u{301}", count: 500))
        #expect(shown.unicodeScalars.filter { $0 == "\u{301}" }.count == 12)
    }

    @Test("showing twice is showing once")
    func idempotent() {
        for scalar in Self.hostile {
            let once = visible("é" + String(Character(scalar)) + "a")
            #expect(visible(once) == once)
        }
    }
}
