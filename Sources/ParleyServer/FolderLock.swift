internal import Glibc

/// An advisory lock on a file, held while this object lives and released by the kernel when the process
/// ends, however it ends.
final class FolderLock {
    private let descriptor: Int32

    /// - Parameter patience: milliseconds to wait for another holder.
    init(path: String, patience: Int) throws(ServerError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ServerError(code: .cannotLock, place: path, cause: Self.reason) }
        for remaining in stride(from: patience, through: 0, by: -Self.interval) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            if errno != EWOULDBLOCK || remaining < Self.interval { break }
            usleep(UInt32(Self.interval * 1000))
        }
        let isHeld = errno == EWOULDBLOCK
        let cause = Self.reason
        close(descriptor)
        throw ServerError(code: isHeld ? .alreadyServed : .cannotLock, place: path, cause: cause)
    }

    deinit { close(descriptor) }

    private static let interval = 50
    private static var reason: String { String(cString: strerror(errno)) }
}

/// What keeps a server from serving.
package struct ServerError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        /// Another server runs on this folder.
        case alreadyServed
        case cannotLock
        case cannotMakeFolder
    }

    package var code: Code
    package var place: String
    package var cause: String
}
