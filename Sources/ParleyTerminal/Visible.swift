internal import ParleyCore

/// The one way by which texts of others reach a terminal or a log: what would command a terminal, reorder a
/// line or hide in it becomes a mark that can be seen.
///
/// - Parameter text: a title, a name, a message; line breaks become `↵`, so the result is one line.
package func visible(_ text: String) -> String {
    text.isPrintableASCII ? text : Revealer(lineBreak: "↵", tab: "␉").reveal(text)
}

/// The same for a text of several lines: line breaks stay, tabs become spaces, every line but the first is
/// indented. (The first continues whatever the caller has written.)
package func visibleBlock(_ text: String, indent: Int = 0) -> String {
    text.isPrintableASCII
        ? text
        : Revealer(lineBreak: "\n" + String(repeating: " ", count: indent), tab: "    ").reveal(text)
}

extension Unicode.Scalar {
    /// Would a terminal obey this scalar, or a reader not see it? Independent of its neighbours; JSON output
    /// escapes these.
    package var isHidden: Bool {
        if value < 0x7F { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate: return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }

    /// `␛` for controls that have a picture, `<U+202E>` for all else.
    fileprivate var mark: String {
        if value < 0x20, let picture = Unicode.Scalar(0x2400 + value) { return String(Character(picture)) }
        if value == 0x7F { return "␡" }
        let digits = String(value, radix: 16, uppercase: true)
        return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
    }

    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }
}

/// Walks over the scalars with their neighbours in sight: a joiner is ordinary within an emoji family or a
/// Persian word and hides something anywhere else.
private struct Revealer {
    let lineBreak: String
    let tab: String
    /// Marks on one letter at most; more would be drawn over the lines above and below.
    private static let mostMarks = 12

    func reveal(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        // A string: to append to a view of scalars would copy all of it each time.
        var shown = ""
        var marks = 0
        var index = 0
        while index < scalars.count {
            if let flag = Flag.length(in: scalars, at: index) {
                for scalar in scalars[index..<index + flag] { shown.unicodeScalars.append(scalar) }
                index += flag
                continue
            }
            let scalar = scalars[index]
            marks = scalar.isMark ? marks + 1 : 0
            shown += replacement(scalars, index, marks: marks, after: shown.unicodeScalars.last)
            index += scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n" ? 2 : 1
        }
        return shown
    }

    private func replacement(
        _ scalars: [Unicode.Scalar], _ index: Int, marks: Int, after shown: Unicode.Scalar?
    ) -> String {
        let scalar = scalars[index]
        let previous = index > 0 ? scalars[index - 1] : nil
        let next = index + 1 < scalars.count ? scalars[index + 1] : nil
        if scalar == "\n" || (scalar == "\r" && next == "\n") { return lineBreak }
        if scalar == "\t" { return tab }
        if scalar.isHidden, !Neighbours(previous: previous, next: next).allow(scalar) { return scalar.mark }
        guard scalar.isMark else { return String(Character(scalar)) }
        return mark(scalar, count: marks, isLoose: shown == nil || shown != previous || previous == "\n")
    }

    /// A mark with nothing to stand on gets a circle, else it would change what was written before it.
    private func mark(_ scalar: Unicode.Scalar, count: Int, isLoose: Bool) -> String {
        if count > Self.mostMarks { return scalar.mark }
        let isSelector = scalar.properties.isDefaultIgnorableCodePoint
        return (isLoose && !isSelector ? "◌" : "") + String(Character(scalar))
    }
}

/// Where invisible scalars are ordinary text.
private struct Neighbours {
    let previous: Unicode.Scalar?
    let next: Unicode.Scalar?

    func allow(_ scalar: Unicode.Scalar) -> Bool {
        guard let previous else { return false }
        switch scalar.value {
        case 0x200C: return isJoining(previous) && next.map(isJoining) == true
        case 0x200D:
            if isJoining(previous) { return next.map(isJoining) == true }
            return isEmojiEnd(previous) && next.map(isEmoji) == true
        case 0xFE0E, 0xFE0F: return previous.properties.isEmoji
        case 0xFE00...0xFE0D: return !previous.isASCII && !previous.isHidden && !previous.isMark
        case 0xE0100...0xE01EF: return previous.properties.isIdeographic
        case 0x180B...0x180D, 0x180F: return (0x1820...0x18AA).contains(previous.value)
        default: return false
        }
    }

    /// Letters and marks of the scripts whose spelling needs joiners: Arabic to Myanmar, Khmer, Mongolian.
    private func isJoining(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0620...0x109F, 0x1780...0x18AF, 0xA840...0xAAFF, 0x11000...0x11FFF:
            scalar.properties.isAlphabetic || scalar.isMark
        default: false
        }
    }

    private func isEmoji(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0xA9 && scalar.properties.isEmoji
    }

    /// An emoji, its skin tone, or the selector that made it one.
    private func isEmojiEnd(_ scalar: Unicode.Scalar) -> Bool { isEmoji(scalar) || scalar.value == 0xFE0F }
}

/// The flags of England, Scotland and Wales: a black flag and tags, which anywhere else hide text.
private enum Flag {
    private static let known = ["gbeng", "gbsct", "gbwls"].map { region in
        [0x1F3F4] + region.unicodeScalars.map { 0xE0000 + $0.value } + [0xE007F]
    }

    static func length(in scalars: [Unicode.Scalar], at index: Int) -> Int? {
        guard scalars[index].value == 0x1F3F4 else { return nil }
        return known.first { scalars[index...].prefix($0.count).map(\.value) == $0 }?.count
    }
}
