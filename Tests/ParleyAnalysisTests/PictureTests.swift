import Testing

@testable import ParleyAnalysis

@Suite("Pictures")
struct PictureTests {
    @Test("names beside lines never lie on each other and stay within the frame")
    func spread() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let count = Int.random(in: 1...12, using: &generator)
            let places = (0..<count).map { _ in Double.random(in: 12...232, using: &generator) }.sorted()
            let spread = LikelihoodChart.spread(places, step: 17, top: 16, bottom: 232)
            #expect(zip(spread, spread.dropFirst()).allSatisfy { $1 - $0 > 16.999 }, "\(places)")
            #expect(spread.allSatisfy { $0 <= 232.001 && $0 >= 16 - 0.001 }, "\(places)")
        }
        print("promise: label-spreads count=500")
    }

    @Test(
        "a text is wrapped to a width, and what does not fit ends in an ellipsis",
        arguments: [
            ("one two three", 40.0, 3, ["one two", "three"]), ("one two three", 40.0, 1, ["one t\u{2026}"]),
            ("", 40.0, 3, []), ("short", 400.0, 3, ["short"]),
        ] as [(String, Double, Int, [String])])
    func wrap(text: String, width: Double, most: Int, expected: [String]) {
        #expect(LetterWidth.wrap(text, width: width, size: 10, most: most) == expected)
    }

    @Test("no wrapped line is wider than it may be, in any script")
    func widths() {
        for text in [
            "\u{6771}\u{4EAC}\u{306E}\u{6E2F}\u{6E7E}\u{30C7}\u{30FC}\u{30BF}",
            "Wagnerianische Weltanschauungen",
            "\u{41D}\u{438}\u{436}\u{43D}\u{438}\u{439} \u{41D}\u{43E}\u{432}\u{433}\u{43E}\u{440}\u{43E}\u{434}",
        ] {
            for width in stride(from: 30.0, through: 200, by: 7) {
                let lines = LetterWidth.wrap(text, width: width, size: 12, most: 3)
                #expect(
                    lines.allSatisfy { LetterWidth.of($0, size: 12) <= width + 0.01 || $0.count <= 2 },
                    "\(lines) \(width)")
            }
        }
    }

    @Test("numbers are written with one decimal at most")
    func numbers() {
        var canvas = SVGCanvas(width: 10, height: 10)
        canvas.line(0, -0.04, 1.25, 2.96, "axis")
        #expect(canvas.body == "<line x1=\"0\" y1=\"0\" x2=\"1.3\" y2=\"3\" class=\"axis\"/>")
    }

    @Test(
        "percent",
        arguments: [
            (0, "0 %"), (5_000, "0.5 %"), (825_000, "82.5 %"), (999_999, "100 %"), (1_000_000, "100 %"),
        ])
    func percents(p: Int, expected: String) { #expect(percent(Int64(p)) == expected) }
}
