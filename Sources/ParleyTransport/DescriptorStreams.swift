package import Foundation
import Glibc

/// Reads from a nonblocking descriptor. It is open from the start.
///
/// `read` answers
/// - a positive count: that many bytes;
/// - 0: end of file, and `streamStatus` is `.atEnd`;
/// - -1 while `streamStatus` stays `.open` and `streamError` is nil: **would block**; wait for readiness;
/// - -1 otherwise: broken (`.error`, `streamError` is a ``TransportError``) or closed (`.closed`).
///
/// ``Foundation/InputStream/transfer(into:)`` turns this into a value. `hasBytesAvailable` asks the kernel.
package final class DescriptorInputStream: InputStream {
    private var descriptor: Descriptor?
    private var status = Stream.Status.open
    private var failure: TransportError?

    package init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
        super.init(data: Data())
    }

    override package func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength length: Int) -> Int {
        guard let descriptor, status == .open else { return status == .atEnd ? 0 : -1 }
        guard length > 0 else { return -1 }
        let count = retrying { Glibc.read(descriptor.number, buffer, length) }
        if count < 0 && errno != EAGAIN { fail(errno) }
        if count == 0 { status = .atEnd }
        return count
    }

    override package var hasBytesAvailable: Bool {
        guard let descriptor, status == .open else { return false }
        var request = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 0) > 0
    }

    override package func getBuffer(
        _ buffer: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, length: UnsafeMutablePointer<Int>
    ) -> Bool { false }

    override package var streamStatus: Stream.Status { status }
    override package var streamError: (any Error)? { failure }
    override package func open() {}

    /// Lets go of the descriptor, which closes it unless the output stream of the socket still holds it.
    override package func close() {
        status = .closed
        descriptor = nil
    }

    private func fail(_ number: Int32) {
        failure = TransportError(number, call: "read")
        status = .error
    }
}

/// Writes to a nonblocking descriptor. It is open from the start.
///
/// `write` answers how many bytes the kernel took, perhaps fewer than offered; -1 while `streamStatus`
/// stays `.open` and `streamError` is nil for **would block** (`hasSpaceAvailable` is then false until
/// the next write); -1 otherwise, as for ``DescriptorInputStream``.
package final class DescriptorOutputStream: OutputStream {
    private var descriptor: Descriptor?
    private var status = Stream.Status.open
    private var failure: TransportError?
    private var isBlocked = false

    package init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
        super.init(toMemory: ())
    }

    /// Foundation demands this initializer of every subclass; such a stream has no descriptor and is closed.
    package required init(toMemory: ()) {
        status = .closed
        super.init(toMemory: ())
    }

    override package func write(_ buffer: UnsafePointer<UInt8>, maxLength length: Int) -> Int {
        guard let descriptor, status == .open else { return -1 }
        isBlocked = false
        guard length > 0 else { return 0 }
        let count = retrying {
            descriptor.isSocket
                ? send(descriptor.number, buffer, length, Int32(MSG_NOSIGNAL))
                : Glibc.write(descriptor.number, buffer, length)
        }
        if count < 0 { explain(errno) }
        return count
    }

    override package var hasSpaceAvailable: Bool { status == .open && !isBlocked }
    override package var streamStatus: Stream.Status { status }
    override package var streamError: (any Error)? { failure }
    override package func open() {}

    /// Ends the output: the peer reads end of file, while a socket's input stream stays usable.
    override package func close() {
        status = .closed
        descriptor?.shutdownOutput()
        descriptor = nil
    }

    private func explain(_ number: Int32) {
        if number == EAGAIN {
            isBlocked = true
        } else {
            failure = TransportError(number, call: "write")
            status = .error
        }
    }
}
