internal import Foundation

/// What a folder's files hold at one moment: a template, a backup, or what a machine finds on its disk
/// after its process was killed (the kernel keeps what was written, whether or not it was synced).
struct FolderImage: Sendable {
    private var files: [(path: String, bytes: [UInt8])] = []

    /// SQLite makes its shared memory anew; a lock belongs to a process.
    private static func isTransient(_ path: String) -> Bool {
        path.hasSuffix("-shm") || path.hasSuffix(".lock")
    }

    init(of folder: String) throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        for name in names where !Self.isTransient(name) {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
            if exists, !isFolder.boolValue { files.append((name, try RawFile.read(folder + "/" + name))) }
        }
    }

    func write(to folder: String) throws {
        mkdir(folder, 0o700)
        for (path, bytes) in files {
            if let slash = path.lastIndex(of: "/") { mkdir(folder + "/" + path[..<slash], 0o700) }
            try RawFile.write(bytes, to: folder + "/" + path)
        }
    }
}

/// Files as bytes, without Foundation's detours: thousands are written a second.
enum RawFile {
    static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw Failure("disk", "cannot open \(path)") }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = pread(file, buffer.baseAddress, size, 0)
            guard count == size else { throw Failure("disk", "cannot read \(path)") }
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw Failure("disk", "cannot create \(path)") }
        defer { close(file) }
        guard Foundation.write(file, bytes, bytes.count) == bytes.count else {
            throw Failure("disk", "cannot write \(path)")
        }
    }
}
