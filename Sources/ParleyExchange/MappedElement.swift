import ParleyCore

/// Why an element does not become the record that a rule makes of it.
struct MappedFault: Error {
    var reason: String
}

/// One element of a file as the rules of a mapping look at it.
struct MappedElement {
    let tree: JSONTree
    let number: Int
    /// Members of the document around the elements.
    var document: [[String]: JSONTree] = [:]
    var decimalComma = false
    /// Texts that say that there is nothing.
    var absent: [String] = []
    /// What `each` is at.
    var item: JSONTree?
    var itemName: String?
    var itemNumber = 0

    /// - Returns: nil where nothing is: no such member, null, an empty text, or one that says so.
    func value(at path: TreePath) -> JSONTree? {
        let found: JSONTree? =
            switch path.root {
            case .element: tree[path.steps[...]]
            case .document: document[path.steps].flatMap { $0[[]] }
            case .item, .value: item.flatMap { $0[path.steps[...]] }
            case .name: itemName.map { .text($0) }
            case .row: .whole(number)
            case .number: itemNumber > 0 ? .whole(itemNumber) : nil
            }
        return found.flatMap { $0.isBlank || $0.isOne(of: absent) ? nil : $0 }
    }

    /// The elements that a rule goes through: this one, or one for each of its parts.
    func parts(_ rule: RecordRule) -> [MappedElement] {
        switch rule.each {
        case nil: return [self]
        case .columns:
            let members = (tree.members ?? []).filter { !rule.except.contains($0.name) && !$0.value.isBlank }
            return members.enumerated().map { part($1.value, $1.name, $0 + 1) }
        case .list(let path):
            let items = value(at: path)?.list ?? []
            return items.enumerated().map { part($1, nil, $0 + 1) }
        }
    }

    private func part(_ item: JSONTree, _ name: String?, _ number: Int) -> MappedElement {
        var part = self
        (part.item, part.itemName, part.itemNumber) = (item, name, number)
        return part
    }

    // MARK: Conditions

    func meets(_ condition: Condition) -> Bool {
        let value = value(at: condition.path)
        switch condition.test {
        case .isPresent(let wanted): return (value != nil) == wanted
        case .isOne(let literals):
            return value.map { value in literals.contains { $0.matches(value) } } ?? false
        case .isNone(let literals):
            return value.map { value in !literals.contains { $0.matches(value) } } ?? true
        case .isNumber(let range):
            guard let number = value.flatMap(decimal(of:)) else { return false }
            return range.contains(number.double)
        }
    }

    // MARK: Texts and numbers

    /// - Returns: nil where one of the places is empty.
    func filled(_ template: MappingTemplate) throws(MappedFault) -> String? {
        var text = ""
        for piece in template.pieces {
            switch piece {
            case .text(let literal): text += literal
            case .place(let path, let conversion):
                guard var value = value(at: path) else { return nil }
                if let conversion { value = try converted(value, conversion) }
                guard let filling = value.filling else {
                    throw MappedFault(reason: "\(path.text) is \(value.type), which fits into no text")
                }
                text += filling
            }
        }
        return text
    }

    /// A number, or a text that is one.
    func decimal(of tree: JSONTree) -> DecimalNumber? {
        switch tree {
        case .number(let number): return number.decimal
        case .text(let text):
            let trimmed = text.trimmingSpaces()
            return DecimalNumber(text: decimalComma ? trimmed.replacing(",", with: ".") : trimmed)
        default: return nil
        }
    }

    func converted(_ tree: JSONTree, _ conversion: Conversion) throws(MappedFault) -> JSONTree {
        if case .list(let items) = tree {
            var converted: [JSONTree] = []
            for item in items { converted.append(try self.converted(item, conversion)) }
            return .list(converted)
        }
        switch conversion {
        case .probability, .percent: return try probability(tree, places: conversion == .percent ? 4 : 6)
        case .date: return try day(tree)
        case .lower:
            guard let text = tree.filling else {
                throw MappedFault(reason: "\(tree.type) has no small letters")
            }
            return .text(text.lowercased())
        }
    }

    private func probability(_ tree: JSONTree, places: Int) throws(MappedFault) -> JSONTree {
        guard let decimal = decimal(of: tree), let millionths = decimal.rounded(places: places),
            millionths <= 1_000_000
        else {
            throw MappedFault(
                reason: "\(tree.quoted) is not a number from 0 to \(places == 6 ? "1" : "100")")
        }
        return .number(
            JSONNumber(decimal: DecimalNumber(isNegative: false, digits: millionths, exponent: -6)))
    }

    /// A time, or a day, which is its first moment.
    func moment(at path: TreePath) throws(MappedFault) -> Instant? {
        guard let tree = value(at: path) else { return nil }
        let text = (tree.filling ?? "").trimmingSpaces()
        if let time = Instant(text) { return time }
        guard let date = CivilDate(text), date.day != nil else {
            throw MappedFault(reason: "version: \(tree.quoted) is no time such as 2026-12-31T14:02:11Z")
        }
        return Instant(milliseconds: Int64(Day(firstOf: date).number) * 86_400_000)
    }

    /// `2026-08-06T00:00:00+00:00` is the day 2026-08-06, in the zone that it is written in.
    private func day(_ tree: JSONTree) throws(MappedFault) -> JSONTree {
        let text = (tree.filling ?? "").trimmingSpaces()
        let end = text.firstIndex { $0 == "T" || $0 == "t" || $0 == " " } ?? text.endIndex
        let date = String(text[..<end])
        guard CivilDate(date) != nil else {
            throw MappedFault(reason: "\(tree.quoted) does not begin with a date such as 2026-12-31")
        }
        return .text(date)
    }
}

extension JSONTree {
    static func whole(_ number: Int) -> JSONTree {
        .number(JSONNumber(decimal: DecimalNumber(isNegative: false, digits: UInt64(number), exponent: 0)))
    }

    /// Nothing that anybody could want.
    var isBlank: Bool {
        switch self {
        case .null: true
        case .text(let text): text.utf8.allSatisfy { $0 <= 0x20 }
        case .list(let items): items.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .number: false
        }
    }

    func isOne(of texts: [String]) -> Bool {
        guard case .text(let text) = self else { return false }
        let trimmed = text.trimmingSpaces()
        return texts.contains { $0.utf8.elementsEqual(trimmed.utf8) }
    }

    /// A scalar as text; a list of them joined by `+`, so that it names one thing.
    var filling: String? {
        switch self {
        case .text(let text): return text.trimmingSpaces()
        case .number(let number): return number.text
        case .bool(let truth): return truth ? "true" : "false"
        case .list(let items):
            let texts = items.compactMap { item in item.list == nil ? item.filling : nil }
            return texts.count == items.count && !texts.isEmpty ? texts.joined(separator: "+") : nil
        case .null, .object: return nil
        }
    }

    /// For messages: the beginning of a scalar, or what else it is.
    var quoted: String {
        guard list == nil, let text = filling else { return type }
        return "\"\(text.prefix(60))\(text.count > 60 ? ".." : "")\""
    }
}
