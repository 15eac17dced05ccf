/// Rows in aligned columns, for a person, or separated by tabs, for a program.
package struct TextTable {
    package struct Column {
        package var isRight: Bool
        /// Gives way when the rows are wider than the terminal.
        package var isElastic: Bool
        /// Columns that an elastic column keeps.
        package var least: Int

        package init(isRight: Bool = false, isElastic: Bool = false, least: Int = 8) {
            self.isRight = isRight
            self.isElastic = isElastic
            self.least = least
        }
    }

    package struct Cell {
        package var text: String
        package var style: Style

        package init(_ text: String, _ style: Style = .plain) {
            self.text = visible(text)
            self.style = style
        }
    }

    package var columns: [Column]
    package var rows: [[Cell]] = []
    private let gap = "  "

    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// Lines without a line break; nothing is cut where `width` is nil.
    package func lines(width: Int?, colour: Colour = Colour(isOn: false)) -> [String] {
        let widths = widths(within: width)
        return rows.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let padded = cell.text.padded(to: widths[index], isRight: columns[index].isRight)
                let isLast = index == row.count - 1
                let text = isLast && !columns[index].isRight ? cell.text.cut(to: widths[index]) : padded
                line += (index == 0 ? "" : gap) + colour.paint(text, cell.style)
            }
            return line.trimmingEnd()
        }
    }

    /// One line a row, no header, nothing cut.
    package var tabSeparated: [String] {
        rows.map { $0.map(\.text).joined(separator: "\t") }
    }

    private func widths(within limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in rows.map { $0[index].text.columns }.max() ?? 0 }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + gap.count * max(0, widths.count - 1) - limit
        let elastic = columns.indices.filter { columns[$0].isElastic }
        while excess > 0,
            let widest = elastic.filter({ widths[$0] > columns[$0].least })
                .max(by: { widths[$0] < widths[$1] })
        {
            let others = elastic.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
            let target = max(
                columns[widest].least, min(widths[widest] - 1, max(others, widths[widest] - excess)))
            excess -= widths[widest] - target
            widths[widest] = target
        }
        return widths
    }
}

extension String {
    func trimmingEnd() -> String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
