import ParleyCore

/// How likely each analyst held something to be, over time, above the bands of the word scale.
package struct LikelihoodChart: Equatable, Sendable {
    package struct Point: Equatable, Sendable {
        /// Days since 1970-01-01.
        package var day: Int
        /// Millionths.
        package var p: Int64

        package init(day: Int, p: Int64) {
            self.day = day
            self.p = p
        }
    }

    package struct Line: Equatable, Sendable {
        package var name: String
        /// In the order of days; an estimate stands until the next.
        package var points: [Point]

        package init(_ name: String, _ points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    package struct Band: Equatable, Sendable {
        package var word: String
        /// Percent.
        package var low: Int
        package var high: Int

        package init(_ word: String, low: Int, high: Int) {
            self.word = word
            self.low = low
            self.high = high
        }
    }

    package var subject: String
    package var bands: [Band]
    package var lines: [Line]
    /// The middle of all, which is another line.
    package var median: Line
    /// The last day of the picture.
    package var today: Int

    package init(subject: String, bands: [Band], lines: [Line], median: Line, today: Int) {
        (self.subject, self.bands, self.lines, self.median, self.today) = (
            subject, bands, lines, median, today
        )
    }

    package var caption: String { "Likelihood over time: \(subject)" }

    package var description: String {
        let now = lines.compactMap { line in line.points.last.map { "\(line.name) \(percent($0.p))" } }
        let median = median.points.last.map { "; the median is \(percent($0.p))" } ?? ""
        return "Each analyst's estimates above the bands of the scale. Now: " + now.joined(separator: ", ")
            + median
            + "."
    }

    package var table: DocumentTable {
        let rows = (lines + [median]).flatMap { line in
            line.points.map { point -> [[Span]] in
                [[.theirs(line.name)], [.own(Day(number: point.day).text)], [.own(percent(point.p))]]
            }
        }
        return DocumentTable("Estimates", header: ["Who", "Day", "Likelihood"], rows: rows)
    }

    // MARK: Drawing

    private static let frame = (left: 150.0, right: 580.0, top: 12.0, bottom: 232.0)
    private static let size = (width: 760.0, height: 272.0)
    /// More lines could not be told apart.
    private static let mostNamed = 10

    private var first: Int {
        let days = lines.flatMap { $0.points.map(\.day) }
        let start = days.min() ?? today
        return min(start, last - 6)
    }

    private var last: Int { max(today, lines.flatMap { $0.points.map(\.day) }.max() ?? today) }

    private func x(_ day: Int) -> Double {
        let share = Double(day - first) / Double(max(1, last - first))
        return Self.frame.left + 8 + share * (Self.frame.right - Self.frame.left - 16)
    }

    private func y(_ percent: Double) -> Double {
        Self.frame.bottom - percent / 100 * (Self.frame.bottom - Self.frame.top)
    }

    func draw() -> SVGCanvas {
        var canvas = SVGCanvas(width: Self.size.width, height: Self.size.height)
        drawBands(&canvas)
        drawAxes(&canvas)
        for (index, line) in lines.enumerated() { draw(line, index, &canvas) }
        if lines.count > 1 { canvas.path(steps(median.points), "median") }
        drawNames(&canvas)
        return canvas
    }

    private func drawBands(_ canvas: inout SVGCanvas) {
        let (left, right) = (Self.frame.left, Self.frame.right)
        for (index, band) in bands.enumerated() {
            let (top, bottom) = (y(Double(band.high)), y(Double(band.low)))
            canvas.rect(left, top, right - left, bottom - top, index.isMultiple(of: 2) ? "band0" : "band1")
            let words = LetterWidth.wrap(band.word, width: left - 42, size: 10, most: 1).first ?? ""
            if bottom - top >= 8 { canvas.text(0, (top + bottom) / 2 + 3.5, words, "s") }
        }
    }

    private func drawAxes(_ canvas: inout SVGCanvas) {
        for percent in stride(from: 0, through: 100, by: 20) {
            let height = y(Double(percent))
            canvas.text(Self.frame.left - 6, height + 4, "\(percent) %", "s", .end)
            canvas.line(Self.frame.left - 3, height, Self.frame.left, height, "axis")
        }
        canvas.line(Self.frame.left, Self.frame.top, Self.frame.left, Self.frame.bottom, "axis")
        canvas.line(Self.frame.left, Self.frame.bottom, Self.frame.right, Self.frame.bottom, "axis")
        let days = [first, (first + last) / 2, last]
        for (day, anchor) in zip(days, [SVGCanvas.Anchor.start, .middle, .end]) {
            canvas.line(x(day), Self.frame.bottom, x(day), Self.frame.bottom + 4, "axis")
            canvas.text(x(day), Self.frame.bottom + 18, Day(number: day).text, "s", anchor)
        }
    }

    private func draw(_ line: Line, _ index: Int, _ canvas: inout SVGCanvas) {
        canvas.path(steps(line.points), "line c\(index % 6) d\(index % 4)")
        for point in line.points {
            canvas.marker(index, x(point.day), y(Double(point.p) / 10_000), "mark c\(index % 6)")
        }
    }

    /// An estimate stands until the next one is made, and the last until today.
    private func steps(_ points: [Point]) -> [(x: Double, y: Double)] {
        var path: [(x: Double, y: Double)] = []
        for point in points {
            if let before = path.last { path.append((x(point.day), before.y)) }
            path.append((x(point.day), y(Double(point.p) / 10_000)))
        }
        if let end = path.last { path.append((x(last), end.y)) }
        return path
    }

    /// Names stand right of the lines' ends, moved apart where they would lie on each other.
    private func drawNames(_ canvas: inout SVGCanvas) {
        var labels = lines.prefix(Self.mostNamed).enumerated().compactMap { index, line in
            line.points.last.map { (place: y(Double($0.p) / 10_000), name: line.name, p: $0.p, index: index) }
        }
        if lines.count > 1, let end = median.points.last {
            labels.append((y(Double(end.p) / 10_000), median.name, end.p, -1))
        }
        labels.sort { ($0.place, $0.index) < ($1.place, $1.index) }
        let places = Self.spread(
            labels.map(\.place), step: 17, top: Self.frame.top + 4, bottom: Self.frame.bottom)
        for (label, place) in zip(labels, places) {
            let style = label.index < 0 ? "median" : "leader c\(label.index % 6)"
            canvas.line(
                Self.frame.right - 8, label.place, Self.frame.right + 14, place,
                style == "median" ? "leader" : style)
            if label.index >= 0 {
                canvas.marker(label.index, Self.frame.right + 22, place, "mark c\(label.index % 6)")
            } else {
                canvas.line(Self.frame.right + 15, place, Self.frame.right + 29, place, "median")
            }
            let name = LetterWidth.wrap(label.name, width: 92, size: 12, most: 1).first ?? ""
            canvas.text(
                Self.frame.right + 34, place + 4, "\(name) \(percent(label.p))", label.index < 0 ? "t b" : "t"
            )
        }
    }

    /// Places at least `step` apart, in order, within the frame.
    static func spread(_ places: [Double], step: Double, top: Double, bottom: Double) -> [Double] {
        var spread = places
        for index in spread.indices {
            let least = index == 0 ? top : spread[index - 1] + step
            spread[index] = max(spread[index], least)
        }
        guard let end = spread.last, end > bottom else { return spread }
        spread[spread.count - 1] = bottom
        for index in spread.indices.dropLast().reversed() {
            spread[index] = min(spread[index], spread[index + 1] - step)
        }
        return spread
    }
}

/// `70 %`, `2.5 %`.
func percent(_ millionths: Int64) -> String {
    let tenths = (millionths + 500) / 1000
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}
