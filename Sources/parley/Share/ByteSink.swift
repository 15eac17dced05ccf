import Foundation
import ParleyTerminal

/// Standard output, or a file that appears whole or not at all.
final class ByteSink {
    private let console: Console
    private let path: String?
    private let handle: FileHandle?
    private var temporary: String { (path ?? "") + ".part" }

    init(_ path: String, _ console: Console) throws {
        self.console = console
        self.path = path == "-" ? nil : path
        guard path != "-" else {
            handle = nil
            return
        }
        guard FileManager.default.createFile(atPath: path + ".part", contents: nil),
            let file = FileHandle(forWritingAtPath: path + ".part")
        else { throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be written.") }
        handle = file
    }

    func write(_ bytes: [UInt8]) throws {
        guard let handle else {
            return try console.out.write(console.out.isTerminal ? Self.harmless(bytes) : bytes)
        }
        do { try handle.write(contentsOf: bytes) } catch { throw failure(error) }
    }

    private func failure(_ error: any Error) -> CommandFailure {
        CommandFailure(
            .store, "disk", "\(path ?? "") could not be written: \(error.localizedDescription)",
            hint: "make room and export again, or name another place: -o FILE")
    }

    /// A terminal would obey what stands in somebody's text; only files and pipes get the exact bytes.
    private static func harmless(_ bytes: [UInt8]) -> [UInt8] {
        Array(visibleBlock(String(decoding: bytes, as: UTF8.self)).utf8)
    }

    /// Nothing half written stays behind.
    func abandon() {
        guard let handle else { return }
        try? handle.close()
        unlink(temporary)
    }

    func finish() throws {
        guard let handle, let path else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch { throw failure(error) }
        guard rename(temporary, path) == 0 else {
            throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be written.")
        }
    }
}
