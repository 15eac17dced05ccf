import ParleyCore

typealias Registers = [RegisterName: Value]

/// A property that is a field too. What is read from it and written again is the property, or else the
/// property is also carried as it came.
enum StixLens: Equatable {
    case title(String)
    case text(String)
    case tags
    case aliases(UInt32)
    case marking
    case speaker(UInt32)

    var property: String {
        switch self {
        case .title(let name), .text(let name): name
        case .tags: "labels"
        case .aliases: "aliases"
        case .marking: "object_marking_refs"
        case .speaker: "authors"
        }
    }

    /// - Returns: nil where the property is not what it should be, so that it has no field.
    func read(_ value: JSONTree) -> Registers? {
        switch self {
        case .title: line(value.text)
        case .text:
            value.text.map(FittedText.text).flatMap { $0.isEmpty ? nil : [place: .text($0)] }
        case .tags, .aliases: members(value)
        case .marking: value.texts.flatMap(StixMarking.strictest).map { [place: .text($0)] }
        case .speaker: line(value.texts?.joined(separator: ", "))
        }
    }

    private func line(_ text: String?) -> Registers? {
        text.map(FittedText.line).flatMap { $0.isEmpty ? nil : [place: .text($0)] }
    }

    private func members(_ value: JSONTree) -> Registers? {
        guard let texts = value.texts, texts.allSatisfy(RegisterName.isKey) else { return nil }
        let names = texts.map { (RegisterName(field: field, key: $0), Value.bool(true)) }
        return Dictionary(names) { first, _ in first }
    }

    /// - Returns: nil where the record has nothing for this property.
    func write(_ registers: Registers) -> JSONTree? {
        switch self {
        case .title, .text: return registers[place]?.text.map { .text($0) }
        case .speaker: return registers[place]?.text.map { .texts([$0]) }
        case .marking:
            return registers[place]?.text.flatMap(StixMarking.id).map { .texts([$0]) }
        case .tags, .aliases:
            let members = registers.filter { $0.key.field == field && $0.value == .bool(true) }
            let names = members.keys.compactMap(\.key).sorted { $0.isBefore($1) }
            return names.isEmpty ? nil : .texts(names)
        }
    }

    /// The registers that this property is, of a record's.
    func part(of registers: Registers) -> Registers {
        registers.filter { $0.key.field == field && ($0.key.key == nil || $0.value == .bool(true)) }
    }

    private var place: RegisterName { RegisterName(field: field) }

    private var field: UInt32 {
        switch self {
        case .title: Field.titleTag
        case .text: 2
        case .tags: 8
        case .marking: Field.markingTag
        case .aliases(let tag), .speaker(let tag): tag
        }
    }
}
