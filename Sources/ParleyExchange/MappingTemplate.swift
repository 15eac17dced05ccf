import ParleyCore

/// A text with places that each element fills: `fb:{source}:{id}`, `{published|date}`. `{{` and `}}` are
/// the braces themselves.
struct MappingTemplate: Equatable, Sendable {
    enum Piece: Equatable, Sendable {
        case text(String)
        case place(TreePath, Conversion?)
    }

    let text: String
    let pieces: [Piece]

    struct Fault: Error {
        var reason: String
    }

    init(_ text: String, isColumn: Bool) throws(Fault) {
        self.text = text
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            let isBrace = character == "{" || character == "}"
            if isBrace, rest.first == character {
                literal.append(rest.removeFirst())
            } else if isBrace {
                guard character == "{", let end = rest.firstIndex(of: "}") else {
                    throw Fault(
                        reason: "\"\(text)\" has a brace without its other half ({{ is a brace itself)")
                }
                if !literal.isEmpty { pieces.append(.text(literal)) }
                literal = ""
                pieces.append(try Self.place(rest[..<end], isColumn))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
            }
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        self.pieces = pieces
    }

    private static func place(_ text: Substring, _ isColumn: Bool) throws(Fault) -> Piece {
        let parts = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = TreePath(String(parts[0]), isColumn: isColumn) else {
            throw Fault(reason: "{\(text)} is no path: names separated by dots, or one of \(Self.roots)")
        }
        guard parts.count == 2 else { return .place(path, nil) }
        guard let conversion = Conversion(rawValue: String(parts[1])) else {
            let all = Conversion.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(reason: "{\(text)}: \"\(parts[1])\" is not one of \(all)")
        }
        return .place(path, conversion)
    }

    static let roots = TreePath.Root.allCases.map(\.rawValue).filter { !$0.isEmpty }.joined(separator: ", ")

    var paths: [TreePath] {
        pieces.compactMap { if case .place(let path, _) = $0 { path } else { nil } }
    }

    /// The text of a template without places.
    var constant: String? {
        switch pieces.count {
        case 0: ""
        case 1: if case .text(let text) = pieces[0] { text } else { nil }
        default: nil
        }
    }
}

/// What is made of a value on its way into a field.
enum Conversion: String, CaseIterable, Sendable {
    /// The day of a timestamp.
    case date
    /// A number from 0 to 1, rounded to the millionth.
    case probability
    /// A number from 0 to 100, likewise.
    case percent
    /// Small letters.
    case lower
}
