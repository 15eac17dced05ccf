import CLinux
import Glibc

/// What one waits for on a descriptor, and what became of it.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let read = Interest(rawValue: 1)
    package static let write = Interest(rawValue: 2)
}

/// The kernel's list of descriptors to watch: epoll, level triggered. All that the loop knows of it are the
/// three calls below, so that a variant on poll(2) could take its place.
///
/// A descriptor in which nobody is interested is taken off the list, because the kernel reports a
/// hang-up whether one asked or not, and would go on doing so.
struct Poller: ~Copyable {
    private let descriptor: Int32
    private var events = [epoll_event](repeating: epoll_event(), count: 512)

    init() throws(TransportError) {
        descriptor = epoll_create1(EPOLL_CLOEXEC)
        if descriptor < 0 { throw TransportError(errno, call: "epoll_create") }
    }

    deinit { close(descriptor) }

    /// False if the kernel cannot watch this descriptor: a regular file, most often.
    func change(_ target: Int32, from old: Interest, to new: Interest, token: UInt64) -> Bool {
        if old == new { return true }
        var event = epoll_event()
        event.events =
            (new.contains(.read) ? EPOLLIN : 0) | (new.contains(.write) ? EPOLLOUT : 0)
        event.data = token
        let operation = new.isEmpty ? EPOLL_CTL_DEL : old.isEmpty ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        return epoll_ctl(descriptor, operation, target, &event) == 0
    }

    /// Waits for as long as `timeout` (nil: for ever) and answers how many descriptors are ready.
    mutating func wait(_ timeout: Duration?) throws(TransportError) -> Int {
        let milliseconds = timeout.map(Self.milliseconds) ?? -1
        let count = epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
        if count < 0 && errno != EINTR { throw TransportError(errno, call: "epoll_wait") }
        return max(0, Int(count))
    }

    /// One of the descriptors that the last `wait` found. A hang-up or an error counts as both.
    func ready(_ index: Int) -> (token: UInt64, interest: Interest) {
        let event = events[index]
        let broken = event.events & (EPOLLHUP | EPOLLERR) != 0
        var interest: Interest = broken ? [.read, .write] : []
        if event.events & EPOLLIN != 0 { interest.insert(.read) }
        if event.events & EPOLLOUT != 0 { interest.insert(.write) }
        return (event.data, interest)
    }

    /// Rounded up: waking a little early would make the loop turn until the timer is due.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        if seconds >= 86_400 { return 86_400_000 }
        return max(
            0, Int32(seconds) * 1_000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
