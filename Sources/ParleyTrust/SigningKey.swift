import Crypto

/// An Ed25519 key (RFC 8032) of a device or of an invite. Its signatures are over a label and a text.
package struct SigningKey: Sendable {
    /// 32 bytes.
    package let publicKey: [UInt8]
    private let key: Curve25519.Signing.PrivateKey

    init(_ secret: Secret) throws(TrustError) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret.bytes) else {
            throw TrustError(.badKey, at: "signing key")
        }
        self.key = key
        publicKey = Array(key.publicKey.rawRepresentation)
    }

    /// 64 bytes: the signature of `text` behind `label`.
    func signature(_ label: Label, _ text: [UInt8]) throws(TrustError) -> [UInt8] {
        guard let signature = try? key.signature(for: label.bytes + text) else {
            throw TrustError(.signingFailed, at: "signing key")
        }
        return Array(signature)
    }

    /// Whether whoever holds `publicKey` has signed `text` behind `label`.
    static func verify(
        _ signature: some Collection<UInt8>, _ label: Label, _ text: some Collection<UInt8>,
        by publicKey: [UInt8]
    ) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(Array(signature), for: label.bytes + text)
    }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "(signing key)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
