internal import ParleyCore

/// Texts of people in a report: nothing of them may command a browser, reorder a line or hide in it.
enum Inert {
    /// With a mark for each control, and for what would turn the direction of what stands beside it. Line breaks
    /// and tabs stay.
    static func text(_ text: String) -> String {
        if text.isPrintableASCII || !text.unicodeScalars.contains(where: isHidden) { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                shown +=
                    "\u{27E8}U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                    + "\u{27E9}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// One line: a line break is a space.
    static func line(_ text: String) -> String {
        if text.isPrintableASCII { return text }
        let shown = Self.text(text)
        // The other characters that break a line were marked.
        guard shown.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return shown }
        return shown.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// Controls, bidi controls, tags, what Unicode has not assigned; joiners and selectors are ordinary text.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F, 0x09, 0x0A, 0x0D, 0x200C, 0x200D, 0xFE00...0xFE0F: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse:
            return true
        default: return false
        }
    }

    /// For HTML and SVG, as text or as an attribute between double quotes.
    static func html(_ text: String) -> String {
        let inert = Self.text(text)
        guard inert.utf8.contains(where: isMarkup) else { return inert }
        var shown = ""
        shown.reserveCapacity(inert.utf8.count)
        for scalar in inert.unicodeScalars {
            switch scalar {
            case "&": shown += "&amp;"
            case "<": shown += "&lt;"
            case ">": shown += "&gt;"
            case "\"": shown += "&quot;"
            case "'": shown += "&#39;"
            case "\r": continue
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// What stands for itself nowhere, or is left out.
    private static func isMarkup(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0D: true
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        case UInt8(ascii: "\""), UInt8(ascii: "'"): true
        default: false
        }
    }

    /// One line for Markdown: signs that would be markup are escaped.
    static func markdown(_ text: String) -> String {
        var shown = ""
        for character in line(text) {
            switch character {
            case "<": shown += "&lt;"
            case "&": shown += "&amp;"
            default:
                if "\\`*_[]>|#!~".contains(character) { shown.append("\\") }
                shown.append(character)
            }
        }
        return shown
    }
}
