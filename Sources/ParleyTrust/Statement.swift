import ParleyCore

/// The hash of a membership statement, which is its name.
package struct StatementHash: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    fileprivate init(of statement: [UInt8]) { bytes = Label.statement.hash(statement) }

    package var description: String { Crockford.encode(bytes) }

    package static func < (left: StatementHash, right: StatementHash) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// One signed word about who belongs to a workspace. Statements are a set: each names by hash those it rests
/// on, and what they mean together is computed by ``Roster`` from the set alone.
///
///     +--------+-----+--------+----------+--------+--------+=========+-----------+
///     | format | tag | count  | rests on | signer |  size  | payload | signature |
///     |   1    |  1  | varint | 32 count |   32   | varint |  size   |    64     |
///     +--------+-----+--------+----------+--------+--------+=========+-----------+
///
/// The signature covers all bytes before it. What it rests on ascends without repetition. A value of this
/// type is well-formed; one made by `init(received:)` or by a maker is also signed by its signer.
package struct Statement: Sendable {
    package static let format: UInt8 = 1
    /// Bytes at most, so that one fits into a frame before authentication.
    package static let longest = 2048
    /// Statements that one may rest on.
    package static let mostRests = 16
    static let signatureSize = 64

    package enum Content: Hashable, Sendable {
        case found(Founding)
        case grant(Grant)
        case enrol(Enrolment)
        case role(RoleChange)
        case revoke(Revocation)
        case epoch(Epoch)
        case share(Share)
        /// Of a later version: kept and forwarded, grants nothing.
        case unknown(tag: UInt8, payload: [UInt8])
    }

    /// The payload's meaning.
    package enum Tag {
        package static let found: UInt8 = 1
        package static let grant: UInt8 = 2
        package static let enrol: UInt8 = 3
        package static let role: UInt8 = 4
        package static let revoke: UInt8 = 5
        package static let epoch: UInt8 = 6
        package static let share: UInt8 = 7
    }

    /// As signed, stored and forwarded.
    package let bytes: [UInt8]
    package let hash: StatementHash
    package let restsOn: [StatementHash]
    /// The Ed25519 key that signed it: a device's, or an invite's.
    package let signer: [UInt8]
    package let content: Content

    /// Reads a statement that came from somebody else, and verifies its signatures.
    package init(received bytes: [UInt8]) throws(TrustError) {
        try self.init(held: bytes)
        try verify()
    }

    /// Reads a statement from one's own store, which took it in through `init(received:)`: its form is
    /// checked, its signatures are not, so that opening a workspace costs no cryptography.
    package init(held bytes: [UInt8]) throws(TrustError) {
        guard bytes.count <= Self.longest else { throw TrustError(.statementTooLong, at: "statement") }
        guard bytes.first ?? Self.format == Self.format else {
            throw TrustError(.statementTooNew, at: "statement")
        }
        do throws(MalformedBytes) {
            var reader = ByteReader(bytes)
            _ = try reader.byte("format")
            let tag = try reader.byte("tag")
            restsOn = try reader.rests(tag: tag)
            signer = try reader.take(32, "signer")
            let size = try reader.length(atMost: Self.longest, "payload size")
            content = try Content.decode(tag, bytes, try reader.range(size, "payload"))
            _ = try reader.range(Self.signatureSize, "signature")
            try reader.expectEnd("statement")
        } catch {
            throw TrustError(.statementMalformed, at: "statement", cause: .bytes(error))
        }
        self.bytes = bytes
        hash = StatementHash(of: bytes)
    }

    /// Verifies the signature and, in an enrolment, that the new device signed as well.
    package func verify() throws(TrustError) {
        let signed = bytes.count - Self.signatureSize
        guard
            SigningKey.verify(bytes[signed...], .statementSignature, bytes[..<signed], by: signer)
        else { throw TrustError(.badSignature, at: "statement") }
        switch content {
        case .found(let founding):
            guard founding.keys.signing == signer else { throw TrustError(.badSignature, at: "statement") }
        case .enrol(let enrolment):
            let proof = signed - Self.signatureSize
            guard
                SigningKey.verify(
                    bytes[proof..<signed], .possession, bytes[..<proof], by: enrolment.keys.signing)
            else { throw TrustError(.badPossession, at: "statement") }
        case .grant, .role, .revoke, .epoch, .share, .unknown: break
        }
    }

    /// The key that this statement gives a voice: a device's signing key or an invite's key.
    var introduces: [UInt8]? {
        switch content {
        case .found(let founding): founding.keys.signing
        case .grant(let grant): grant.invite
        case .enrol(let enrolment): enrolment.keys.signing
        case .role, .revoke, .epoch, .share, .unknown: nil
        }
    }
}

extension Statement: Hashable {
    package static func == (left: Statement, right: Statement) -> Bool { left.hash == right.hash }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension ByteReader {
    /// A count and that many hashes, ascending. Only a founding statement rests on nothing.
    fileprivate mutating func rests(tag: UInt8) throws(MalformedBytes) -> [StatementHash] {
        let count = try length(atMost: Statement.mostRests, "statements rested on")
        guard (count == 0) == (tag == Statement.Tag.found) else {
            throw failure(.notAllowed, "statements rested on")
        }
        var rests: [StatementHash] = []
        for _ in 0..<count {
            guard let hash = StatementHash(try take(32, "statement rested on")) else {
                throw failure(.truncated, "statement rested on")
            }
            if let last = rests.last, last >= hash { throw failure(.outOfOrder, "statements rested on") }
            rests.append(hash)
        }
        return rests
    }
}
