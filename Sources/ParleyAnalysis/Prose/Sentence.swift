/// A word of a sentence, as the word rules compare it: ASCII letters in lower case, all else as written.
package struct Word: Equatable, Sendable {
    package var text: String
    /// Written with a capital letter first.
    package var isCapital: Bool
    /// Stands between quotation marks: somebody else's word.
    package var isQuoted: Bool
    /// Bytes of the text, from its start.
    var range: Range<Int>
}

/// A sentence of an analyst's text.
package struct Sentence: Equatable, Sendable {
    /// As written, without the space around it; line breaks are spaces.
    package var text: String
    package var words: [Word]

    subscript(index: Int) -> String { words.indices.contains(index) ? words[index].text : "" }
}

extension Sentence {
    /// The sentences of a Markdown text.
    ///
    /// A sentence ends with `.`, `!` or `?` before a space or the end, unless the point belongs to an
    /// abbreviation or an initial; and with a paragraph, a heading or an item of a list. Block quotes, fenced
    /// code and code spans are not the analyst's words and are left out; tables too.
    package static func all(in text: String) -> [Sentence] {
        if text.isEmpty { return [] }
        return MarkdownBlocks.prose(Array(text.utf8)).flatMap { block in
            SentenceCutter(block).sentences()
        }
    }
}

extension String {
    /// Typographic apostrophes as plain ones.
    fileprivate var replacingApostrophes: String {
        guard utf8.contains(0xE2) else { return self }
        return String(map { $0 == "\u{2019}" ? "'" : $0 })
    }
}

/// The prose of a Markdown text, a paragraph, an item or a heading at a time.
enum MarkdownBlocks {
    static func prose(_ text: [UInt8]) -> [[UInt8]] {
        var blocks: [[UInt8]] = []
        var block: [UInt8] = []
        var isFenced = false
        func finish() {
            if !block.isEmpty { blocks.append(block) }
            block = []
        }
        for raw in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let line = trimmed(raw)
            if line.starts(with: "```".utf8) {
                isFenced.toggle()
                finish()
            } else if isFenced || line.first == UInt8(ascii: ">") || line.first == UInt8(ascii: "|") {
                finish()
            } else if line.isEmpty {
                finish()
            } else {
                let content = withoutMarker(line)
                if content.count != line.count { finish() }
                block += (block.isEmpty ? [] : [0x20]) + content
                if line.first == UInt8(ascii: "#") { finish() }
            }
        }
        finish()
        return blocks
    }

    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while let last = line.last, last == 0x20 || last == 0x0D || last == 0x09 { line.removeLast() }
        return line.drop { $0 == 0x20 || $0 == 0x09 }
    }

    /// Without the marker of a heading (`##`), or of an item of a list (`-`, `*`, `+`, `1.`, `1)`).
    private static func withoutMarker(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let marker = line.prefix { $0 != 0x20 }
        guard marker.count < line.count, let first = marker.first else { return line }
        let isList = marker.count == 1 && "-*+".utf8.contains(first)
        let isHeading = marker.allSatisfy { $0 == UInt8(ascii: "#") }
        let digits = marker.prefix { (48...57).contains($0) }
        let isNumber =
            !digits.isEmpty && marker.count == digits.count + 1 && ".)".utf8.contains(marker.last ?? 0)
        return isList || isHeading || isNumber ? line.dropFirst(marker.count + 1) : line
    }
}

/// Cuts one block of prose into sentences and words, in one pass over its bytes.
private struct SentenceCutter {
    private let bytes: [UInt8]
    private var words: [Word] = []
    private var start = 0
    private var found: [Sentence] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private static let abbreviations: Set<String> = [
        "dr", "mr", "mrs", "ms", "prof", "gen", "col", "lt", "sen", "rep", "gov", "st", "no", "vs", "cf",
        "approx", "e.g", "i.e", "etc", "u.s", "u.k", "u.n", "a.m", "p.m", "ca", "fig", "para", "art", "ed",
        "eds", "vol",
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec",
    ]

    consuming func sentences() -> [Sentence] {
        var index = 0
        var isQuoted = false
        while index < bytes.count {
            let byte = bytes[index]
            if let length = quote(at: index, isQuoted: &isQuoted) {
                index += length
            } else if byte == UInt8(ascii: "`") {
                index = endOfCode(index)
            } else if Self.isLetter(byte), !isPunctuation(index) {
                index = takeWord(from: index, isQuoted: isQuoted)
            } else if ".!?".utf8.contains(byte), endsSentence(index, byte) {
                var end = index + 1
                while end < bytes.count, ".!?)*_".utf8.contains(bytes[end]) { end += 1 }
                while end < bytes.count, let length = closingQuote(at: end, isQuoted: &isQuoted) {
                    end += length
                }
                finish(at: end)
                index = end
            } else {
                index += 1
            }
        }
        finish(at: bytes.count)
        return found
    }

    private mutating func finish(at end: Int) {
        let text = MarkdownBlocks.trimmed(bytes[start..<end])
        if !words.isEmpty {
            found.append(Sentence(text: String(decoding: text, as: UTF8.self), words: words))
        }
        words = []
        start = end
    }

    private mutating func takeWord(from first: Int, isQuoted: Bool) -> Int {
        var end = first
        while end < bytes.count, !isPunctuation(end), Self.isLetter(bytes[end]) || isInner(end) { end += 1 }
        let slice = bytes[first..<end]
        let text = String(decoding: slice.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
            .replacingApostrophes
        words.append(
            Word(
                text: text, isCapital: (65...90).contains(bytes[first]), isQuoted: isQuoted,
                range: first..<end))
        return end
    }

    /// Dashes, quotation marks, an ellipsis, a space that does not break; but no apostrophe.
    private func isPunctuation(_ index: Int) -> Bool {
        guard bytes[index] >= 0x80, index + 1 < bytes.count else { return false }
        if bytes[index] == 0xC2 { return [0xA0, 0xAB, 0xBB].contains(bytes[index + 1]) }
        guard bytes[index] == 0xE2, bytes[index + 1] == 0x80, index + 2 < bytes.count else { return false }
        return bytes[index + 2] != 0x99
    }

    /// A point within `e.g`, an apostrophe, a hyphen: between two letters.
    private func isInner(_ index: Int) -> Bool {
        guard index + 1 < bytes.count, Self.isLetter(bytes[index + 1]), !isPunctuation(index + 1) else {
            return false
        }
        return "'-.".utf8.contains(bytes[index])
    }

    /// Letters, digits, and every byte of a character beyond ASCII but dashes and quotation marks.
    private static func isLetter(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte >= 0x80
    }

    /// Is the point the end? Not after an abbreviation, an initial, or within a number.
    private func endsSentence(_ index: Int, _ byte: UInt8) -> Bool {
        var next = index + 1
        while next < bytes.count, ".!?)*_\"'".utf8.contains(bytes[next]) || isQuoteMark(next) {
            next += bytes[next] < 0x80 ? 1 : 3
        }
        guard next >= bytes.count || bytes[next] == 0x20 else { return false }
        guard byte == UInt8(ascii: "."), let last = words.last, last.range.upperBound == index else {
            return true
        }
        if next >= bytes.count { return true }
        let isInitial = last.text.utf8.count == 1 && last.isCapital && last.text != "i"
        return !isInitial && !Self.abbreviations.contains(last.text)
    }

    private func isQuoteMark(_ index: Int) -> Bool {
        bytes[index] == 0xE2 && index + 2 < bytes.count && bytes[index + 1] == 0x80
            && (0x98...0x9F).contains(bytes[index + 2])
    }

    private func endOfCode(_ index: Int) -> Int {
        bytes[(index + 1)...].firstIndex(of: UInt8(ascii: "`")).map { $0 + 1 } ?? index + 1
    }

    /// - Returns: the length of the double quotation mark that begins here, if one does.
    private func quote(at index: Int, isQuoted: inout Bool) -> Int? {
        if bytes[index] == UInt8(ascii: "\"") {
            isQuoted.toggle()
            return 1
        }
        guard index + 1 < bytes.count else { return nil }
        switch (bytes[index], bytes[index + 1], index + 2 < bytes.count ? bytes[index + 2] : 0) {
        case (0xE2, 0x80, 0x9C), (0xE2, 0x80, 0x9E): isQuoted = true
        case (0xE2, 0x80, 0x9D): isQuoted = false
        case (0xC2, 0xAB, _):
            isQuoted = true
            return 2
        case (0xC2, 0xBB, _):
            isQuoted = false
            return 2
        default: return nil
        }
        return 3
    }

    private func closingQuote(at index: Int, isQuoted: inout Bool) -> Int? {
        isQuoted ? quote(at: index, isQuoted: &isQuoted) : nil
    }
}
