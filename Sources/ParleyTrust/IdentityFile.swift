import Glibc
package import ParleyCore

/// The one file that holds a secret: the seed of a device (`identity`, beside the workspace) or of a server
/// (`server-identity`), readable by its owner alone. Two lines:
///
///     parley identity 1
///     <58 characters of Crockford base 32: the seed and the first 4 bytes of its checksum>
package enum IdentityFile {
    package enum Kind: Sendable, CaseIterable {
        case device
        /// What a device is about to become.
        case next
        case server
        /// What a server has announced to become.
        case nextServer

        /// The name of the file in its folder.
        package var fileName: String {
            switch self {
            case .device: "identity"
            case .next: "identity.next"
            case .server: "server-identity"
            case .nextServer: "server-identity.next"
            }
        }

        /// The word in the file's first line: a prepared file becomes a device's by its name alone.
        var word: String {
            switch self {
            case .device, .next: "identity"
            case .server, .nextServer: "server-identity"
            }
        }
    }

    static let version = 1
    static let longest = 256

    /// Writes a new identity file and returns only once it is durable. An existing file is left as it is.
    package static func create(
        _ kind: Kind, inFolder folder: String, seed: Secret
    ) throws(TrustError) -> Identity {
        let identity = try Identity(seed: seed)
        let path = folder + "/" + kind.fileName
        let file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o600)
        do throws(TrustError) {
            try file.makePrivate()
            try file.write(Array(text(kind, seed).utf8))
            try file.synchronize()
        } catch {
            unlink(path)
            throw error
        }
        try OpenFile(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC).synchronize()
        return identity
    }

    /// Reads an identity file that nobody else may read or write.
    package static func read(_ kind: Kind, inFolder folder: String) throws(TrustError) -> Identity {
        let path = folder + "/" + kind.fileName
        let file = try OpenFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        try file.expectPrivate()
        let bytes = try file.read(atMost: longest)
        return try Identity(seed: try parse(bytes, kind, path))
    }

    // MARK: A device takes a fresh identity

    /// Writes the seed of the identity that a device is about to take, beside the one it has, and returns
    /// only once it is durable. A leftover that was never taken gives way.
    package static func prepareNext(inFolder folder: String, seed: Secret) throws(TrustError) -> Identity {
        unlink(folder + "/" + Kind.next.fileName)
        return try create(.next, inFolder: folder, seed: seed)
    }

    /// The identity of a device that its workspace's file says it has: the prepared one if that is it, else
    /// the usual one. So a change of identity takes effect with the transaction that writes it down.
    package static func read(
        _ device: DeviceID?, inFolder folder: String
    ) throws(TrustError) -> (identity: Identity, isPrepared: Bool) {
        if let device, let next = try? read(.next, inFolder: folder), next.device == device {
            return (next, true)
        }
        return (try read(.device, inFolder: folder), false)
    }

    /// Lets the prepared identity take the place of the one it follows.
    package static func takeNext(inFolder folder: String) throws(TrustError) {
        try rename(.next, to: .device, inFolder: folder)
    }

    // MARK: A server takes a fresh identity

    /// Lets the announced identity take the place of the server's.
    package static func takeNextServer(inFolder folder: String) throws(TrustError) {
        try rename(.nextServer, to: .server, inFolder: folder)
    }

    private static func rename(
        _ from: Kind, to kind: Kind, inFolder folder: String
    ) throws(TrustError) {
        let path = folder + "/" + from.fileName
        guard Glibc.rename(path, folder + "/" + kind.fileName) == 0 else {
            throw TrustError(.fileFailed, at: path, cause: .system(errno))
        }
        try OpenFile(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC).synchronize()
    }

    static func text(_ kind: Kind, _ seed: Secret) -> String {
        "parley \(kind.word) \(version)\n" + Crockford.encode(seed.bytes + check(seed)) + "\n"
    }

    private static func check(_ seed: Secret) -> [UInt8] {
        Array(Label.identityCheck.hash(seed.bytes).prefix(4))
    }

    private static func parse(_ bytes: [UInt8], _ kind: Kind, _ path: String) throws(TrustError) -> Secret {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let head = lines.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let words = head.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "parley", words[1] == kind.word, let number = UInt16(words[2])
        else { throw TrustError(.identityDamaged, at: path) }
        guard number <= version else { throw TrustError(.identityTooNew, at: path) }
        guard lines.count == 3, let decoded = Crockford.decode(String(decoding: lines[1], as: UTF8.self))
        else {
            throw TrustError(.identityDamaged, at: path)
        }
        let seed = Secret(Array(decoded.prefix(32)))
        guard Array(text(kind, seed).utf8) == bytes else { throw TrustError(.identityDamaged, at: path) }
        return seed
    }
}

/// An open file that closes itself.
private struct OpenFile: ~Copyable {
    let path: String
    let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(TrustError) {
        self.path = path
        descriptor = open(path, flags, mode)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func failure(_ path: String, _ number: Int32) -> TrustError {
        let code: TrustError.Code =
            switch number {
            case ENOENT: .identityMissing
            case EEXIST: .identityExists
            default: .fileFailed
            }
        return TrustError(code, at: path, cause: .system(number))
    }

    private var failure: TrustError { TrustError(.fileFailed, at: path, cause: .system(errno)) }

    borrowing func makePrivate() throws(TrustError) {
        guard fchmod(descriptor, 0o600) == 0 else { throw failure }
    }

    borrowing func expectPrivate() throws(TrustError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TrustError(.identityDamaged, at: path) }
        guard status.st_mode & 0o077 == 0 else { throw TrustError(.identityExposed, at: path) }
    }

    borrowing func write(_ bytes: [UInt8]) throws(TrustError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure }
            done += count
        }
    }

    borrowing func read(atMost limit: Int) throws(TrustError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var done = 0
        while done < limit {
            let count = bytes[done...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure }
            if count == 0 { break }
            done += count
        }
        return Array(bytes.prefix(done))
    }

    borrowing func synchronize() throws(TrustError) {
        guard fsync(descriptor) == 0 else { throw failure }
    }
}
