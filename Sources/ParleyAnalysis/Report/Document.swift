/// A report between its making and its form: what is said, in order, without a word about how it looks.
/// `HTMLReport`, `MarkdownReport` and the terminal draw it.
package struct Document: Equatable, Sendable {
    package var title: String
    /// `TLP:AMBER`, at the top and at the bottom.
    package var marking: String
    package var blocks: [Block]

    package init(title: String, marking: String, blocks: [Block]) {
        self.title = title
        self.marking = marking
        self.blocks = blocks
    }
}

package enum Block: Equatable, Sendable {
    /// Levels 2 and 3; 1 is the title's. `anchor` is where references lead to, made of letters, digits and `-`.
    case heading(level: Int, [Span], anchor: String?)
    case paragraph([Span])
    case list([[Span]])
    /// Somebody's Markdown text.
    case prose(String)
    case table(DocumentTable)
    case figure(Figure)
}

/// A run of text. Texts of people are told apart from the words of the report, since they may run in another
/// direction and hold anything.
package enum Span: Equatable, Sendable {
    /// Words of the report itself.
    case own(String)
    /// What people have written.
    case theirs(String)
    case strong(String)
    /// A judgment's word for its likelihood, a level: their meaning must not hang on looks.
    case term(String)
    /// A reference to an anchor, as `[3]`.
    case reference(String, anchor: String)
}

extension Span: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self = .own(text) }
}

package struct DocumentTable: Equatable, Sendable {
    package var caption: String
    package var header: [String]
    /// The first cell of each row is its heading.
    package var rows: [[[Span]]]
    /// Anchors of rows, where references lead to one.
    package var anchors: [String?]

    package init(_ caption: String, header: [String], rows: [[[Span]]], anchors: [String?] = []) {
        self.caption = caption
        self.header = header
        self.rows = rows
        self.anchors = anchors
    }
}

/// A picture, which is also a sentence and a table for those who do not see it.
package enum Figure: Equatable, Sendable {
    case likelihood(LikelihoodChart)
    case matrix(MatrixChart)
    case calibration(CalibrationChart)
    case drivers(DriverMap)

    package var caption: String {
        switch self {
        case .likelihood(let chart): chart.caption
        case .matrix(let chart): chart.caption
        case .calibration(let chart): chart.caption
        case .drivers(let map): map.caption
        }
    }

    /// What there is to see, in a sentence.
    package var description: String {
        switch self {
        case .likelihood(let chart): chart.description
        case .matrix(let chart): chart.description
        case .calibration(let chart): chart.description
        case .drivers(let map): map.description
        }
    }

    package var table: DocumentTable {
        switch self {
        case .likelihood(let chart): chart.table
        case .matrix(let chart): chart.table
        case .calibration(let chart): chart.table
        case .drivers(let map): map.table
        }
    }

    func draw() -> SVGCanvas {
        switch self {
        case .likelihood(let chart): chart.draw()
        case .matrix(let chart): chart.draw()
        case .calibration(let chart): chart.draw()
        case .drivers(let map): map.draw()
        }
    }
}
