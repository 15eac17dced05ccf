import Crypto

/// What every hash, signature and derived key of Parley starts with: `parley/1`, a space, the purpose and
/// one NUL byte. No label is the beginning of another, so bytes made for one purpose mean nothing for any
/// other. This is the whole list for identities, chains, membership and invites.
struct Label: Hashable, Sendable {
    let bytes: [UInt8]

    private init(_ purpose: StaticString) {
        bytes = Array("parley/1 \(purpose)\0".utf8)
    }

    // Keys derived from a seed.
    static let channelKey = Label("channel-key")
    static let sealingKey = Label("sealing-key")
    static let signingKey = Label("signing-key")
    static let inviteKey = Label("invite-key")

    // Keys derived from the key of an epoch, or for a client's own store.
    static let epochWrap = Label("epoch-wrap")
    static let bodyKey = Label("body-key")
    static let presenceKey = Label("presence-key")
    static let keyStore = Label("key-store")

    // What a seal is bound to.
    static let epochSeal = Label("epoch-seal")

    // Hashes that name things.
    static let epochKey = Label("epoch-key")
    static let device = Label("device")
    static let statement = Label("statement")
    static let statementSet = Label("statement-set")
    static let chainStart = Label("chain-start")
    static let chain = Label("chain")
    static let changeAddress = Label("change-address")
    static let fingerprint = Label("fingerprint")

    // Signatures.
    static let statementSignature = Label("statement-signature")
    static let possession = Label("possession")
    static let chainSignature = Label("chain-signature")

    // Checksums of what people copy.
    static let inviteCheck = Label("invite-check")
    static let identityCheck = Label("identity-check")

    static let all: [Label] = [
        channelKey, sealingKey, signingKey, inviteKey, epochWrap, bodyKey, presenceKey, keyStore, epochSeal,
        epochKey, device, statement, statementSet, chainStart, chain, changeAddress, fingerprint,
        statementSignature, possession, chainSignature, inviteCheck, identityCheck,
    ]

    /// SHA-256 over this label and the parts, one after the other.
    func hash(_ parts: [UInt8]...) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: bytes)
        for part in parts { hasher.update(data: part) }
        return Array(hasher.finalize())
    }

    /// HKDF-SHA256 without salt, this label as its info: 32 bytes.
    func key(from seed: Secret) -> Secret {
        Secret(symmetricKey(from: seed).withUnsafeBytes { Array($0) })
    }

    /// The same with `context` behind the label.
    func symmetricKey(from seed: Secret, _ context: [UInt8] = []) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: seed.bytes), info: bytes + context, outputByteCount: 32)
    }
}
