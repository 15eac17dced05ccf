package import ParleyCore

/// What lint says of one place: what is wrong there and what to do about it.
package struct Finding: Equatable, Sendable {
    package var rule: String
    package var level: LintLevel
    package var record: RecordID
    package var field: String?
    /// The sentence or the words in question, as written.
    package var excerpt: String?
    package var message: Message
    /// Why it does not count, where somebody has said so.
    package var waiver: Waiver?
}

package enum LintLevel: String, Sendable, CaseIterable {
    case error, warning
}

/// A sentence that names records, which people know by other names than the rules do.
package struct Message: Equatable, Sendable, ExpressibleByStringInterpolation {
    package enum Part: Equatable, Sendable {
        case text(String)
        case record(RecordID)
    }

    package var parts: [Part]

    package init(stringLiteral text: String) { parts = [.text(text)] }

    package init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

    package struct StringInterpolation: StringInterpolationProtocol {
        var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ text: String) {
            if !text.isEmpty { parts.append(.text(text)) }
        }

        package mutating func appendInterpolation(_ text: String) { parts.append(.text(text)) }
        package mutating func appendInterpolation(_ number: Int) { parts.append(.text("\(number)")) }
        package mutating func appendInterpolation(_ record: RecordID) { parts.append(.record(record)) }

        package mutating func appendInterpolation(list records: [RecordID]) {
            for (index, record) in records.enumerated() {
                if index > 0 { parts.append(.text(", ")) }
                parts.append(.record(record))
            }
        }
    }

    /// - Parameter name: what people call a record.
    package func text(_ name: (RecordID) -> String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .record(let id): name(id)
            }
        }.joined()
    }
}

/// Somebody's reason why a rule shall not count at a record: a note of kind `review` about the record, titled
/// `waive L04`, whose body is the reason. It ends when the note is resolved or deleted.
package struct Waiver: Equatable, Sendable {
    package var note: RecordID
    package var by: String
    package var reason: String

    /// The title of a note that waives a rule.
    package static func title(_ rule: String) -> String { "waive \(rule)" }

    /// The waiver of a rule at a record; without a reason none counts.
    package static func of(_ rule: String, at record: RecordID, in dossier: Dossier) -> Waiver? {
        for note in dossier.notes(about: record) {
            guard note.choice("kind") == "review", !note.flag("resolved"),
                note.title.trimmingSpaces().lowercased() == title(rule).lowercased()
            else { continue }
            for entry in note.each("body") {
                guard let text = entry.value.text?.trimmingSpaces(), !text.isEmpty else { continue }
                return Waiver(note: note.id, by: entry.analyst, reason: text)
            }
        }
        return nil
    }
}
