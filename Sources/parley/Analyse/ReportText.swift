import ParleyAnalysis
import ParleyCore
import ParleyTerminal

/// A report for the terminal: pictures are drawn with characters.
struct ReportText {
    let width: Int
    let colour: Colour

    func lines(_ document: Document) -> [String] {
        let marking = centred(document.marking)
        let title = wrapped(visible(document.title), indent: 0).map { colour.paint($0, .strong) }
        return [marking, ""] + title + [""] + document.blocks.flatMap { block($0) + [""] } + [marking]
    }

    private func centred(_ text: String) -> String {
        String(repeating: " ", count: max(0, (width - text.columns) / 2)) + colour.paint(text, .strong)
    }

    private func block(_ block: Block) -> [String] {
        switch block {
        case .heading(let level, let spans, _):
            wrapped(inline(spans), indent: 0).map { colour.paint($0, level == 2 ? .heading : .strong) }
        case .paragraph(let spans): wrapped(inline(spans), indent: 0)
        case .list(let items): items.flatMap { bullet(inline($0)) }
        case .prose(let text): visibleBlock(text).rewrapped(to: width)
        case .table(let table): self.table(table)
        case .figure(let figure): self.figure(figure)
        }
    }

    private func wrapped(_ text: String, indent: Int) -> [String] {
        text.wrapped(to: width - indent).map { String(repeating: " ", count: indent) + $0 }
    }

    private func bullet(_ text: String) -> [String] {
        text.wrapped(to: width - 2).enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
    }

    private func inline(_ spans: [Span]) -> String {
        spans.map { span in
            switch span {
            case .own(let text), .strong(let text), .term(let text), .reference(let text, _): text
            case .theirs(let text): visible(text.split(whereSeparator: \.isNewline).joined(separator: " "))
            }
        }.joined()
    }

    // MARK: Tables

    /// In columns where they fit, else a paragraph a row.
    private func table(_ table: DocumentTable) -> [String] {
        let cells = [table.header] + table.rows.map { $0.map(inline) }
        var columns = TextTable(
            table.header.indices.map { .init(isElastic: $0 == 0, least: 24) })
        for (index, row) in cells.enumerated() {
            columns.add(row.map { .init($0, index == 0 ? .strong : .plain) })
        }
        let caption = table.caption + ":"
        let lines = columns.lines(width: nil)
        guard lines.contains(where: { $0.columns > width }) else {
            return [caption] + columns.lines(width: width, colour: colour)
        }
        return [caption] + cells.dropFirst().flatMap { row in record(row, table.header) }
    }

    private func record(_ row: [String], _ header: [String]) -> [String] {
        let rest = zip(header, row).dropFirst().filter { !$1.isEmpty }.map { "\($0): \($1)" }
        return bullet(row.first ?? "") + wrapped(rest.joined(separator: " \u{B7} "), indent: 4)
    }

    // MARK: Pictures

    private func figure(_ figure: Figure) -> [String] {
        let caption = wrapped(visible(figure.caption) + ":", indent: 0)
        switch figure {
        case .likelihood(let chart): return caption + sparklines(chart)
        case .matrix(let chart): return caption + matrix(chart)
        case .calibration: return table(figure.table)
        case .drivers(let map): return caption + edges(map)
        }
    }

    /// `D1 -> J1 (raises, heavily), J2`.
    private func edges(_ map: DriverMap) -> [String] {
        map.drivers.indices.flatMap { index -> [String] in
            let ends = map.edges.filter { $0.driver == index }.map { edge in
                let words = [edge.effect, edge.weight].compactMap { $0 }.joined(separator: ", ")
                return map.judgments[edge.judgment].label + (words.isEmpty ? "" : " (\(words))")
            }
            return ends.isEmpty
                ? [] : bullet("\(map.drivers[index].label) \u{2192} \(ends.joined(separator: ", "))")
        }
    }

    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// A line of bars for each analyst: what stood, from the first day to today.
    private func sparklines(_ chart: LikelihoodChart) -> [String] {
        let lines = chart.lines + (chart.lines.count > 1 ? [chart.median] : [])
        let first = chart.lines.flatMap { $0.points.map(\.day) }.min() ?? chart.today
        let last = max(chart.today, chart.lines.flatMap { $0.points.map(\.day) }.max() ?? 0)
        let room = min(40, width - 30)
        return lines.map { line in
            let bars = (0..<room).map { place -> Character in
                let day = first + (last - first) * place / max(1, room - 1)
                guard let point = line.points.last(where: { $0.day <= day }) else { return " " }
                return Self.bars[min(7, Int(point.p * 8 / 1_000_001))]
            }
            let name = visible(line.name).padded(to: 14)
            let now = line.points.last.map { "\(($0.p + 5000) / 10_000) %" } ?? ""
            return "  " + name + " " + colour.paint(String(bars), .strong) + "  " + now
        } + ["  " + String(repeating: " ", count: 15) + span(first, last, room)]
    }

    private func span(_ first: Int, _ last: Int, _ room: Int) -> String {
        let (from, to) = (Day(number: first).text, Day(number: last).text)
        return from + String(repeating: " ", count: max(1, room - from.count - to.count)) + to
    }

    private func matrix(_ chart: MatrixChart) -> [String] {
        let room = max(12, width - 6 - chart.columns.count * 6)
        let head =
            String(repeating: " ", count: room + 6) + chart.columns.map { $0.label.padded(to: 6) }.joined()
        let rows = chart.rows.map { row in
            row.label.padded(to: 5) + " " + visible(row.title).padded(to: room)
                + row.cells.map(cell).joined()
        }
        let scores =
            "Inconsistency".padded(to: room + 6) + chart.columns.map { $0.score.padded(to: 6) }.joined()
        return [head] + rows + [scores]
    }

    /// Letters always; colour where there is one.
    private func cell(_ cell: MatrixChart.Cell) -> String {
        let text = (cell.letters.isEmpty ? "\u{B7}" : cell.letters + (cell.isDisputed ? "\u{2260}" : ""))
            .padded(to: 6)
        switch cell.letters {
        case "II": return colour.paint(text, .failure)
        case "I": return colour.paint(text, .attention)
        case "C", "CC": return colour.paint(text, .good)
        default: return colour.paint(text, .faint)
        }
    }
}
