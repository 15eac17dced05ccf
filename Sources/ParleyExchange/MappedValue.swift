import ParleyCore

/// What a rule makes of the value that it finds.
extension MappedElement {
    /// - Returns: nil where there is nothing.
    func tree(by rule: ValueRule) throws(MappedFault) -> JSONTree? {
        guard var tree = try found(rule) else { return rule.fallback.map { .text($0) } }
        if let separator = rule.split { tree = Self.split(tree, at: separator) }
        if rule.translations != nil {
            guard let translated = try translated(tree, rule) else { return rule.fallback.map { .text($0) } }
            tree = translated
        }
        if let conversion = rule.conversion { tree = try converted(tree, conversion) }
        if let separator = rule.join { tree = try Self.joined(tree, with: separator) }
        return tree
    }

    /// What is there, as it is.
    func found(_ rule: ValueRule) throws(MappedFault) -> JSONTree? {
        switch rule.origin {
        case .paths(let paths):
            for path in paths {
                if let value = value(at: path), !value.isOne(of: rule.absent) { return value }
            }
            return nil
        case .template(let template): return try filled(template).flatMap { $0.isEmpty ? nil : .text($0) }
        case .tuple: return nil
        }
    }

    private static func split(_ tree: JSONTree, at separator: String) -> JSONTree {
        guard let text = tree.text else { return tree }
        return .list(
            text.split(separator: separator).map { String($0).trimmingSpaces() }.filter { !$0.isEmpty }
                .map { .text($0) })
    }

    private static func joined(_ tree: JSONTree, with separator: String) throws(MappedFault) -> JSONTree {
        guard let items = tree.list else { return tree }
        var texts: [String] = []
        for item in items where item != .null {
            guard item.list == nil, let text = item.filling else {
                throw MappedFault(reason: "the list holds \(item.type), which cannot be joined")
            }
            texts.append(text)
        }
        return .text(texts.joined(separator: separator))
    }

    private func translated(_ tree: JSONTree, _ rule: ValueRule) throws(MappedFault) -> JSONTree? {
        if let items = tree.list {
            var translated: [JSONTree] = []
            for item in items {
                if let item = try self.translated(item, rule) { translated.append(item) }
            }
            return translated.isEmpty ? nil : .list(translated)
        }
        let translations = rule.translations ?? []
        if let found = translations.first(where: { $0.from.matches(tree) }) {
            return found.to.isEmpty ? nil : .text(found.to)
        }
        switch rule.otherwise {
        case .text(let text)?: return .text(text)
        case .nothing?: return nil
        case nil:
            let known = translations.prefix(12).map(\.from.text).joined(separator: ", ")
            throw MappedFault(
                reason: "\(tree.quoted) is none of the values that the mapping translates: \(known)")
        }
    }
}
