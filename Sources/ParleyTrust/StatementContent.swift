import ParleyCore

/// `found`: the first analyst, first device and the workspace itself. The statement's hash is the
/// workspace's id. Signed by the founder's device.
///
///     +------+--------+--------+------+------+--------+
///     | keys | handle |  name  | salt | time |
///     |  96  |  text  |  text  |  16  |varint|
///     +------+--------+--------+------+------+
package struct Founding: Hashable, Sendable {
    package let keys: DevicePublicKeys
    package let handle: Handle
    package let name: WorkspaceName
    /// 16 random bytes: two workspaces founded alike are still two.
    package let salt: [UInt8]
    /// Milliseconds since 1970.
    package let time: Int64
}

/// `grant`: whoever holds the secret of an invite key may enrol one device. Signed by a device.
///
///     +--------+---------+--------+-------+
///     | invite | purpose | handle | until |
///     |   32   |    1    |  text  |varint |
///     +--------+---------+--------+-------+
package struct Grant: Hashable, Sendable {
    package enum Purpose: Hashable, Sendable {
        /// Made by an admin. On the wire the role's number.
        case newAnalyst(Role)
        /// Of the issuer's own analyst. On the wire 0.
        case furtherDevice
    }

    /// The Ed25519 key of the invite.
    package let invite: [UInt8]
    package let purpose: Purpose
    package let handle: Handle
    /// The last millisecond since 1970 at which an enrolment may say it was made.
    package let until: Int64
}

/// `enrol`: a device comes in. Signed by an invite's key, or by an enrolled device of the same analyst; and,
/// as proof of possession, by the new device over all bytes of the statement before that signature.
///
///     +------+--------+------+------------+
///     | keys | handle | time | possession |
///     |  96  |  text  |varint|     64     |
///     +------+--------+------+------------+
package struct Enrolment: Hashable, Sendable {
    package let keys: DevicePublicKeys
    package let handle: Handle
    /// Milliseconds since 1970, as the new device says.
    package let time: Int64
}

extension Statement.Content {
    static func decode(
        _ tag: UInt8, _ bytes: [UInt8], _ range: Range<Int>
    ) throws(MalformedBytes) -> Statement.Content {
        var reader = ByteReader(bytes, in: range)
        let content: Statement.Content
        switch tag {
        case Statement.Tag.found: content = .found(try reader.founding())
        case Statement.Tag.grant: content = .grant(try reader.grant())
        case Statement.Tag.enrol: content = .enrol(try reader.enrolment())
        case Statement.Tag.role: content = .role(try reader.roleChange())
        case Statement.Tag.revoke: content = .revoke(try reader.revocation())
        case Statement.Tag.epoch: content = .epoch(try reader.epoch())
        case Statement.Tag.share: content = .share(try reader.share())
        default: return .unknown(tag: tag, payload: Array(bytes[range]))
        }
        try reader.expectEnd("payload")
        return content
    }
}

extension ByteReader {
    fileprivate mutating func founding() throws(MalformedBytes) -> Founding {
        Founding(
            keys: try keys(), handle: try handle(), name: try workspaceName(), salt: try take(16, "salt"),
            time: try time())
    }

    fileprivate mutating func grant() throws(MalformedBytes) -> Grant {
        Grant(invite: try take(32, "invite"), purpose: try purpose(), handle: try handle(), until: try time())
    }

    fileprivate mutating func enrolment() throws(MalformedBytes) -> Enrolment {
        let enrolment = Enrolment(keys: try keys(), handle: try handle(), time: try time())
        _ = try range(Statement.signatureSize, "possession")
        return enrolment
    }

    private mutating func keys() throws(MalformedBytes) -> DevicePublicKeys {
        let channel = try take(32, "channel key")
        let sealing = try take(32, "sealing key")
        let signing = try take(32, "signing key")
        guard let keys = DevicePublicKeys(channel: channel, sealing: sealing, signing: signing) else {
            throw failure(.truncated, "keys")
        }
        return keys
    }

    private mutating func purpose() throws(MalformedBytes) -> Grant.Purpose {
        let number = try byte("purpose")
        if number == 0 { return .furtherDevice }
        guard let role = Role(rawValue: number) else { throw failure(.notAllowed, "purpose") }
        return .newAnalyst(role)
    }

    mutating func handle() throws(MalformedBytes) -> Handle {
        let text = try text(atMost: Handle.longest, "handle")
        guard let handle = try? Handle(text) else { throw failure(.notAllowed, "handle") }
        return handle
    }

    mutating func workspaceName() throws(MalformedBytes) -> WorkspaceName {
        let text = try text(atMost: WorkspaceName.longest, "workspace name")
        guard let name = try? WorkspaceName(text) else { throw failure(.notAllowed, "workspace name") }
        return name
    }

    mutating func time() throws(MalformedBytes) -> Int64 {
        let time = try varint("time")
        guard time <= UInt64(StatementTime.latest) else { throw failure(.notAllowed, "time") }
        return Int64(time)
    }
}

/// Times in statements have the 48 bits of milliseconds that stamps have.
enum StatementTime {
    static let latest: Int64 = 0xFFFF_FFFF_FFFF

    static func checked(_ milliseconds: Int64) throws(TrustError) -> UInt64 {
        guard (0...latest).contains(milliseconds) else { throw TrustError(.badTime, at: "statement") }
        return UInt64(milliseconds)
    }
}
