internal import GRDB
internal import ParleyClient
internal import ParleyCore
internal import ParleyServer
internal import ParleyStore
internal import ParleyTrust

/// What must hold of every machine whenever it starts, whatever happened before.
extension Office {
    /// A desk that has just started: whole, and with everything that its analyst was told is done.
    func check(_ desk: Desk) throws {
        guard let workspace = desk.workspace else { return }
        let differences = try workspace.store.verify()
        try require(differences.isEmpty, "\(desk.name): \(differences)")
        let (own, acts, left, acknowledged) = try workspace.store.read { tx in
            try checkChains(tx.log, workspace.id, at: desk.name)
            let left = try tx.log.metaNumber(Meta.left)
            let acts = try tx.log.acts(of: desk.device)
            return (try hashes(of: desk.device, in: tx.log), acts, left, try tx.acknowledged())
        }
        try require(
            acts.starts(with: desk.written),
            "\(desk.name): of \(desk.written.count) changesets written \(own.count) are left, or others")
        try require(
            own.count <= desk.written.count + 1, "\(desk.name): more than the act under way was written")
        try require(
            acknowledged <= own.count, "\(desk.name) believes the server to hold what it has lost itself")
        try checkLeft(desk, workspace, own: own, left: left)
    }

    /// What the server holds of a desk's chain is in the desk's log, the same bytes, and is known to have
    /// left: its number can never be given to another changeset.
    private func checkLeft(_ desk: Desk, _ workspace: Workspace, own: [[UInt8]], left: UInt64) throws {
        guard server.relay != nil, !server.power.isOff else { return }
        let held = try server.log(of: workspace.id).read { try hashes(of: desk.device, in: $0) }
        try require(own.starts(with: held), "\(desk.name): the server holds another branch of this chain")
        try require(
            left >= held.count, "\(desk.name): \(held.count) changesets have left, but \(left) are marked")
    }

    /// The server that has just started: whole, with everything that it acknowledged or handed on.
    func checkServer() throws {
        guard let id = desks.lazy.compactMap({ $0.workspace?.id }).first else { return }
        let log = try server.log(of: id)
        let damage = try log.file.withoutTransaction {
            try String.fetchAll($0, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        }
        try require(damage.isEmpty, "the server's log: \(damage)")
        try log.read { log in
            try checkChains(log, id, at: "server")
            for desk in desks { try checkHeld(desk, log) }
        }
    }

    private func checkHeld(_ desk: Desk, _ log: Log) throws {
        let held = try log.acts(of: desk.device)
        try require(
            held.count >= desk.acknowledged, "the server lost what it acknowledged to \(desk.name)")
        let common = min(held.count, desk.written.count)
        try require(
            held.prefix(common) == desk.written.prefix(common), "the server has altered \(desk.name)'s chain")
        guard let workspace = desk.workspace, !desk.power.isOff else { return }
        for (device, head) in try workspace.store.read({ try $0.log.heads() }) where device != desk.device {
            let mark = try log.mark(of: ChangeID(device: device, number: head.number))
            try require(mark?.hash == head.hash, "the server lost what it handed on to \(desk.name)")
        }
    }

    /// Every chain is gapless, its hashes are right and its head is the last one's.
    private func checkChains(_ log: Log, _ workspace: WorkspaceID, at place: String) throws {
        var ends: [DeviceID: (number: UInt64, hash: [UInt8])] = [:]
        let last = try log.lastPosition()
        for position in stride(from: 1, through: last, by: 1) {
            guard let entry = try log.entry(at: position) else {
                throw Violation("\(place): nothing at position \(position) of \(last)")
            }
            let change = entry.header.change
            let end = ends[change.device] ?? (0, Chain.start(workspace: workspace, device: change.device))
            let hash = Chain.next(after: end.hash, bytes: entry.bytes)
            try require(
                change.number == end.number + 1 && hash == entry.hash,
                "\(place): the chain breaks at \(change)")
            ends[change.device] = (change.number, hash)
        }
        let heads = try log.heads()
        try require(heads.count == ends.count, "\(place): heads without a chain")
        for (device, head) in heads {
            try require(ends[device]?.hash == head.hash, "\(place): a head is not the end of its chain")
        }
    }

    private func hashes(of device: DeviceID, in log: Log) throws -> [[UInt8]] {
        let number = try log.head(of: device)?.number ?? 0
        return try (0..<number).map { number in
            guard let mark = try log.mark(of: ChangeID(device: device, number: number + 1)) else {
                throw Violation("changeset \(number + 1) of \(device.text) is missing below its head")
            }
            return mark.hash
        }
    }

    /// After a whole sync: the same tables everywhere.
    func checkAgreement() throws {
        let rows = try desks.map { try $0.workspace?.liveRows() }
        for (desk, other) in zip(desks.dropFirst(), rows.dropFirst()) {
            try require(other == rows[0], "\(desks[0].name) and \(desk.name) show different tables")
        }
    }
}

extension Workspace {
    /// All rows of the live tables, in an order that their content alone determines.
    func liveRows() throws -> [String: [[DatabaseValue]]] {
        try store.file.read { db in
            let tables = Schema.assessments.kinds.map(\.name) + ["other", "register", "aside"]
            let rows = try tables.map { table in
                let sql = try LiveTables.comparison(of: table)
                return try Row.fetchAll(db.cachedStatement(sql: sql)).map { Array($0.databaseValues) }
            }
            return Dictionary(uniqueKeysWithValues: zip(tables, rows))
        }
    }
}
