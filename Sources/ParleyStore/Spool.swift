internal import Foundation

/// Bytes put by on the disk, under no name: they are gone with the process, however it ends.
package final class Spool {
    private let handle: FileHandle
    private var pending: [UInt8] = []
    private static let piece = 64 * 1024

    package init() throws {
        let folder = NSTemporaryDirectory()
        var template = Array((folder + "parley-" + String(repeating: "X", count: 6)).utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw StoreError(.cannotOpen, path: folder, cause: "no temporary file can be made")
        }
        unlink(template)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    package func append(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= Self.piece { try flush() }
    }

    private func flush() throws {
        do { try handle.write(contentsOf: pending) } catch {
            throw StoreError(.diskFull, path: NSTemporaryDirectory(), cause: "\(error)")
        }
        pending.removeAll(keepingCapacity: true)
    }

    package func forEachPiece(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        try flush()
        try handle.seek(toOffset: 0)
        while let data = try handle.read(upToCount: Self.piece), !data.isEmpty {
            try body([UInt8](data)[...])
        }
    }
}
