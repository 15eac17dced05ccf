import Crypto
import ParleyCore
import ParleyTrust

/// A statement as the protocol's document draws it, made without the module's own makers: of any tag, with
/// any payload, resting on anything. An enrolment's payload gets the signer's own signature as its proof.
func forge(
    tag: UInt8, rests: [StatementHash], _ payload: [UInt8], by signer: Identity
) throws -> Statement {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: signingSecret(of: signer))
    let proves = tag == Statement.Tag.enrol
    var bytes: [UInt8] = [Statement.format, tag]
    bytes.append(varint: UInt64(rests.count))
    for hash in rests { bytes.append(contentsOf: hash.bytes) }
    bytes.append(contentsOf: Array(key.publicKey.rawRepresentation))
    bytes.append(varint: UInt64(payload.count + (proves ? 64 : 0)))
    bytes.append(contentsOf: payload)
    if proves {
        bytes.append(contentsOf: try key.signature(for: Array("parley/1 possession\0".utf8) + bytes))
    }
    bytes.append(contentsOf: try key.signature(for: Array("parley/1 statement-signature\0".utf8) + bytes))
    return try Statement(held: bytes)
}

func forge(tag: UInt8, on rests: [Statement], _ payload: [UInt8], by signer: Identity) throws -> Statement {
    try forge(tag: tag, rests: rests.map(\.hash).sorted(), payload, by: signer)
}

private func signingSecret(of identity: Identity) -> [UInt8] {
    HKDF<SHA256>.deriveKey(
        inputKeyMaterial: SymmetricKey(data: identity.seed.bytes),
        info: Array("parley/1 signing-key\0".utf8), outputByteCount: 32
    ).withUnsafeBytes { Array($0) }
}

/// The checksum of an invite's word.
func checksum(_ bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: Array("parley/1 invite-check\0".utf8) + bytes).prefix(4))
}
