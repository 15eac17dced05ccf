import Glibc

/// Owns one file descriptor, nonblocking, and closes it exactly once: when the last reference goes.
/// The two streams of a socket share one `Descriptor`.
package final class Descriptor {
    package let number: Int32
    let isSocket: Bool
    /// True if the flag `O_NONBLOCK` was set by us on something that others use too.
    private let restoresBlocking: Bool

    /// Takes over a descriptor that nobody else will close.
    package init(adopting number: Int32) {
        _ = brokenPipesAreErrors
        self.number = number
        isSocket = Self.isSocket(number)
        _ = Self.setBlocking(number, false)
        restoresBlocking = false
    }

    /// Takes over a descriptor that a child process will use, and which blocks as the child expects.
    init(lending number: Int32) {
        self.number = number
        (isSocket, restoresBlocking) = (false, false)
    }

    /// Makes a descriptor of our own for what another descriptor refers to, such as this process's
    /// standard input. `O_NONBLOCK` belongs to the open file, which the user's shell shares with us: if we
    /// had to set it, it is cleared again at the end.
    package init(sharing other: Int32) throws(TransportError) {
        _ = brokenPipesAreErrors
        number = fcntl(other, F_DUPFD_CLOEXEC, 3)
        isSocket = Self.isSocket(number)
        restoresBlocking = number >= 0 && Self.setBlocking(number, false)
        if number < 0 { throw TransportError(errno, call: "dup", place: "descriptor \(other)") }
    }

    deinit {
        if restoresBlocking { _ = Self.setBlocking(number, true) }
        if number >= 0 { close(number) }
    }

    /// Tells the peer of a socket that no more bytes will come; a pipe says so by being closed.
    func shutdownOutput() {
        if isSocket { shutdown(number, Int32(SHUT_WR)) }
    }

    /// True if that changed anything.
    private static func setBlocking(_ number: Int32, _ blocking: Bool) -> Bool {
        let flags = fcntl(number, F_GETFL)
        let wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK
        return flags >= 0 && flags != wanted && fcntl(number, F_SETFL, wanted) == 0
    }

    private static func isSocket(_ number: Int32) -> Bool {
        var status = stat()
        return fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// A write to a pipe whose reader has gone must be an error, not the end of the process. Sockets have
/// `MSG_NOSIGNAL`, pipes have nothing of the kind, so the signal is ignored, once, for the whole process.
let brokenPipesAreErrors: Bool = {
    signal(SIGPIPE, SIG_IGN)
    return true
}()

/// Repeats a system call that a signal interrupted.
package func retrying<N: SignedInteger>(_ call: () -> N) -> N {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
