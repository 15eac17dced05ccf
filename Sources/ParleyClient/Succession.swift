internal import ParleyCore
internal import ParleyStore

/// A server may say, over a channel in which it has proved its present key, which key it is going to have. The
/// client remembers it, and takes it where the present one does not answer any more; any other key stops it.
extension Workspace {
    /// - Parameter key: the server's next channel key, 32 bytes.
    func noteSuccession(_ key: [UInt8]) throws {
        let known = try store.read { try ($0.log.meta(Meta.serverKey), $0.log.meta(Meta.nextServerKey)) }
        guard key != known.0, key != known.1 else { return }
        try store.write { try $0.log.setMeta(Meta.nextServerKey, key) }
    }

    /// The key that the server has announced; nil for none.
    package func announcedServerKey() throws -> [UInt8]? {
        try store.read { try $0.log.meta(Meta.nextServerKey) }
    }

    /// The server has shown the key that it had announced: from now on that is the one.
    package func takeAnnouncedServerKey() throws {
        try store.write { tx in
            guard let next = try tx.log.meta(Meta.nextServerKey) else { return }
            try tx.log.setMeta(Meta.serverKey, next)
            try tx.log.setMeta(Meta.nextServerKey, nil)
        }
    }
}
