import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// The texts of a record as one file for an editor: a line `=== field ===` before each, with what is allowed
/// behind it. What stands before the first such line is not read, nor are lines `%%% ..` at the beginning of
/// a text: they tell what others have written there meanwhile.
struct Form {
    struct Part: Equatable {
        var register: RegisterName
        /// As in an address: `basis`, `body@olga`.
        var name: String
        var type: FieldType
        var text: String
        /// What others have written since the text was begun; such a text is saved only when it is changed or
        /// the `confirmation` line is removed.
        var notices: [String] = []
    }

    /// What an edited file holds.
    struct Reading: Equatable {
        var texts: [String: String] = [:]
        /// Fields whose `confirmation` line still stands.
        var unconfirmed: Set<String> = []
    }

    var head: String
    var parts: [Part]

    /// One field alone stands in its file without a heading.
    var isSingle = false

    static let marker = "%%% "
    static let confirmation = marker + "To write your text over theirs, change it or remove this line."

    var text: String {
        if isSingle { return parts.map(singleBody).joined() }
        let bodies = parts.map { part in
            "=== \(part.name) === \(Self.advice(part.type))\n" + Self.block(part) + Self.escaped(part.text)
                + "\n\n"
        }
        return head + "\n\n" + bodies.joined()
    }

    /// A text in which controls, that only a client gone wrong can have written, are marks that can be seen: an
    /// editor may pass on to the terminal what it gets. As long as nobody changes it nothing is written.
    static func harmless(_ text: String) -> String {
        let isControl: (Unicode.Scalar) -> Bool = {
            $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t"
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") {
            if isControl($1) { $0 += visible(String($1)) } else { $0.unicodeScalars.append($1) }
        }
    }

    private func singleBody(_ part: Part) -> String {
        let text = part.notices.isEmpty ? part.text : Self.escaped(part.text)
        return Self.block(part) + (text.isEmpty ? "" : text + "\n")
    }

    private static func block(_ part: Part) -> String {
        if part.notices.isEmpty { return "" }
        return (part.notices.map { marker + $0 } + [confirmation]).map { $0 + "\n" }.joined()
    }

    /// The texts by field as an edited file holds them.
    func read(_ edited: String) throws(FormFault) -> Reading {
        var reading = Reading()
        if isSingle, let part = parts.first {
            if part.notices.isEmpty {
                reading.texts[part.name] = Self.trimmed(edited)
            } else {
                take(
                    edited.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline), part,
                    &reading)
            }
            return reading
        }
        let bodies = try bodies(edited)
        for part in parts {
            guard let lines = bodies[part.name] else { throw .missing(part.name) }
            take(lines, part, &reading)
        }
        return reading
    }

    /// The lines below each heading.
    private func bodies(_ edited: String) throws(FormFault) -> [String: [Substring]] {
        var bodies: [String: [Substring]] = [:]
        var current: String?
        let lines = edited.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("=== ") {
                guard let name = heading(line) else { throw .unknown(line: index + 1, String(line)) }
                guard bodies[name] == nil else { throw .twice(line: index + 1, String(line)) }
                current = name
                bodies[name] = []
            } else if let current {
                bodies[current]?.append(line)
            }
        }
        return bodies
    }

    private func take(_ lines: [Substring], _ part: Part, _ reading: inout Reading) {
        let notices = part.notices.isEmpty ? [] : lines.prefix { $0.hasPrefix(Self.marker) }
        if notices.contains(where: { $0 == Self.confirmation }) { reading.unconfirmed.insert(part.name) }
        let text = lines.dropFirst(notices.count).map(Self.unescaped).joined(separator: "\n")
        reading.texts[part.name] = Self.trimmed(text)
    }

    /// The parts that differ from those of `base`, which are what is stored now; a text over which others have
    /// written only where that was confirmed.
    func changes(in edited: String, over base: Form? = nil) throws(FormFault) -> [Part] {
        let (shown, given) = (try read(text), try read(edited))
        let stored = try base.map { base throws(FormFault) in try base.read(base.text) } ?? shown
        return parts.compactMap { part in
            guard let text = given.texts[part.name], text != stored.texts[part.name] else { return nil }
            if given.unconfirmed.contains(part.name), text == shown.texts[part.name] { return nil }
            var changed = part
            changed.text = text
            changed.notices = []
            return changed
        }
    }

    private func heading(_ line: Substring) -> String? {
        guard line.hasPrefix("=== "), let end = line.dropFirst(4).firstRange(of: " ===") else { return nil }
        let name = String(line.dropFirst(4)[..<end.lowerBound])
        return parts.contains { $0.name == name } ? name : nil
    }

    private static func advice(_ type: FieldType) -> String {
        switch type {
        case .line, .text: ""
        default: type.allowed
        }
    }

    /// A line of the text that looks like a heading or a notice is shown with a backslash before it.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { isSpecial($0) ? "\\" + $0 : String($0) }.joined(separator: "\n")
    }

    private static func unescaped(_ line: Substring) -> Substring {
        line.hasPrefix("\\") && isSpecial(line) ? line.dropFirst() : line
    }

    private static func isSpecial(_ line: Substring) -> Bool {
        let bare = line.drop { $0 == "\\" }
        return bare.hasPrefix("=== ") || bare.hasPrefix(marker)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isNewline == true { text.removeFirst() }
        return String(text)
    }
}

/// Why an edited file cannot be read: taking it all the same would throw somebody's text away.
enum FormFault: Error, Equatable {
    case unknown(line: Int, String)
    case twice(line: Int, String)
    case missing(String)

    var sentence: String {
        switch self {
        case .unknown(let line, let text):
            "Line \(line), \(CommandFailure.quoted(text)), is no heading of this form; where it belongs to a text, begin it with a backslash."
        case .twice(let line, let text):
            "Line \(line), \(CommandFailure.quoted(text)), is a heading that was there before."
        case .missing(let name):
            "The heading === \(name) === is gone; to clear a field, leave its heading and remove its text."
        }
    }
}

extension Form {
    /// The fields of a kind that people write in an editor: plain ones that hold text or a word, and one's own
    /// texts. Those set once are offered while they are not set.
    static func registers(of kind: Kind, me: String, image: RecordImage?) -> [RegisterName] {
        kind.fields.compactMap { field in
            let plain = RegisterName(field: field.tag)
            switch (field.merge, field.type) {
            case (.each, .text): return RegisterName(field: field.tag, key: me)
            case (.shared, .line) where field.name == "order": return nil
            case (.once, .text) where image?[field.tag] ?? .null != .null: return nil
            case (.shared, .line), (.shared, .text), (.shared, .date), (.shared, .choice), (.shared, .url),
                (.shared, .int), (.shared, .probability), (.once, .text):
                return plain
            default: return nil
            }
        }
    }

    static func part(_ register: RegisterName, of kind: Kind, text: String) -> Part {
        Part(
            register: register, name: kind.text(of: register), type: kind[tag: register.field]?.type ?? .any,
            text: text)
    }
}
