internal import Foundation
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
package import ParleyTrust

/// How a workspace folder comes to be: founded here, or joined with an invite. What a newcomer must show to a
/// server waits in the file until the first connection; only then does a newcomer know the other members'
/// statements, and may write.
extension Workspace {
    /// Founds a workspace. Nothing but this folder knows of it until it is published.
    package static func found(
        folder: String, name: WorkspaceName, handle: Handle, ambient: Ambient
    ) throws -> Workspace {
        let identity = try makeIdentity(in: folder, ambient)
        let statement = try Statement.found(
            by: identity, handle: handle, name: name, salt: ambient.random(16), time: ambient.now())
        guard let id = statement.workspace else { throw ClientError.notMember }
        return try make(folder, id, identity, ambient) { log, membership in
            _ = try membership.add([statement.bytes], to: log)
            let sealing = try EpochMaking.begin(
                membership.roster, membership.statements, membership.ring, by: identity, time: ambient.now(),
                random: ambient.random)
            _ = try membership.add(sealing.map(\.bytes), to: log)
        }
    }

    /// Makes the folder of a newcomer, who holds the secret of a member's invite. The device is enrolled here
    /// and now; the server and the other members learn of it at the first connection, which must follow.
    package static func join(folder: String, invite: JoiningInvite, server: String, ambient: Ambient) throws
        -> Workspace
    {
        let identity = try makeIdentity(in: folder, ambient)
        let enrolment = try Statement.enrol(
            identity, invite: InviteSecret(seed: invite.secret), grant: invite.grant, time: ambient.now())
        return try make(folder, invite.workspace, identity, ambient) { log, membership in
            let statements = [invite.grant.bytes, enrolment.bytes]
            _ = try membership.add(statements, to: log)
            try log.setMeta(Meta.server, Array(server.utf8))
            try log.setMeta(Meta.serverKey, invite.server)
            try log.setMeta(Meta.introduction, Introductions.encode(Introduction(statements: statements)))
            for entry in invite.epochKeys { try membership.add(entry.key, of: entry.epoch, to: log) }
        }
    }

    /// Lets a server host this workspace, with the operator's invite. The server learns of it at the next
    /// connection.
    package func setHost(_ invite: HostingInvite, server: String) throws {
        let founding = membership.statements.hashes.compactMap { membership.statements[$0] }
            .filter { $0.workspace == id }.map(\.bytes)
        try store.write { tx in
            try tx.log.setMeta(Meta.server, Array(server.utf8))
            try tx.log.setMeta(Meta.serverKey, invite.server)
            let introduction = Introduction(token: invite.token.bytes, statements: founding)
            try tx.log.setMeta(Meta.introduction, Introductions.encode(introduction))
            // Nothing is known of what this server holds.
            try tx.setAcknowledged(0)
        }
    }

    /// An invite for somebody else. Works offline: the grant travels in the invite too.
    /// - Parameter until: milliseconds since 1970.
    package func invite(
        handle: Handle, role: Role, until: Int64
    ) throws -> (server: String, invite: JoiningInvite) {
        try store.write { tx in
            try membership.refresh(from: tx.log)
            let roster = membership.roster
            let isOwn = roster.analyst(of: device) == handle && roster.role(of: device) != nil
            guard isOwn || roster.role(of: device) == .admin else { throw ClientError.notAdmin }
            guard let server = try tx.log.metaText(Meta.server), let key = try tx.log.meta(Meta.serverKey)
            else {
                throw ClientError.noServer
            }
            let secret = try InviteSecret(seed: Secret(ambient.random(32)))
            let grant = try Statement.grant(
                by: identity, on: roster.rests(forInviteBy: device, in: membership.statements),
                invite: secret.publicKey, handle: handle, purpose: isOwn ? .furtherDevice : .newAnalyst(role),
                until: until)
            _ = try membership.add([grant.bytes], to: tx.log)
            let newest = try? membership.sealingKey()
            let keys = newest.map { [JoiningInvite.EpochKey(epoch: $0.epoch, key: $0.key)] } ?? []
            let invite = try JoiningInvite(
                server: key, workspace: id, secret: secret.seed, grant: grant, epochKeys: keys)
            return (server, invite)
        }
    }

    /// Whether a workspace was founded or joined in this folder. One that was cut short does not count: its
    /// file does not say yet which workspace it holds.
    package static func exists(in folder: String) throws -> Bool {
        guard FileManager.default.fileExists(atPath: storePath(in: folder)) else { return false }
        let rules = StoreRules(openBody: { _, _, _ in .waiting }, analyst: { _ in nil })
        let file = try WorkspaceStore(path: storePath(in: folder), rules: rules)
        defer { try? file.close() }
        return try file.read { try $0.log.meta(Meta.workspace) } != nil
    }

    private static func makeIdentity(in folder: String, _ ambient: Ambient) throws -> Identity {
        guard try !exists(in: folder) else { throw ClientError.workspaceExists(folder: folder) }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            return try IdentityFile.create(.device, inFolder: folder, seed: Secret(ambient.random(32)))
        } catch  where error.code == .identityExists {
            // An earlier try was cut short: nothing has been written under this identity.
            return try unusedIdentity(in: folder, ambient)
        }
    }

    private static func unusedIdentity(in folder: String, _ ambient: Ambient) throws -> Identity {
        do { return try IdentityFile.read(.device, inFolder: folder) } catch
            where error.code == .identityDamaged
        {
            try FileManager.default.removeItem(atPath: folder + "/" + IdentityFile.Kind.device.fileName)
            return try IdentityFile.create(.device, inFolder: folder, seed: Secret(ambient.random(32)))
        }
    }

    private static func make(
        _ folder: String, _ id: WorkspaceID, _ identity: Identity, _ ambient: Ambient,
        _ fill: (Log, Membership) throws -> Void
    ) throws -> Workspace {
        let workspace = try Workspace(making: id, in: folder, identity, ambient)
        try workspace.store.write { tx in
            try tx.log.setMeta(Meta.workspace, id.bytes)
            try fill(tx.log, workspace.membership)
        }
        return workspace
    }
}

/// What a newcomer has to show, as it waits in the file: the hosting token (empty or 16 bytes) behind its
/// length, then each statement behind its length.
enum Introductions {
    static func encode(_ introduction: Introduction) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in [introduction.token] + introduction.statements {
            bytes.append(varint: UInt64(part.count))
            bytes.append(contentsOf: part)
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MalformedBytes) -> Introduction {
        var reader = ByteReader(bytes)
        var parts: [[UInt8]] = []
        while !reader.isAtEnd {
            parts.append(try reader.take(try reader.length(atMost: reader.remaining, "introduction")))
        }
        return Introduction(token: parts.first ?? [], statements: Array(parts.dropFirst()))
    }
}
