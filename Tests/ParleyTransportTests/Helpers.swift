import Foundation
import Glibc
import ParleyTransport
import Testing

/// Long enough for a busy machine; no test that passes waits so long.
let patience = Duration.seconds(60)

extension ReadinessLoop {
    /// Turns until the condition holds, and records an issue if it never does.
    func turn(
        until condition: () -> Bool, within limit: Duration = patience,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let deadline = ContinuousClock.now + limit
        while !condition() {
            let left = deadline - .now
            guard left > .zero else {
                Issue.record("the condition never held", sourceLocation: location)
                return
            }
            try runOnce(left)
        }
    }
}

/// Two connected sockets.
func connectedPair() throws -> (one: Descriptor, other: Descriptor) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
    return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
}

/// Reads once, at most `count` bytes.
func take(_ stream: InputStream, _ count: Int = 4_096) -> (Transfer, [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: count)
    let result = buffer.withUnsafeMutableBufferPointer { stream.transfer(into: $0) }
    guard case .moved(let count) = result else { return (result, []) }
    return (result, Array(buffer.prefix(count)))
}

func put(_ bytes: [UInt8], _ stream: OutputStream) -> Transfer {
    bytes.withUnsafeBufferPointer { stream.transfer($0) }
}

/// Bytes that show when something is lost, doubled or out of order.
func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<min(count, 65_521)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
}

/// Records an issue unless the bytes are the pattern. Where two long arrays differ `#expect` would look for the least
/// difference, for minutes, and print them.
func expectPattern(_ count: Int, in bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) {
    let wanted = pattern(count)
    guard bytes != wanted else { return }
    let same = zip(bytes, wanted).prefix { $0 == $1 }.count
    Issue.record("\(bytes.count) bytes and not \(count), right up to \(same)", sourceLocation: location)
}

/// A channel and all that it reported.
final class Witness {
    let channel: Channel
    private(set) var received: [UInt8] = []
    private(set) var ends: [Channel.End] = []

    init(_ channel: Channel) {
        self.channel = channel
        channel.onReceive = { [unowned self] in received += $0 }
        channel.onEnd = { [unowned self] in ends.append($0) }
    }
}

let loopback = Endpoint(host: "127.0.0.1", port: 0)

/// Runs until the loop has nothing more to report about what already happened.
func settle(_ loop: ReadinessLoop) throws {
    for _ in 0..<8 { try loop.runOnce(.zero) }
}
