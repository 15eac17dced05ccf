import Glibc

/// Opens a TCP connection: looks the name up, then tries one address after the other, each with its share of
/// the time that is left, so that one that never answers does not keep the others from their turn.
package final class Dialer {
    package typealias Answer = Result<StreamPair, TransportError>

    private weak var loop: ReadinessLoop?
    private let endpoint: Endpoint
    private let deadline: ContinuousClock.Instant
    private var completion: ((Answer) -> Void)?
    private var lookup: Lookup?
    private var candidates: ArraySlice<SocketAddress> = []
    private var attempt: Attempt?
    private var timer: LoopTimer?

    /// One address being tried.
    private struct Attempt {
        let address: SocketAddress
        let socket: Descriptor
        let watch: Watch
    }

    /// Calls `completion` once, in a later turn, unless cancelled. If no address works, the error is that of
    /// the last one tried.
    @discardableResult
    package init(
        on loop: ReadinessLoop, to endpoint: Endpoint, timeout: Duration = .seconds(10),
        completion: @escaping (Answer) -> Void
    ) {
        (self.loop, self.endpoint, self.completion) = (loop, endpoint, completion)
        deadline = loop.now + timeout
        timer = loop.after(timeout) { self.report(.failure(self.timedOut("resolve", endpoint.description))) }
        lookup = Lookup(endpoint, on: loop) { self.found($0) }
    }

    /// No completion comes after this; what was under way is closed.
    package func cancel() {
        completion = nil
        lookup?.cancel()
        timer?.cancel()
        abandonAttempt()
    }

    private func found(_ answer: Lookup.Answer) {
        timer?.cancel()
        switch answer {
        case .failure(let error): report(.failure(error))
        case .success(let addresses):
            candidates = addresses[...]
            tryNext(after: TransportError(EADDRNOTAVAIL, call: "connect", place: endpoint.description))
        }
    }

    private func tryNext(after failure: TransportError) {
        abandonAttempt()
        guard let loop, completion != nil else { return }
        guard let address = candidates.first else { return report(.failure(failure)) }
        let share = max(.zero, deadline - loop.now) / candidates.count
        candidates.removeFirst()
        timer = loop.after(share) { self.tryNext(after: self.timedOut("connect", address.description)) }
        do throws(TransportError) { try connect(to: address, loop) } catch {
            let failure = error
            loop.atStartOfNextTurn { self.tryNext(after: failure) }
        }
    }

    private func connect(to address: SocketAddress, _ loop: ReadinessLoop) throws(TransportError) {
        let socket = try Descriptor.socket(for: address)
        socket.sendAtOnce()
        let status = address.withPointer { Glibc.connect(socket.number, $0, $1) }
        if status != 0 && errno != EINPROGRESS && errno != EINTR {
            throw TransportError(errno, call: "connect", place: address.description)
        }
        let watch = loop.watch(socket.number)
        attempt = Attempt(address: address, socket: socket, watch: watch)
        watch.onWritable = { self.attemptIsDecided() }
        watch.interest = .write
    }

    private func attemptIsDecided() {
        guard let attempt else { return }
        var (number, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        getsockopt(attempt.socket.number, SOL_SOCKET, SO_ERROR, &number, &length)
        if number == 0 {
            report(.success(StreamPair(socket: attempt.socket)))
        } else {
            tryNext(after: TransportError(number, call: "connect", place: attempt.address.description))
        }
    }

    private func abandonAttempt() {
        timer?.cancel()
        attempt?.watch.cancel()
        attempt = nil
    }

    private func report(_ answer: Answer) {
        let completion = completion
        cancel()
        completion?(answer)
    }

    private func timedOut(_ call: String, _ place: String) -> TransportError {
        TransportError(ETIMEDOUT, call: call, place: place)
    }
}
