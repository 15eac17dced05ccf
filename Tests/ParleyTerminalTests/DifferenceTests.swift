import ParleyTerminal
import Testing

@Suite("The difference of two texts")
struct DifferenceTests {
    private func marked(_ old: String, _ new: String) -> String {
        wordDifference(from: old, to: new).map { piece in
            switch piece {
            case .same(let text): text
            case .old(let text): "[-\(text)-]"
            case .new(let text): "{+\(text)+}"
            }
        }.joined()
    }

    @Test(
        "words that go and come are marked, neighbours together",
        arguments: [
            (
                "two of three sources agree", "two of four sources agree",
                "two of [-three-]{+four+} sources agree"
            ),
            ("", "all new", "{+all new+}"), ("gone", "", "[-gone-]"), ("same", "same", "same"),
            ("a b c d", "a x y d", "a [-b c-]{+x y+} d"),
            ("one two", "one, two", "one{+,+} two"),
            ("first line\nsecond", "first line\nthird", "first line\n[-second-]{+third+}"),
            ("東京の港湾", "東京の空港", "東京の{+空+}港[-湾-]"),
            ("cafe\u{301}", "caf\u{e9}", "[-cafe\u{301}-]{+caf\u{e9}+}"),
        ])
    func cases(old: String, new: String, expected: String) { #expect(marked(old, new) == expected) }

    @Test("each text can be read out of the difference, whatever they are")
    func bothTexts() {
        var state: UInt64 = 5
        func roll(_ below: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % below)
        }
        let words = ["a", "b", "the", "of", "depot", ".", "\n", " ", " ", "港"]
        var count = 0
        for _ in 0..<2_000 {
            let texts = (0..<2).map { _ in (0..<roll(30)).map { _ in words[roll(10)] }.joined() }
            let pieces = wordDifference(from: texts[0], to: texts[1])
            let old = pieces.map { if case .new = $0 { "" } else { $0.text } }.joined()
            let new = pieces.map { if case .old = $0 { "" } else { $0.text } }.joined()
            #expect(old == texts[0] && new == texts[1])
            count += 1
        }
        print("promise: word differences count=\(count)")
    }

    @Test("two long texts with nothing in common are one replacement")
    func bounded() {
        let old = (0..<8_000).map { "left\($0) " }.joined()
        let new = (0..<8_000).map { "right\($0) " }.joined()
        let pieces = wordDifference(from: "same " + old, to: "same " + new)
        #expect(pieces.count <= 4 && pieces.first == .same("same "))
    }
}

extension DifferencePiece {
    fileprivate var text: String {
        switch self {
        case .same(let text), .old(let text), .new(let text): text
        }
    }
}
