package import ParleyCore
package import ParleyStore
package import ParleyTrust

/// What `status` says of a workspace.
package struct WorkspaceFacts: Equatable, Sendable {
    package var counts: StoreCounts
    /// Own changesets that no server has stored yet.
    package var unsent: UInt64
    /// HOST:PORT; nil where the workspace was never published.
    package var server: String?
    /// By what this replica knows its server, wherever it is.
    package var serverKey: KeyFingerprint?
    /// When this replica and its server last had the same.
    package var lastSync: Instant?
    package var clockOffsetMilliseconds: Int64?
    /// What the server does not take, by chains.
    package var refusals: [StandingRefusal]
    /// Changesets taken out of the log that stand nowhere else.
    package var setApart: Int
    /// Own changesets that count nowhere but here: this device was put out, or made a reader's, before they had
    /// reached anybody.
    package var ownVoided: Int
    /// Who has put this device out, or taken writing from it, as far as the statements held here say.
    package var removedBy: String?
    /// The server lets this device in no more.
    package var isOut: Bool
}

extension Workspace {
    package func facts() throws -> WorkspaceFacts {
        try store.read { tx in
            WorkspaceFacts(
                counts: try tx.counts(), unsent: try tx.unsent(of: device),
                server: try tx.log.metaText(Meta.server),
                serverKey: try tx.log.meta(Meta.serverKey).map { KeyFingerprint($0) },
                lastSync: try tx.log.metaText(Meta.lastSync).flatMap { Int64($0) }.map {
                    Instant(milliseconds: $0)
                },
                clockOffsetMilliseconds: try tx.log.metaText(Meta.clockOffset).flatMap { Int64($0) },
                refusals: try standingRefusals(tx.log), setApart: try tx.setApart().count,
                ownVoided: try ownVoided(tx), removedBy: removedBy,
                isOut: try role() == nil || tx.log.meta(Meta.removed) != nil)
        }
    }

    private var removedBy: String? {
        guard let removal = membership.roster.removal(of: device) else { return nil }
        return membership.roster.signer(of: removal)?.text
    }

    /// Others judge this device's changesets by the cut of its removal; here they go on being shown.
    private func ownVoided(_ tx: ReadTransaction) throws -> Int {
        guard membership.roster.judgesByNumber(device) else { return 0 }
        var names = NamedStatements(tx.log)
        var count = 0
        try tx.log.eachHeader(of: device, from: 1, through: .max) { header in
            let named = try names.last(in: header.change).flatMap { StatementHash($0) }
            if case .void = membership.roster.standing(of: header.change, naming: named) { count += 1 }
        }
        return count
    }

    package func serverAddress() throws -> String? { try store.read { try $0.log.metaText(Meta.server) } }

    /// The channel key by which this replica knows its server, 32 bytes: it came with an invite.
    package func serverKey() throws -> [UInt8]? { try store.read { try $0.log.meta(Meta.serverKey) } }

    /// The same server, under another address.
    /// - Parameter key: its channel key, where that has changed too.
    package func move(toServer address: String, key: [UInt8]? = nil) throws {
        try store.write { tx in
            try tx.log.setMeta(Meta.server, Array(address.utf8))
            if let key { try tx.log.setMeta(Meta.serverKey, key) }
        }
    }

    /// Brings the full-text index on for about so long; what it lacks is found all the same, but slower.
    /// - Returns: whether the index is complete now.
    @discardableResult
    package func catchUpIndex(forMilliseconds patience: Int64) throws -> Bool {
        let end = ambient.now() + patience
        repeat {
            let pause = min(end, ambient.now() + Self.longestIndexing)
            if try store.catchUpIndex(while: { $0 == 0 || ambient.now() < pause }) { return true }
        } while ambient.now() < end
        return false
    }

    /// Milliseconds for which nobody else can write meanwhile.
    private static let longestIndexing: Int64 = 500

    /// Own changesets that no server has stored yet.
    package func unsentCount() throws -> UInt64 { try store.read { try $0.unsent(of: device) } }

    /// Founded here and not yet known to any server.
    package func isUnpublished() throws -> Bool {
        try store.read { try $0.log.metaText(Meta.lastSync) == nil }
    }

    /// Writes that wait for somebody to look at them: values set aside, and edits that a deletion overlooked.
    package func reviewCount() throws -> Int { try store.read { try $0.waitingCount() } }

    package func recordCount() throws -> Int { try facts().counts.records.values.reduce(0, +) }

    package func close() throws { try store.close() }
}
