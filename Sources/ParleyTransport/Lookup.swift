import Foundation
import Glibc

/// Asks for the addresses of an endpoint without holding up the loop. A name server may take seconds and
/// `getaddrinfo` cannot be interrupted, so a name is looked up on a thread of its own, which knows nothing but
/// the name and the writing end of a pipe. The answer is one write, small enough to arrive whole:
///
///     found    ( length:1  socket address:length )...
///     failed   0:1  reason: the rest, UTF-8
final class Lookup {
    typealias Answer = Result<[SocketAddress], TransportError>

    private static let most = 16
    private var completion: ((Answer) -> Void)?
    private var watch: Watch?

    /// Calls `completion` once, in a later turn, unless cancelled.
    init(_ endpoint: Endpoint, on loop: ReadinessLoop, completion: @escaping (Answer) -> Void) {
        self.completion = completion
        do throws(TransportError) {
            if let known = try? SocketAddress.resolve(endpoint, flags: AI_NUMERICHOST) {
                loop.atStartOfNextTurn { self.report(.success(known)) }
            } else {
                try ask(endpoint, loop)
            }
        } catch {
            let failure = error
            loop.atStartOfNextTurn { self.report(.failure(failure)) }
        }
    }

    /// The thread may still be waiting; what it writes then goes nowhere.
    func cancel() {
        watch?.cancel()
        watch = nil
        completion = nil
    }

    private func ask(_ endpoint: Endpoint, _ loop: ReadinessLoop) throws(TransportError) {
        let (reader, writer) = try Descriptor.rawPipe()
        let source = Descriptor(adopting: reader)
        watch = loop.watch(reader) { self.report(Self.answer(from: source, about: endpoint)) }
        Thread.detachNewThread {
            let bytes = Self.resolve(endpoint)
            _ = write(writer, bytes, bytes.count)
            close(writer)
        }
    }

    private func report(_ answer: Answer) {
        let completion = completion
        cancel()
        completion?(answer)
    }
}

// MARK: - The bytes between the thread and the loop

extension Lookup {
    private static func resolve(_ endpoint: Endpoint) -> [UInt8] {
        do throws(TransportError) {
            let addresses = try SocketAddress.resolve(endpoint).prefix(most)
            return addresses.flatMap { [UInt8($0.bytes.count)] + $0.bytes }
        } catch {
            return [0] + error.detail.utf8
        }
    }

    private static func answer(from source: Descriptor, about endpoint: Endpoint) -> Answer {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = retrying { read(source.number, &bytes, bytes.count) }
        var rest = bytes.prefix(max(0, count))
        guard let first = rest.first, first > 0 else {
            let why = String(decoding: rest.dropFirst(), as: UTF8.self)
            let reason = why.isEmpty ? "no answer" : why
            return .failure(
                TransportError(.unknownHost, call: "resolve", place: endpoint.host, detail: reason))
        }
        var found: [SocketAddress] = []
        while let length = rest.popFirst() {
            if let address = SocketAddress(bytes: Array(rest.prefix(Int(length)))) { found.append(address) }
            rest = rest.dropFirst(Int(length))
        }
        return .success(found)
    }
}
