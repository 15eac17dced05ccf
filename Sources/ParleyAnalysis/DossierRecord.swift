package import ParleyCore

/// A record to be read by the names of its fields. A value that its field does not accept reads as absent.
package struct DossierRecord: Sendable {
    /// Shared: rules and indexes hand records about by the thousand.
    private let content: Content

    private final class Content: Sendable {
        let image: RecordImage
        let facts: RecordFacts
        let kind: Kind

        init(_ image: RecordImage, _ facts: RecordFacts, _ kind: Kind) {
            (self.image, self.facts, self.kind) = (image, facts, kind)
        }
    }

    init(_ image: RecordImage, _ facts: RecordFacts, _ kind: Kind) { content = Content(image, facts, kind) }

    package var image: RecordImage { content.image }
    package var facts: RecordFacts { content.facts }
    package var kind: Kind { content.kind }

    package var name: RecordName { image.name }
    package var id: RecordID { image.name.id }
    package var title: String { text("title") ?? "" }
    var readingOrder: ReadingOrder {
        ReadingOrder(name, key: value("order").text, created: facts.created.milliseconds)
    }

    // MARK: Plain fields

    /// A line or a text that is neither absent nor blank.
    package func text(_ field: String) -> String? {
        guard let text = value(field).text, !text.trimmingSpaces().isEmpty else { return nil }
        return text
    }

    /// The token of a choice.
    package func choice(_ field: String) -> String? { value(field).text }
    package func date(_ field: String) -> CivilDate? { value(field).text.flatMap { CivilDate($0) } }
    package func flag(_ field: String) -> Bool { value(field) == .bool(true) }
    package func ref(_ field: String) -> RecordID? { value(field).ref }
    package func isSet(_ field: String) -> Bool { value(field) != .null }

    /// The components of a tuple by their names; nil where it is not set.
    package func tuple(_ field: String) -> DossierTuple? {
        guard let declared = kind[name: field] else { return nil }
        return DossierTuple(value(field), declared.type)
    }

    package func value(_ field: String) -> Value {
        guard let declared = kind[name: field] else { return .null }
        let value = image[declared.tag]
        return declared.type.accepts(value) ? value : .null
    }

    // MARK: Keyed fields

    /// Each analyst's value of an `each` field, by handle in the order of bytes; what an analyst has cleared
    /// is absent.
    package func each(_ field: String) -> [(analyst: String, value: Value)] {
        collect(field) { ($0, $1) }
    }

    private func collect<Part>(
        _ field: String, _ part: (_ analyst: String, _ value: Value) -> Part?
    ) -> [Part] {
        guard let declared = kind[name: field] else { return [] }
        let (registers, type) = (image.registers(of: declared.tag), declared.type)
        var parts: [Part] = []
        parts.reserveCapacity(registers.count)
        for register in registers {
            guard let key = register.name.key, register.value != .null,
                type.accepts(register.value), let part = part(key, register.value)
            else { continue }
            parts.append(part)
        }
        return parts
    }

    /// Each analyst's token of a choice that is kept apart: credibility, reliability, weight..
    package func choices(_ field: String) -> [(analyst: String, token: String)] {
        collect(field) { analyst, value in value.text.map { (analyst, $0) } }
    }

    /// Each analyst's token with its reason: stance, support, rating. A matrix asks for thousands.
    package func reasoned(_ field: String) -> [Reasoned] {
        collect(field) { analyst, value in
            guard case .list(let items) = value, let token = items.first?.text else { return nil }
            return Reasoned(analyst: analyst, token: token, why: items.count > 1 ? items[1].text : nil)
        }
    }

    /// The members of a set field.
    package func members(_ field: String) -> [String] {
        guard let declared = kind[name: field] else { return [] }
        return image.registers(of: declared.tag).compactMap {
            $0.value == .bool(true) ? $0.name.key : nil
        }
    }
}

/// One analyst's token and why.
package struct Reasoned: Equatable, Sendable {
    package var analyst: String
    package var token: String
    package var why: String?

    package init(analyst: String, token: String, why: String? = nil) {
        (self.analyst, self.token, self.why) = (analyst, token, why)
    }
}

/// A tuple to be read by the names of its components.
package struct DossierTuple: Sendable {
    private let items: [Value]
    private let components: [Component]

    init?(_ value: Value, _ type: FieldType) {
        guard case .tuple(let components) = type, let items = value.list else { return nil }
        self.items = items
        self.components = components
    }

    package func value(_ name: String) -> Value {
        guard let place = components.firstIndex(where: { $0.name == name }), place < items.count else {
            return .null
        }
        return items[place]
    }

    package func text(_ name: String) -> String? { value(name).text }
    package func date(_ name: String) -> CivilDate? { text(name).flatMap { CivilDate($0) } }
    package func ref(_ name: String) -> RecordID? { value(name).ref }
    /// Millionths.
    package func probability(_ name: String) -> Int64? { value(name).int }
}
