/// The words with which a rule's phrases begin. Most texts hold none, and need not be cut into sentences.
struct TriggerWords: Sendable {
    static let shared = TriggerWords(
        ScaleTerms.firstWords.union(Hedges.firstWords).union(Absolutes.firstWords).union(Advocacy.firstWords)
            .union(ConfidenceTerms.words))

    /// Hashes of the words: a collision costs a look, never a finding.
    private let hashes: Set<UInt64>

    init(_ words: Set<String>) { hashes = Set(words.map { Self.hash($0.utf8) }) }

    func occur(in text: String) -> Bool {
        var hash = Self.seed
        for byte in text.utf8 {
            let lower = (65...90).contains(byte) ? byte | 0x20 : byte
            if (97...122).contains(lower) {
                hash = Self.step(hash, lower)
            } else if hash != Self.seed {
                if hashes.contains(hash) { return true }
                hash = Self.seed
            }
        }
        return hashes.contains(hash)
    }

    /// FNV-1a, 64 bits.
    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// Letters only, up to the first sign that is none.
    private static func hash(_ word: String.UTF8View) -> UInt64 {
        word.prefix { (97...122).contains($0) }.reduce(seed, step)
    }
}
