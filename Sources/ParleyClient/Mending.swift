internal import Foundation
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// What mending a workspace's file came to.
package struct Mending: Equatable, Sendable {
    /// Where the damaged file is kept; nil where the tables alone were made anew.
    package var kept: String?
    /// Changesets that were found whole.
    package var held = 0
    /// Changesets that were readable but rest on something that was not: a server gives them back.
    package var refetched = 0
    /// Own changesets that no server holds and that were written again.
    package var rewritten = 0
}

extension Workspace {
    /// Makes everything anew from the log. Where pages or the log itself are damaged, what is whole of it moves
    /// into a fresh file, the damaged one is kept beside it, and the rest comes from the server at the next
    /// sync. This object is closed then: the workspace is to be opened again.
    package func mend() throws -> Mending {
        let isWell = try Salvage(store).damagedPages().isEmpty && isLogWhole()
        guard isWell else { return try moveToFreshFile() }
        try store.rebuild()
        return Mending(held: try store.read { try $0.log.count() })
    }

    private func isLogWhole() throws -> Bool {
        try store.read { tx in
            try tx.log.heads().keys.allSatisfy { try tx.log.damagedChanges(of: $0, workspace: id).isEmpty }
        }
    }

    private func moveToFreshFile() throws -> Mending {
        let path = Self.storePath(in: folder)
        let fresh = path + ".new"
        for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: fresh + ending) }
        let version = try? store.file.dataVersion()
        let target = try WorkspaceStore(path: fresh, rules: store.rules)
        var mending = Mending()
        try target.write { tx in
            var rescue = Rescue(workspace: self, from: Salvage(store), to: tx)
            mending = try rescue.run()
        }
        try target.file.checkpoint()
        try target.close()
        // What another process has written since is not in the fresh file.
        guard (try? store.file.dataVersion()) == version else {
            throw StoreError(.busy, path: path, cause: "it was written to meanwhile")
        }
        try? store.close()
        mending.kept = try Self.replace(path, by: fresh)
        return mending
    }

    /// The damaged file gets another name before the fresh one takes its place: at no moment is there no file.
    private static func replace(_ path: String, by fresh: String) throws -> String {
        let manager = FileManager.default
        let kept =
            (1...).lazy.map { "\(path).damaged-\($0)" }.first { !manager.fileExists(atPath: $0) } ?? path
        try manager.linkItem(atPath: path, toPath: kept)
        if manager.fileExists(atPath: path + "-wal") {
            try manager.moveItem(atPath: path + "-wal", toPath: kept + "-wal")
        }
        try? manager.removeItem(atPath: path + "-shm")
        guard rename(fresh, path) == 0 else {
            throw StoreError(.cannotOpen, path: path, cause: String(cString: strerror(errno)))
        }
        try synchronize((path as NSString).deletingLastPathComponent)
        return kept
    }
}

/// Makes the names in a folder durable.
private func synchronize(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
        throw StoreError(.cannotOpen, path: folder, cause: String(cString: strerror(errno)))
    }
}

/// What is whole on its way from a damaged file into a fresh one.
private struct Rescue {
    let workspace: Workspace
    let source: Salvage
    let tx: WriteTransaction
    private var heads: [DeviceID: ChainHead] = [:]
    private var mending = Mending()
    /// Own changesets behind a gap, each with all that its author had received.
    private var orphans: [(entry: LogEntry, context: Frontier)] = []
    private var ownContext = Frontier()
    /// The own changeset read last, as it is stored.
    private var lastOwn: LogEntry?

    init(workspace: Workspace, from source: Salvage, to tx: WriteTransaction) {
        self.workspace = workspace
        self.source = source
        self.tx = tx
    }

    mutating func run() throws -> Mending {
        try copyFacts()
        try source.eachChangeset { try take($0, $1) }
        for (device, head) in heads {
            try source.signature(of: ChangeID(device: device, number: head.number)).map {
                try tx.log.save(
                    SignedNumber(change: ChangeID(device: device, number: head.number), signature: $0))
            }
        }
        try source.copyOwn(to: tx)
        try tx.rebuild()
        try writeOrphans()
        return mending
    }

    private func copyFacts() throws {
        for name in Meta.kept { try source.meta(name).map { try tx.log.setMeta(name, $0) } }
        try tx.log.setMeta(Meta.workspace, workspace.id.bytes)
        _ = try workspace.membership.add(
            workspace.membership.statements.bytes + source.statements(), to: tx.log)
        try workspace.membership.wrapKeys(for: workspace.identity, tx.log)
    }

    private mutating func take(_ hash: [UInt8], _ bytes: [UInt8]) throws {
        guard let header = try? ChangesetHeader.decode(bytes).header else { return }
        let device = header.change.device
        let entry = LogEntry(
            header: header, hash: hash, address: ChangeAddress(header.change).index, bytes: bytes)
        if device == workspace.device { ownContext.merge(header.context) }
        let head =
            heads[device]
            ?? ChainHead(
                number: 0, time: HybridTime(number: 0),
                hash: Chain.start(workspace: workspace.id, device: device), context: Frontier())
        let isNext = header.change.number == head.number + 1
        let isWhole = isNext && Chain.next(after: head.hash, bytes: bytes) == hash
        guard isWhole, header.context.numbers.allSatisfy({ heads[$0.key]?.number ?? 0 >= $0.value }) else {
            return pass(entry, isNext: isNext, after: head)
        }
        try tx.log.append(entry)
        try keepSignature(of: header.change)
        heads[device] = head.advanced(by: entry)
        mending.held += 1
    }

    /// Signatures on the way are kept, so that every stretch can be handed on.
    private func keepSignature(of change: ChangeID) throws {
        guard let signature = source.signature(of: change) else { return }
        try tx.log.save(SignedNumber(change: change, signature: signature))
    }

    private mutating func pass(_ entry: LogEntry, isNext: Bool, after head: ChainHead) {
        guard entry.header.change.device == workspace.device else { return }
        let isBehindLast = lastOwn?.header.change.number == entry.header.change.number - 1
        let previous = isNext ? head.hash : isBehindLast ? lastOwn?.hash : nil
        lastOwn = entry
        // What can be checked and is not as it was written is nobody's word.
        if let previous, Chain.next(after: previous, bytes: entry.bytes) != entry.hash { return }
        orphans.append((entry, ownContext))
    }

    /// Own work that no server has and that rests on something unreadable is written again, upon what is held.
    private mutating func writeOrphans() throws {
        let acknowledged = try tx.acknowledged()
        let lost = orphans.filter { $0.entry.header.change.number > acknowledged }
        mending.refetched = orphans.count - lost.count
        let number = heads[workspace.device]?.number ?? 0
        try tx.setAcknowledged(min(acknowledged, number))
        guard !lost.isEmpty else { return }
        let isFresh = try number < tx.log.metaNumber(Meta.left)
        let author = isFresh ? try workspace.takeFreshIdentity(tx) : workspace.identity
        var chain = try NewChain(
            tx.log, workspace.id, author.device, after: isFresh ? 0 : number,
            heads[workspace.device]?.context ?? Frontier(), try workspace.sealer(for: author.device))
        let now = try workspace.correctedTime(tx.log)
        for (orphan, whole) in lost {
            var context = whole
            for device in whole.numbers.keys {
                context[device] = min(whole[device], heads[device]?.number ?? 0)
            }
            context[workspace.device] = isFresh ? number : 0
            let opened = try tx.open(orphan)
            let entry = try chain.next(
                time: orphan.header.time, context: context, now: now,
                statement: chain.nextNumber == 1 ? workspace.membership.roster.newest?.bytes : nil,
                packed: try opened.readable.map { Packing.pack($0.bytes) } ?? orphan.storedBody)
            try tx.append([Arrival(entry: entry, body: opened)])
            mending.rewritten += 1
        }
    }
}

extension Meta {
    /// What moves into a fresh file.
    fileprivate static let kept = [
        workspace, server, serverKey, nextServerKey, clockOffset, left, namedStatement, introduction, device,
        lastSync,
        serverHeld, serverStatements, claimedForks, refused, "acknowledged",
    ]
}
