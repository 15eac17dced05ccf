/// Which drivers carry which judgments, and how heavily.
package struct DriverMap: Equatable, Sendable {
    package struct Node: Equatable, Sendable {
        package var label: String
        package var title: String
        /// A second line, in small letters.
        package var note: String

        package init(_ label: String, _ title: String, note: String) {
            (self.label, self.title, self.note) = (label, title, note)
        }
    }

    package struct Edge: Equatable, Sendable {
        /// Indices of `drivers` and `judgments`.
        package var driver: Int
        package var judgment: Int
        /// low, medium, high, or nil where nobody has said.
        package var weight: String?
        /// raises, lowers, mixed, or nil.
        package var effect: String?

        package init(driver: Int, judgment: Int, weight: String?, effect: String?) {
            (self.driver, self.judgment, self.weight, self.effect) = (driver, judgment, weight, effect)
        }
    }

    package var drivers: [Node]
    package var judgments: [Node]
    package var edges: [Edge]

    package init(drivers: [Node], judgments: [Node], edges: [Edge]) {
        (self.drivers, self.judgments, self.edges) = (drivers, judgments, edges)
    }

    package var caption: String { "Drivers and the judgments that rest on them" }

    package var description: String {
        judgments.indices.map { index in
            let names = edges.filter { $0.judgment == index }.map { drivers[$0.driver].label }
            return "\(judgments[index].label) rests on "
                + (names.isEmpty ? "no driver" : names.joined(separator: ", "))
        }.joined(separator: "; ") + "."
    }

    package var table: DocumentTable {
        DocumentTable(
            "Drivers and judgments", header: ["Driver", "Judgment", "Effect", "Weight"],
            rows: edges.map { edge in
                let (driver, judgment) = (drivers[edge.driver], judgments[edge.judgment])
                return [
                    [.own(driver.label + " "), .theirs(driver.title)],
                    [.own(judgment.label + " "), .theirs(judgment.title)],
                    [.own(edge.effect ?? "not said")], [.own(edge.weight ?? "not said")],
                ]
            })
    }

    private static let box = (width: 280.0, height: 66.0, gap: 14.0)

    private func y(_ index: Int, of count: Int, in height: Double) -> Double {
        let used = Double(count) * (Self.box.height + Self.box.gap) - Self.box.gap
        return (height - used) / 2 + Double(index) * (Self.box.height + Self.box.gap)
    }

    func draw() -> SVGCanvas {
        let most = Double(max(drivers.count, judgments.count, 1))
        let height = most * (Self.box.height + Self.box.gap) - Self.box.gap + 28
        var canvas = SVGCanvas(width: 760, height: height + 26)
        for edge in edges {
            let from = y(edge.driver, of: drivers.count, in: height) + Self.box.height / 2
            let to = y(edge.judgment, of: judgments.count, in: height) + Self.box.height / 2
            canvas.curve(
                Self.box.width, from, 760 - Self.box.width, to, "edge e\(edge.effect ?? "none")",
                wide: ["low": 1.5, "medium": 3.0, "high": 5.0][edge.weight ?? ""] ?? 1)
        }
        for (index, node) in drivers.enumerated() {
            draw(node, 0, y(index, of: drivers.count, in: height), &canvas)
        }
        for (index, node) in judgments.enumerated() {
            draw(node, 760 - Self.box.width, y(index, of: judgments.count, in: height), &canvas)
        }
        canvas.text(
            380, height + 14,
            "solid: raises \u{B7} dashed: lowers \u{B7} dotted: mixed or not said \u{B7} the thicker, the heavier",
            "s",
            .middle)
        return canvas
    }

    private func draw(_ node: Node, _ x: Double, _ y: Double, _ canvas: inout SVGCanvas) {
        canvas.rect(x, y, Self.box.width, Self.box.height, "box")
        let lines = LetterWidth.wrap(node.title, width: Self.box.width - 56, size: 12, most: 2)
        canvas.text(x + 10, y + 20, node.label, "t b")
        canvas.lines(x + 46, y + 20, lines, "t")
        let note = LetterWidth.wrap(node.note, width: Self.box.width - 56, size: 10, most: 1).first ?? ""
        canvas.text(x + 46, y + 57, note, "s")
    }
}
