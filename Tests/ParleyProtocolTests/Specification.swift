import Foundation
import ParleyCore
import Testing

/// Protocol.md as the tests read it: its vectors and its tables.
struct Specification {
    let text: String
    let vectors: [Vector]

    static func load(beside file: String = #filePath) throws -> Specification {
        let url = URL(filePath: file).deletingLastPathComponent()
            .appending(path: "../../Protocol.md").standardizedFileURL
        return Specification(try String(contentsOf: url, encoding: .utf8))
    }

    init(_ text: String) {
        self.text = text
        var vectors: [Vector] = []
        var open: Vector?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```vector ") {
                open = Vector(name: String(line.dropFirst(10)))
            } else if line.hasPrefix("```"), let done = open {
                vectors.append(done)
                open = nil
            } else {
                open?.add(line)
            }
        }
        self.vectors = vectors
    }

    /// The cells of each row of the first table whose head line begins so, without the head.
    func table(_ head: String) -> [[String]] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [] }
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { String($0).trimmingSpaces() }
        }
    }
}

/// A block of `key = value` lines; a key may stand several times.
struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    private(set) var lines: [(key: String, value: String)] = []

    init(name: String) { self.name = name }

    mutating func add(_ line: Substring) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]).trimmingSpaces() : ""
        lines.append((String(parts[0]).trimmingSpaces(), value))
    }

    var testDescription: String { name }

    /// The part of the name before the first hyphen.
    var group: String { String(name.prefix { $0 != "-" }) }

    func all(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }

    func text(_ key: String) throws -> String {
        try #require(all(key).first, "\(name) has no \(key)")
    }

    func optional(_ key: String) -> String? { all(key).first }

    func bytes(_ key: String = "bytes") throws -> [UInt8] {
        try #require([UInt8](hex: text(key)), "\(name): \(key)")
    }

    func number(_ key: String) throws -> UInt64 {
        try #require(UInt64(text(key)), "\(name): \(key)")
    }

    func signed(_ key: String) throws -> Int64 {
        try #require(Int64(text(key)), "\(name): \(key)")
    }

    /// Every value of a key, cut at its spaces.
    func words(_ key: String) -> [[String]] {
        all(key).map { $0.split(separator: " ").map(String.init) }
    }
}

extension MalformedBytes.Reason {
    /// The word of Protocol.md.
    var word: String {
        switch self {
        case .truncated: "truncated"
        case .trailing: "trailing"
        case .notMinimal: "not-minimal"
        case .notUTF8: "not-utf8"
        case .tooDeep: "too-deep"
        case .tooLong: "too-long"
        case .outOfOrder: "out-of-order"
        case .notAllowed: "not-allowed"
        }
    }
}
