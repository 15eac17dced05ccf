package import ParleyCore

/// One assessment in Markdown: front matter with its fields, `# Title`, its text, and under fixed level-2
/// headings the items of each kind.
///
///     ### J1: title
///
///     - due: 2026-12-31
///     - stance@olga: agree | because
///     - depends_on: D1, D2
///
///     Free text.
///
///     <!-- J-3KQ7.. 0001 -->
///
/// The label and the comment may be missing; the comment's id says which record this is, and without one it
/// is a new record, unless a `key` finds one. What a file does not mention stays as it is.
package struct MarkdownReader {
    let schema: Schema
    let me: String

    /// - Parameter me: the analyst whose note a note's free text is, where it has no `- by: handle`.
    package init(schema: Schema = .assessments, me: String) {
        self.schema = schema
        self.me = me
    }

    /// By what the items of a file refer to its assessment.
    package static var assessmentLabel: String { MarkdownHeading.assessmentLabel }

    /// The assessment comes first; links come after the item that names them.
    package func read(_ bytes: [UInt8]) -> [Result<RecordDraft, DraftFault>] {
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard String(validating: content, as: UTF8.self) != nil else {
            return [.failure(Self.notUTF8(content))]
        }
        let document = MarkdownDocument(MarkdownLine.lines(content))
        var labels: Set<String> = [MarkdownHeading.assessmentLabel]
        var parent = DraftContent.text(MarkdownHeading.assessmentLabel)
        var results: [Result<RecordDraft, DraftFault>] = []
        do {
            let assessment = try assessment(document)
            if let id = assessment.draft.id { parent = .value(.ref(id)) }
            results = [.success(assessment.draft)] + assessment.linkDrafts(schema).map { .success($0) }
        } catch {
            results = [.failure(error)]
        }
        for section in document.sections { results += read(section, parent, &labels) }
        return results + document.strays.map { .failure($0) }
    }

    /// When the file was exported from a workspace, if it says so: what it held then is the base on which
    /// somebody has edited it since.
    package static func exported(_ bytes: [UInt8]) -> Instant? {
        let document = MarkdownDocument(MarkdownLine.lines(bytes))
        let entries = (try? FrontMatter(document.frontMatter))?.entries ?? []
        guard case .scalar(let text, _)? = entries.first(where: { $0.name == FrontMatter.exported })?.content
        else {
            return nil
        }
        return Instant(text)
    }

    /// A refused item of a record that is there, because only a link of it was refused, with that record's id.
    /// - Parameter address: of the record with a label; nil where there is none.
    package static func identified(
        _ item: [UInt8], _ address: (String) throws -> String?
    ) rethrows -> [UInt8] {
        let lines = MarkdownLine.lines(item)
        guard !lines.contains(where: { MarkdownLine.mark($0) != nil }),
            let heading = lines.lazy.compactMap(MarkdownLine.heading).first(where: { $0.0 > 2 })?.1,
            let label = MarkdownHeading.label(heading).0, let address = try address(label)
        else { return item }
        return item + Array("\n\n<!-- \(address) -->".utf8)
    }

    private static func notUTF8(_ bytes: [UInt8]) -> DraftFault {
        let valid = bytes.prefix(firstInvalidUTF8(bytes))
        let lines = valid.split(separator: 0x0A, omittingEmptySubsequences: false)
        let column = (lines.last ?? []).reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        return DraftFault(line: lines.count, column: column, reason: "not UTF-8", raw: bytes)
    }

    private func read(
        _ section: MarkdownDocument.Section, _ parent: DraftContent, _ labels: inout Set<String>
    ) -> [Result<RecordDraft, DraftFault>] {
        guard let kind = MarkdownHeading.kind(under: section.heading, in: schema) else {
            if section.isBottomLine {
                return section.items.map { .failure($0.fault("an item under Bottom line")) }
            }
            let names = ([MarkdownHeading.bottomLine] + MarkdownHeading.kinds.map(\.heading)).joined(
                separator: ", ")
            return [
                .failure(section.fault("no section is called \"\(section.heading)\"; there are \(names)"))
            ]
        }
        var results: [Result<RecordDraft, DraftFault>] = []
        if section.lines.contains(where: { !MarkdownLine.isBlank($0) }) {
            results.append(.failure(section.fault("text before the first item of \(section.heading)")))
        }
        let isLink = kind.name == "link"
        var readers = section.items.map { MarkdownItemReader($0, kind: kind, me: me) }
        if !isLink { readers.assignOrder() }
        for reader in readers {
            var reader = reader
            reader.parent = isLink ? nil : parent
            results += reader.read(schema, &labels).map { $0.under(section.heading) }
        }
        return results
    }

    // MARK: The assessment

    private func assessment(_ document: MarkdownDocument) throws(DraftFault) -> MarkdownDraft {
        guard let kind = schema[name: "assessment"] else { throw DraftFault(line: 1, reason: "no such kind") }
        var draft = MarkdownDraft(kind: kind, line: 1, me: me)
        draft.draft.label = MarkdownHeading.assessmentLabel
        do throws(DraftFault) {
            if let fault = document.frontMatterFault { throw fault }
            for entry in try FrontMatter(document.frontMatter).entries
            where entry.name != FrontMatter.exported { try draft.read(entry) }
            try draft.write("title", document.title, line: document.titleLine)
            try draft.write("text", MarkdownText.text(document.text), line: document.titleLine)
            let bluf = document.sections.first(where: \.isBottomLine)
            try draft.write("bluf", bluf.flatMap { MarkdownText.text($0.lines) }, line: bluf?.line ?? 1)
            return draft
        } catch {
            let raw = error.raw.isEmpty ? Array(document.frontMatter.utf8) : error.raw
            throw DraftFault(line: error.line, column: error.column, reason: error.reason, raw: raw)
        }
    }
}

/// A file cut at its headings.
struct MarkdownDocument {
    struct Item {
        var heading: Line
        var line: Int
        var lines: [Line] = []

        func fault(_ reason: String, line: Int? = nil) -> DraftFault {
            let raw = [[UInt8]("### ".utf8) + heading] + lines.map { Array($0) }
            return DraftFault(
                line: line ?? self.line, reason: reason, raw: Array(raw.joined(separator: [0x0A])))
        }
    }

    struct Section {
        var heading: String
        var line: Int
        var lines: [Line] = []
        var items: [Item] = []

        var isBottomLine: Bool { heading.lowercased() == MarkdownHeading.bottomLine.lowercased() }

        func fault(_ reason: String) -> DraftFault {
            DraftFault(line: line, reason: reason, raw: Array(lines.joined(separator: [0x0A])))
        }
    }

    var frontMatter = ""
    var frontMatterFault: DraftFault?
    var title: String?
    var titleLine = 1
    /// What stands before the first section.
    var text: [Line] = []
    var sections: [Section] = []
    /// Headings where they make no sense.
    var strays: [DraftFault] = []

    init(_ lines: [Line]) {
        let start = readFrontMatter(lines)
        for (index, line) in lines.enumerated().dropFirst(start) { read(line, number: index + 1) }
    }

    /// - Returns: the index of the first line after it.
    private mutating func readFrontMatter(_ lines: [Line]) -> Int {
        guard lines.first?.elementsEqual("---".utf8) == true else { return 0 }
        guard let end = lines.dropFirst().firstIndex(where: { $0.elementsEqual("---".utf8) }) else {
            frontMatterFault = DraftFault(line: 1, reason: "the front matter has no closing ---")
            return lines.count
        }
        // The opening line as a comment: so YAML counts lines as the file does.
        frontMatter = String(
            decoding: Array(([[0x23]] + lines[1..<end]).joined(separator: [0x0A])), as: UTF8.self)
        return end + 1
    }

    private mutating func read(_ line: Line, number: Int) {
        switch MarkdownLine.heading(line) {
        case (1, let heading)?:
            if title != nil || !sections.isEmpty {
                strays.append(
                    DraftFault(line: number, reason: "a second title: one file holds one assessment"))
                return
            }
            title = String(
                decoding: heading.first == UInt8(ascii: "\\") ? heading.dropFirst() : heading, as: UTF8.self)
            titleLine = number
        case (2, let heading)?:
            sections.append(Section(heading: String(decoding: heading, as: UTF8.self), line: number))
        case (_, let heading)?:
            guard !sections.isEmpty else {
                strays.append(
                    DraftFault(line: number, reason: "an item before the first section", raw: Array(line)))
                return
            }
            sections[sections.count - 1].items.append(Item(heading: heading, line: number))
        case nil: append(line)
        }
    }

    private mutating func append(_ line: Line) {
        guard let last = sections.indices.last else { return text.append(line) }
        guard let item = sections[last].items.indices.last else { return sections[last].lines.append(line) }
        sections[last].items[item].lines.append(line)
    }
}

extension Result<RecordDraft, DraftFault> {
    /// With its section's heading before its bytes, so that they can be read by themselves.
    fileprivate func under(_ heading: String) -> Self {
        let head = [UInt8]("## \(heading)\n\n".utf8)
        switch self {
        case .success(var draft):
            draft.raw = head + draft.raw
            return .success(draft)
        case .failure(var fault):
            fault.raw = head + fault.raw
            return .failure(fault)
        }
    }
}
