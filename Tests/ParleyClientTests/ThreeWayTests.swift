import ParleyClient
import ParleyCore
import Testing

@Suite("The three-way merge of an import, register by register")
struct ThreeWayTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let source: Value
        let base: Value?
        let shown: Value?
        let expected: ThreeWay.Verdict
        let overwriting: ThreeWay.Verdict
        let testDescription: String

        init(
            _ text: String, source: Value, base: Value?, shown: Value?, _ expected: ThreeWay.Verdict,
            overwriting: ThreeWay.Verdict? = nil
        ) {
            (testDescription, self.source, self.base, self.shown) = (text, source, base, shown)
            (self.expected, self.overwriting) = (expected, overwriting ?? expected)
        }
    }

    static let rows = [
        Row("new to everybody", source: "a", base: nil, shown: nil, .write),
        Row("said before and still shown", source: "a", base: "a", shown: "a", .nothing),
        Row(
            "said before; people changed it", source: "a", base: "a", shown: "b", .nothing,
            overwriting: .write),
        Row(
            "said before; people cleared it", source: "a", base: "a", shown: nil, .nothing,
            overwriting: .write),
        Row("the source changed it, people did not", source: "b", base: "a", shown: "a", .write),
        Row("both changed it alike", source: "b", base: "a", shown: "b", .say),
        Row("both changed it", source: "b", base: "a", shown: "c", .keep, overwriting: .write),
        Row("never said; people have it alike", source: "a", base: nil, shown: "a", .say),
        Row(
            "never said; people say otherwise", source: "a", base: nil, shown: "b", .keep, overwriting: .write
        ),
        Row("the source clears what it said", source: .null, base: "a", shown: "a", .write),
        Row(
            "the source clears what people changed", source: .null, base: "a", shown: "b", .keep,
            overwriting: .write),
        Row("the source clears what nobody set", source: .null, base: nil, shown: nil, .nothing),
    ]

    @Test("every case of the table", arguments: rows)
    func table(row: Row) {
        let plain = ThreeWay.judge(source: row.source, base: row.base, shown: row.shown, overwrites: false)
        let forced = ThreeWay.judge(source: row.source, base: row.base, shown: row.shown, overwrites: true)
        #expect(plain == row.expected)
        #expect(forced == row.overwriting)
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByUnicodeScalarLiteral,
    ExpressibleByExtendedGraphemeClusterLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }
}
