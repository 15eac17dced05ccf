/// How many columns of a terminal a text takes. Independent of the locale; of what terminals disagree about,
/// this follows the Unicode data: a cluster of several scalars takes at most two columns.
extension Character {
    package var columns: Int {
        let scalars = unicodeScalars
        guard let first = scalars.first else { return 0 }
        if scalars.index(after: scalars.startIndex) == scalars.endIndex { return first.columns }
        if first.properties.isEmoji, scalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        return min(2, scalars.reduce(0) { $0 + $1.columns })
    }
}

extension Unicode.Scalar {
    /// The columns of this scalar by itself: 0, 1 or 2.
    package var columns: Int {
        if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xAD ? 0 : 1 }
        if Self.find(value, in: WidthTable.none) { return 0 }
        return value >= 0x1100 && Self.find(value, in: WidthTable.two) ? 2 : 1
    }

    private static func find(_ value: UInt32, in pairs: [UInt32]) -> Bool {
        var low = 0
        var high = pairs.count / 2
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle * 2 + 1] < value { low = middle + 1 } else { high = middle }
        }
        return low * 2 < pairs.count && pairs[low * 2] <= value
    }
}

extension StringProtocol {
    package var columns: Int {
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return utf8.count }
        return reduce(0) { $0 + $1.columns }
    }
}

extension String {
    /// The text itself where it fits, else its beginning and `…`; never more than `width` columns, and no
    /// cluster is divided.
    package func cut(to width: Int, mark: Character = "…") -> String {
        if columns <= width { return self }
        let room = width - mark.columns
        guard room >= 0 else { return "" }
        return prefix(columns: room) + String(mark)
    }

    /// As many whole clusters as fit.
    package func prefix(columns width: Int) -> String {
        var taken = 0
        var end = startIndex
        for index in indices {
            taken += self[index].columns
            if taken > width { break }
            end = self.index(after: index)
        }
        return String(self[..<end])
    }

    /// Exactly `width` columns: cut or filled with spaces.
    package func padded(to width: Int, isRight: Bool = false) -> String {
        let text = cut(to: width)
        let space = String(repeating: " ", count: max(0, width - text.columns))
        return isRight ? space + text : text + space
    }

    /// Lines of at most `width` columns, broken at spaces; a word that is longer is broken where it must be.
    /// Line breaks in the text stay.
    package func wrapped(to width: Int) -> [String] {
        split(separator: "\n", omittingEmptySubsequences: false).flatMap { Self.wrap($0, to: max(1, width)) }
    }

    private static func wrap(_ line: Substring, to width: Int) -> [String] {
        var lines: [String] = []
        var current: String?
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            let longer = current.map { $0 + " " + word } ?? String(word)
            if longer.columns <= width {
                current = longer
            } else {
                if let full = current { lines.append(full.trimmingEnd()) }
                current = word.isEmpty ? nil : broken(String(word), to: width, into: &lines)
            }
        }
        return lines + [current ?? ""]
    }

    /// Appends the full lines of a long word and returns what is left of it.
    private static func broken(_ word: String, to width: Int, into lines: inout [String]) -> String {
        var (line, taken) = ("", 0)
        for character in word {
            let columns = character.columns
            if taken + columns > width, !line.isEmpty {
                lines.append(line)
                (line, taken) = ("", 0)
            }
            line.append(character)
            taken += columns
        }
        return line
    }
}
