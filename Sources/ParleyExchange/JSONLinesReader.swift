package import ParleyCore

/// JSON Lines, one record a line:
///
///     {"fields":{"due":"2026-12-31","tags:moscow":true,"title":".."},"id":"J-3KQ7..","kind":"judgment"}
///
/// Instead of `id` a line may have `key` or `keys` (`system:native-id`), and a `label` by which other lines
/// refer to it; with none of these it is a new record. `""` means that nothing was given, unless the record
/// is named by its id, as exports do: there it is the empty text.
///
/// Bytes go in as they come; nothing but an unfinished line is kept.
package struct JSONLinesReader {
    private var parser: JSONLineParser
    private var lines = LineFeed()

    /// - Parameter me: the analyst under whose key a bare `stance` is written; without one it is refused.
    package init(schema: Schema = .assessments, me: String? = nil) {
        parser = JSONLineParser(schema: schema, me: me)
    }

    package mutating func feed(
        _ chunk: ArraySlice<UInt8>, into sink: (Result<RecordDraft, DraftFault>) -> Void
    ) {
        lines.feed(chunk, to: &parser, sink)
    }

    /// Reads the last line, if it does not end in a line break.
    package mutating func finish(into sink: (Result<RecordDraft, DraftFault>) -> Void) {
        lines.finish(&parser, sink)
    }
}

/// Cuts chunks into lines and hands each on where it lies.
private struct LineFeed {
    /// Bytes of one line at most: the largest changeset body and room for its escapes.
    static let longestLine = 4 * 1024 * 1024
    private static let kept = 1024

    private var pending: [UInt8] = []
    private var number = 1
    private var isTooLong = false

    mutating func feed(
        _ chunk: ArraySlice<UInt8>, to parser: inout JSONLineParser,
        _ sink: (Result<RecordDraft, DraftFault>) -> Void
    ) {
        chunk.withUnsafeBufferPointer { bytes in
            var start = 0
            while let end = bytes[start...].firstIndex(of: 0x0A) {
                let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
                if pending.isEmpty, !isTooLong {
                    end - start > Self.longestLine ? keep(line[...]) : parser.read(line, number, sink)
                }
                if !pending.isEmpty || isTooLong {
                    keep(line[...])
                    finish(&parser, sink)
                }
                number += 1
                start = end + 1
            }
            keep(bytes[start...])
        }
    }

    private mutating func keep(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        if pending.count + bytes.count > Self.longestLine { isTooLong = true }
        let room = isTooLong ? max(0, Self.kept - pending.count) : bytes.count
        pending.append(contentsOf: bytes.prefix(room))
        if isTooLong { pending.removeLast(max(0, pending.count - Self.kept)) }
    }

    mutating func finish(_ parser: inout JSONLineParser, _ sink: (Result<RecordDraft, DraftFault>) -> Void) {
        let line = pending
        pending.removeAll(keepingCapacity: true)
        guard !isTooLong else {
            isTooLong = false
            let reason = "the line is longer than \(Self.longestLine / 1_048_576) MiB"
            return sink(.failure(DraftFault(line: number, reason: reason, raw: line)))
        }
        line.withUnsafeBufferPointer { parser.read($0, number, sink) }
    }
}
