import ParleyCore

/// The way to a part of an element: names and positions, separated by dots.
///
/// | path | leads to |
/// |---|---|
/// | `a.b` | member `b` of member `a` |
/// | `a.0`, `a.-1` | the first, the last element of the list `a` |
/// | `a.*.b` | the list of `b` of each element of `a` |
/// | `a\.b` | the member whose name is `a.b` |
/// | `$document.a` | a member of the document, which stands before its elements |
/// | `$row` | the number of the element, from 1 |
/// | `$item`, `$number`, `$name`, `$value` | what `each` goes through |
///
/// A column of a CSV file is one name, dots and all.
struct TreePath: Equatable, Sendable {
    enum Root: String, Equatable, Sendable, CaseIterable {
        case element = ""
        case document = "$document"
        case row = "$row"
        case item = "$item"
        case number = "$number"
        case name = "$name"
        case value = "$value"
    }

    let text: String
    let root: Root
    let steps: [String]

    /// - Returns: nil for an empty path, an empty step or a root that does not exist.
    init?(_ text: String, isColumn: Bool) {
        self.text = text
        guard text.utf8.first == UInt8(ascii: "$") else {
            root = .element
            steps = isColumn ? [Self.unescaped(text)] : Self.steps(text)
            if steps.contains("") { return nil }
            return
        }
        let all = Self.steps(text)
        guard let root = Root(rawValue: all[0]), !all.contains("") else { return nil }
        self.root = root
        steps = Array(all.dropFirst())
        if root == .document ? steps.isEmpty : !steps.isEmpty && root != .item && root != .value {
            return nil
        }
    }

    /// A first backslash lets a column's name begin with `$` or a backslash.
    private static func unescaped(_ column: String) -> String {
        column.utf8.first == UInt8(ascii: "\\") ? String(column.dropFirst()) : column
    }

    private static func steps(_ text: String) -> [String] {
        var steps: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped || (byte != UInt8(ascii: "\\") && byte != UInt8(ascii: ".")) {
                steps[steps.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: ".") {
                steps.append([])
            } else {
                isEscaped = true
            }
        }
        return steps.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension JSONTree {
    /// - Returns: nil where a step leads nowhere, and where null is.
    subscript(steps: ArraySlice<String>) -> JSONTree? {
        guard let step = steps.first else { return self == .null ? nil : self }
        let rest = steps.dropFirst()
        switch self {
        case .object: return self[step].flatMap { $0[rest] }
        case .list(let items) where step == "*":
            let found = items.compactMap { $0[rest] }
            return found.isEmpty ? nil : .list(found)
        case .list(let items):
            guard let index = Int(step) else { return nil }
            return self[index < 0 ? items.count + index : index].flatMap { $0[rest] }
        default: return nil
        }
    }

    /// Whether there is something at the end of the path, be it null.
    func reaches(_ steps: ArraySlice<String>) -> Bool {
        guard let step = steps.first else { return true }
        let rest = steps.dropFirst()
        switch self {
        case .object: return self[step].map { $0.reaches(rest) } ?? false
        case .list(let items) where step == "*": return items.contains { $0.reaches(rest) }
        case .list(let items):
            guard let index = Int(step) else { return false }
            return self[index < 0 ? items.count + index : index].map { $0.reaches(rest) } ?? false
        default: return false
        }
    }
}
