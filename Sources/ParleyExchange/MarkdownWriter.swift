package import ParleyCore

/// Writes an assessment as `MarkdownReader` reads it. It holds every value that fits its field, and links
/// as lines of the item that they start from, or under "Links" where they say more than that.
package struct MarkdownWriter {
    private let schema: Schema

    package init(schema: Schema = .assessments) { self.schema = schema }

    /// - Parameters:
    ///   - records: everything under the assessment, and the links among it, in any order.
    ///   - exported: the newest time that the workspace holds, by which an import finds its base.
    ///   - body: takes the file's bytes, some lines at a time.
    package func write<Failure: Error>(
        _ assessment: RecordImage, records: [RecordImage], exported: Instant? = nil,
        to body: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        let outline = MarkdownOutline(assessment, records, schema)
        try body(Self.text(frontMatter(assessment, outline, exported)))
        if let kind = schema[tag: assessment.name.kind] {
            try body(Self.text(MarkdownItemWriter(assessment, kind: kind, outline: outline).assessmentText))
        }
        for (heading, kind, items) in outline.sections {
            try body(Array("\n## \(heading)\n".utf8))
            for item in items {
                try body(Self.text(MarkdownItemWriter(item, kind: kind, outline: outline).lines))
            }
        }
    }

    private static func text(_ lines: [Line]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(lines.reduce(0) { $0 + $1.count + 1 })
        for line in lines {
            text += line
            text.append(0x0A)
        }
        return text
    }

    private func frontMatter(
        _ assessment: RecordImage, _ outline: MarkdownOutline, _ exported: Instant?
    ) -> [Line] {
        guard let kind = schema[tag: assessment.name.kind] else { return [] }
        let item = MarkdownItemWriter(assessment, kind: kind, outline: outline)
        let id = RecordAddress.text(assessment.name.id, kind: kind)
        let time = exported.map { FrontMatter.lines(FrontMatter.exported, text: $0.text) } ?? []
        return [Array("---".utf8)[...]] + FrontMatter.lines("id", text: id) + time + item.frontMatter
            + [Array("---".utf8)[...]]
    }
}

/// Who stands where in the file, and under which label.
struct MarkdownOutline {
    let assessment: RecordID
    private(set) var sections: [(heading: String, kind: Kind, items: [RecordImage])] = []
    private var labels: [RecordID: String]
    /// Links that a line holds, by the record that they start from, in order.
    private var links: [RecordID: [(relation: String, target: String)]] = [:]

    init(_ assessment: RecordImage, _ records: [RecordImage], _ schema: Schema) {
        self.assessment = assessment.name.id
        labels = [assessment.name.id: MarkdownHeading.assessmentLabel]
        var groups = Dictionary(grouping: records, by: \.name.kind).mapValues { $0.sorted(by: Self.isBefore) }
        for (tag, items) in groups {
            guard let kind = schema[tag: tag], kind.name != "link" else { continue }
            for (index, item) in items.enumerated() { labels[item.name.id] = "\(kind.letter)\(index + 1)" }
        }
        if let kind = schema[name: "link"] {
            groups[kind.tag] = takeLinks(groups[kind.tag] ?? [], kind)
        }
        sections = MarkdownHeading.kinds.compactMap { heading, name in
            guard let kind = schema[name: name], let items = groups[kind.tag], !items.isEmpty else {
                return nil
            }
            return (heading, kind, items)
        }
        for (index, link) in (schema[name: "link"].flatMap { groups[$0.tag] } ?? []).enumerated() {
            labels[link.name.id] = "L\(index + 1)"
        }
    }

    private static func isBefore(_ left: RecordImage, _ right: RecordImage) -> Bool {
        let (first, second) = (left[orderTag].text ?? "", right[orderTag].text ?? "")
        return first.utf8.elementsEqual(second.utf8) ? left.name.id < right.name.id : first.isBefore(second)
    }

    static let orderTag: UInt32 = 3
    static let parentTag: UInt32 = 4

    /// - Returns: the links that need an item of their own.
    private mutating func takeLinks(_ all: [RecordImage], _ kind: Kind) -> [RecordImage] {
        let tags = ["from", "rel", "to"].compactMap { kind[name: $0]?.tag }
        var rest: [RecordImage] = []
        for link in all {
            let values = tags.map { link[$0] }
            guard link.registers.map(\.name) == tags.map({ RegisterName(field: $0) }),
                let from = values[0].ref,
                labels[from] != nil, let relation = values[1].text,
                MarkdownDraft.relations.contains(relation),
                let to = values[2].ref
            else {
                rest.append(link)
                continue
            }
            links[from, default: []].append((relation, name(of: to)))
        }
        for from in links.keys {
            links[from]?.sort { ($0.relation, Self.rank($0.target)) < ($1.relation, Self.rank($1.target)) }
        }
        return rest
    }

    /// `D2` before `D10`.
    private static func rank(_ label: String) -> String {
        let digits = label.utf8.reversed().prefix { (48...57).contains($0) }.count
        return label.prefix(label.count - digits) + String(repeating: "0", count: max(0, 9 - digits))
            + label.suffix(digits)
    }

    /// How the file refers to a record: by its label, or by its id if it stands elsewhere.
    func name(of id: RecordID) -> String { labels[id] ?? id.text }

    func links(from id: RecordID) -> [(relation: String, targets: [String])] {
        var grouped: [(relation: String, targets: [String])] = []
        for link in links[id] ?? [] {
            if grouped.last?.relation == link.relation {
                grouped[grouped.count - 1].targets.append(link.target)
            } else {
                grouped.append((link.relation, [link.target]))
            }
        }
        return grouped
    }
}

/// Writes one record.
struct MarkdownItemWriter {
    private let image: RecordImage
    private let kind: Kind
    private let outline: MarkdownOutline
    /// The register that stands as free text, its lines, and whose it is.
    private let text: (register: RegisterName, lines: [Line], by: String?)?
    private let title: String?

    init(_ image: RecordImage, kind: Kind, outline: MarkdownOutline) {
        self.image = image
        self.kind = kind
        self.outline = outline
        text = Self.freeText(image, kind)
        title = image[Field.titleTag].text.flatMap {
            let bytes = Array($0.utf8)[...]
            let isFit = FieldType.line.accepts(.text($0)) && MarkdownLine.trimmed(bytes).count == bytes.count
            return isFit && !bytes.isEmpty ? $0 : nil
        }
    }

    private static func freeText(_ image: RecordImage, _ kind: Kind) -> (RegisterName, [Line], String?)? {
        guard let field = kind[name: kind.name == "note" ? "body" : "text"] else { return nil }
        for register in image.registers where register.name.field == field.tag {
            guard let text = register.value.text, field.type.accepts(register.value),
                field.merge.isKeyed == (register.name.key != nil), let lines = MarkdownText.lines(text),
                register.name.key.map({ MarkdownValue.isListed($0) && RegisterName.isKey($0) }) ?? true
            else { continue }
            return (register.name, lines, register.name.key)
        }
        return nil
    }

    var lines: [Line] {
        let label = outline.name(of: image.name.id)
        var lines: [Line] = [[], Array("### \(label)\(title.map { ": " + $0 } ?? "")".utf8)[...], []]
        let fields = fieldLines
        lines += fields + (fields.isEmpty ? [] : [[]])
        if let text { lines += text.lines + [[]] }
        let order = markedOrder.map { " " + $0 } ?? ""
        return lines + [Array("<!-- \(RecordAddress.text(image.name.id, kind: kind))\(order) -->".utf8)[...]]
    }

    private var fieldLines: [Line] {
        var lines = keyLines
        if let by = text?.by { lines += MarkdownValue.lines("by", by) }
        if isParentStated, image[MarkdownOutline.parentTag].ref == nil {
            lines += MarkdownValue.lines("parent", "none")
        }
        for register in fieldRegisters {
            guard let type = kind[tag: register.name.field]?.type else { continue }
            let value = MarkdownValue.text(register.value, type, reference: outline.name)
            if let value {
                lines += MarkdownValue.lines(MarkdownValue.name(kind.address(of: register.name)), value)
            }
        }
        for (relation, targets) in outline.links(from: image.name.id) {
            lines += MarkdownValue.lines(relation, targets.joined(separator: ", "))
        }
        return lines
    }

    /// Links stand under no record unless they say so.
    private var isParentStated: Bool {
        kind.name != "link" && image[MarkdownOutline.parentTag] != .ref(outline.assessment)
    }

    /// The order, if it can stand in the closing comment.
    private var markedOrder: String? {
        guard let order = image[MarkdownOutline.orderTag].text, (1...64).contains(order.utf8.count),
            order.utf8.allSatisfy({
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
            })
        else { return nil }
        return order
    }

    // MARK: Which registers stand as fields

    private var listedKeys: [String] {
        image.registers.filter { $0.name.field == Field.keysTag && $0.value == .bool(true) }
            .compactMap(\.name.key).filter { RegisterName.isKey($0) && MarkdownValue.isListed($0) }
    }

    private var keyLines: [Line] {
        let keys = listedKeys
        return keys.isEmpty
            ? [] : MarkdownValue.lines(keys.count == 1 ? "key" : "keys", keys.joined(separator: " | "))
    }

    /// What neither the heading, the free text, the keys nor the closing comment say.
    private var fieldRegisters: [RegisterImage] {
        let keys = Set(listedKeys.map { Array($0.utf8) })
        return image.registers.filter { register in
            guard let field = kind[tag: register.name.field],
                field.merge.isKeyed == (register.name.key != nil),
                register.name.key.map(RegisterName.isKey) ?? true
            else { return false }
            switch register.name.field {
            case Field.titleTag: return title == nil
            case MarkdownOutline.orderTag: return markedOrder == nil
            case MarkdownOutline.parentTag:
                return register.value != .ref(outline.assessment) || kind.name == "link"
            case Field.keysTag where register.value == .bool(true):
                return !keys.contains(Array((register.name.key ?? "").utf8))
            default: return register.name != text?.register
            }
        }
    }
}

// MARK: - The assessment itself

extension MarkdownItemWriter {
    private static let bottomLineTag: UInt32 = 19

    private var bottomLine: [Line]? {
        image[Self.bottomLineTag].text.flatMap {
            FieldType.text.accepts(.text($0)) ? MarkdownText.lines($0) : nil
        }
    }

    var frontMatter: [Line] {
        var lines: [Line] = []
        let keys = listedKeys
        if !keys.isEmpty { lines.append(FrontMatter.line("keys", list: keys)) }
        for register in image.registers where isFrontMatter(register.name, keys) {
            guard let type = kind[tag: register.name.field]?.type, type.accepts(register.value) else {
                continue
            }
            lines += frontMatterLines(kind.address(of: register.name), register.value, type)
        }
        for (relation, targets) in outline.links(from: image.name.id) {
            lines.append(FrontMatter.line(relation, list: targets))
        }
        return lines
    }

    private func isFrontMatter(_ register: RegisterName, _ keys: [String]) -> Bool {
        guard let field = kind[tag: register.field], field.merge.isKeyed == (register.key != nil),
            register.key.map(RegisterName.isKey) ?? true
        else { return false }
        switch register.field {
        case Field.titleTag: return title == nil
        case Field.keysTag: return !keys.contains { $0.utf8.elementsEqual((register.key ?? "").utf8) }
        case Self.bottomLineTag: return bottomLine == nil
        default: return register != text?.register
        }
    }

    private func frontMatterLines(_ name: String, _ value: Value, _ type: FieldType) -> [Line] {
        if type == .any { return value == .null ? [] : [FrontMatter.line(name, json: value)] }
        return type.typed(value, reference: outline.name).map { FrontMatter.lines(name, text: $0) } ?? []
    }

    var assessmentText: [Line] {
        var lines: [Line] = []
        if let title {
            let escape = title.utf8.first == UInt8(ascii: "\\") ? "\\" : ""
            lines += [[], Array("# \(escape)\(title)".utf8)[...]]
        }
        if let text { lines += [[]] + text.lines }
        if let bottomLine {
            lines += [[], Array("## \(MarkdownHeading.bottomLine)".utf8)[...], []] + bottomLine
        }
        return lines
    }
}
