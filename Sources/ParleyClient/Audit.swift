internal import ParleyCore
internal import ParleyProtocol
package import ParleyStore
package import ParleyTrust

/// What a look through a whole workspace has proved. Everything is computed anew from the bytes: chains from
/// their beginnings, signatures by the keys that the statements give, the roster from the statements alone.
package struct Audit: Equatable, Sendable {
    /// Changesets that stand in their chains, and of how many devices.
    package var changesets = 0
    package var devices = 0
    /// Right signatures on chains.
    package var signatures = 0
    /// Changesets behind the last signature of their chain: own work that has not left, or what only its author
    /// can hand on.
    package var unsigned = 0
    /// Bodies that open.
    package var sealed = 0
    package var plain = 0
    /// Bodies for whose key this replica waits.
    package var waiting = 0
    /// Changesets that count for nothing, by the reason.
    package var void: [VoidReason: Int] = [:]
    /// Changesets whose author knew a membership statement that is not here.
    package var unknowing = 0
    /// Membership statements that are signed as they say.
    package var statements = 0
    package var voidStatements: [Roster.VoidReason: Int] = [:]
    /// Statements that rest on something that is not here.
    package var waitingStatements = 0
    /// Whether the tables were compared with what the log makes of them.
    package var tablesCompared = false
    /// What is wrong, a sentence each, some of many; empty when all is well.
    package var findings: [String] = []

    package init() {}

    static let mostFindings = 20

    mutating func find(_ sentence: String) {
        if findings.count < Self.mostFindings { findings.append(sentence) }
    }
}

extension Workspace {
    /// Looks through everything: the file's pages, the statements, the log, each body, the tables.
    package func audit() throws -> Audit {
        var audit = Audit()
        audit.findings = Salvage(store).damagedPages()
        guard audit.findings.isEmpty else { return audit }
        try store.read { tx in
            try audit.walkStatements(tx.log, id)
            var walk = LogWalk(workspace: self, audit: audit)
            try tx.log.eachRow { try walk.take($0, tx) }
            audit = try walk.finish(tx)
        }
        guard audit.findings.isEmpty else { return audit }
        audit.findings = try store.verify()
        audit.tablesCompared = true
        audit.void = try store.read { try $0.voidCounts() }
        return audit
    }

    /// - Returns: what is wrong, a sentence each; empty when all is well.
    package func verify() throws -> [String] { try audit().findings }
}

extension Audit {
    fileprivate mutating func walkStatements(_ log: Log, _ workspace: WorkspaceID) throws {
        var set = StatementSet()
        for (hash, bytes) in try log.namedStatements() {
            do throws(TrustError) {
                let statement = try Statement(received: bytes)
                guard statement.hash.bytes == hash else {
                    find("a membership statement is kept under another name than its own")
                    continue
                }
                try set.insert(statement)
                statements += 1
            } catch {
                find("a membership statement is not what was signed: \(error)")
            }
        }
        let roster = Roster(set, workspace: workspace)
        waitingStatements = roster.waiting.count
        for reason in roster.void.values { voidStatements[reason, default: 0] += 1 }
        if roster.name == nil { find("the statement that founded this workspace is not here") }
    }
}

/// The log from its beginning, every chain by itself.
private struct LogWalk {
    private struct Reach {
        var number: UInt64 = 0
        var time = HybridTime(number: 0)
        var hash: [UInt8]
        var signed: UInt64 = 0
    }

    let workspace: Workspace
    let roster: Roster
    let statements: StatementSet
    private var audit: Audit
    private var chains: [DeviceID: Reach] = [:]
    private var broken: Set<DeviceID> = []

    init(workspace: Workspace, audit: Audit) {
        self.workspace = workspace
        self.audit = audit
        roster = workspace.membership.roster
        statements = workspace.membership.statements
    }

    mutating func take(_ row: RawRow, _ tx: ReadTransaction) throws {
        let device = row.change.device
        guard !broken.contains(device) else { return }
        var reach =
            chains[device] ?? Reach(hash: Chain.start(workspace: workspace.id, device: device))
        guard let header = try header(of: row, after: reach, tx.log) else {
            broken.insert(device)
            return
        }
        reach = Reach(number: header.change.number, time: header.time, hash: row.hash, signed: reach.signed)
        if let signature = row.signature { verify(signature, header.change, &reach) }
        chains[device] = reach
        audit.changesets += 1
        if let named = header.statement.flatMap({ StatementHash($0) }), statements[named] == nil {
            audit.unknowing += 1
        }
        try open(row, header, tx)
    }

    // MARK: The chain

    /// - Returns: nil where the row does not stand; what is wrong with it is noted.
    private mutating func header(of row: RawRow, after reach: Reach, _ log: Log) throws -> ChangesetHeader? {
        let name = ChangeAddress(row.change).text()
        guard let header = try? ChangesetHeader.decode(row.bytes).header,
            Chain.next(after: reach.hash, bytes: row.bytes) == row.hash
        else {
            audit.find("the bytes of change \(name) are not those that were written")
            return nil
        }
        let fault: String? =
            if header.change != row.change || header.time != row.time
                || row.address != ChangeAddress(row.change).index
            {
                "is filed under another name or time than its own"
            } else if header.change.number != reach.number + 1 {
                "does not follow the one before it"
            } else {
                try fault(in: header, after: reach, log)
            }
        if let fault { audit.find("change \(name) \(fault)") }
        return fault == nil ? header : nil
    }

    private func fault(in header: ChangesetHeader, after reach: Reach, _ log: Log) throws -> String? {
        var newest = reach.time
        for rest in header.context.sorted {
            guard (chains[rest.device]?.number ?? 0) >= rest.number, let mark = try log.mark(of: rest) else {
                return "rests on \(ChangeAddress(rest).text()), which does not stand before it"
            }
            newest = max(newest, mark.time)
        }
        return header.time > newest ? nil : "is dated before what it rests on"
    }

    private mutating func verify(_ signature: [UInt8], _ change: ChangeID, _ reach: inout Reach) {
        guard let keys = roster.keys(of: change.device) else { return }
        let isRight = Chain.verify(
            signature, change.number, hash: reach.hash, workspace: workspace.id, by: keys)
        guard isRight else {
            return audit.find("the signature at change \(ChangeAddress(change).text()) is wrong")
        }
        audit.signatures += 1
        reach.signed = change.number
    }

    // MARK: The body

    private mutating func open(_ row: RawRow, _ header: ChangesetHeader, _ tx: ReadTransaction) throws {
        let entry = LogEntry(header: header, hash: row.hash, address: row.address, bytes: row.bytes)
        switch try workspace.store.rules.open(entry) {
        case .waiting: audit.waiting += 1
        case .body, .void: if header.epoch == 0 { audit.plain += 1 } else { audit.sealed += 1 }
        }
    }

    mutating func finish(_ tx: ReadTransaction) throws -> Audit {
        audit.devices = chains.count
        for (device, reach) in chains.sorted(by: { $0.key < $1.key }) {
            if roster.keys(of: device) == nil {
                audit.find("device \(device.text.prefix(8)) has written here and nobody has let it in")
            }
            audit.unsigned += Int(clamping: reach.number - reach.signed)
        }
        return audit
    }
}
