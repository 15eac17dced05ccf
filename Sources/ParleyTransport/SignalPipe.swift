import CLinux
import Glibc
import Synchronization

/// Turns signals into bytes on a pipe, which a loop can watch. A handler and a pipe reach the loop
/// whichever thread the signal hits; signalfd would need it blocked in every thread, and in every child.
final class SignalPipe {
    /// Becomes readable when a signal came.
    let descriptor: Int32
    private let (reader, writer): (Descriptor, Descriptor)
    private var previous: [(number: Int32, action: sigaction)] = []

    init(_ numbers: [Int32]) throws(TransportError) {
        (reader, writer) = try Descriptor.pipe()
        descriptor = reader.number
        let (taken, _) = signalDescriptor.compareExchange(
            expected: -1, desired: writer.number, ordering: .sequentiallyConsistent)
        guard taken else {
            throw TransportError(.signalsTaken, call: "onSignal", detail: "another loop has the signals")
        }
        previous = numbers.map { ($0, Self.install($0)) }
        Self.unblock(numbers)
    }

    deinit {
        for (number, action) in previous {
            var action = action
            sigaction(number, &action, nil)
        }
        _ = signalDescriptor.compareExchange(
            expected: writer.number, desired: -1, ordering: .sequentiallyConsistent)
    }

    /// The signals that came, in order.
    func drain() -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count)).map(Int32.init)
    }

    /// A parent may have handed its blocked signals down; a server that waits for one of them would never
    /// stop.
    private static func unblock(_ numbers: [Int32]) {
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in numbers { sigaddset(&wanted, number) }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    }

    private static func install(_ number: Int32) -> sigaction {
        var (action, previous) = (sigaction(), sigaction())
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalDescriptor.load(ordering: .sequentiallyConsistent), &byte, 1)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        sigaction(number, &action, &previous)
        return previous
    }
}

/// Where the handler writes: signals belong to the process, so this does too. -1 while nobody listens.
private let signalDescriptor = Atomic<Int32>(-1)

extension Descriptor {
    /// A pipe that is not passed on to children.
    static func pipe() throws(TransportError) -> (reader: Descriptor, writer: Descriptor) {
        let (reader, writer) = try rawPipe()
        return (Descriptor(adopting: reader), Descriptor(adopting: writer))
    }

    /// The same as bare numbers, for ends that someone else will own and that shall block.
    static func rawPipe() throws(TransportError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw TransportError(errno, call: "pipe") }
        return (ends[0], ends[1])
    }
}
