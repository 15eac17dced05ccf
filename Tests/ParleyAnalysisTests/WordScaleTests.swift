import ParleyAnalysis
import ParleyCore
import Testing

@Suite("Words and numbers")
struct WordScaleTests {
    /// Percent, the token, and whether the number lies outside of every band.
    static let icd203: [(Double, String, Bool)] = [
        (0, "almost_no_chance", true), (0.9999, "almost_no_chance", true), (1, "almost_no_chance", false),
        (4.9999, "almost_no_chance", false), (5, "very_unlikely", false), (5.0001, "very_unlikely", false),
        (19.9999, "very_unlikely", false), (20, "unlikely", false), (44.9999, "unlikely", false),
        (45, "even", false), (50, "even", false), (54.9999, "even", false), (55, "likely", false),
        (79.9999, "likely", false), (80, "very_likely", false), (94.9999, "very_likely", false),
        (95, "almost_certain", false), (99, "almost_certain", false), (99.0001, "almost_certain", true),
        (100, "almost_certain", true),
    ]

    static let phia: [(Double, String?, Bool)] = [
        (0, "almost_no_chance", true), (0.0001, "almost_no_chance", false), (5, "almost_no_chance", false),
        (5.0001, "almost_no_chance", true), (7.4999, "almost_no_chance", true), (7.5, "very_unlikely", true),
        (9.9999, "very_unlikely", true), (10, "very_unlikely", false), (20, "very_unlikely", false),
        (22.4999, "very_unlikely", true), (22.5, "unlikely", true), (25, "unlikely", false),
        (35, "unlikely", false), (37.4999, "unlikely", true), (37.5, "even", true), (40, "even", false),
        (49.9999, "even", false), (50, nil, true), (50.0001, "even", true), (52.5, "even", true),
        (52.5001, "likely", true), (55, "likely", false), (75, "likely", false), (77.5, "likely", true),
        (77.5001, "very_likely", true), (80, "very_likely", false), (90, "very_likely", false),
        (92.5, "very_likely", true), (92.5001, "almost_certain", true), (95, "almost_certain", false),
        (99.9999, "almost_certain", false), (100, "almost_certain", true),
    ]

    @Test("ICD 203: every edge, the shared ones to the upper word", arguments: icd203)
    func icd203Edges(percent: Double, token: String, isOutside: Bool) {
        check(.icd203, percent, token, isOutside)
    }

    @Test("PHIA: every edge, gaps to the nearer word and said so, 50 without a word", arguments: phia)
    func phiaEdges(percent: Double, token: String?, isOutside: Bool) {
        check(.phia, percent, token, isOutside)
    }

    private func check(_ scale: WordScale, _ percent: Double, _ token: String?, _ isOutside: Bool) {
        let finding = scale.word(for: Int64((percent * 10_000).rounded()))
        #expect(finding.band?.token == token, "\(percent)")
        if case .word = finding { #expect(!isOutside) } else { #expect(isOutside) }
    }

    @Test("an edge that two words share is in keeping with both")
    func sharedEdges() {
        let bands = WordScale.icd203.bands
        for (lower, upper) in zip(bands, bands.dropFirst()) {
            #expect(lower.high == upper.low)
            #expect(lower.contains(lower.high) && upper.contains(lower.high))
            #expect(!lower.contains(lower.high + 1) && !upper.contains(lower.high - 1))
        }
        #expect(WordScale.phia.bands[3].contains(400_000) && !WordScale.phia.bands[3].contains(500_000))
    }

    @Test(
        "words of any row, any case, become the token",
        arguments: [
            ("remote", "almost_no_chance"), ("Almost no chance", "almost_no_chance"),
            ("remote chance", "almost_no_chance"), ("Highly Improbable", "very_unlikely"),
            ("highly unlikely", "very_unlikely"), ("improbable", "unlikely"),
            ("roughly even odds", "even"), ("realistic possibility", "even"), ("probable", "likely"),
            ("very  likely", "very_likely"), ("highly probable", "very_likely"),
            ("highly likely", "very_likely"), ("almost certainly", "almost_certain"),
            ("nearly certain", "almost_certain"), ("VERY_LIKELY", "very_likely"),
        ])
    func words(word: String, token: String) throws {
        #expect(LikelihoodWords.token(for: word) == token)
        #expect(WordScale.icd203.band(word: word)?.token == token)
        let field = try #require(Schema.assessments[name: "judgment"]?[name: "likelihood"])
        #expect(try field.type.value(of: word, reference: { _ in Sample.id(0) }) == .text(token))
    }

    @Test("a word of no scale is refused with what is allowed")
    func unknown() throws {
        let field = try #require(Schema.assessments[name: "judgment"]?[name: "likelihood"])
        #expect(LikelihoodWords.token(for: "maybe") == nil)
        #expect(throws: ValueFault.self) {
            try field.type.value(of: "maybe", reference: { _ in Sample.id(0) })
        }
    }

    @Test("every word of a scale leads to its own band and back")
    func thereAndBack() {
        for scale in WordScale.allCases {
            #expect(scale.bands.map(\.token) == WordScale.icd203.bands.map(\.token))
            for band in scale.bands {
                for word in band.words { #expect(scale.band(word: word) == band) }
                #expect(scale.word(for: (band.low + band.high) / 2) == .word(band))
            }
        }
    }

    @Test("what is said of a number names the band, and a gap")
    func phrases() {
        #expect(WordScale.icd203.phrase(for: 700_000) == "likely (55-80 %)")
        #expect(
            WordScale.phia.phrase(for: 60_000)
                == "between the words; nearest: remote chance (>0-5 %)")
        #expect(WordScale.phia.phrase(for: 500_000) == "no word: PHIA yardstick has none for it")
        #expect(WordScale.phia.legend[3] == "40-<50 %  realistic possibility")
    }
}
