import Foundation
import ParleyCore
import ParleyTrust

/// The golden vectors of the protocol's documents: fenced blocks `vector NAME` with lines `key = value`.
struct Vector {
    let name: String
    /// The last value of each key.
    let values: [String: String]
    private let lines: [(key: String, value: String)]

    struct Missing: Error { let what: String }

    /// The names of all vectors, in the order in which they stand.
    static func names() throws -> [String] {
        try document().split(separator: "\n").filter { $0.hasPrefix("```vector ") }.map {
            String($0.dropFirst(10))
        }
    }

    private static func document() throws -> String {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("Protocol.md"), encoding: .utf8)
    }

    init(_ name: String) throws {
        guard let lines = Vector.block(name, in: try Self.document()) else { throw Missing(what: name) }
        self.name = name
        self.lines = lines
        values = Dictionary(lines.map { ($0.key, $0.value) }) { _, last in last }
    }

    private static func block(_ name: String, in text: String) -> [(key: String, value: String)]? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "```vector \(name)") else { return nil }
        var found: [(key: String, value: String)] = []
        for line in lines[(start + 1)...].prefix(while: { $0 != "```" }) {
            guard let equals = line.firstRange(of: " =") else { continue }
            found.append(
                (String(line[..<equals.lowerBound]), String(line[equals.upperBound...].dropFirst())))
        }
        return found
    }

    func text(_ key: String) throws -> String {
        guard let value = values[key] else { throw Missing(what: "\(name).\(key)") }
        return value
    }

    /// All lines with that key, as words.
    func all(_ key: String) -> [[String]] {
        lines.filter { $0.key == key }.map { $0.value.split(separator: " ").map(String.init) }
    }

    func bytes(_ key: String) throws -> [UInt8] { try Self.bytes(ofHex: text(key)) }

    static func bytes(ofHex text: String) throws -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { throw Missing(what: text) }
        return try stride(from: 0, to: digits.count, by: 2).map { at in
            let pair = String(decoding: digits[at..<at + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { throw Missing(what: text) }
            return byte
        }
    }

    func words(_ key: String) throws -> [String] { try text(key).split(separator: " ").map(String.init) }

    func number(_ key: String) throws -> Int64 {
        guard let number = Int64(try text(key)) else { throw Missing(what: "\(name).\(key)") }
        return number
    }

    func identity() throws -> Identity { try Identity(seed: Secret(try bytes("seed"))) }
}
