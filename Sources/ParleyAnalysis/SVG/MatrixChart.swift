/// Evidence by hypotheses, each cell with the letters of its rating.
package struct MatrixChart: Equatable, Sendable {
    package struct Cell: Equatable, Sendable {
        /// II, I, N, C, CC or NA; empty where nobody has rated.
        package var letters: String
        /// Do the analysts' ratings lie apart?
        package var isDisputed: Bool

        package init(_ letters: String, isDisputed: Bool = false) {
            self.letters = letters
            self.isDisputed = isDisputed
        }
    }

    package struct Row: Equatable, Sendable {
        package var label: String
        package var title: String
        package var cells: [Cell]

        package init(_ label: String, _ title: String, _ cells: [Cell]) {
            (self.label, self.title, self.cells) = (label, title, cells)
        }
    }

    /// A hypothesis: its label and its title.
    package struct Column: Equatable, Sendable {
        package var label: String
        package var title: String
        /// What speaks against it, as it is counted.
        package var score: String

        package init(_ label: String, _ title: String, score: String) {
            (self.label, self.title, self.score) = (label, title, score)
        }
    }

    package var columns: [Column]
    package var rows: [Row]

    package init(columns: [Column], rows: [Row]) {
        (self.columns, self.rows) = (columns, rows)
    }

    package var caption: String { "Evidence against hypotheses" }

    package var description: String {
        let scores = columns.map { "\($0.label) \($0.score)" }.joined(separator: ", ")
        return
            "A matrix of \(rows.count) items of evidence by \(columns.count) hypotheses; each cell says how"
            + " consistent the two are, from II (very inconsistent) to CC (very consistent). Inconsistency: \(scores)."
    }

    package var table: DocumentTable {
        let body = rows.map { row -> [[Span]] in
            [[.own(row.label + " "), .theirs(row.title)]]
                + row.cells.map {
                    [
                        .own(
                            $0.letters.isEmpty
                                ? "not rated" : $0.letters + ($0.isDisputed ? " (disputed)" : ""))
                    ]
                }
        }
        let scores: [[Span]] = [[.strong("Inconsistency")]] + columns.map { [.own($0.score)] }
        return DocumentTable("Ratings", header: ["Evidence"] + columns.map(\.label), rows: body + [scores])
    }

    // MARK: Drawing

    private static let left = 318.0
    private static let row = 24.0

    private var head: Double { 66 }

    private var cell: Double { min(92, max(44, (760 - Self.left) / Double(max(1, columns.count)))) }

    func draw() -> SVGCanvas {
        let height = head + Double(rows.count) * Self.row + 30
        var canvas = SVGCanvas(width: max(760, Self.left + cell * Double(columns.count)), height: height)
        for (index, column) in columns.enumerated() {
            let middle = Self.left + (Double(index) + 0.5) * cell
            canvas.text(middle, 16, column.label, "t b", .middle)
            let lines = LetterWidth.wrap(column.title, width: cell - 6, size: 10, most: 3)
            canvas.lines(middle, 30, lines, "s", .middle, step: 12)
        }
        for (index, row) in rows.enumerated() { draw(row, top: head + Double(index) * Self.row, &canvas) }
        let bottom = head + Double(rows.count) * Self.row
        canvas.line(0, bottom + 3, Self.left + cell * Double(columns.count), bottom + 3, "axis")
        canvas.text(0, bottom + 21, "Inconsistency (less is better)", "t b")
        for (index, column) in columns.enumerated() {
            canvas.text(Self.left + (Double(index) + 0.5) * cell, bottom + 21, column.score, "t b", .middle)
        }
        return canvas
    }

    private func draw(_ row: Row, top: Double, _ canvas: inout SVGCanvas) {
        let middle = top + Self.row / 2 + 4
        canvas.text(0, middle, row.label, "t b")
        let title = LetterWidth.wrap(row.title, width: Self.left - 52, size: 12, most: 1).first ?? ""
        canvas.text(42, middle, title, "t")
        for (index, item) in row.cells.enumerated() {
            let x = Self.left + Double(index) * cell
            canvas.rect(
                x + 1, top + 1, cell - 2, Self.row - 2,
                "cell r\(item.letters.isEmpty ? "none" : item.letters)")
            let text = item.letters.isEmpty ? "\u{B7}" : item.letters + (item.isDisputed ? " \u{2260}" : "")
            canvas.text(
                x + cell / 2, middle, text, "r\(item.letters.isEmpty ? "none" : item.letters)t", .middle)
        }
    }
}
