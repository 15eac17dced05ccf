import Foundation
import ParleyTransport
import Testing

/// The channel's vectors in Protocol.md, by key; a key may stand several times.
struct ChannelVector {
    private let lines: [(key: String, value: String)]

    static func names() throws -> [String] {
        try document().filter { $0.hasPrefix("```vector channel") }.map { String($0.dropFirst(10)) }
    }

    init(_ name: String) throws {
        let document = try Self.document()
        let start = try #require(document.firstIndex(of: "```vector " + name))
        lines = document[(start + 1)...].prefix { $0 != "```" }.map { line in
            let parts = line.components(separatedBy: " = ")
            return (parts[0], parts[1])
        }
    }

    private static func document(beside file: String = #filePath) throws -> [String] {
        let url = URL(filePath: file).deletingLastPathComponent().appending(path: "../../Protocol.md")
        return try String(contentsOf: url.standardizedFileURL, encoding: .utf8).components(separatedBy: "\n")
    }

    func all(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }

    func bytes(_ key: String) throws -> [UInt8] { try Self.bytes(hex: #require(all(key).first, "\(key)")) }

    /// A message or record that stands with its length, without it.
    func sealed(_ key: String) throws -> [UInt8] { try Self.unframed(bytes(key)) }

    /// The records that one side sends, by number.
    func records(from side: String) throws -> [(number: UInt64, sealed: [UInt8])] {
        try all("from-" + side).map { line in
            let words = line.split(separator: " ")
            return (try #require(UInt64(words[0])), try Self.unframed(Self.bytes(hex: String(words[1]))))
        }
    }

    private static func unframed(_ bytes: [UInt8]) throws -> [UInt8] {
        try #require(Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2)
        return Array(bytes.dropFirst(2))
    }

    static func bytes(hex: String) throws -> [UInt8] {
        let digits = Array(hex.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }

    /// What record number N of the vectors holds.
    static func plain(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}

func promise(_ name: String, _ count: Int) { print("promise: \(name) count=\(count)") }

/// Secret keys of the tests.
enum Keys {
    static let client = [UInt8](repeating: 0x11, count: 32)
    static let server = [UInt8](repeating: 0x22, count: 32)
    static let other = [UInt8](repeating: 0x33, count: 32)
}
