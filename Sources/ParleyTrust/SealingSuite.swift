import Crypto

/// Sealing to a public key: HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
/// ChaCha20-Poly1305, one message without associated data. Written out here because the sender's ephemeral
/// secret comes from the caller, so that a seal can be a test vector and a simulation be played again, and
/// because a shared secret of zeros, from a key of small order, is refused. The tests compare it with the
/// library's own HPKE, both ways.
enum SealingSuite {
    /// - Parameter ephemeral: 32 random bytes, used for nothing else.
    /// - Throws: `badSeal` for a key to which nothing can be sealed.
    static func seal(
        _ plain: [UInt8], to recipient: [UInt8], info: [UInt8], ephemeral: Secret
    ) throws(TrustError) -> (encapsulated: [UInt8], sealed: [UInt8]) {
        guard let own = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: ephemeral.bytes),
            let shared = agree(own, recipient)
        else { throw TrustError(.badSeal, at: "sealing key") }
        let encapsulated = Array(own.publicKey.rawRepresentation)
        let keys = schedule(shared, encapsulated + recipient, info)
        return (encapsulated, try Cipher.seal(plain, under: keys.key, nonce: keys.nonce))
    }

    /// - Returns: nil if it was not sealed to this secret and for this info.
    static func open(
        _ sealed: [UInt8], _ encapsulated: [UInt8], by secret: Secret, info: [UInt8]
    ) -> [UInt8]? {
        guard let own = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret.bytes),
            let shared = agree(own, encapsulated)
        else { return nil }
        let keys = schedule(shared, encapsulated + Array(own.publicKey.rawRepresentation), info)
        return Cipher.open(sealed[...], under: keys.key, nonce: keys.nonce, binding: [UInt8]())
    }

    /// Whether something can be sealed to this public key at all. Multiples of a point of small order are
    /// zero for every secret, since secrets are multiples of the cofactor.
    static func takes(_ recipient: [UInt8]) -> Bool {
        let probe = Array("any secret key does: 32 bytes...".utf8)
        guard let own = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: probe) else {
            return false
        }
        return agree(own, recipient) != nil
    }

    private static func agree(
        _ own: Curve25519.KeyAgreement.PrivateKey, _ other: [UInt8]
    ) -> [UInt8]? {
        guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: other),
            let shared = try? own.sharedSecretFromKeyAgreement(with: key)
        else { return nil }
        let bytes = shared.withUnsafeBytes { Array($0) }
        return bytes.reduce(0, |) == 0 ? nil : bytes
    }

    // MARK: Key schedule (RFC 9180, 4.1 and 5.1)

    private static let encapsulation = Suite(Array("KEM".utf8) + [0x00, 0x20])
    private static let whole = Suite(Array("HPKE".utf8) + [0x00, 0x20, 0x00, 0x01, 0x00, 0x03])

    private static func schedule(
        _ agreed: [UInt8], _ publicKeys: [UInt8], _ info: [UInt8]
    ) -> (key: SymmetricKey, nonce: [UInt8]) {
        let agreement = encapsulation.extract("eae_prk", agreed)
        let shared = encapsulation.expand(agreement, "shared_secret", publicKeys, 32)
        let context = [0] + whole.extract("psk_id_hash", []) + whole.extract("info_hash", info)
        let secret = whole.extract("secret", [], salt: shared.withUnsafeBytes { Array($0) })
        let nonce = whole.expand(secret, "base_nonce", context, Cipher.nonceSize)
        return (whole.expand(secret, "key", context, 32), nonce.withUnsafeBytes { Array($0) })
    }

    private struct Suite {
        let prefix: [UInt8]

        init(_ id: [UInt8]) { prefix = Array("HPKE-v1".utf8) + id }

        func extract(_ label: StaticString, _ material: [UInt8], salt: [UInt8] = []) -> [UInt8] {
            let labelled = SymmetricKey(data: prefix + Array("\(label)".utf8) + material)
            return Array(HKDF<SHA256>.extract(inputKeyMaterial: labelled, salt: salt))
        }

        func expand(
            _ secret: [UInt8], _ label: StaticString, _ info: [UInt8], _ size: Int
        ) -> SymmetricKey {
            let labelled = [0, UInt8(size)] + prefix + Array("\(label)".utf8) + info
            return HKDF<SHA256>.expand(pseudoRandomKey: secret, info: labelled, outputByteCount: size)
        }
    }
}
