/// A report as one HTML file that needs nothing else: no script, no address beyond itself. Every text of
/// people is escaped and isolated in its direction.
package struct HTMLReport {
    private let document: Document
    private var figures = 0
    private var page = ""

    package init(_ document: Document) { self.document = document }

    package consuming func text() -> String {
        head()
        for block in document.blocks { add(block) }
        page +=
            "</main>\n<footer><p class=\"tlp\">\(Inert.html(document.marking))</p></footer>\n</body>\n</html>\n"
        return page
    }

    private mutating func head() {
        let title = Inert.html(Inert.line(document.title))
        page += """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>\(title)</title>
            <style>
            \(HTMLStyle.sheet)
            </style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the report</a>
            <header><p class="tlp">\(Inert.html(document.marking))</p>
            <h1><bdi>\(title)</bdi></h1></header>
            \(contents)
            <main id="main" tabindex="-1">

            """
    }

    private var contents: String {
        let items = document.blocks.compactMap { block -> String? in
            guard case .heading(2, let spans, let anchor?) = block else { return nil }
            return "<li><a href=\"#\(anchor)\">\(Self.inline(spans))</a></li>"
        }
        return "<nav aria-label=\"Contents\"><ul>\(items.joined())</ul></nav>"
    }

    private mutating func add(_ block: Block) {
        switch block {
        case .heading(let level, let spans, let anchor):
            let id = anchor.map { " id=\"\($0)\"" } ?? ""
            page += "<h\(level)\(id)>\(Self.inline(spans))</h\(level)>\n"
        case .paragraph(let spans): page += "<p>\(Self.inline(spans))</p>\n"
        case .list(let items):
            if !items.isEmpty {
                page += "<ul>\(items.map { "<li>\(Self.inline($0))</li>" }.joined(separator: "\n"))</ul>\n"
            }
        case .prose(let text): page += Self.prose(text)
        case .table(let table): page += "<div class=\"wide\">\(Self.table(table))</div>\n"
        case .figure(let figure): add(figure)
        }
    }

    private mutating func add(_ figure: Figure) {
        figures += 1
        let drawing = figure.draw().element(
            id: "figure\(figures)", title: figure.caption, description: figure.description)
        page += """
            <figure><div class="wide" tabindex="0" role="group" aria-label="Figure \(figures)">\(drawing)</div>
            <figcaption>Figure \(figures). <bdi>\(Inert.html(Inert.line(figure.caption)))</bdi></figcaption>
            <details><summary>Figure \(figures) as a table</summary>\(Self.table(figure.table))</details></figure>

            """
    }

    private static func table(_ table: DocumentTable) -> String {
        let head = table.header.map { "<th scope=\"col\">\(Inert.html($0))</th>" }.joined()
        let rows = table.rows.enumerated().map { index, row -> String in
            let anchor = index < table.anchors.count ? table.anchors[index].map { " id=\"\($0)\"" } ?? "" : ""
            let cells = row.enumerated().map { column, spans in
                column == 0 ? "<th scope=\"row\">\(inline(spans))</th>" : "<td>\(inline(spans))</td>"
            }
            return "<tr\(anchor)>\(cells.joined())</tr>"
        }
        return
            "<table><caption>\(Inert.html(table.caption))</caption><thead><tr>\(head)</tr></thead>\n<tbody>"
            + rows.joined(separator: "\n") + "</tbody></table>"
    }

    static func inline(_ spans: [Span]) -> String {
        spans.map { span in
            switch span {
            case .own(let text): Inert.html(text)
            case .theirs(let text): "<bdi>\(Inert.html(Inert.line(text)))</bdi>"
            case .strong(let text): "<strong>\(Inert.html(text))</strong>"
            case .term(let text): "<strong class=\"term\">\(Inert.html(text))</strong>"
            case .reference(let text, let anchor): "<a href=\"#\(anchor)\">\(Inert.html(text))</a>"
            }
        }.joined()
    }

    /// Paragraphs, lists and tables of somebody's Markdown; its other signs stay as they were typed.
    static func prose(_ text: String) -> String {
        var html = ""
        for part in ProseParts.parts(of: text) {
            switch part {
            case .paragraph(let text): html += "<p dir=\"auto\">\(Inert.html(text))</p>\n"
            case .list(let items):
                html += "<ul dir=\"auto\">\(items.map { "<li>\(Inert.html($0))</li>" }.joined())</ul>\n"
            case .preformatted(let text):
                html += "<pre dir=\"auto\" tabindex=\"0\">\(Inert.html(text))</pre>\n"
            }
        }
        return html
    }
}

/// What a report makes of somebody's Markdown: no more than where paragraphs and lists are.
package enum ProseParts {
    package enum Part: Equatable, Sendable {
        case paragraph(String)
        case list([String])
        /// Tables and code, whose lines must stay.
        case preformatted(String)
    }

    package static func parts(of text: String) -> [Part] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        return lines.split { line in line.allSatisfy(\.isWhitespace) }.flatMap(parts)
    }

    private static func parts(_ block: ArraySlice<String>) -> [Part] {
        if block.contains(where: { $0.hasPrefix("|") || $0.hasPrefix("```") || $0.hasPrefix("    ") }) {
            return [.preformatted(block.joined(separator: "\n"))]
        }
        var parts: [Part] = []
        for line in block {
            let content = line.drop { $0 == " " }
            let item =
                ["- ", "* ", "+ "].contains { content.hasPrefix($0) } ? String(content.dropFirst(2)) : nil
            switch (parts.last, item) {
            case (.list(let items), let item?): parts[parts.count - 1] = .list(items + [item])
            case (_, let item?): parts.append(.list([item]))
            case (.paragraph(let text), nil): parts[parts.count - 1] = .paragraph(text + "\n" + content)
            case (.list(var items), nil):
                items[items.count - 1] += " " + content
                parts[parts.count - 1] = .list(items)
            default: parts.append(.paragraph(String(content)))
            }
        }
        return parts
    }
}
