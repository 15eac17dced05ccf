import ParleyCore

/// Makes one record of one element by one rule.
struct MappedRecord {
    /// Bytes of one carried value: what fits into a changeset.
    private static let longestValue = 900 * 1024

    private let rule: RecordRule
    private let element: MappedElement
    private let book: AddressBook
    private var draft: RecordDraft
    private var written: Set<RegisterName> = []

    /// - Parameter line: where the element stands in its file.
    init(_ rule: RecordRule, _ element: MappedElement, me: String?, line: Int) {
        self.rule = rule
        self.element = element
        book = AddressBook(kind: rule.kind, me: me)
        draft = RecordDraft(kind: rule.kind.tag, line: line)
        draft.mustExist = rule.mustExist
    }

    mutating func made() throws(MappedFault) -> RecordDraft {
        for template in rule.keys { try addKey(template) }
        if let label = rule.label { draft.label = try element.filled(label) }
        if let path = rule.version { draft.version = try element.moment(at: path) }
        for field in rule.fields {
            do throws(MappedFault) {
                try write(field)
            } catch {
                throw MappedFault(reason: "\(rule.kind.name).\(field.name): \(error.reason)")
            }
        }
        if let prefix = rule.rest { try carryRest(prefix) }
        return draft
    }

    private mutating func addKey(_ template: MappingTemplate) throws(MappedFault) {
        guard let key = try element.filled(template) else {
            throw MappedFault(reason: "nothing to fill the key \"\(template.text)\" with")
        }
        guard RegisterName.isKey(key) else {
            throw MappedFault(reason: "the key \"\(key.prefix(60))\" is not one line of at most 512 bytes")
        }
        draft.keys.append(key)
    }

    // MARK: Fields

    private mutating func write(_ field: FieldRule) throws(MappedFault) {
        guard let place = try place(field.target) else { return }
        switch place.form {
        case .members(let set):
            for member in try members(field.value) {
                draft.writes.append(
                    DraftWrite(RegisterName(field: set.tag, key: member), .value(.bool(true))))
            }
        case .register(let register, let type):
            guard let content = try content(field, type) else { return }
            try write(register, content)
        }
    }

    private mutating func write(_ register: RegisterName, _ content: DraftContent) throws(MappedFault) {
        guard written.insert(register).inserted else {
            throw MappedFault(reason: "another rule of the mapping writes this field too")
        }
        draft.writes.append(DraftWrite(register, content))
    }

    /// - Returns: nil where the field's key is empty.
    private func place(_ target: FieldRule.Target) throws(MappedFault) -> FieldPlace? {
        switch target {
        case .place(let place): return place
        case .template(let template):
            guard let name = try element.filled(template) else { return nil }
            do throws(FieldFault) {
                return try book.find(name)
            } catch {
                throw MappedFault(reason: error.sentence(kind: rule.kind.name))
            }
        }
    }

    private func members(_ value: ValueRule) throws(MappedFault) -> [String] {
        guard let tree = try element.tree(by: value) else { return [] }
        var members: [String] = []
        for item in tree.list ?? [tree] where !item.isBlank {
            guard let member = item.list == nil ? item.filling : nil, RegisterName.isKey(member) else {
                throw MappedFault(reason: "\(item.quoted) is not one line of at most 512 bytes")
            }
            if !members.contains(where: { $0.utf8.elementsEqual(member.utf8) }) { members.append(member) }
        }
        return members
    }

    private mutating func content(_ field: FieldRule, _ type: FieldType) throws(MappedFault) -> DraftContent?
    {
        guard case .tuple(let rules) = field.value.origin, case .tuple(let components) = type else {
            return try content(field.value, type, name: field.name)
        }
        var parts: [DraftContent] = []
        for component in components {
            var part: DraftContent?
            if let rule = rules[component.name] {
                part = try content(rule, component.type, name: "\(field.name).\(component.name)")
            }
            // Without its first component the others say nothing.
            if parts.isEmpty, part == nil { return nil }
            parts.append(part ?? .value(.null))
        }
        guard let tuple = components.content(of: parts) else {
            throw MappedFault(reason: "a tuple with a reference by name cannot hold this")
        }
        return tuple
    }

    private mutating func content(
        _ rule: ValueRule, _ type: FieldType, name: String
    ) throws(MappedFault) -> DraftContent? {
        do throws(MappedFault) {
            guard let tree = try element.tree(by: rule) else { return nil }
            switch type {
            case .line, .text: return try fitted(tree, type, rule, name)
            default: return try Self.content(of: tree, type, decimalComma: element.decimalComma)
            }
        } catch {
            guard rule.carriesMisfits, let tree = try element.found(rule) else { throw error }
            try carry(tree, as: rule.carrier ?? name)
            return nil
        }
    }

    /// Texts are made fit; what was cut off or taken out of one is carried whole.
    private mutating func fitted(
        _ tree: JSONTree, _ type: FieldType, _ rule: ValueRule, _ name: String
    ) throws(MappedFault) -> DraftContent? {
        guard tree.list == nil, let given = tree.wording else {
            let hint = tree.list == nil ? "name one of its members" : "\"join: , \" makes a text of it"
            throw MappedFault(reason: "\(tree.type) is no text: \(hint)")
        }
        let fit = type == .line ? FittedText.line(given) : FittedText.text(given)
        let column = rule.carrier ?? name
        if !fit.utf8.elementsEqual(FittedText.unbroken(given).trimmingSpaces().utf8) {
            try carry(.text(given), as: column)
        } else if rule.taken != nil {
            try carry(.null, as: column)
        }
        return fit.isEmpty ? nil : .value(.text(fit))
    }

    static func content(
        of tree: JSONTree, _ type: FieldType, decimalComma: Bool
    ) throws(MappedFault) -> DraftContent {
        if type == .any {
            guard let value = tree.value else { throw MappedFault(reason: "nested too deeply") }
            return .value(value)
        }
        guard tree.list == nil, let text = tree.filling else {
            throw MappedFault(reason: "\(tree.type) is not \(type.allowed)")
        }
        do throws(ValueFault) {
            return try type.content(of: text, decimalComma: decimalComma)
        } catch {
            let hint = type == .date && text.count > 10 ? " (\"as: date\" takes the day of a timestamp)" : ""
            throw MappedFault(reason: error.sentence + hint)
        }
    }

    // MARK: Columns

    private mutating func carryRest(_ prefix: String) throws(MappedFault) {
        guard let members = element.tree.members else { return try carry(element.tree, as: prefix + "value") }
        for member in members {
            let isTaken = rule.taken.contains(member.name) || rule.except.contains(member.name)
            if !isTaken, !member.value.isBlank { try carry(member.value, as: prefix + member.name) }
        }
    }

    private mutating func carry(_ tree: JSONTree, as name: String) throws(MappedFault) {
        guard RegisterName.isKey(name) else {
            throw MappedFault(reason: "the name \"\(name.prefix(60))\" is too long or holds controls")
        }
        let register = RegisterName(field: Field.columnsTag, key: name)
        if written.contains(register) { return }
        let value = tree.value ?? .text(String(decoding: tree.json, as: UTF8.self))
        guard value.encoded.count <= Self.longestValue else {
            throw MappedFault(reason: "\(name) is larger than \(Self.longestValue / 1024) KiB")
        }
        try write(register, .value(value))
    }
}

extension JSONTree {
    /// A scalar as it is written, spaces and all.
    fileprivate var wording: String? { text ?? filling }
}

extension [Component] {
    /// One value, or a text as `FieldType.value(of:)` reads it where a reference is not resolved yet; nil
    /// where no text would be read so.
    func content(of parts: [DraftContent]) -> DraftContent? {
        let values = parts.compactMap { if case .value(let value) = $0 { value } else { nil } }
        if values.count == parts.count { return .value(.tuple(values)) }
        let texts = zip(parts, self).map { part, component in
            switch part {
            case .text(let text), .record(let text, _): text
            case .value(let value): value == .null ? "" : component.type.typed(value)
            }
        }
        return FieldType.joined(texts).map { .text($0) }
    }
}
