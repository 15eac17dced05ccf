package import ParleyCore

extension Statement {
    /// Founds a workspace.
    /// - Parameters:
    ///   - salt: 16 random bytes.
    ///   - time: milliseconds since 1970.
    package static func found(
        by founder: Identity, handle: Handle, name: WorkspaceName, salt: [UInt8], time: Int64
    ) throws(TrustError) -> Statement {
        guard salt.count == 16 else { throw TrustError(.badSalt, at: "salt") }
        var payload = founder.keys.bytes
        payload.append(text: handle.text)
        payload.append(text: name.text)
        payload.append(contentsOf: salt)
        payload.append(varint: try StatementTime.checked(time))
        return try make(Tag.found, on: [], payload, signer: founder.signing)
    }

    /// Lets the holder of an invite's secret enrol one device until a time.
    /// - Parameters:
    ///   - rests: what ``Roster/rests(for:)`` says of the issuer.
    ///   - invite: the public key of an ``InviteSecret``.
    ///   - handle: the new analyst's, or the issuer's own for a further device.
    ///   - until: milliseconds since 1970.
    package static func grant(
        by issuer: Identity, on rests: [StatementHash], invite: [UInt8], handle: Handle,
        purpose: Grant.Purpose, until: Int64
    ) throws(TrustError) -> Statement {
        guard invite.count == 32 else { throw TrustError(.badKey, at: "invite") }
        var payload = invite
        payload.append(purpose.number)
        payload.append(text: handle.text)
        payload.append(varint: try StatementTime.checked(until))
        return try make(Tag.grant, on: rests, payload, signer: issuer.signing)
    }

    /// Enrols a device with the secret of an invite.
    /// - Parameters:
    ///   - grant: the grant of this invite's key, from the invite.
    ///   - time: milliseconds since 1970.
    package static func enrol(
        _ device: Identity, invite: InviteSecret, grant: Statement, time: Int64
    ) throws(TrustError) -> Statement {
        guard case .grant(let granted) = grant.content, granted.invite == invite.publicKey else {
            throw TrustError(.wrongInvite, at: "grant")
        }
        return try enrol(
            device, signer: invite.signing, handle: granted.handle, on: [grant.hash], time: time)
    }

    /// Enrols a further device of the same analyst, where one process holds both secrets: when a machine
    /// takes a fresh identity. For another machine an analyst makes a grant.
    /// - Parameters:
    ///   - enrolled: a device that is a member.
    ///   - rests: what ``Roster/rests(for:)`` says of the enrolled device.
    package static func enrol(
        furtherDevice device: Identity, by enrolled: Identity, handle: Handle, on rests: [StatementHash],
        time: Int64
    ) throws(TrustError) -> Statement {
        try enrol(device, signer: enrolled.signing, handle: handle, on: rests, time: time)
    }

    private static func enrol(
        _ device: Identity, signer: SigningKey, handle: Handle, on rests: [StatementHash], time: Int64
    ) throws(TrustError) -> Statement {
        var payload = device.keys.bytes
        payload.append(text: handle.text)
        payload.append(varint: try StatementTime.checked(time))
        return try make(Tag.enrol, on: rests, payload, possession: device.signing, signer: signer)
    }

    static func make(
        _ tag: UInt8, on rests: [StatementHash], _ payload: [UInt8], possession: SigningKey? = nil,
        signer: SigningKey
    ) throws(TrustError) -> Statement {
        let rests = Set(rests).sorted()
        var bytes: [UInt8] = [format, tag]
        bytes.append(varint: UInt64(rests.count))
        for hash in rests { bytes.append(contentsOf: hash.bytes) }
        bytes.append(contentsOf: signer.publicKey)
        bytes.append(varint: UInt64(payload.count + (possession == nil ? 0 : signatureSize)))
        bytes.append(contentsOf: payload)
        if let possession { bytes.append(contentsOf: try possession.signature(.possession, bytes)) }
        bytes.append(contentsOf: try signer.signature(.statementSignature, bytes))
        return try Statement(held: bytes)
    }

    /// The workspace that this statement founds.
    package var workspace: WorkspaceID? {
        guard case .found = content else { return nil }
        return WorkspaceID(hash.bytes)
    }
}

extension Grant.Purpose {
    fileprivate var number: UInt8 {
        switch self {
        case .furtherDevice: 0
        case .newAnalyst(let role): role.rawValue
        }
    }
}

/// The secret of an invite: a seed of 32 random bytes and the key derived from it. It travels in the invite
/// alone; the grant names its public half.
package struct InviteSecret: Sendable {
    package let seed: Secret
    let signing: SigningKey

    package init(seed: Secret) throws(TrustError) {
        guard seed.bytes.count == 32 else { throw TrustError(.badSeed, at: "invite") }
        self.seed = seed
        signing = try SigningKey(Label.inviteKey.key(from: seed))
    }

    /// The Ed25519 key that a grant names.
    package var publicKey: [UInt8] { signing.publicKey }
}
