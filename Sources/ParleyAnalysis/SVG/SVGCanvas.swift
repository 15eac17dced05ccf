/// A picture in SVG. Colours come from classes of the report's style, so that print and dark mode have their own.
struct SVGCanvas {
    let width: Double
    private(set) var height: Double
    private(set) var body = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func rect(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
        body +=
            "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\""
            + " class=\"\(style)\"/>"
    }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String, wide: Double? = nil
    ) {
        let wide = wide.map { " stroke-width=\"\(n($0))\"" } ?? ""
        body +=
            "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(style)\"\(wide)/>"
    }

    /// A line through points.
    mutating func path(_ points: [(x: Double, y: Double)], _ style: String) {
        guard points.count > 1 else { return }
        let text = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
        body += "<polyline points=\"\(text)\" class=\"\(style)\"/>"
    }

    /// A soft curve from left to right.
    mutating func curve(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String, wide: Double
    ) {
        let middle = (x1 + x2) / 2
        body +=
            "<path d=\"M\(n(x1)),\(n(y1)) C\(n(middle)),\(n(y1)) \(n(middle)),\(n(y2)) \(n(x2)),\(n(y2))\""
            + " class=\"\(style)\" stroke-width=\"\(n(wide))\"/>"
    }

    /// One of the signs by which lines are told apart without colour.
    mutating func marker(_ number: Int, _ x: Double, _ y: Double, _ style: String, size: Double = 4) {
        switch number % 5 {
        case 0: body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(size))\" class=\"\(style)\"/>"
        case 1: rect(x - size, y - size, 2 * size, 2 * size, style)
        case 2: polygon([(x, y - size * 1.3), (x + size * 1.2, y + size), (x - size * 1.2, y + size)], style)
        case 3:
            polygon(
                [(x, y - size * 1.4), (x + size * 1.4, y), (x, y + size * 1.4), (x - size * 1.4, y)], style)
        default:
            polygon([(x, y + size * 1.3), (x + size * 1.2, y - size), (x - size * 1.2, y - size)], style)
        }
    }

    private mutating func polygon(_ points: [(Double, Double)], _ style: String) {
        let text = points.map { "\(n($0.0)),\(n($0.1))" }.joined(separator: " ")
        body += "<polygon points=\"\(text)\" class=\"\(style)\"/>"
    }

    enum Anchor: String { case start, middle, end }

    /// - Parameter text: of anybody; it is escaped here.
    mutating func text(
        _ x: Double, _ y: Double, _ text: String, _ style: String = "t", _ anchor: Anchor = .start
    ) {
        let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        body +=
            "<text x=\"\(n(x))\" y=\"\(n(y))\" class=\"\(style)\"\(place)>\(Inert.html(Inert.line(text)))</text>"
    }

    /// Lines of one text, the first at `y`.
    mutating func lines(
        _ x: Double, _ y: Double, _ lines: [String], _ style: String = "t", _ anchor: Anchor = .start,
        step: Double = 15
    ) {
        for (index, line) in lines.enumerated() { text(x, y + Double(index) * step, line, style, anchor) }
    }

    /// The element, with its name and its story for those who do not see it.
    func element(id: String, title: String, description: String) -> String {
        """
        <svg viewBox="0 0 \(n(width)) \(n(height))" role="img" aria-labelledby="\(id)-t \(id)-d" \
        xmlns="http://www.w3.org/2000/svg"><title id="\(id)-t">\(Inert.html(Inert.line(title)))</title>\
        <desc id="\(id)-d">\(Inert.html(Inert.line(description)))</desc>\(body)</svg>
        """
    }

    /// A number with one decimal at most.
    private func n(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        let (whole, rest) = (abs(tenths) / 10, abs(tenths) % 10)
        let text = rest == 0 ? String(whole) : "\(whole).\(rest)"
        return tenths < 0 ? "-" + text : text
    }
}

/// How much room letters take, where no font can be asked: in tenths of the font's size, on the safe side.
enum LetterWidth {
    static func of(_ text: String, size: Double) -> Double { of(text.unicodeScalars, size) }

    private static func of(_ scalars: some Sequence<Unicode.Scalar>, _ size: Double) -> Double {
        scalars.reduce(0.0) { $0 + tenths($1) } * size / 10
    }

    private static func tenths(_ scalar: Unicode.Scalar) -> Double {
        switch scalar.value {
        case 0x20, 0x21, 0x27, 0x28, 0x29, 0x2C, 0x2E, 0x3A, 0x3B, 0x49, 0x69, 0x6A, 0x6C, 0x7C: 3.2
        case 0x66, 0x72, 0x74: 4
        case 0x4D, 0x57, 0x6D, 0x77: 9
        case 0x41...0x5A: 7
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
        case ..<0x300: 5.8
        case 0x1100...0x11FF, 0x2E80...0xFFDC, 0x1F000...0x3FFFF: 10.4
        default: 6.6
        }
    }

    /// The text in at most `most` lines of a width; what does not fit ends with `…`.
    static func wrap(_ text: String, width: Double, size: Double, most: Int) -> [String] {
        var lines: [String] = []
        var words = Inert.line(text).split(separator: " ").map(String.init)[...]
        while !words.isEmpty, lines.count < most {
            var line = words.removeFirst()
            if lines.count == most - 1 { line = ([line] + words).joined(separator: " ") }
            while lines.count < most - 1, let next = words.first, of(line + " " + next, size: size) <= width {
                line += " " + next
                words.removeFirst()
            }
            if of(line, size: size) > width {
                let (head, tail) = divided(line, width: width, size: size, isLast: lines.count == most - 1)
                line = head
                if !tail.isEmpty, lines.count < most - 1 { words = [tail] + words }
            }
            lines.append(line)
        }
        return lines
    }

    private static func divided(
        _ text: String, width: Double, size: Double, isLast: Bool
    ) -> (head: String, tail: String) {
        let room = isLast ? width - size : width
        var taken = 0.0
        var end = text.startIndex
        for index in text.indices {
            taken += of(text[index].unicodeScalars, size)
            if taken > room, end > text.startIndex { break }
            end = text.index(after: index)
        }
        let head = String(text[..<end])
        return (isLast && end < text.endIndex ? head + "\u{2026}" : head, String(text[end...]))
    }
}
