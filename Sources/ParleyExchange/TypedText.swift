import ParleyCore

/// Values as people type them, the way back from `FieldType.value(of:)`; CSV cells and Markdown lines hold
/// this form.
extension FieldType {
    /// The text that `content(of:)` reads back as this value; nil where no text would be.
    func typed(_ value: Value, reference: (RecordID) -> String = { $0.text }) -> String? {
        guard accepts(value) else { return nil }
        switch (self, value) {
        case (.tuple(let components), .list(let items)):
            guard value.encoded == Value.tuple(items).encoded else { return nil }
            let parts = zip(components, items).map {
                $1 == .null ? "" : $0.type.typed($1, reference: reference)
            }
            return Self.joined(parts).flatMap { isRead($0, as: value) ? $0 : nil }
        case (.probability, .int(let millionths)):
            return DecimalNumber(isNegative: false, digits: UInt64(millionths), exponent: -6).json
        case (_, .text(let text)): return text
        case (_, .int(let number)): return String(number)
        case (_, .bool(let truth)): return truth ? "yes" : "no"
        case (.ref, _): return value.ref.map(reference)
        default: return nil
        }
    }

    /// A character that combines with the one before it may hide a separator.
    private func isRead(_ text: String, as value: Value) -> Bool {
        let references = Self.references(value)
        var next = references.makeIterator()
        let read = try? self.value(of: text) { (_) throws(ValueFault) in next.next() ?? RecordID(0) }
        return read?.encoded == value.encoded
    }

    private static func references(_ tuple: Value) -> [RecordID] {
        (tuple.list ?? []).compactMap(\.ref)
    }

    /// The components of a tuple in one text; nil where splitting at `|` and trimming would not give them
    /// back.
    static func joined(_ parts: [String?]) -> String? {
        let texts = parts.compactMap { $0 }
        guard texts.count == parts.count, texts.contains(where: { !$0.isEmpty }),
            texts.allSatisfy({ $0.trimmingSpaces().utf8.count == $0.utf8.count }),
            texts.dropLast().allSatisfy({ !$0.contains("|") })
        else { return nil }
        return texts.joined(separator: " | ").trimmingSpaces()
    }

    /// What a typed text says. A reference by key or label makes it a text for the importer to read.
    func content(of text: String, decimalComma: Bool = false) throws(ValueFault) -> DraftContent {
        var isUnresolved = false
        let typed = decimalComma ? withDecimalPoint(text) : text
        let value = try value(of: typed) { (name) throws(ValueFault) in
            if let known = RecordAddress.id(name) { return known.id }
            isUnresolved = true
            return RecordID(0)
        }
        return isUnresolved ? .text(typed) : .value(value)
    }

    /// `0,8` as `0.8` where this is a number or the number in a tuple.
    private func withDecimalPoint(_ text: String) -> String {
        switch self {
        case .int, .probability: return text.replacing(",", with: ".")
        case .tuple(let components) where components.contains { $0.type == .probability }:
            let parts = text.split(
                separator: "|", maxSplits: components.count - 1, omittingEmptySubsequences: false)
            return zip(parts, components).map { part, component in
                component.type == .probability ? String(part).replacing(",", with: ".") : String(part)
            }.joined(separator: "|")
        default: return text
        }
    }
}
