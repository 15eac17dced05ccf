internal import Crypto
internal import Foundation
package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
package import ParleyTrust

/// The folder of `serve --data DIR`: the server's identity, its book of tokens, and one log a workspace.
///
///     DIR/server-identity    the secret seed, 0600; server-identity.next the one that is announced
///     DIR/server.sqlite      tokens and hosted workspaces
///     DIR/server.lock        held by the running server
///     DIR/logs/ID.sqlite     a workspace's log; ID in hexadecimal
package final class ServerFolder {
    package let path: String
    package let identity: Identity
    private let book: HostBook
    private var lock: FolderLock?
    /// It held no server before.
    package let isNew: Bool
    /// How a workspace's log is opened; a harness that has it open already hands that out.
    package var openLog: (_ path: String) throws -> LogFile = { try LogFile(path: $0) }

    /// Opens the folder, and makes what is missing. Beside a running server this is what `invite --data`
    /// uses; a server itself then takes the lock.
    /// - Parameter seed: 32 random bytes, used if the folder has no identity yet.
    package init(path: String, seed: [UInt8]) throws {
        self.path = path
        try Self.make(path + "/logs")
        isNew = !FileManager.default.fileExists(atPath: path + "/" + IdentityFile.Kind.server.fileName)
        identity =
            isNew
            ? try IdentityFile.create(.server, inFolder: path, seed: Secret(seed))
            : try IdentityFile.read(.server, inFolder: path)
        book = try HostBook(path: path + "/server.sqlite")
    }

    private static func make(_ folder: String) throws(ServerError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let cause = reason.map { String(cString: strerror(Int32($0.code))) } ?? error.localizedDescription
            throw ServerError(code: .cannotMakeFolder, place: folder, cause: cause)
        }
    }

    /// Keeps a second server off this folder until this object goes.
    /// - Parameter patience: how long to wait for another one that is about to end.
    package func takeLock(waitingMilliseconds patience: Int = 0) throws(ServerError) {
        lock = try FolderLock(path: path + "/server.lock", patience: patience)
    }

    // MARK: Another key

    /// The identity that this server is going to have, which its clients are told of; nil while there is none.
    package func announced() throws -> Identity? {
        let isThere = FileManager.default.fileExists(
            atPath: path + "/" + IdentityFile.Kind.nextServer.fileName)
        return isThere ? try IdentityFile.read(.nextServer, inFolder: path) : nil
    }

    /// Makes the next identity, if there is none yet. A running server tells of it from then on.
    /// - Parameter seed: 32 random bytes.
    package func announce(seed: [UInt8]) throws -> Identity {
        try announced() ?? IdentityFile.create(.nextServer, inFolder: path, seed: Secret(seed))
    }

    /// The announced identity becomes the server's. The caller holds the lock: no server runs.
    package func takeAnnounced() throws { try IdentityFile.takeNextServer(inFolder: path) }

    // MARK: Tokens

    /// - Parameter token: 16 random bytes, which the invite carries and this folder does not keep.
    package func addToken(_ token: [UInt8], name: WorkspaceName, handle: Handle, expires: Int64) throws {
        try book.addToken(
            hash: Self.hash(of: token), name: name.text, handle: handle.text, expires: expires)
    }

    package func host(
        _ workspace: WorkspaceID, name: String, token: [UInt8], at now: Int64
    ) throws -> HostBook.TokenFault? {
        try book.host(workspace, name: name, token: Self.hash(of: token), at: now)
    }

    package func hosted() throws -> [HostBook.Hosted] { try book.hosted() }

    private static func hash(of token: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array("parley/1 hosting token\0".utf8) + token))
    }

    // MARK: Workspaces

    /// - Returns: nil where the workspace is not hosted here.
    func open(_ workspace: WorkspaceID, _ quota: Quota) throws -> HostedWorkspace? {
        guard try book.isHosted(workspace) else { return nil }
        return try HostedWorkspace(
            id: workspace, log: openLog(path + "/logs/" + workspace.bytes.hex + ".sqlite"), quota: quota)
    }
}
