import CLinux
import Glibc

/// Accepts TCP connections on one address. The loop keeps it alive until `close`.
package final class Listener {
    /// Where it listens, with the real port if port 0 was asked for.
    package let address: SocketAddress
    /// Somebody came. Dropping the streams closes the connection.
    package var onAccept: (_ streams: StreamPair, _ peer: SocketAddress) -> Void = { _, _ in }
    /// Accepting failed, most often for want of descriptors; it goes on after a pause. For the log.
    package var onTrouble: (TransportError) -> Void = { _ in }

    /// Few, so that those accepted in one turn are read from in the next before many more come in.
    private static let acceptedPerTurn = 16
    private static let pause = Duration.milliseconds(100)

    private weak var loop: ReadinessLoop?
    private let descriptor: Descriptor
    private let watch: Watch
    private var retry: LoopTimer?

    /// Binds the first address of the endpoint that can be bound, and listens.
    package init(
        on loop: ReadinessLoop, at endpoint: Endpoint, backlog: Int32 = 512
    ) throws(TransportError) {
        let candidates = try SocketAddress.resolve(endpoint, flags: AI_PASSIVE)
        descriptor = try Self.bound(to: candidates, backlog)
        address = try Self.localAddress(of: descriptor)
        self.loop = loop
        watch = loop.watch(descriptor.number)
        watch.onReadable = { self.acceptAll() }
        watch.interest = .read
    }

    /// Stops listening; connections already accepted live on.
    package func close() {
        retry?.cancel()
        watch.cancel()
        shutdown(descriptor.number, Int32(SHUT_RDWR))
        (onAccept, onTrouble) = ({ _, _ in }, { _ in })
    }

    private func acceptAll() {
        for _ in 0..<Self.acceptedPerTurn where watch.interest.contains(.read) {
            let (socket, peer) = SocketAddress.filled { pointer, length in
                accept4(
                    descriptor.number, pointer, &length, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
                )
            }
            let number = errno
            if socket >= 0, let peer {
                take(Descriptor(adopting: socket), from: peer)
            } else if socket < 0, !survive(number) {
                return
            }
        }
    }

    private func take(_ socket: Descriptor, from peer: SocketAddress) {
        socket.sendAtOnce()
        onAccept(StreamPair(socket: socket), peer)
    }

    /// True if the next connection may be better. Without descriptors, none is: the callers wait in the
    /// backlog, and a level-triggered loop would spin on them, so we look away for a while.
    private func survive(_ number: Int32) -> Bool {
        switch number {
        case EAGAIN: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            watch.interest = []
            retry = loop?.after(Self.pause) { self.watch.interest = .read }
            onTrouble(TransportError(number, call: "accept", place: address.description))
            return false
        default: return true
        }
    }
}

extension Listener {
    private static func bound(
        to candidates: [SocketAddress], _ backlog: Int32
    ) throws(TransportError) -> Descriptor {
        var failure: TransportError?
        for candidate in candidates {
            do throws(TransportError) { return try listening(at: candidate, backlog) } catch {
                failure = failure ?? error
            }
        }
        throw failure ?? TransportError(EADDRNOTAVAIL, call: "bind")
    }

    private static func listening(
        at address: SocketAddress, _ backlog: Int32
    ) throws(TransportError) -> Descriptor {
        let socket = try Descriptor.socket(for: address)
        socket.set(SO_REUSEADDR, at: SOL_SOCKET)
        guard address.withPointer({ bind(socket.number, $0, $1) }) == 0,
            listen(socket.number, backlog) == 0
        else { throw TransportError(errno, call: "listen", place: address.description) }
        return socket
    }

    private static func localAddress(of socket: Descriptor) throws(TransportError) -> SocketAddress {
        let (_, address) = SocketAddress.filled { getsockname(socket.number, $0, &$1) }
        guard let address else { throw TransportError(errno, call: "getsockname") }
        return address
    }
}

extension Descriptor {
    /// A nonblocking stream socket, not passed on to children.
    static func socket(for address: SocketAddress) throws(TransportError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = Glibc.socket(address.family, kind, 0)
        guard number >= 0 else {
            throw TransportError(errno, call: "socket", place: address.description)
        }
        return Descriptor(adopting: number)
    }

    func set(_ option: Int32, at level: Int32) {
        var on: Int32 = 1
        setsockopt(number, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Small messages leave when written. We gather them ourselves, once per turn.
    func sendAtOnce() { set(TCP_NODELAY, at: Int32(IPPROTO_TCP)) }
}
