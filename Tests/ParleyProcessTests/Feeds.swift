import Foundation

/// Records as a script would make them, each with a key of its own.
enum Feed {
    /// JSON Lines: `count` judgments with the keys `NAME:0000`..
    static func judgments(_ name: String, _ count: Int, title: String = "Question") -> String {
        (0..<count).map { number in
            judgment("\(name):\(padded(number))", "\(title) \(name) \(padded(number))", confidence: "low")
        }.joined()
    }

    static func judgment(_ key: String, _ title: String, confidence: String? = nil) -> String {
        let confidence = confidence.map { #""confidence":"\#($0)","# } ?? ""
        return #"{"fields":{\#(confidence)"title":"\#(title)"},"key":"\#(key)","kind":"judgment"}"# + "\n"
    }

    static func keys(_ name: String, _ count: Int) -> Set<String> {
        Set((0..<count).map { "\(name):\(padded($0))" })
    }

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)"
    }
}

extension Outcome {
    /// The keys of the exported records, each as often as it occurs.
    var keyCounts: [String: Int] {
        var counts: [String: Int] = [:]
        for line in lines {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            for name in (object?["fields"] as? [String: Any] ?? [:]).keys where name.hasPrefix("keys:") {
                counts[String(name.dropFirst(5)), default: 0] += 1
            }
        }
        return counts
    }

    var keys: Set<String> { Set(keyCounts.keys) }
}

extension Home {
    /// Imports JSON Lines from a pipe.
    @discardableResult
    func importLines(_ text: String, source: String, _ options: String...) throws -> Outcome {
        try run(
            ["import", "-", "--format", "jsonl", "--source", source] + options, input: [UInt8](text.utf8))
    }

    /// The id of the record that has this key.
    func id(ofKey key: String) throws -> String {
        guard let found = try records().first(where: { $0.value["keys:\(key)"] != nil }) else {
            throw Trouble("no record has the key \(key)")
        }
        return found.key
    }
}
