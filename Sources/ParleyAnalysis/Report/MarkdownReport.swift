import ParleyCore

/// A report as Markdown; pictures are their tables.
package struct MarkdownReport {
    private let document: Document

    package init(_ document: Document) { self.document = document }

    package func text() -> String {
        let marking = "**\(Inert.markdown(document.marking))**"
        let parts = [marking, "# " + Inert.markdown(document.title)] + document.blocks.map(block) + [marking]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private func block(_ block: Block) -> String {
        switch block {
        case .heading(let level, let spans, _): String(repeating: "#", count: level) + " " + inline(spans)
        case .paragraph(let spans): inline(spans)
        case .list(let items): items.map { "- " + inline($0) }.joined(separator: "\n")
        case .prose(let text): prose(text)
        case .table(let table): self.table(table)
        case .figure(let figure): self.table(figure.table)
        }
    }

    /// As people typed it, but that no HTML comes through and no line is a heading.
    private func prose(_ text: String) -> String {
        Inert.text(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            let escaped = line.replacing("<", with: "&lt;")
            return escaped.drop { $0 == " " }.hasPrefix("#") ? "\\" + escaped.drop { $0 == " " } : escaped
        }.joined(separator: "\n")
    }

    private func table(_ table: DocumentTable) -> String {
        let caption = "Table: " + Inert.markdown(table.caption)
        let head = "| " + table.header.map(Inert.markdown).joined(separator: " | ") + " |"
        let rule = "|" + String(repeating: " --- |", count: table.header.count)
        let rows = table.rows.map { "| " + $0.map(inline).joined(separator: " | ") + " |" }
        return ([caption, "", head, rule] + rows).joined(separator: "\n")
    }

    private func inline(_ spans: [Span]) -> String {
        spans.map { span in
            switch span {
            case .own(let text): text
            case .theirs(let text): Inert.markdown(text)
            case .strong(let text), .term(let text):
                "**\(Inert.markdown(text).trimmingSpaces())**" + (text.hasSuffix(" ") ? " " : "")
            case .reference(let text, _): Inert.markdown(text)
            }
        }.joined()
    }
}
