import Foundation
import ParleyProtocol
import ParleyStore
import ParleyTransport

/// A file or standard input, read in pieces.
final class ByteSource {
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

    /// `feed.csv.refused2` holds rows of `feed.csv`.
    var isRefused: Bool { original != path }
    private var original: String {
        let end = path.firstMatch(of: /(.)\.refused[0-9]*$/)
        return end.map { String(path[..<$0.range.lowerBound]) + $0.1 } ?? path
    }

    /// The path and the name of the file that the source's rows come from first.
    var originalPath: String { isStandardInput ? path : original }
    var originalName: String { isStandardInput ? name : (original as NSString).lastPathComponent }

    /// What the name's ending says of the format.
    var ending: String { isStandardInput ? "" : (original as NSString).pathExtension.lowercased() }

    /// What is still to be read, piece by piece, on whatever thread.
    struct Pieces: Sendable {
        fileprivate let handle: FileHandle
        fileprivate let name: String

        /// The next bytes; nil at the end. (`FileHandle` itself reads 4 KiB at a time.)
        func next() throws -> [UInt8]? { try piece { read($0, $1, $2) } }

        /// Those that lie at a place of a regular file.
        fileprivate func next(at place: Int) throws -> [UInt8]? { try piece { pread($0, $1, $2, place) } }

        private func piece(_ read: (Int32, UnsafeMutableRawPointer?, Int) -> Int) throws -> [UInt8]? {
            var failure: Int32?
            let bytes = [UInt8](unsafeUninitializedCapacity: ByteSource.piece) { buffer, count in
                let got = retrying { read(handle.fileDescriptor, buffer.baseAddress, buffer.count) }
                if got < 0 { failure = errno }
                count = max(got, 0)
            }
            if let failure {
                let cause = String(cString: strerror(failure))
                throw CommandFailure(.failed, "file", "\(name) cannot be read: \(cause).")
            }
            return bytes.isEmpty ? nil : bytes
        }
    }

    var pieces: Pieces { Pieces(handle: handle, name: name) }

    func forEachPiece(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let pieces = pieces
        while let bytes = try pieces.next() { try body(bytes[...]) }
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

    /// Bytes of a regular file; nil for streams.
    var size: Int? {
        var info = stat()
        guard fstat(handle.fileDescriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(info.st_size)
    }

    /// The first bytes of a regular file, which is then read from its beginning; none of a stream.
    func beginning() throws -> [UInt8] {
        guard size != nil else { return [] }
        let bytes = [UInt8](try handle.read(upToCount: 4096) ?? Data())
        try handle.seek(toOffset: 0)
        return bytes
    }

    /// SHA-256 of a regular file, made while it is read; nil for streams.
    var digest: Beside<[UInt8]>? {
        guard size != nil else { return nil }
        let pieces = pieces
        return Beside {
            var (digest, place) = (ContentDigest(), 0)
            while let bytes = try pieces.next(at: place) {
                digest.update(bytes)
                place += bytes.count
            }
            return digest.bytes
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
