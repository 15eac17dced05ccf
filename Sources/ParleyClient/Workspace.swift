internal import Foundation
package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
package import ParleyTrust

/// One analyst's replica of a workspace: a folder with `workspace.sqlite` and the 0600 `identity` file.
/// Everything here works without a network; several processes may have the folder open at once.
package final class Workspace {
    package let folder: String
    package let id: WorkspaceID
    /// Changed by `heal` alone, and where another process has done so.
    package internal(set) var identity: Identity { didSet { membership.adopt(identity) } }
    package let store: WorkspaceStore
    package let membership: Membership
    package let ambient: Ambient
    /// What is received is committed without the full-text index.
    private(set) var indexesLater = false

    /// Opens an existing workspace.
    package convenience init(folder: String, readOnly: Bool = false, ambient: Ambient) throws {
        let path = Self.storePath(in: folder)
        guard FileManager.default.fileExists(atPath: path) else {
            throw ClientError.noWorkspace(folder: folder)
        }
        try self.init(
            folder: folder, over: WorkspaceStore.file(path: path, readOnly: readOnly), ambient: ambient)
    }

    /// - Parameter file: the folder's, which somebody has opened already.
    package convenience init(folder: String, over file: StoreFile, ambient: Ambient) throws {
        let (id, device) = try file.read { db in
            (try Self.workspace(Log(db), file.path), try Self.device(Log(db)))
        }
        let (identity, isPrepared) = try IdentityFile.read(device, inFolder: folder)
        self.init(folder, file, id, identity, ambient)
        try store.read { try membership.refresh(from: $0.log) }
        if isPrepared, !file.isReadOnly { try settleIdentity() }
    }

    /// Makes the file of a workspace that is founded or joined.
    convenience init(
        making id: WorkspaceID, in folder: String, _ identity: Identity, _ ambient: Ambient
    ) throws {
        let file = try WorkspaceStore.file(path: Self.storePath(in: folder))
        self.init(folder, file, id, identity, ambient)
    }

    private init(
        _ folder: String, _ file: StoreFile, _ id: WorkspaceID, _ identity: Identity, _ ambient: Ambient
    ) {
        self.folder = folder
        self.id = id
        self.identity = identity
        self.ambient = ambient
        membership = Membership(workspace: id, identity: identity, random: ambient.random)
        store = WorkspaceStore(file, rules: Self.rules(membership))
    }

    private static func rules(_ membership: Membership) -> StoreRules {
        StoreRules(
            openBody: { membership.open($0, $1, $2) }, judge: { try membership.judge($0, $1) },
            analyst: { membership.analyst(of: $0) }, address: { ChangeAddress($0).index })
    }

    static func storePath(in folder: String) -> String { folder + "/workspace.sqlite" }

    private static func workspace(_ log: Log, _ path: String) throws -> WorkspaceID {
        guard let id = try log.meta(Meta.workspace).flatMap({ WorkspaceID($0) }) else {
            throw StoreError(.damaged, path: path, cause: "the file does not say which workspace it holds")
        }
        return id
    }

    /// Says that this process stays connected, takes many small commits, and goes on with the full-text index
    /// whenever nothing arrives: see ``catchUpIndex(forMilliseconds:)``.
    package func prepareToStay() throws {
        indexesLater = true
        try store.reserveLog()
    }

    // MARK: Who and where

    package var device: DeviceID { identity.device }

    /// The analyst's handle, by the roster.
    package var handle: String? { membership.analyst(of: device) }

    /// What people call the workspace.
    package var name: String { membership.roster.name?.text ?? "" }

    package func role() -> Role? { membership.roster.role(of: device) }

    /// Milliseconds since 1970 by the server's clock, as far as this device has measured it.
    package func correctedTime(_ log: Log) throws -> Int64 {
        let offset =
            try log.meta(Meta.clockOffset).flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0
        return ambient.now() + offset
    }
}

/// Names of small facts in the workspace's file.
package enum Meta {
    /// 32 bytes.
    package static let workspace = "workspace"
    /// Text: HOST:PORT.
    package static let server = "server"
    /// The server's channel key, 32 bytes.
    package static let serverKey = "server_key"
    /// The channel key that the server has announced, 32 bytes.
    package static let nextServerKey = "next_server_key"
    /// Decimal milliseconds by which the server's clock is ahead of this machine's.
    package static let clockOffset = "clock_offset"
    /// Decimal: the own chain's highest number that may have left this machine; never encoded anew.
    package static let left = "left"
    /// The statement that the own chain's newest header named, 32 bytes.
    package static let namedStatement = "named_statement"
    /// The device that this replica writes as, 16 bytes, once it has changed; see `CurrentIdentity.swift`.
    package static let device = "device"
    /// The frontier that the server had when this replica and it were last in step: by it one sees that a
    /// server has lost something.
    package static let serverHeld = "server_held"
    /// The membership statements that the server then held, or had been given: see `Scrutiny`.
    package static let serverStatements = "server_statements"
    /// Forks that a server has said there are, until it shows them: see `ClaimedForks`.
    package static let claimedForks = "claimed_forks"
    /// Decimal milliseconds since 1970.
    package static let lastSync = "last_sync"
    /// The enrolment still to be shown to a server: see `Introductions`.
    package static let introduction = "introduction"
    /// Present where the server has said that this device was put out.
    package static let removed = "removed"
    /// What the server does not take: see `Refusals`.
    package static let refused = "refused"
}

extension Log {
    package func metaNumber(_ name: String) throws -> UInt64 {
        try metaText(name).flatMap { UInt64($0) } ?? 0
    }

    package func setMeta(_ name: String, _ number: some BinaryInteger) throws {
        try setMeta(name, Array(String(number).utf8))
    }
}
