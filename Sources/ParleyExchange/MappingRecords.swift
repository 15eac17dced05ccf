import ParleyCore
import Yams

/// Reads one item of `records`.
struct RecordRuleReading {
    let isColumn: Bool
    let me: String?

    private static let names = [
        "kind", "key", "label", "when", "each", "collect", "create", "version", "fields", "links", "rest",
        "except",
    ]

    /// - Returns: the record's rule, and one for each of its links.
    func rules(_ node: MappingNode) throws(DraftFault) -> [RecordRule] {
        let node = MappingNode(node: node.node, name: "a record")
        let members = try node.members(of: Self.names)
        guard let kind = members["kind"] else { throw node.fault("a record needs a kind, such as judgment") }
        var rule = RecordRule(line: node.line, kind: try self.kind(kind))
        for key in try members["key"]?.texts() ?? [] {
            rule.keys.append(try template(key, members["key"] ?? node))
        }
        if let label = members["label"] { rule.label = try template(try label.text(), label) }
        if let when = members["when"] { rule.conditions = try conditions(when) }
        if let each = members["each"] { rule.each = try self.each(each) }
        if let collect = members["collect"] { rule.collects = try collect.truth() }
        if let create = members["create"] { rule.mustExist = try !create.truth() }
        if let version = members["version"] { rule.version = try path(try version.text(), version) }
        if let rest = members["rest"] { rule.rest = try self.rest(rest) }
        if let except = members["except"] { rule.except = Set(try except.texts()) }
        if let fields = members["fields"] { rule.fields = try self.fields(fields, of: rule.kind) }
        try check(rule, node)
        var rules = [rule]
        for link in try members["links"]?.items() ?? [] { rules.append(try self.link(link, of: rule)) }
        return rules
    }

    private func kind(_ node: MappingNode) throws(DraftFault) -> Kind {
        let name = try node.text()
        guard let kind = Schema.assessments[name: name] else {
            throw node.fault(
                MappingNode.unknown(name, in: "kind", among: Schema.assessments.kinds.map(\.name)))
        }
        return kind
    }

    private func check(_ rule: RecordRule, _ node: MappingNode) throws(DraftFault) {
        let isLink = rule.kind.name == "link"
        guard isLink || !rule.keys.isEmpty else {
            throw node.fault(
                "a record needs a key, such as \"feed:{id}\": without one each import would make it again")
        }
        guard !rule.fields.isEmpty || rule.rest != nil else {
            throw node.fault("a record needs fields, or \"rest: x\" to carry everything")
        }
        let fields = Set(rule.fields.map(\.name))
        guard !isLink || fields.isSuperset(of: ["from", "rel", "to"]) else {
            throw node.fault("a link needs the fields from, rel and to")
        }
    }

    private func each(_ node: MappingNode) throws(DraftFault) -> RecordRule.Each {
        let text = try node.text()
        if text == "columns" { return .columns }
        guard !isColumn, let path = TreePath(text, isColumn: false), path.root == .element else {
            throw node.fault("each: columns\(isColumn ? "" : ", or the path of a list")")
        }
        return .list(path)
    }

    /// `x` or `x.prefix`.
    private func rest(_ node: MappingNode) throws(DraftFault) -> String? {
        let text = try node.text()
        if ["false", "no"].contains(text) { return nil }
        if text == "x" { return "" }
        guard text.hasPrefix("x."), RegisterName.isKey(text + ".") else {
            throw node.fault("rest: x, or x. and a prefix: x.feed")
        }
        return text.dropFirst(2) + "."
    }

    func template(_ text: String, _ node: MappingNode) throws(DraftFault) -> MappingTemplate {
        do throws(MappingTemplate.Fault) {
            return try MappingTemplate(text, isColumn: isColumn)
        } catch {
            throw node.fault("\(node.name): \(error.reason)")
        }
    }

    func path(_ text: String, _ node: MappingNode) throws(DraftFault) -> TreePath {
        guard let path = TreePath(text, isColumn: isColumn) else {
            throw node.fault(
                "\(node.name): \"\(text)\" is no path: names separated by dots, or one of \(MappingTemplate.roots)"
            )
        }
        return path
    }

    // MARK: Links

    /// A link of the record: by default from it, to what `to` names.
    private func link(_ node: MappingNode, of owner: RecordRule) throws(DraftFault) -> RecordRule {
        let node = MappingNode(node: node.node, name: "a link")
        let members = try node.members(of: ["rel", "from", "to", "when"])
        guard let kind = Schema.assessments[name: "link"], let own = owner.keys.first else {
            throw node.fault("only a record with a key has links")
        }
        var rule = RecordRule(line: node.line, kind: kind)
        rule.each = owner.each
        rule.except = owner.except
        rule.conditions = owner.conditions
        if let when = members["when"] { rule.conditions += try conditions(when) }
        for name in ["from", "rel", "to"] {
            var origin = own
            if let end = members[name] {
                origin = try template(try end.text(), end)
            } else if name == "rel" || members["from"] == nil && members["to"] == nil {
                throw node.fault("a link needs rel, and to or from; the other end is this record")
            }
            rule.fields.append(try field(name, of: kind, ValueRule(origin: .template(origin)), node))
        }
        return rule
    }

    // MARK: Conditions

    private func conditions(_ node: MappingNode) throws(DraftFault) -> [Condition] {
        var conditions: [Condition] = []
        for (name, value) in try node.members() {
            let path = try path(name, value)
            if case .mapping = value.node {
                for (word, test) in try value.members(of: ["not", "present", "between"]).sorted(by: {
                    $0.key < $1.key
                }) {
                    conditions.append(Condition(path: path, test: try self.test(word, test)))
                }
            } else {
                let literals = try value.texts().map(MappingLiteral.init)
                conditions.append(Condition(path: path, test: .isOne(of: literals)))
            }
        }
        return conditions
    }

    private func test(_ word: String, _ node: MappingNode) throws(DraftFault) -> Condition.Test {
        switch word {
        case "not": return .isNone(of: try node.texts().map(MappingLiteral.init))
        case "present": return .isPresent(try node.truth())
        default:
            let bounds = try node.texts().map { DecimalNumber(text: $0)?.double }
            guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low <= high else {
                throw node.fault("between: [lowest, highest], two numbers")
            }
            return .isNumber(low...high)
        }
    }
}
