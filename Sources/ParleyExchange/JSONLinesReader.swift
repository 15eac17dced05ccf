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
