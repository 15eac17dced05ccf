import Foundation
import Glibc

/// Bytes put by on the disk, under no name: they are gone with the process, however it ends.
final class Spool {
    private let handle: FileHandle
    private var pending: [UInt8] = []
    private static let piece = 64 * 1024

    init() throws {
        var template = Array((NSTemporaryDirectory() + "parley-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw CommandFailure(
                .store, "temporary", "No temporary file can be made in \(NSTemporaryDirectory()).",
                hint: "make room there, or set TMPDIR")
        }
        unlink(template)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func append(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= Self.piece { try flush() }
    }

    private func flush() throws {
        try handle.write(contentsOf: pending)
        pending.removeAll(keepingCapacity: true)
    }

    func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        try flush()
        try handle.seek(toOffset: 0)
        while let data = try handle.read(upToCount: Self.piece), !data.isEmpty { try body([UInt8](data)) }
    }
}
