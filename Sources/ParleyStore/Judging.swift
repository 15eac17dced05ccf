internal import GRDB
package import ParleyCore

extension Log {
    /// Why the whole changeset at a position counts for nothing, as it is written down; nil where it counts.
    func voidReason(at position: Int64) throws -> String? {
        let rows = try HotStatement(db, "SELECT reason FROM void WHERE position = ? AND record = x''")
        rows.bind(1, position)
        defer { rows.reset() }
        return try rows.step() ? rows.text(0) ?? "" : nil
    }
}

extension ReadTransaction {
    /// Changesets sealed under keys that are not here.
    package func sealedCount() throws -> Int {
        guard try db.tableExists("waiting") else { return 0 }
        return try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) FROM waiting")) ?? 0
    }

    /// What each chain may be read up to: a changeset that waits for its key, and what follows it, has not been
    /// read by anybody here, so nothing that is written here may claim to have seen it.
    package func readFrontier(of heads: [DeviceID: ChainHead]) throws -> Frontier {
        var frontier = heads.frontier
        guard try sealedCount() > 0 else { return frontier }
        let rows = try HotStatement(
            db,
            "SELECT device, min(number) FROM waiting JOIN changeset USING (position) GROUP BY device")
        defer { rows.reset() }
        while try rows.step() {
            guard let device = rows.id(0) else { continue }
            frontier[DeviceID(device)] = UInt64(rows.int(1)) - 1
        }
        return frontier
    }

    /// Why changesets count for nothing, and how many for each reason, writes under others' keys left out.
    package func voidCounts() throws -> [VoidReason: Int] {
        let rows = try HotStatement(
            db, "SELECT reason, count(*) FROM void WHERE record = x'' GROUP BY reason")
        defer { rows.reset() }
        var counts: [VoidReason: Int] = [:]
        while try rows.step() {
            if let reason = rows.text(0).flatMap(VoidReason.init(rawValue:)) {
                counts[reason] = Int(rows.int(1))
            }
        }
        return counts
    }

    /// Changesets of one device that count for nothing, by its membership.
    package func voided(of device: DeviceID) throws -> [ChangeID] {
        let rows = try HotStatement(
            db,
            """
            SELECT number FROM void JOIN changeset USING (position)
            WHERE device = ? AND record = x'' AND reason IN ('role', 'cut') ORDER BY number
            """)
        rows.bind(1, id: device.number)
        defer { rows.reset() }
        var found: [ChangeID] = []
        while try rows.step() { found.append(ChangeID(device: device, number: UInt64(rows.int(0)))) }
        return found
    }
}

extension WriteTransaction {
    /// After the membership has changed or keys have come: makes the tables anew where that alters what counts.
    /// - Parameter devices: those whose changesets the membership may judge otherwise than before.
    /// - Returns: whether it did.
    package func rejudge(_ devices: [DeviceID]) throws -> Bool {
        guard try opensSomething() || devices.contains(where: { try isJudgedOtherwise($0) }) else {
            return false
        }
        try rebuild()
        return true
    }

    private func opensSomething() throws -> Bool {
        guard try sealedCount() > 0 else { return false }
        let rows = try HotStatement(db, "SELECT position FROM waiting ORDER BY position")
        defer { rows.reset() }
        while try rows.step() {
            guard let entry = try log.entry(at: rows.int(0)) else { continue }
            guard case .waiting = try rules.open(entry) else { return true }
        }
        return false
    }

    private func isJudgedOtherwise(_ device: DeviceID) throws -> Bool {
        var names = NamedStatements(log)
        let rows = try HotStatement(
            db,
            """
            SELECT position, substr(bytes, 1, \(ChangesetHeader.longest)) FROM changeset
            WHERE device = ? ORDER BY number
            """)
        rows.bind(1, id: device.number)
        defer { rows.reset() }
        while try rows.step() {
            let header = try ChangesetHeader(prefixOf: rows.bytes(1))
            names.note(header)
            let judged = try rules.judge(header) { try names.last(in: header.change) }
            if try judged != recorded(at: rows.int(0)) { return true }
        }
        return false
    }

    /// What was judged of the membership when the changeset was merged.
    private func recorded(at position: Int64) throws -> VoidReason? {
        let reason = try log.voidReason(at: position).flatMap(VoidReason.init(rawValue:))
        return reason == .body ? nil : reason
    }
}
