import Crypto
package import ParleyCore

/// The three public keys of a device, and the id they make.
///
///     +---------+---------+---------+
///     | channel | sealing | signing |
///     |   32    |   32    |   32    |
///     +---------+---------+---------+
package struct DevicePublicKeys: Hashable, Sendable {
    /// X25519: the device's end of the encrypted channel.
    package let channel: [UInt8]
    /// X25519: what workspace keys are sealed to.
    package let sealing: [UInt8]
    /// Ed25519: what the device's chain and statements are signed with.
    package let signing: [UInt8]
    /// The first 16 bytes of SHA-256 over a label and the three keys.
    package let device: DeviceID

    /// - Returns: nil unless every key has 32 bytes.
    package init?(channel: [UInt8], sealing: [UInt8], signing: [UInt8]) {
        guard channel.count == 32, sealing.count == 32, signing.count == 32 else { return nil }
        self.channel = channel
        self.sealing = sealing
        self.signing = signing
        let hash = Label.device.hash(channel, sealing, signing)
        device = DeviceID(UInt128(folding: hash.prefix(16)))
    }

    package var bytes: [UInt8] { channel + sealing + signing }
}

/// A device as it knows itself: one secret seed, from which all its keys are derived. A server has one too;
/// of a server's keys only the channel key is ever named.
package struct Identity: Sendable {
    package let seed: Secret
    package let keys: DevicePublicKeys
    package let signing: SigningKey
    /// The secret half of the channel key: 32 bytes, for the encrypted channel alone.
    package let channelSecret: Secret
    /// The secret half of the sealing key: 32 bytes.
    package let sealingSecret: Secret

    /// - Parameter seed: 32 random bytes.
    package init(seed: Secret) throws(TrustError) {
        guard seed.bytes.count == 32 else { throw TrustError(.badSeed, at: "identity") }
        self.seed = seed
        channelSecret = Label.channelKey.key(from: seed)
        sealingSecret = Label.sealingKey.key(from: seed)
        signing = try SigningKey(Label.signingKey.key(from: seed))
        let channel = try Self.publicKey(of: channelSecret)
        let sealing = try Self.publicKey(of: sealingSecret)
        guard let keys = DevicePublicKeys(channel: channel, sealing: sealing, signing: signing.publicKey)
        else {
            throw TrustError(.badKey, at: "identity")
        }
        self.keys = keys
    }

    package var device: DeviceID { keys.device }

    private static func publicKey(of secret: Secret) throws(TrustError) -> [UInt8] {
        guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret.bytes) else {
            throw TrustError(.badKey, at: "identity")
        }
        return Array(key.publicKey.rawRepresentation)
    }
}
