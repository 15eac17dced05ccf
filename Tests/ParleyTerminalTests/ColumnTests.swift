import Chance
import ParleyTerminal
import Testing

@Suite("Columns")
struct ColumnTests {
    @Test(
        "a cluster takes the columns that terminals give it",
        arguments: [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("ж", 1), ("漢", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2),
            ("\u{1112}\u{1161}\u{11AB}", 2), ("🇩🇪", 2), ("👩‍👩‍👧", 2), ("❤️", 2), ("❤", 1), ("👍🏽", 2), ("☺️", 2),
            ("☺", 1),
            ("1️⃣", 2), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2), ("ก็", 1), ("น", 1), ("नि", 2), ("क्षि", 2), ("…", 1), ("—", 1), ("│", 1),
            ("▸", 1),
            ("✎", 1), ("␛", 1), ("⚠️", 2), ("🚢", 2), ("½", 1), ("°", 1), ("\u{3000}", 2), ("㈱", 2), ("שׁ", 1),
            ("சி", 2), ("ம்", 1), ("", 0), ("Port", 4), ("Нижний Новгород", 15), ("東京の港湾データ 2026年", 23),
        ])
    func widths(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    private static let clusters = [
        "a", "Z", " ", "é", "e\u{301}", "ж", "漢", "東", "한", "🇩🇪", "👩‍👩‍👧", "❤️", "ก็", "नि", "…", "🚢", "0", "שׁ",
    ]

    @Test("cut never passes its width, divides no cluster, and leaves what fits")
    func cutProperties() {
        var random = Dice(7)
        for round in 0..<3000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                Self.clusters.randomElement(using: &random) ?? ""
            }.joined()
            let width = Int.random(in: 0..<16, using: &random)
            let cut = text.cut(to: width)
            #expect(cut.columns <= width, "round \(round)")
            if text.columns <= width {
                #expect(cut == text, "round \(round)")
            } else if width > 0 {
                #expect(cut.last == "…" && text.hasPrefix(cut.dropLast()), "round \(round)")
                #expect(width - cut.columns <= 1, "round \(round): only a wide cluster may leave a gap")
            }
            #expect(text.padded(to: width).columns == width, "round \(round)")
            #expect(text.padded(to: width, isRight: true).columns == width, "round \(round)")
        }
    }

    @Test("where one elastic column is as narrow as it may be, the next one gives way")
    func elastic() {
        var table = TextTable([
            .init(), .init(isElastic: true, least: 16), .init(isElastic: true, least: 4), .init(),
        ])
        table.add([.init("J-0QM7.likelihood"), .init("unlikely"), .init("Z0J4TC7A"), .init("@gsnx")])
        #expect(table.lines(width: 43) == ["J-0QM7.likelihood  unlikely  Z0J4TC…  @gsnx"])
        #expect(table.lines(width: 10) == ["J-0QM7.likelihood  unlikely  Z0J…  @gsnx"])
    }

    @Test("wrapping keeps every letter and no line is too long")
    func wrapProperties() {
        var random = Dice(11)
        for round in 0..<1000 {
            let text = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Self.clusters.randomElement(using: &random) ?? ""
            }.joined()
            let width = Int.random(in: 2..<20, using: &random)
            let lines = text.wrapped(to: width)
            #expect(lines.allSatisfy { $0.columns <= width }, "round \(round)")
            #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " }, "round \(round)")
        }
    }

    @Test("wrapping breaks at spaces and keeps line breaks")
    func wrap() {
        #expect("two of three sources agree".wrapped(to: 12) == ["two of three", "sources", "agree"])
        #expect("one\n\ntwo".wrapped(to: 10) == ["one", "", "two"])
        #expect("  indented".wrapped(to: 20) == ["  indented"])
        #expect("abcdefgh".wrapped(to: 3) == ["abc", "def", "gh"])
    }
}
