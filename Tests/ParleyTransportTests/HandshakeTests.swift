import Crypto
import Foundation
import ParleyTransport
import Testing

func publicKey(of secret: [UInt8]) throws -> [UInt8] {
    Array(try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret).publicKey.rawRepresentation)
}

@Suite("The handshake of the encrypted channel, by bytes")
struct HandshakeTests {
    let vector: ChannelVector

    init() throws { vector = try ChannelVector("channel") }

    private func client() throws -> Handshake {
        try Handshake(
            .client(server: vector.bytes("server")), own: vector.bytes("client-secret"),
            ephemeral: vector.bytes("client-ephemeral"))
    }

    private func server() throws -> Handshake {
        try Handshake(
            .server, own: vector.bytes("server-secret"), ephemeral: vector.bytes("server-ephemeral"))
    }

    /// Both ends, each after the first `steps` messages of the vector.
    private func ends(after steps: Int) throws -> (client: Handshake, server: Handshake) {
        var (client, server) = (try client(), try server())
        if steps > 0 { try server.take(client.next()) }
        if steps > 1 { try client.take(server.next()) }
        if steps > 2 { try server.take(client.next()) }
        return (client, server)
    }

    private static func fault(_ work: () throws -> Void) -> Handshake.Fault? {
        do { try work() } catch { return error as? Handshake.Fault }
        return nil
    }

    @Test("it says what an independent implementation says, and opens what that one seals")
    func vectors() throws {
        var (client, server) = (try client(), try server())
        for name in ["first", "second", "third"] {
            let message = client.speaks ? try client.next() : try server.next()
            #expect(message == (try vector.sealed(name)), "\(name)")
            if name == "second" { try client.take(message) } else { try server.take(message) }
        }
        #expect(client.isComplete && server.isComplete)
        #expect(client.hash == server.hash)
        #expect(client.hash == (try vector.bytes("hash")))
        #expect(server.peer == (try publicKey(of: vector.bytes("client-secret"))))
        let count =
            try expectRecords(from: "client", client.ciphers().sending, server.ciphers().receiving)
            + expectRecords(from: "server", server.ciphers().sending, client.ciphers().receiving)
        promise("channel-vectors", 3 + count)
    }

    /// Seals and opens as many records as the vector shows the last of.
    private func expectRecords(
        from side: String, _ sending: RecordCipher, _ receiving: RecordCipher
    ) throws -> Int {
        var (sending, receiving) = (sending, receiving)
        let shown = try vector.records(from: side)
        for number in 0...(try #require(shown.last?.number)) {
            let record = try sending.seal(ChannelVector.plain(number))
            if let known = shown.first(where: { $0.number == number }) {
                #expect(record == known.sealed, "record \(number) from the \(side)")
            }
            #expect(Array(try receiving.open(record)) == ChannelVector.plain(number))
        }
        return shown.count
    }

    @Test("every vector of the channel is run here")
    func everyVector() throws {
        #expect(try ChannelVector.names() == ["channel", "channel-low-order"])
    }

    @Test("every bit of every message counts, and so does its length")
    func flips() throws {
        var refused = 0
        for (step, name) in ["first", "second", "third"].enumerated() {
            let message = try vector.sealed(name)
            let ends = try ends(after: step)
            var reader = step == 1 ? ends.client : ends.server
            for bit in 0..<message.count * 8 {
                var wrong = message
                wrong[bit / 8] ^= 1 << UInt8(bit % 8)
                var copy = reader
                let fault = Self.fault { try copy.take(wrong) }
                #expect(fault == .proof || fault == .weakKey, "\(name), bit \(bit)")
                refused += fault == nil ? 0 : 1
            }
            for length in Array(0..<message.count) + [message.count + 1, 65_535] {
                var copy = reader
                let wrong = length < message.count ? Array(message[..<length]) : pattern(length)
                #expect(Self.fault { try copy.take(wrong) } == .length, "\(name), \(length) bytes")
                refused += 1
            }
            #expect(Self.fault { try reader.take(message) } == nil)
        }
        promise("channel-handshakes-refused", refused)
    }

    @Test("a key of low order is refused in every place where a key can stand")
    func lowOrder() throws {
        let weak = try ChannelVector("channel-low-order")
        let keys = try weak.all("key").map { try ChannelVector.bytes(hex: $0) }
        for key in keys {
            var server = try server()
            #expect(Self.fault { try server.take(key + pattern(16)) } == .weakKey)
            var client = try ends(after: 1).client
            #expect(Self.fault { try client.take(key + pattern(16)) } == .weakKey)
            var deceived = try Handshake(.client(server: key), own: vector.bytes("client-secret"))
            #expect(Self.fault { _ = try deceived.next() } == .weakKey)
        }
        var server = try ends(after: 1).server
        _ = try server.next()
        let third = try weak.sealed("third")
        #expect(Self.fault { try server.take(third) } == .weakKey)
        promise("channel-weak-keys", keys.count * 3 + 1)
    }

    @Test("what was said in another handshake, or by oneself, is refused")
    func replays() throws {
        let first = try vector.sealed("first")
        var fresh = try Handshake(.server, own: vector.bytes("server-secret"))
        try fresh.take(first)
        let second = try fresh.next()
        #expect(second != (try vector.sealed("second")))
        #expect(Self.fault { try fresh.take(vector.sealed("third")) } == .proof)
        var client = try Handshake(
            .client(server: vector.bytes("server")), own: vector.bytes("client-secret"))
        _ = try client.next()
        #expect(Self.fault { try client.take(vector.sealed("second")) } == .proof)
        var echoed = try self.client()
        let own = try echoed.next()
        #expect(Self.fault { try echoed.take(own) } == .proof)
        var twice = try ends(after: 1).server
        _ = try twice.next()
        #expect(Self.fault { try twice.take(first) } == .length)
    }

    @Test("a server with another key refuses the first message, and a client knows one that answers for it")
    func wrongServer() throws {
        var client = try client()
        let first = try client.next()
        var other = try Handshake(.server, own: Keys.other)
        #expect(Self.fault { try other.take(first) } == .proof)
        // One who has seen the pinned key, and holds none of its secrets, can make a message of the right form.
        let forged = try publicKey(of: Keys.other) + pattern(16)
        #expect(Self.fault { try client.take(forged) } == .proof)
    }

    // MARK: Records

    @Test("a record altered, cut, repeated, left out or sent back is refused")
    func records() throws {
        let ends = try ends(after: 3)
        var sending = ends.client.ciphers().sending
        let receiving = ends.server.ciphers().receiving
        let record = try sending.seal(pattern(40))
        let second = try sending.seal(pattern(41))
        for bit in 0..<record.count * 8 {
            var (copy, wrong) = (receiving, record)
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.fault { _ = try copy.open(wrong) } == .proof)
        }
        for length in 0..<record.count {
            var copy = receiving
            #expect(Self.fault { _ = try copy.open(record[..<length]) } != nil)
        }
        var leftOut = receiving
        #expect(Self.fault { _ = try leftOut.open(second) } == .proof)
        var repeated = receiving
        #expect(Array(try repeated.open(record)) == pattern(40))
        #expect(Self.fault { _ = try repeated.open(record) } == .proof)
        var sentBack = ends.client.ciphers().receiving
        #expect(Self.fault { _ = try sentBack.open(record) } == .proof)
    }

    @Test("a number stands in the nonce whole, the least byte first", arguments: [7, 0x0102_0304_0506])
    func nonce(number: UInt64) throws {
        let bytes = [UInt8](repeating: 0, count: 4) + (0..<8).map { UInt8(number >> (8 * $0) & 255) }
        let box = try ChaChaPoly.seal(
            pattern(40), using: SymmetricKey(data: Keys.client), nonce: ChaChaPoly.Nonce(data: bytes),
            authenticating: pattern(5))
        var cipher = RecordCipher(key: Keys.client, count: number)
        let sealed = try cipher.seal(pattern(40), binding: pattern(5), behind: [9, 8])
        #expect(sealed == [9, 8] + box.ciphertext + box.tag)
    }

    @Test("the last number is never used for a record")
    func exhausted() throws {
        var cipher = RecordCipher(key: Keys.client, count: .max - 1)
        _ = try cipher.seal(pattern(3))
        #expect(Self.fault { _ = try cipher.seal(pattern(3)) } == .exhausted)
        #expect(Self.fault { _ = try cipher.open(pattern(30)) } == .exhausted)
    }
}
