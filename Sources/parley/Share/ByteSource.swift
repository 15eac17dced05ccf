import Foundation
import ParleyProtocol

/// A file or standard input, read in pieces.
struct ByteSource {
    /// `-` is standard input.
    let path: String
    private let handle: FileHandle
    static let piece = 256 * 1024

    init(_ path: String) throws {
        self.path = path
        if path == "-" {
            handle = .standardInput
        } else if let file = FileHandle(forReadingAtPath: path), !Self.isFolder(path) {
            handle = file
        } else {
            throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be read.")
        }
    }

    var isStandardInput: Bool { path == "-" }

    /// The name to use in messages.
    var name: String { isStandardInput ? "standard input" : (path as NSString).lastPathComponent }

    /// What the name's ending says of the format.
    var ending: String { isStandardInput ? "" : (path as NSString).pathExtension.lowercased() }

    func forEachPiece(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        while let data = try handle.read(upToCount: Self.piece), !data.isEmpty {
            try body([UInt8](data)[...])
        }
    }

    func whole(atMost limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece { piece in
            bytes += piece
            guard bytes.count <= limit else {
                throw CommandFailure(
                    .failed, "too-large", "\(name) is larger than \(limit / 1024 / 1024) MiB.")
            }
        }
        return bytes
    }

    /// The first bytes of a regular file, which is then read from its beginning; none of a stream.
    func beginning() throws -> [UInt8] {
        guard isRegular() else { return [] }
        let bytes = [UInt8](try handle.read(upToCount: 4096) ?? Data())
        try handle.seek(toOffset: 0)
        return bytes
    }

    /// SHA-256 of a regular file, which is then read from its beginning; nil for streams.
    func digest() throws -> [UInt8]? {
        guard isRegular() else { return nil }
        var digest = ContentDigest()
        try forEachPiece { digest.update($0) }
        try handle.seek(toOffset: 0)
        return digest.bytes
    }

    private func isRegular() -> Bool {
        var info = stat()
        return fstat(handle.fileDescriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
