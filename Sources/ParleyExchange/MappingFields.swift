import ParleyCore
import Yams

/// Reads `fields`: which value goes where, and by what rule.
extension RecordRuleReading {
    private static let names = [
        "from", "text", "value", "tuple", "as", "values", "else", "absent", "split", "join", "default",
        "misfit",
    ]

    func fields(_ node: MappingNode, of kind: Kind) throws(DraftFault) -> [FieldRule] {
        var rules: [FieldRule] = []
        for (name, value) in try node.members() {
            rules.append(try field(name, of: kind, try self.value(value), value))
        }
        return rules
    }

    func field(
        _ name: String, of kind: Kind, _ value: ValueRule, _ node: MappingNode
    ) throws(DraftFault) -> FieldRule {
        let template = try template(name, node)
        let book = AddressBook(kind: kind, me: me)
        let place: FieldPlace
        do {
            // Any key does to find out whether there is such a field.
            place = try book.find(template.constant ?? template.pieces.map(\.sample).joined())
        } catch {
            throw node.fault(error.sentence(kind: kind.name))
        }
        try check(value, fits: place, node)
        return FieldRule(
            name: name, target: template.constant == nil ? .template(template) : .place(place), value: value)
    }

    // MARK: Values

    /// A bare text is the path of a member; names and values are a rule.
    private func value(_ node: MappingNode) throws(DraftFault) -> ValueRule {
        guard case .mapping = node.node else {
            return ValueRule(origin: .paths(try paths(node)))
        }
        let members = try MappingNode(node: node.node, name: "the rule of \(node.name)").members(
            of: Self.names)
        var rule = ValueRule(origin: try origin(members, node))
        if let absent = members["absent"] { rule.absent = try absent.texts() }
        if let conversion = members["as"] { rule.conversion = try conversion.one(of: Conversion.self) }
        if let split = members["split"] { rule.split = try split.text() }
        if let join = members["join"] { rule.join = try join.scalar() ?? "" }
        if let values = members["values"] { rule.translations = try translations(values) }
        if let fallback = members["default"] { rule.fallback = try fallback.text() }
        if let misfit = members["misfit"] { rule.carriesMisfits = try misfit.one(of: Misfit.self) == .carry }
        if let otherwise = members["else"] {
            guard rule.translations != nil else { throw otherwise.fault("else belongs to values") }
            rule.otherwise = try otherwise.scalar().map { .text($0) } ?? .nothing
        }
        return rule
    }

    private enum Misfit: String, CaseIterable { case refuse, carry }

    private func origin(
        _ members: [String: MappingNode], _ node: MappingNode
    ) throws(DraftFault) -> ValueRule.Origin {
        let given = ["from", "text", "value", "tuple"].filter { members[$0] != nil }
        guard given.count == 1, let origin = members[given[0]] else {
            throw node.fault(
                "\(node.name) needs one of from (a path), text (with {places}), value (always the same) or tuple"
            )
        }
        switch given[0] {
        case "from": return .paths(try paths(origin))
        case "text": return .template(try template(try origin.text(), origin))
        case "value":
            let text = try origin.text()
            let braced = text.replacing("{", with: "{{").replacing("}", with: "}}")
            return .template(try template(braced, origin))
        default: return .tuple(try components(origin))
        }
    }

    private func components(_ node: MappingNode) throws(DraftFault) -> [String: ValueRule] {
        var components: [String: ValueRule] = [:]
        for (name, value) in try node.members() {
            let rule = try self.value(value)
            if case .tuple = rule.origin { throw value.fault("a tuple does not hold another") }
            components[name] = rule
        }
        return components
    }

    private func paths(_ node: MappingNode) throws(DraftFault) -> [TreePath] {
        var paths: [TreePath] = []
        for text in try node.texts() { paths.append(try path(text, node)) }
        guard !paths.isEmpty else { throw node.fault("\(node.name): which member of the element?") }
        return paths
    }

    private func translations(_ node: MappingNode) throws(DraftFault) -> [ValueRule.Translation] {
        var translations: [ValueRule.Translation] = []
        for (name, value) in try node.members() {
            translations.append(.init(from: MappingLiteral(name), to: try value.scalar() ?? ""))
        }
        return translations
    }

    // MARK: Does it fit?

    /// What can be known before the first element: components of tuples, and values that are always the same.
    private func check(_ rule: ValueRule, fits place: FieldPlace, _ node: MappingNode) throws(DraftFault) {
        guard case .register(_, let type) = place.form else { return }
        if case .tuple(let rules) = rule.origin {
            guard case .tuple(let components) = type else {
                throw node.fault("\(place.name) is no tuple but \(type.allowed)")
            }
            for (name, rule) in rules.sorted(by: { $0.key < $1.key }) {
                guard let component = components.first(where: { $0.name == name }) else {
                    let names = components.map(\.name)
                    throw node.fault(MappingNode.unknown(name, in: "the tuple \(place.name)", among: names))
                }
                try check(rule, fits: component.type, "\(place.name).\(name)", node)
            }
        } else {
            try check(rule, fits: type, place.name, node)
        }
    }

    private func check(
        _ rule: ValueRule, fits type: FieldType, _ name: String, _ node: MappingNode
    ) throws(DraftFault) {
        var fixed = rule.translations?.map(\.to).filter { !$0.isEmpty } ?? []
        if case .text(let text)? = rule.otherwise { fixed.append(text) }
        if let fallback = rule.fallback { fixed.append(fallback) }
        if case .template(let template) = rule.origin, rule.translations == nil, let text = template.constant
        {
            fixed.append(text)
        }
        for text in fixed {
            do throws(ValueFault) {
                _ = try type.content(of: text)
            } catch {
                throw node.fault("\(name): \(error.sentence)")
            }
        }
    }
}

extension MappingTemplate.Piece {
    /// Something that may stand here.
    fileprivate var sample: String {
        switch self {
        case .text(let text): text
        case .place: "x"
        }
    }
}

// MARK: - What a rule looks at

extension RecordRule {
    var paths: [TreePath] {
        var paths = (keys + (label.map { [$0] } ?? [])).flatMap(\.paths) + conditions.map(\.path)
        if let version { paths.append(version) }
        for field in fields {
            if case .template(let template) = field.target { paths += template.paths }
            paths += field.value.paths
        }
        return paths
    }

    /// Members that some element should have: all but alternatives, and those that a condition wants absent.
    var expected: [TreePath] {
        var paths = (keys + (label.map { [$0] } ?? [])).flatMap(\.paths)
        for condition in conditions {
            if case .isPresent(false) = condition.test { continue }
            paths.append(condition.path)
        }
        if case .list(let path) = each { paths.append(path) }
        if let version { paths.append(version) }
        return (paths + fields.flatMap(\.value.expected)).filter { $0.root == .element }
    }
}

extension ValueRule {
    fileprivate var expected: [TreePath] {
        switch origin {
        case .paths(let paths): paths.count == 1 ? paths : []
        case .template(let template): template.paths
        case .tuple(let rules): rules.values.flatMap(\.expected)
        }
    }

    fileprivate var paths: [TreePath] {
        switch origin {
        case .paths(let paths): paths
        case .template(let template): template.paths
        case .tuple(let rules): rules.values.flatMap(\.paths)
        }
    }
}
