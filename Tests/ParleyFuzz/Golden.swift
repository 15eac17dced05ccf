import Foundation

/// The vectors of Protocol.md and the files of Examples, as inputs to begin with.
enum Golden {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL

    /// The bytes of the vectors whose name begins so, bad ones included.
    static func vectors(_ prefix: String, key: String = "bytes") throws -> [[UInt8]] {
        try lines(prefix, key: key).compactMap(bytes)
    }

    /// The values of a key in those vectors, as they stand.
    static func lines(_ prefix: String, key: String) throws -> [String] {
        let text = try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8)
        var isWanted = false
        var values: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { isWanted = line.hasPrefix("```vector \(prefix)") }
            if isWanted, line.hasPrefix(key + " = ") { values.append(String(line.dropFirst(key.count + 3))) }
        }
        return values
    }

    static func example(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: "Examples/" + name)))
    }

    static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return bytes.count * 2 == digits.count ? bytes : nil
    }
}
