package import ParleyCore

/// The operator's invite: permission to found one workspace on a server.
///
///     +--------+-----------+------+--------+
///     | server |   token   | name | handle |
///     |   32   |    16     | text |  text  |
///     +--------+-----------+------+--------+
package struct HostingInvite: Equatable, Sendable {
    /// The server's channel key.
    package let server: [UInt8]
    /// 16 random bytes that the server takes once.
    package let token: Secret
    package let name: WorkspaceName
    package let handle: Handle

    package init(server: [UInt8], token: Secret, name: WorkspaceName, handle: Handle) throws(TrustError) {
        guard server.count == 32 else { throw TrustError(.badKey, at: "server key") }
        guard token.bytes.count == 16 else { throw TrustError(.badToken, at: "token") }
        self.server = server
        self.token = token
        self.name = name
        self.handle = handle
    }
}

/// A member's invite: a grant and the secret that goes with it. The statements behind the grant come from
/// the server; they are rooted in the workspace's id, so the server cannot make them up.
///
///     +--------+-----------+------+--------+=======+--------+===============+
///     | server | workspace | seed |  size  | grant | count  | epoch, key .. |
///     |   32   |    32     |  32  | varint | size  | varint | (32+32) count |
///     +--------+-----------+------+--------+=======+--------+===============+
package struct JoiningInvite: Equatable, Sendable {
    /// A workspace key, named by the hash of the `epoch` statement that made it. None while nothing is
    /// sealed.
    package struct EpochKey: Equatable, Sendable {
        package let epoch: StatementHash
        /// 32 bytes.
        package let key: Secret

        package init(epoch: StatementHash, key: Secret) {
            self.epoch = epoch
            self.key = key
        }
    }

    package static let mostEpochKeys = 4

    /// The server's channel key.
    package let server: [UInt8]
    package let workspace: WorkspaceID
    package let secret: Secret
    package let grant: Statement
    package let epochKeys: [EpochKey]

    package init(
        server: [UInt8], workspace: WorkspaceID, secret: Secret, grant: Statement, epochKeys: [EpochKey] = []
    ) throws(TrustError) {
        guard server.count == 32 else { throw TrustError(.badKey, at: "server key") }
        guard epochKeys.count <= Self.mostEpochKeys, epochKeys.allSatisfy({ $0.key.bytes.count == 32 }) else {
            throw TrustError(.badKey, at: "epoch keys")
        }
        guard case .grant(let granted) = grant.content,
            granted.invite == (try InviteSecret(seed: secret).publicKey)
        else { throw TrustError(.wrongInvite, at: "grant") }
        self.server = server
        self.workspace = workspace
        self.secret = secret
        self.grant = grant
        self.epochKeys = epochKeys
    }

    /// For whom it is, and as what.
    package var granted: Grant? {
        guard case .grant(let granted) = grant.content else { return nil }
        return granted
    }
}

/// The word: Crockford's base 32 of
///
///     +---------+------+=========+-------+
///     | version | kind | content | check |
///     |    1    |  1   |         |   4   |
///     +---------+------+=========+-------+
///
/// where check is the beginning of SHA-256 over a label and all before it, in this and every later version:
/// so a typing error is told from a newer version.
extension Invite.Content {
    static let version: UInt8 = 1

    private enum Kind {
        static let hosting: UInt8 = 1
        static let joining: UInt8 = 2
    }

    var word: String {
        let bytes = encoded
        return Crockford.encode(bytes + Label.inviteCheck.hash(bytes).prefix(4))
    }

    init(word: String) throws(TrustError) {
        let bytes = try Self.checked(word)
        guard bytes[0] == Self.version else { throw TrustError(.inviteTooNew, at: "word") }
        do throws(MalformedBytes) {
            var reader = ByteReader(bytes, in: 1..<bytes.count)
            let kind = try reader.byte("kind")
            switch kind {
            case Kind.hosting: self = .hosting(try reader.hosting())
            case Kind.joining: self = .joining(try reader.joining())
            default: throw reader.failure(.notAllowed, "kind")
            }
            try reader.expectEnd("word")
        } catch {
            throw TrustError(.inviteDamaged, at: "word", cause: .bytes(error))
        }
    }

    /// The bytes before the check, of which there is at least one.
    private static func checked(_ word: String) throws(TrustError) -> [UInt8] {
        let damaged = TrustError(.inviteDamaged, at: "word")
        let digits = word.utf8.filter { $0 != UInt8(ascii: "-") }
        guard let bytes = Crockford.decode(String(decoding: digits, as: UTF8.self)), bytes.count > 4 else {
            throw damaged
        }
        guard Label.inviteCheck.hash(bytes.dropLast(4)).prefix(4).elementsEqual(bytes.suffix(4)) else {
            throw damaged
        }
        return bytes.dropLast(4)
    }

    private var encoded: [UInt8] {
        switch self {
        case .hosting(let invite):
            var bytes = [Self.version, Kind.hosting] + invite.server + invite.token.bytes
            bytes.append(text: invite.name.text)
            bytes.append(text: invite.handle.text)
            return bytes
        case .joining(let invite):
            var bytes = [Self.version, Kind.joining] + invite.server + invite.workspace.bytes
            bytes.append(contentsOf: invite.secret.bytes)
            bytes.append(varint: UInt64(invite.grant.bytes.count))
            bytes.append(contentsOf: invite.grant.bytes)
            bytes.append(varint: UInt64(invite.epochKeys.count))
            for key in invite.epochKeys { bytes.append(contentsOf: key.epoch.bytes + key.key.bytes) }
            return bytes
        }
    }
}

extension ByteReader {
    fileprivate mutating func hosting() throws(MalformedBytes) -> HostingInvite {
        let server = try take(32, "server key")
        let token = Secret(try take(16, "token"))
        let name = try workspaceName()
        let handle = try handle()
        let invite = try? HostingInvite(server: server, token: token, name: name, handle: handle)
        guard let invite else { throw failure(.notAllowed, "hosting invite") }
        return invite
    }

    fileprivate mutating func joining() throws(MalformedBytes) -> JoiningInvite {
        let server = try take(32, "server key")
        guard let workspace = WorkspaceID(try take(32, "workspace")) else {
            throw failure(.truncated, "workspace")
        }
        let secret = Secret(try take(32, "secret"))
        let size = try length(atMost: Statement.longest, "grant size")
        guard let grant = try? Statement(received: try take(size, "grant")) else {
            throw failure(.notAllowed, "grant")
        }
        let keys = try epochKeys()
        let invite = try? JoiningInvite(
            server: server, workspace: workspace, secret: secret, grant: grant, epochKeys: keys)
        guard let invite else { throw failure(.notAllowed, "grant") }
        return invite
    }

    private mutating func epochKeys() throws(MalformedBytes) -> [JoiningInvite.EpochKey] {
        let count = try length(atMost: JoiningInvite.mostEpochKeys, "epoch keys")
        var keys: [JoiningInvite.EpochKey] = []
        for _ in 0..<count {
            guard let epoch = StatementHash(try take(32, "epoch")) else { throw failure(.truncated, "epoch") }
            keys.append(JoiningInvite.EpochKey(epoch: epoch, key: Secret(try take(32, "epoch key"))))
        }
        return keys
    }
}
