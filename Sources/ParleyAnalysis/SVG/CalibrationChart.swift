/// How often came true what was held to be so likely: a point on the diagonal is well calibrated.
package struct CalibrationChart: Equatable, Sendable {
    package struct Bin: Equatable, Sendable {
        package var word: String
        package var count: Int
        /// Millionths.
        package var forecast: Int64
        package var observed: Int64

        package init(_ word: String, count: Int, forecast: Int64, observed: Int64) {
            (self.word, self.count, self.forecast, self.observed) = (word, count, forecast, observed)
        }
    }

    package var bins: [Bin]

    package init(bins: [Bin]) { self.bins = bins }

    package var caption: String { "Calibration of the resolved judgments" }

    package var description: String {
        let points = bins.map {
            "\($0.word): \(percent($0.forecast)) forecast, \(percent($0.observed)) came true of \($0.count)"
        }
        return "Mean forecast against how often it came true, by band. " + points.joined(separator: "; ")
            + "."
    }

    package var table: DocumentTable {
        DocumentTable(
            "Calibration", header: ["Band", "Forecasts", "Mean forecast", "Came true"],
            rows: bins.map { bin in
                [
                    [.own(bin.word)], [.own("\(bin.count)")], [.own(percent(bin.forecast))],
                    [.own(percent(bin.observed))],
                ]
            })
    }

    private static let frame = (left: 60.0, right: 360.0, top: 14.0, bottom: 314.0)

    func draw() -> SVGCanvas {
        var canvas = SVGCanvas(width: 760, height: 364)
        let (left, right, top, bottom) = Self.frame
        for step in stride(from: 0, through: 100, by: 20) {
            let share = Double(step) / 100
            let (x, y) = (left + share * (right - left), bottom - share * (bottom - top))
            canvas.line(x, top, x, bottom, "grid")
            canvas.line(left, y, right, y, "grid")
            canvas.text(x, bottom + 17, "\(step)", "s", .middle)
            canvas.text(left - 7, y + 4, "\(step) %", "s", .end)
        }
        canvas.line(left, bottom, right, top, "median")
        canvas.text((left + right) / 2, bottom + 36, "mean forecast, percent", "t", .middle)
        canvas.text(left + 6, top + 14, "came true, percent", "t")
        for (index, bin) in bins.enumerated() { draw(bin, index, &canvas) }
        return canvas
    }

    private func draw(_ bin: Bin, _ index: Int, _ canvas: inout SVGCanvas) {
        let (left, right, top, bottom) = Self.frame
        let x = left + Double(bin.forecast) / 1_000_000 * (right - left)
        let y = bottom - Double(bin.observed) / 1_000_000 * (bottom - top)
        canvas.marker(index, x, y, "mark c\(index % 6)", size: 6)
        let row = 30 + Double(index) * 22
        canvas.marker(index, right + 50, row - 4, "mark c\(index % 6)", size: 6)
        canvas.text(right + 66, row, "\(bin.word): \(percent(bin.observed)) of \(bin.count)", "t")
    }
}
