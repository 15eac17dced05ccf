import Foundation

/// Texts that would command something: a terminal, a spreadsheet, a shell, a file system.
enum Wicked {
    /// What a client refuses to write, and a newer or a malicious one would.
    static let commanding: [String] = [
        "\u{1B}]0;owned\u{07}", "\u{1B}[2J\u{1B}[31m", "\u{9B}31m", "\u{0}", "\u{08}\u{08}", "\u{7F}", "\r",
        "\u{85}",
        "\u{1B}]8;;http://x\u{1B}\\", "\u{1B}P+q\u{1B}\\",
    ]

    /// What anybody may write.
    static let disguised: [String] = [
        "\u{202E}gnp.exe", "\u{2066}x\u{2069}", "\u{200F}", "\u{061C}", "\u{2028}", "\u{2029}", "\u{FEFF}",
        "\u{200B}",
        "\u{2060}", "\u{E0041}", "\u{AD}", "a" + String(repeating: "\u{301}", count: 150),
        "=1+1", "+1+1", "-1+1", "@SUM(1)", "'=1+1", "=cmd|' /C calc'!A0",
        "../../etc/passwd", "/etc/passwd", "..", "~/x", "C:\\x", "-rf", "$(touch owned)", "`touch owned`",
        "; touch owned",
        "---", "# x", "<!-- J-00000000000000000000000000 -->", "### J1: x", "%%% x", "=== title ===", "\"",
        "\\", "|", ",",
        "null",
    ]

    static var all: [String] { commanding + disguised }

    /// Would a terminal obey it, or a reader not see it?
    static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F...0x9F, 0xAD, 0x061C, 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x2069,
            0xFEFF,
            0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// What of it stands in a text; a terminal makes CR LF of each line break, and tabs separate columns.
    static func found(in text: String, allowing allowed: Set<Unicode.Scalar> = []) -> [String] {
        let scalars = text.replacingOccurrences(of: "\r\n", with: "\n").unicodeScalars
        return Set(scalars.filter { isObeyed($0) && !allowed.contains($0) })
            .map { "U+" + String($0.value, radix: 16) }.sorted()
    }

    /// The text as CBOR, which JSON Lines takes for any field.
    static func raw(_ text: String) -> String {
        let count = text.utf8.count
        let head: [UInt8] =
            count < 24
            ? [0x60 + UInt8(count)]
            : [0x7A] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - $0 * 8)) }
        let short: [UInt8] =
            count < 256 ? [0x78, UInt8(count)] : [0x79, UInt8(count >> 8 & 255), UInt8(count & 255)]
        let bytes = (count < 24 || count > 65_535 ? head : short) + [UInt8](text.utf8)
        return #"{"cbor":"\#(bytes.map { String(format: "%02x", $0) }.joined())"}"#
    }

    static func json(_ text: String) -> String {
        let bytes = (try? JSONSerialization.data(withJSONObject: [text])) ?? Data()
        return String(String(decoding: bytes, as: UTF8.self).dropFirst().dropLast())
    }

    /// One record that holds every text in every kind of place, and 100,000 marks on one letter.
    static func record(_ key: String, _ word: String) -> String {
        let joined = all.map { "\(word) \($0) end" }.joined(separator: " ")
        var fields = [
            #""title":\#(raw(joined))"#, #""basis":\#(raw(joined))"#, #""stance@~x":\#(raw(joined))"#,
        ]
        fields += all.enumerated().map { #""x.c\#($0)":\#(json("\(word) \($1)"))"# }
        fields += all.map { ##"\##(json("#61@\($0)")):\##(raw($0))"## }
        fields += disguised.filter { !$0.contains("\u{85}") }.map { #"\#(json("tags:" + $0)):true"# }
        fields.append(##""#62":\##(raw("e" + String(repeating: "\u{301}", count: 100_000)))"##)
        return #"{"fields":{\#(fields.joined(separator: ","))},"key":\#(json(key)),"kind":"judgment"}"# + "\n"
    }

    /// One record for each text that anybody may write, and an assessment above them.
    static func assessment() -> String {
        let head = #"{"fields":{"title":"Wicked"},"key":"w:a","kind":"assessment"}"# + "\n"
        return head
            + disguised.enumerated().map { number, text in
                let value = json(text)
                return
                    #"{"fields":{"basis":\#(json("a \(text)\nb \(text)")),"parent":"w:a","title":\#(value),"x.c":\#(value)},"#
                    + #""key":"w:\#(number)","kind":"judgment"}"# + "\n"
            }.joined()
    }
}
