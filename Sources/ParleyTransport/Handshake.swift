import Crypto
package import Foundation

/// `Noise_XK_25519_ChaChaPoly_SHA256` (the Noise protocol framework, revision 34), by bytes alone.
///
///     client                                                        server
///     knows the server's key        ── e, es ──►    48 bytes        knows nothing
///     has proof of the server       ◄── e, ee ──    48 bytes
///                                   ── s, se ──►    64 bytes        has proof of the client
///
/// The prologue is `parley/1` and a version byte; no message carries a payload, so each ends with the 16
/// bytes that prove the empty one. After an error the handshake is over: nothing of it may be used again.
package struct Handshake {
    package enum Side {
        /// - Parameter server: the 32 bytes of the key by which the client knows its server.
        case client(server: [UInt8])
        case server
    }

    package enum Fault: Error, Equatable, Sendable {
        /// It has not the length of the message that comes next.
        case length
        /// It does not decrypt.
        case proof
        /// A public key of low order: the secret it gives is known to everybody. swift-crypto lets it pass.
        case weakKey
        /// The cipher has sealed 2^64 - 1 records.
        case exhausted
    }

    package static let version: UInt8 = 1
    /// Bytes of each message.
    package static let sizes = [48, 48, 64]

    private let isClient: Bool
    private let own: Curve25519.KeyAgreement.PrivateKey
    private let ephemeral: Curve25519.KeyAgreement.PrivateKey
    private var state: SymmetricState
    private var otherEphemeral: [UInt8] = []
    /// Messages said and heard.
    package private(set) var done = 0
    /// The other end's static key; proved once the handshake is complete.
    package private(set) var peer: [UInt8]

    /// - Parameters:
    ///   - own: the secret static key, 32 bytes.
    ///   - ephemeral: 32 random bytes, never used twice; made here unless a test says them.
    package init(_ side: Side, own: [UInt8], ephemeral: [UInt8]? = nil) throws(Fault) {
        self.own = try Self.key(own)
        self.ephemeral = try ephemeral.map(Self.key) ?? Curve25519.KeyAgreement.PrivateKey()
        state = SymmetricState(protocol: "Noise_XK_25519_ChaChaPoly_SHA256")
        state.mix(Array("parley/1".utf8) + [Self.version])
        switch side {
        case .client(let server): (isClient, peer) = (true, server)
        case .server: (isClient, peer) = (false, [])
        }
        state.mix(isClient ? peer : Array(self.own.publicKey.rawRepresentation))
    }

    private static func key(_ bytes: [UInt8]) throws(Fault) -> Curve25519.KeyAgreement.PrivateKey {
        do { return try .init(rawRepresentation: bytes) } catch { throw .weakKey }
    }

    package var isComplete: Bool { done == Self.sizes.count }
    /// Is it for this end to speak?
    package var speaks: Bool { !isComplete && done.isMultiple(of: 2) == isClient }
    /// Bytes of the message that comes next.
    package var awaited: Int { isComplete ? 0 : Self.sizes[done] }

    /// The next message of this end.
    package mutating func next() throws(Fault) -> [UInt8] {
        precondition(speaks)
        var message: [UInt8]
        if done < 2 {
            message = Array(ephemeral.publicKey.rawRepresentation)
            state.mix(message)
        } else {
            message = try state.seal(Array(own.publicKey.rawRepresentation))
        }
        state.mixKey(try agreed())
        message += try state.seal([])
        done += 1
        return message
    }

    /// Takes the other end's next message.
    package mutating func take(_ message: some Collection<UInt8>) throws(Fault) {
        guard !isComplete, !speaks, message.count == awaited else { throw .length }
        if done < 2 {
            otherEphemeral = Array(message.prefix(32))
            state.mix(otherEphemeral)
        } else {
            peer = try state.open(Array(message.prefix(48)))
        }
        state.mixKey(try agreed())
        _ = try state.open(Array(message.suffix(16)))
        done += 1
    }

    /// The secret that this message adds: es, ee, se.
    private func agreed() throws(Fault) -> [UInt8] {
        switch (done, isClient) {
        case (0, true): try Self.agree(ephemeral, peer)
        case (0, false): try Self.agree(own, otherEphemeral)
        case (1, _): try Self.agree(ephemeral, otherEphemeral)
        case (_, true): try Self.agree(own, otherEphemeral)
        case (_, false): try Self.agree(ephemeral, peer)
        }
    }

    private static func agree(
        _ own: Curve25519.KeyAgreement.PrivateKey, _ other: [UInt8]
    ) throws(Fault) -> [UInt8] {
        guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: other),
            let secret = try? own.sharedSecretFromKeyAgreement(with: key)
        else { throw .weakKey }
        let bytes = secret.withUnsafeBytes { Array($0) }
        guard bytes.contains(where: { $0 != 0 }) else { throw .weakKey }
        return bytes
    }

    /// The ciphers of the records, once the handshake is complete.
    package func ciphers() -> (sending: RecordCipher, receiving: RecordCipher) {
        precondition(isComplete)
        let (first, second) = state.split()
        return isClient ? (first, second) : (second, first)
    }

    /// What both ends have in common and nobody else: SHA-256 over all that was said, 32 bytes.
    package var hash: [UInt8] { state.hash }
}

/// Noise's SymmetricState: what was said so far, and the key that follows from it.
private struct SymmetricState {
    private(set) var hash: [UInt8]
    private var chainingKey: [UInt8]
    private var cipher: RecordCipher?

    /// - Parameter name: 32 bytes, as ours is, stand for themselves.
    init(protocol name: StaticString) {
        hash = name.withUTF8Buffer { Array($0) }
        precondition(hash.count == 32)
        chainingKey = hash
    }

    mutating func mix(_ data: [UInt8]) { hash = Array(SHA256.hash(data: hash + data)) }

    mutating func mixKey(_ secret: [UInt8]) {
        let (next, key) = Self.derive(chainingKey, secret)
        chainingKey = next
        cipher = RecordCipher(key: key)
    }

    mutating func seal(_ plain: [UInt8]) throws(Handshake.Fault) -> [UInt8] {
        guard let sealed = try cipher?.seal(plain, binding: hash) else { throw .proof }
        mix(sealed)
        return sealed
    }

    mutating func open(_ sealed: [UInt8]) throws(Handshake.Fault) -> [UInt8] {
        guard let plain = try cipher?.open(sealed, binding: hash) else { throw .proof }
        mix(sealed)
        return Array(plain)
    }

    func split() -> (RecordCipher, RecordCipher) {
        let (first, second) = Self.derive(chainingKey, [])
        return (RecordCipher(key: first), RecordCipher(key: second))
    }

    /// Noise's HKDF with two outputs.
    private static func derive(_ key: [UInt8], _ secret: [UInt8]) -> ([UInt8], [UInt8]) {
        let inner = code(key, secret)
        let first = code(inner, [1])
        return (first, code(inner, first + [2]))
    }

    private static func code(_ key: [UInt8], _ data: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: key)))
    }
}

/// One direction's cipher: ChaCha20-Poly1305, a counter as nonce, and a new key every 1,024 records (Noise's
/// REKEY), after which nobody who takes the key can read what was said before.
package struct RecordCipher {
    package static let recordsPerKey: UInt64 = 1024
    /// Bytes that a seal adds.
    package static let tag = 16
    private static let nonceSize = 12

    private var key: SymmetricKey
    /// Records sealed or opened so far.
    package private(set) var count: UInt64

    package init(key: [UInt8], count: UInt64 = 0) {
        (self.key, self.count) = (SymmetricKey(data: key), count)
    }

    /// - Parameter head: what is to stand before the sealed bytes.
    package mutating func seal(
        _ plain: some DataProtocol, binding: [UInt8] = [], behind head: [UInt8] = []
    ) throws(Handshake.Fault) -> [UInt8] {
        let nonce = try nonce(count)
        guard let box = try? ChaChaPoly.seal(plain, using: key, nonce: nonce, authenticating: binding)
        else { throw .proof }
        advance()
        return box.combined.withUnsafeBytes { combined in
            let sealed = UnsafeRawBufferPointer(rebasing: combined[Self.nonceSize...])
            var bytes: [UInt8] = []
            bytes.reserveCapacity(head.count + sealed.count)
            bytes.append(contentsOf: head)
            bytes.append(contentsOf: sealed)
            return bytes
        }
    }

    package mutating func open(
        _ sealed: some DataProtocol, binding: [UInt8] = []
    ) throws(Handshake.Fault) -> Data {
        guard sealed.count >= Self.tag else { throw .length }
        var combined: [UInt8] = []
        combined.reserveCapacity(Self.nonceSize + sealed.count)
        try nonce(count).withUnsafeBytes { combined.append(contentsOf: $0) }
        for region in sealed.regions { region.withUnsafeBytes { combined.append(contentsOf: $0) } }
        guard let box = try? ChaChaPoly.SealedBox(combined: combined),
            let plain = try? ChaChaPoly.open(box, using: key, authenticating: binding)
        else { throw .proof }
        advance()
        return plain
    }

    private mutating func advance() {
        count += 1
        if count.isMultiple(of: Self.recordsPerKey) { key = Self.next(key) }
    }

    /// The greatest nonce is for the change of keys alone.
    private func nonce(_ number: UInt64) throws(Handshake.Fault) -> ChaChaPoly.Nonce {
        guard number < .max else { throw .exhausted }
        return Self.nonce(number)
    }

    /// Four zero bytes and the number, little-endian.
    private static func nonce(_ number: UInt64) -> ChaChaPoly.Nonce {
        let (low, high) = (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
        return withUnsafeBytes(of: (UInt32(0), low.littleEndian, high.littleEndian)) { bytes in
            do { return try ChaChaPoly.Nonce(data: bytes) } catch {
                preconditionFailure("twelve bytes: \(error)")
            }
        }
    }

    private static func next(_ key: SymmetricKey) -> SymmetricKey {
        let zeros = [UInt8](repeating: 0, count: 32)
        do {
            let box = try ChaChaPoly.seal(zeros, using: key, nonce: nonce(.max))
            return SymmetricKey(data: box.ciphertext)
        } catch { preconditionFailure("32 bytes under a key of 32: \(error)") }
    }
}
