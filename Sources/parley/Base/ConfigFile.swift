import Foundation

/// Changes one key of a `config.toml` and leaves every other line, comments too, as it is.
enum ConfigFile {
    /// The file's text with `name` set; a table or a line that is not there yet is added.
    static func setting(_ name: String, to value: ConfigValue, in text: String) -> String {
        let dot = name.firstIndex(of: ".") ?? name.startIndex
        let (table, key) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
        let entry = "\(literal(key)) = \(literal(value))"
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        guard let start = lines.firstIndex(where: { header($0) == table }) else {
            lines += (lines.isEmpty ? [] : [""]) + ["[\(table)]", entry]
            return lines.joined(separator: "\n") + "\n"
        }
        let end = lines[(start + 1)...].firstIndex { header($0) != nil } ?? lines.count
        if let line = lines[(start + 1)..<end].firstIndex(where: { self.key($0) == key }) {
            lines[line] = entry
        } else {
            lines.insert(entry, at: lines[..<end].lastIndex { !isBlank($0) }.map { $0 + 1 } ?? end)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func isBlank(_ line: String) -> Bool { line.allSatisfy(\.isWhitespace) }

    /// `sync` of the line `[sync]  # comment`.
    private static func header(_ line: String) -> String? {
        let text = line.drop { $0.isWhitespace }
        guard text.first == "[", text.dropFirst().first != "[", let end = text.firstIndex(of: "]") else {
            return nil
        }
        return text[text.index(after: text.startIndex)..<end].trimmingCharacters(in: .whitespaces)
    }

    private static func key(_ line: String) -> String? {
        guard let sign = line.firstIndex(of: "=") else { return nil }
        let name = line[..<sign].trimmingCharacters(in: .whitespaces)
        return name.hasPrefix("\"") && name.hasSuffix("\"") && name.count > 1
            ? String(name.dropFirst().dropLast()) : name
    }

    private static func literal(_ key: String) -> String {
        let isBare =
            !key.isEmpty
            && key.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 95 || byte == 45
            }
        return isBare ? key : quoted(key)
    }

    private static func literal(_ value: ConfigValue) -> String {
        switch value {
        case .text(let text): quoted(text)
        default: value.text
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
