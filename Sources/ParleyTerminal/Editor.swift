import Glibc

/// A text that a person changes in the editor of their choice.
package enum Editor {
    package enum Outcome: Equatable, Sendable {
        case changed(String)
        /// Left as it was: a cancellation.
        case unchanged
        /// Nothing but space is left: a cancellation too.
        case emptied
        /// The editor ended with this status, so what is in the file was perhaps not meant.
        case failed(Int32)
        /// What was left is not UTF-8; this line is the first that is not.
        case notUTF8(line: Int)
    }

    /// PARLEY_EDITOR, then VISUAL, then EDITOR, then vi.
    package static func command(environment: [String: String]) -> String {
        chosen(environment: environment) ?? "vi"
    }

    /// nil where the environment names none.
    package static func chosen(environment: [String: String]) -> String? {
        ["PARLEY_EDITOR", "VISUAL", "EDITOR"].compactMap { environment[$0] }
            .first { !$0.trimmingSpace.isEmpty }
    }

    /// Opens `text` in a file of mode 0600 at `path` (its folder exists) and returns what has become of it.
    /// The file stays, so that a crash loses nothing; the caller removes it.
    package static func edit(_ text: String, at path: String, by command: String) throws(SinkError) -> Outcome
    {
        try write(text, to: path)
        let status = try Child(script: "\(command) \"$1\"", arguments: [path]).wait()
        guard status == 0 else { return .failed(status) }
        let bytes = try read(path)
        guard let edited = String(validating: bytes, as: UTF8.self) else {
            return .notUTF8(line: firstBadLine(bytes))
        }
        if edited == text { return .unchanged }
        return edited.allSatisfy(\.isWhitespace) ? .emptied : .changed(edited)
    }

    private static func write(_ text: String, to path: String) throws(SinkError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .failed(errno) }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw .failed(errno) }
        try Sink.writeAll(Array(text.utf8), to: file)
    }

    private static func read(_ path: String) throws(SinkError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .failed(errno) }
        defer { close(file) }
        return try readAll(file, atMost: 16 * 1024 * 1024)
    }

    private static func firstBadLine(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }

    /// Everything up to the end of a file or a pipe.
    package static func readAll(_ descriptor: Int32, atMost limit: Int) throws(SinkError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .failed(errno) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw .failed(EFBIG) }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
