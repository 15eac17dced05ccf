import Foundation
import Glibc

/// A connection that does not speak Parley; see `SecureConnection` for what can be said inside of the channel.
final class RawConnection {
    private var descriptor: Int32
    private(set) var received: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let status = withLoopback(port) { connect(descriptor, $0, $1) }
        guard status == 0 else {
            close()
            throw Trouble("cannot connect to \(port): \(errno)")
        }
    }

    fileprivate init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// - Returns: whether all was taken.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Takes so many bytes off the front of what comes.
    /// - Returns: nil where they have not come in time, or the other side has closed before.
    func take(_ count: Int, within limit: Duration) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while received.count < count {
            let left = deadline - ContinuousClock.now
            guard descriptor >= 0, left > .zero, isReadable(descriptor, within: left) else { return nil }
            let count = recv(descriptor, &piece, piece.count, 0)
            if count <= 0 { close() } else { received += piece[..<count] }
        }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// Passes on what both sides say until one of them ends.
    /// - Parameter change: may alter a piece; is told whose it is, and how much that side has said before.
    /// - Returns: all that went over the wire, as it was said.
    static func join(
        _ caller: RawConnection, _ server: RawConnection,
        change: (inout [UInt8], _ isCallers: Bool, _ before: Int) -> Void = { _, _, _ in }
    ) -> [UInt8] {
        var (heard, said): ([UInt8], [Int]) = ([], [0, 0])
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var watched = [caller, server].map {
                pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&watched, 2, 30_000) > 0 else { return heard }
            for (side, ends) in [(caller, server), (server, caller)].enumerated()
            where watched[side].revents != 0 {
                let count = recv(ends.0.descriptor, &piece, piece.count, 0)
                guard count > 0 else { return heard }
                var bytes = Array(piece[..<count])
                heard += bytes
                change(&bytes, side == 0, said[side])
                said[side] += count
                guard ends.1.send(bytes) else { return heard }
            }
        }
    }

    /// Reads until the other side closes.
    /// - Returns: whether it did in time.
    func isEnded(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while descriptor >= 0 {
            let left = deadline - ContinuousClock.now
            guard left > .zero, isReadable(descriptor, within: left) else { return false }
            let count = recv(descriptor, &piece, piece.count, 0)
            if count <= 0 { close() } else { received += piece[..<count] }
        }
        return true
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// A port on which somebody listens who is not a Parley server.
final class ForeignListener {
    let port: Int
    private let descriptor: Int32

    /// - Parameter port: 0 picks a free one.
    init(port: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var status = withLoopback(port) { bind(descriptor, $0, $1) }
        if status == 0 { status = listen(descriptor, 64) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutableBytes(of: &address) { bytes in
            getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        guard status == 0 else { throw Trouble("cannot listen: \(errno)") }
    }

    deinit { Glibc.close(descriptor) }

    /// The next who calls.
    func accept(within limit: Duration) throws -> RawConnection {
        guard isReadable(descriptor, within: limit) else { throw Trouble("nobody has called") }
        return RawConnection(adopting: Glibc.accept(descriptor, nil, nil))
    }
}

private func isReadable(_ descriptor: Int32, within limit: Duration) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    return poll(&watched, 1, Int32(min(milliseconds, 60_000) + 1)) > 0
}

private func withLoopback<R>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
}
