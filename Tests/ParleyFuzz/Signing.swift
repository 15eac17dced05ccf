import Crypto
import ParleyCore
import ParleyTrust

/// Statements as Protocol.md draws them, made without the makers of the module under test.
enum Forge {
    /// What stands in a statement between its tag and its signature.
    struct Parts {
        var tag: UInt8
        var rests: [[UInt8]]
        var payload: [UInt8]
    }

    static func identity(_ number: Int) throws -> Identity {
        try Identity(seed: Secret([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)))
    }

    /// Signed by `signer`; an enrolment also by `device`, as the proof of possession.
    static func statement(_ parts: Parts, signer: Curve25519.Signing.PrivateKey, device: Identity? = nil)
        throws
        -> [UInt8]
    {
        var bytes: [UInt8] = [1, parts.tag]
        bytes.append(varint: UInt64(parts.rests.count))
        for hash in parts.rests { bytes += hash }
        bytes += Array(signer.publicKey.rawRepresentation)
        bytes.append(varint: UInt64(parts.payload.count + (device == nil ? 0 : 64)))
        bytes += parts.payload
        if let device { bytes += try sign("possession", bytes, secret(of: device)) }
        return bytes + (try sign("statement-signature", bytes, signer))
    }

    static func secret(of identity: Identity) throws -> Curve25519.Signing.PrivateKey {
        try key("signing-key", identity.seed.bytes)
    }

    static func key(_ purpose: String, _ seed: [UInt8]) throws -> Curve25519.Signing.PrivateKey {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: seed), info: label(purpose), outputByteCount: 32)
        return try .init(rawRepresentation: derived.withUnsafeBytes { Array($0) })
    }

    static func label(_ purpose: String) -> [UInt8] { Array("parley/1 \(purpose)\0".utf8) }

    static func hash(_ purpose: String, _ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: label(purpose) + bytes))
    }

    private static func sign(
        _ purpose: String, _ bytes: [UInt8], _ key: Curve25519.Signing.PrivateKey
    ) throws -> [UInt8] { Array(try key.signature(for: label(purpose) + bytes)) }

    /// The people whose keys the harness holds.
    static let cast = Result { try (1...6).map { try identity($0) } }
}
