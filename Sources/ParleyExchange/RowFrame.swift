package import ParleyCore

/// How rows of a file stand by themselves in a file of their own that the same reader reads: what goes before,
/// between and behind them.
package struct RowFrame: Equatable, Sendable {
    /// Begins a line that says why the row behind it was refused. Readers of CSV and of JSON Lines pass over
    /// such lines where a row could begin.
    package static let reason: [UInt8] = Array("# refused: ".utf8)

    package var head: [UInt8] = []
    package var separator: [UInt8] = []
    package var tail: [UInt8] = []
    package var lineEnd: [UInt8] = [0x0A]
    /// Whether the reason may stand before each row.
    package var takesReasons = true
    /// Whether rows are items of a Markdown file, which hang on its assessment.
    package var isMarkdown = false

    /// Lines that each are a row.
    package static let lines = RowFrame()

    static func rows(under head: [UInt8], lineEnd: [UInt8]) -> RowFrame {
        RowFrame(head: head + lineEnd, lineEnd: lineEnd)
    }

    /// - Parameter exported: when the file was exported from a workspace.
    package static func markdown(exported: Instant?) -> RowFrame {
        var frame = RowFrame(takesReasons: false, isMarkdown: true)
        if let exported { frame.head = Array("\(FrontMatter.exported): \(exported.text)\n".utf8) }
        return frame
    }

    /// Objects of a STIX bundle.
    package static let bundle = document(
        ["objects"], [(["type"], .text("bundle")), (["id"], .text("bundle--" + noName))])
    private static let noName = "00000000-0000-4000-8000-000000000000"

    /// Elements of an array in a JSON document, with members that stand beside it.
    static func document(_ path: [String], _ members: [(path: [String], value: JSONTree)]) -> RowFrame {
        var head: [UInt8] = []
        for (depth, name) in path.enumerated() {
            head.append(UInt8(ascii: "{"))
            let others = members.filter { $0.path.starts(with: path[..<depth]) && $0.path[depth] != name }
            for member in others {
                let inner = member.path[depth...].reversed().reduce(member.value) { value, name in
                    .object([JSONMember(name: name, value: value)])
                }
                head += inner.json.dropFirst().dropLast() + Array(",".utf8)
            }
            head += JSONTree.text(name).json + Array(":".utf8)
        }
        return RowFrame(
            head: head + Array("[\n".utf8), separator: Array(",".utf8),
            tail: Array(("]" + String(repeating: "}", count: path.count) + "\n").utf8),
            takesReasons: false)
    }

    /// One row, with what belongs before it.
    package func row(_ raw: [UInt8], because reason: String, isFirst: Bool) -> [UInt8] {
        var bytes = isFirst ? [] : separator
        if takesReasons {
            let words = String(reason.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
            bytes += Self.reason + Array(words.utf8) + lineEnd
        }
        return bytes + raw + lineEnd
    }

    /// Whether a line says why the next row was refused, and is no row itself.
    static func isReason(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        line.count >= reason.count && line.first == reason.first && line.starts(with: reason)
    }
}
