import Foundation
import ParleyTransport
import ParleyTrust

/// The encrypted channel by hand, round a connection that was made by hand: what is said inside of it is for
/// the test to choose.
final class SecureConnection {
    private let raw: RawConnection
    private var sending: RecordCipher
    private var receiving: RecordCipher
    /// What came, opened.
    private(set) var received: [UInt8] = []
    private static let patience = Duration.seconds(20)

    /// Somebody who has learnt the server's key.
    /// - Parameter own: the secret of the client's key; without one a stranger's, a key that no device has.
    init(to server: Server, own secret: [UInt8]? = nil) throws {
        raw = try RawConnection(port: server.port)
        let own = secret ?? (0..<32).map { _ in UInt8.random(in: 0...255) }
        var handshake = try Handshake(.client(server: server.identity().keys.channel), own: own)
        raw.send(Self.framed(try handshake.next()))
        try handshake.take(Self.next(raw))
        raw.send(Self.framed(try handshake.next()))
        (sending, receiving) = handshake.ciphers()
    }

    /// Somebody who holds the server's secret key, and is no server.
    init(answering caller: RawConnection, as server: Server) throws {
        raw = caller
        var handshake = try Handshake(.server, own: server.identity().channelSecret.bytes)
        try handshake.take(Self.next(raw))
        raw.send(Self.framed(try handshake.next()))
        try handshake.take(Self.next(raw))
        (sending, receiving) = handshake.ciphers()
    }

    func send(_ bytes: [UInt8]) throws {
        for start in stride(from: 0, to: bytes.count, by: SecureLink.longest) {
            let end = min(start + SecureLink.longest, bytes.count)
            raw.send(Self.framed(try sending.seal(bytes[start..<end])))
        }
    }

    /// Reads until the other side closes, and opens what it said.
    func isEnded(within limit: Duration) throws -> Bool {
        guard raw.isEnded(within: limit) else { return false }
        var rest = raw.received[...]
        while rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 + Int(rest[rest.startIndex + 1])
            received += try receiving.open(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + length)
        }
        return true
    }

    /// The other side's last word was a `failure`.
    var wasToldWhy: Bool { received.count > 5 && received[4] == 11 }

    private static func framed(_ sealed: [UInt8]) -> [UInt8] {
        [UInt8(sealed.count >> 8), UInt8(sealed.count & 255)] + sealed
    }

    private static func next(_ raw: RawConnection) throws -> [UInt8] {
        guard let length = raw.take(2, within: patience),
            let message = raw.take(Int(length[0]) << 8 + Int(length[1]), within: patience)
        else { throw Trouble("no handshake came") }
        return message
    }
}

extension Server {
    func identity() throws -> Identity { try IdentityFile.read(.server, inFolder: data) }
}
