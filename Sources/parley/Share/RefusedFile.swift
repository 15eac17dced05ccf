import Foundation
import Glibc
import ParleyClient
import ParleyCore
import ParleyExchange

/// The refused rows of one file, in a file that the same reader reads. It is whole after each flush, so that
/// a run that is killed leaves what it has refused.
final class RefusedFile {
    let path: String
    private let frame: RowFrame
    private var handle: FileHandle?
    private var pending: [UInt8] = []
    private var count = 0
    /// Where what stands behind the rows begins.
    private var end: UInt64 = 0
    private var hasFailed = false
    /// Lines of rows that stand here: an element is refused once, however many of its records are.
    private var lines = LineSet()
    private var items: [[UInt8]] = []

    /// - Parameter path: where nothing lies under this name; else the next free one of `path`2, `path`3..
    init(at path: String, _ frame: RowFrame) {
        var (free, number) = (path, 1)
        var descriptor = open(free, O_CREAT | O_EXCL | O_WRONLY, 0o644)
        while descriptor < 0, errno == EEXIST {
            number += 1
            free = path + String(number)
            descriptor = open(free, O_CREAT | O_EXCL | O_WRONLY, 0o644)
        }
        (self.path, self.frame) = (free, frame)
        hasFailed = descriptor < 0
        if descriptor >= 0 { handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true) }
        if !frame.isMarkdown { pending = frame.head }
    }

    func add(_ finding: ImportFinding) {
        guard lines.insert(finding.line) else { return }
        if frame.isMarkdown { return items.append(finding.raw) }
        pending += frame.row(finding.raw, because: finding.reason, isFirst: count == 0)
        count += 1
    }

    func flush() {
        guard !frame.isMarkdown, !pending.isEmpty else { return }
        write(at: end, pending + frame.tail)
        end += UInt64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }

    /// - Parameter record: the one that a row has called by a label, as the items of a Markdown file refer to each
    ///   other and to their assessment.
    func close(_ record: (String) throws -> RecordName?) rethrows {
        guard frame.isMarkdown else { return flush() }
        let id = try record(MarkdownReader.assessmentLabel).map { "id: \($0.fullAddress)\n" } ?? ""
        write(at: 0, Array("---\n\(id)".utf8) + frame.head + Array("---\n\n".utf8) + (try sections(record)))
    }

    /// Each item has its section's heading, which stands once above the items of a section.
    private func sections(_ record: (String) throws -> RecordName?) rethrows -> [UInt8] {
        var bytes: [UInt8] = []
        var last: ArraySlice<UInt8> = []
        var seen: Set<[UInt8]> = []
        for item in items where seen.insert(item).inserted {
            let heading = item.prefix { $0 != 0x0A }
            let whole = try MarkdownReader.identified(item) { try record($0)?.fullAddress }
            bytes += (heading == last ? Array(whole.dropFirst(heading.count + 2)) : whole) + [0x0A, 0x0A]
            last = heading
        }
        return bytes
    }

    private func write(at offset: UInt64, _ bytes: [UInt8]) {
        guard !hasFailed else { return }
        do {
            try handle?.seek(toOffset: offset)
            try handle?.write(contentsOf: bytes)
        } catch { hasFailed = true }
    }

    func check() throws {
        guard hasFailed else { return }
        throw CommandFailure(.partly, "refused-file", "The refused rows cannot be written to \(path).")
    }
}

/// Line numbers, a bit each.
private struct LineSet {
    private var words: [UInt64] = []

    /// - Returns: whether it was not there yet.
    mutating func insert(_ line: Int) -> Bool {
        let (word, bit) = (max(0, line) / 64, UInt64(1) << UInt64(max(0, line) % 64))
        if word >= words.count { words += [UInt64](repeating: 0, count: word + 1 - words.count) }
        defer { words[word] |= bit }
        return words[word] & bit == 0
    }
}
