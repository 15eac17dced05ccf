import ParleyCore

/// A draft that grows by what the lines of a Markdown file say about it.
struct MarkdownDraft {
    let kind: Kind
    private let book: AddressBook
    var draft: RecordDraft
    /// `- supports: D1, D2`: relations from this record to others.
    var links: [(relation: String, target: String, line: Int)] = []
    /// The analyst whose text a note's free text is.
    var by: String
    private var written: Set<RegisterName> = []
    private var keys: Set<String> = []

    init(kind: Kind, line: Int, me: String) {
        self.kind = kind
        by = me
        book = AddressBook(kind: kind, me: me)
        draft = RecordDraft(kind: kind.tag, line: line)
    }

    func has(_ field: String) -> Bool {
        kind[name: field].map { field in written.contains { $0.field == field.tag } } ?? false
    }

    /// A value that stands as plain text: a title, a free text.
    mutating func write(_ name: String, _ text: String?, line: Int) throws(DraftFault) {
        guard let text, !text.isEmpty else { return }
        try write(name, line: line) { (type) throws(ValueFault) in try type.content(of: text) }
    }

    /// `- name: raw`.
    mutating func read(_ name: String, _ raw: Line, line: Int) throws(DraftFault) {
        switch name {
        case "id": try readID(String(decoding: raw, as: UTF8.self), line: line)
        case "by" where kind.name == "note": by = String(decoding: raw, as: UTF8.self)
        case "key": try addKeys([String(decoding: raw, as: UTF8.self)], line: line)
        case "keys": try addKeys(MarkdownValue.members(raw), line: line)
        case _ where Self.relations.contains(name):
            let targets = raw.split(separator: UInt8(ascii: ","))
                .map { String(decoding: MarkdownLine.trimmed($0), as: UTF8.self) }
            links += targets.filter { !$0.isEmpty }.map { (name, $0, line) }
        default:
            try readMembers(name, line: line) { MarkdownValue.members(raw) }
            try write(name, line: line) { (type) throws(ValueFault) in try MarkdownValue.content(raw, type) }
        }
    }

    /// A line of the front matter.
    mutating func read(_ entry: FrontMatter.Entry) throws(DraftFault) {
        switch entry.content {
        case .scalar(let text, let isQuoted):
            if isAny(entry.name) { return try read(entry.name, entry.json[...], line: entry.line) }
            let keepsEmpty = isQuoted && [.line, .text].contains(kind[name: entry.name]?.type)
            if text.isEmpty, !keepsEmpty { return }
            guard isQuoted, text.utf8.first != UInt8(ascii: "\""),
                kind[name: entry.name]?.merge.isKeyed == false
            else {
                return try read(entry.name, Array(text.utf8)[...], line: entry.line)
            }
            try write(entry.name, line: entry.line) { (type) throws(ValueFault) in try type.content(of: text)
            }
        case .list(let items):
            if isAny(entry.name) { return try read(entry.name, entry.json[...], line: entry.line) }
            if Self.relations.contains(entry.name) {
                links += items.map { (entry.name, $0, entry.line) }
                return
            }
            if entry.name == "keys" || entry.name == "key" { return try addKeys(items, line: entry.line) }
            guard kind[name: entry.name]?.merge == .set, !items.isEmpty else {
                throw DraftFault(line: entry.line, reason: "\(kind.name).\(entry.name): takes no list")
            }
            try readMembers(entry.name, line: entry.line) { items }
        }
    }

    static let relations: Set<String> = {
        guard case .choice(let tokens)? = Schema.assessments[name: "link"]?[name: "rel"]?.type else {
            return []
        }
        return Set(tokens)
    }()

    /// Fields without a type of their own.
    private func isAny(_ name: String) -> Bool {
        if case .register(_, .any)? = try? book.find(name).form { true } else { false }
    }

    mutating func readID(_ text: String, line: Int) throws(DraftFault) {
        do {
            draft.id = try kind.id(text)
        } catch {
            throw DraftFault(line: line, reason: "id: \(error.sentence)")
        }
    }

    private mutating func addKeys(_ keys: [String], line: Int) throws(DraftFault) {
        for key in keys where self.keys.insert(key).inserted {
            guard RegisterName.isKey(key) else {
                throw DraftFault(line: line, reason: "\"\(key.prefix(60))\" is no key")
            }
            draft.keys.append(key)
        }
    }

    // MARK: Registers

    private mutating func readMembers(_ name: String, line: Int, _ members: () -> [String]) throws(DraftFault)
    {
        guard case .members(let field) = try place(name, line: line).form else { return }
        for member in members() {
            guard RegisterName.isKey(member) else {
                throw DraftFault(
                    line: line, reason: "\(kind.name).\(name): \"\(member.prefix(60))\" is no member")
            }
            try append(
                DraftWrite(RegisterName(field: field.tag, key: member), .value(.bool(true))), name, line: line
            )
        }
    }

    private mutating func write(
        _ name: String, line: Int, _ content: (FieldType) throws(ValueFault) -> DraftContent?
    ) throws(DraftFault) {
        guard case .register(let register, let type) = try place(name, line: line).form else { return }
        let given: DraftContent?
        do throws(ValueFault) {
            given = try content(type)
        } catch {
            throw DraftFault(line: line, reason: "\(kind.name).\(name): \(error.sentence)")
        }
        if let given { try append(DraftWrite(register, given), name, line: line) }
        if register.field == Field.keysTag, let key = register.key, given == .value(.bool(true)) {
            try addKeys([key], line: line)
        }
    }

    private func place(_ name: String, line: Int) throws(DraftFault) -> FieldPlace {
        do {
            return try book.find(name)
        } catch {
            throw DraftFault(line: line, reason: error.sentence(kind: kind.name))
        }
    }

    mutating func append(_ write: DraftWrite, _ name: String, line: Int) throws(DraftFault) {
        guard written.insert(write.register).inserted else {
            throw DraftFault(line: line, reason: "\(kind.name).\(name) stands twice")
        }
        draft.writes.append(write)
    }
}

// MARK: - Links

extension MarkdownDraft {
    /// The links that its lines name. Their ids follow from what they join.
    func linkDrafts(_ schema: Schema) -> [RecordDraft] {
        guard let kind = schema[name: "link"], let from = kind[name: "from"],
            let relation = kind[name: "rel"],
            let to = kind[name: "to"]
        else { return [] }
        let start: DraftContent = draft.id.map { .value(.ref($0)) } ?? .text(draft.label ?? "")
        return links.map { link in
            let end: DraftContent =
                RecordAddress.id(link.target).map { .value(.ref($0.id)) } ?? .text(link.target)
            let writes = [
                DraftWrite(RegisterName(field: from.tag), start),
                DraftWrite(RegisterName(field: relation.tag), .value(.text(link.relation))),
                DraftWrite(RegisterName(field: to.tag), end),
            ]
            return RecordDraft(kind: kind.tag, line: link.line, writes: writes)
        }
    }
}

/// Reads one `###` item and the links that it names.
struct MarkdownItemReader {
    private let item: MarkdownDocument.Item
    private let kind: Kind
    private let me: String
    /// The fields, and the index of the first line after them.
    private let fields: [MarkdownField]
    private let textStart: Int
    private let mark: (id: String, order: String?)?
    var parent: DraftContent?
    /// Where it shall stand among its like; nil where the file does not say.
    var order: String?

    init(_ item: MarkdownDocument.Item, kind: Kind, me: String) {
        self.item = item
        self.kind = kind
        self.me = me
        (fields, textStart) = MarkdownField.fields(item.lines, firstLine: item.line + 1)
        mark = item.lines[textStart...].reversed().lazy.compactMap(MarkdownLine.mark).first
        order =
            fields.first { $0.name == "order" }
            .flatMap { try? MarkdownValue.content($0.raw, .line) }
            .flatMap { if case .value(let value) = $0 { value.text } else { nil } } ?? mark?.order
    }

    var hasID: Bool { mark != nil }

    func read(_ schema: Schema, _ labels: inout Set<String>) -> [Result<RecordDraft, DraftFault>] {
        do {
            let draft = try draft(&labels)
            let raw = item.fault("").raw
            return ([draft.draft] + draft.linkDrafts(schema)).map {
                var draft = $0
                draft.raw = raw
                return .success(draft)
            }
        } catch {
            return [.failure(item.fault(error.reason, line: error.line))]
        }
    }

    private func draft(_ labels: inout Set<String>) throws(DraftFault) -> MarkdownDraft {
        let (label, title) = MarkdownHeading.label(item.heading)
        var draft = MarkdownDraft(kind: kind, line: item.line, me: me)
        draft.draft.label = label
        if let label, !labels.insert(label).inserted {
            throw DraftFault(line: item.line, reason: "two items are called \(label)")
        }
        if let mark { try draft.readID(mark.id, line: item.line) }
        try draft.write("title", String(decoding: title, as: UTF8.self), line: item.line)
        for field in fields where !["order", "parent"].contains(field.name) {
            try draft.read(field.name, field.raw, line: field.line)
        }
        if label == nil, mark == nil, !draft.links.isEmpty { draft.draft.label = "@line\(item.line)" }
        try place(&draft)
        let text = MarkdownText.text(item.lines[textStart...])
        try draft.write(try textField(by: draft.by), text, line: item.line + 1 + textStart)
        return draft
    }

    /// A note's free text is the body of whoever wrote it.
    private func textField(by handle: String) throws(DraftFault) -> String {
        guard kind.name == "note", let body = kind[name: "body"] else { return "text" }
        guard RegisterName.isKey(handle) else { throw item.fault("by: takes a handle") }
        return kind.address(of: RegisterName(field: body.tag, key: handle))
    }

    /// Parent and order: as its lines say, else the assessment and the place in the file.
    private func place(_ draft: inout MarkdownDraft) throws(DraftFault) {
        if let order, let field = kind[name: "order"] {
            guard field.type.accepts(.text(order)) else { throw item.fault("order: at most 200 characters") }
            try draft.append(
                DraftWrite(RegisterName(field: field.tag), .value(.text(order))), field.name, line: item.line)
        }
        let stated = fields.first { $0.name == "parent" }
        if let stated, stated.raw.elementsEqual("none".utf8) { return }
        if let stated { return try draft.read("parent", stated.raw, line: stated.line) }
        guard let parent, let field = kind[name: "parent"] else { return }
        try draft.append(DraftWrite(RegisterName(field: field.tag), parent), "parent", line: item.line)
    }
}

extension [MarkdownItemReader] {
    /// Keeps the order of the file: stated keys stay where they ascend; an item that has none and is new, or
    /// stands elsewhere than its key says, gets a key between its neighbours'.
    mutating func assignOrder() {
        let isFresh = allSatisfy { $0.order == nil && !$0.hasID }
        var last: String?
        for index in indices {
            if isFresh { self[index].order = OrderKey.numbered(index + 1) }
            let isKept =
                self[index].order.map { last == nil || !$0.isBefore(last ?? "") } ?? self[index].hasID
            if !isKept {
                let next = self[index...].lazy.compactMap(\.order).first { (last ?? "").isBefore($0) }
                self[index].order = OrderKey.between(last, next)
            }
            last = self[index].order ?? last
        }
    }
}

/// `- name: value` and the lines that go on with it.
struct MarkdownField {
    var name: String
    var raw: Line
    var line: Int

    /// The fields at the head of an item; they end at the first line that is none.
    static func fields(_ lines: [Line], firstLine: Int) -> (fields: [MarkdownField], end: Int) {
        var fields: [MarkdownField] = []
        var index = 0
        while index < lines.count {
            if MarkdownLine.isBlank(lines[index]), fields.isEmpty {
                index += 1
                continue
            }
            guard let (name, value) = split(lines[index]) else { break }
            let end = continuation(lines, after: index)
            let rest = lines[index + 1..<end].map { $0.dropFirst(2) }
            let raw = Array(([value] + rest).joined(separator: [0x0A]))
            fields.append(
                MarkdownField(name: name, raw: MarkdownLine.trimmed(raw[...]), line: firstLine + index))
            index = end
        }
        return (fields, index)
    }

    /// Indented lines, and empty lines before them.
    private static func continuation(_ lines: [Line], after index: Int) -> Int {
        var end = index + 1
        var next = end
        while next < lines.count, lines[next].isEmpty || lines[next].starts(with: [0x20, 0x20]) {
            next += 1
            if !lines[next - 1].isEmpty { end = next }
        }
        return end
    }

    private static func split(_ line: Line) -> (name: String, value: Line)? {
        guard line.starts(with: "- ".utf8) else { return nil }
        let rest = line.dropFirst(2)
        if rest.first == UInt8(ascii: "\"") { return splitQuoted(rest) }
        let colon = rest.indices.first { index in
            rest[index] == UInt8(ascii: ":") && (index + 1 == rest.endIndex || rest[index + 1] == 0x20)
        }
        let base = rest.prefix {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 0x5F || $0 == 0x23
        }
        guard let colon, !base.isEmpty, [UInt8(ascii: ":"), 0x40, 0x2E].contains(rest[base.endIndex]) else {
            return nil
        }
        return (String(decoding: rest[..<colon], as: UTF8.self), rest[(colon + 1)...])
    }

    private static func splitQuoted(_ rest: Line) -> (name: String, value: Line)? {
        rest.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            guard let token = try? scanner.string(), let name = try? scanner.text(token), scanner.skip(":")
            else {
                return nil
            }
            return (name, rest[(rest.startIndex + scanner.position)...])
        }
    }
}
