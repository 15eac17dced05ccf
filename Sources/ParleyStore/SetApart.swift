internal import GRDB
package import ParleyCore

/// A changeset that was taken out of the log and of whose act nothing stands there: another branch of its
/// chain was kept, it rested on one that was not, or a server could never take it.
package struct SetApart: Sendable {
    /// Its time is 0 where that cannot be read.
    package var origin: Origin
    /// nil where it cannot be read.
    package var body: ChangesetBody?
    /// A word, as healing gives it: `fork`, `foreign fork`, `clock`, `stamp`, `damage`.
    package var reason: String
    /// When it was taken out, milliseconds since 1970.
    package var moved: Int64
}

extension ReadTransaction {
    /// What is kept apart and stands nowhere in the log, the latest taken out first. What its author has written
    /// again under another name, and this replica has received so, is not among it.
    package func setApart() throws -> [SetApart] {
        guard try db.tableExists("forked") else { return [] }
        let rows = try HotStatement(
            db,
            """
            SELECT device, number, bytes, hash, reason, moved FROM forked WHERE new_device IS NULL
            ORDER BY moved DESC, device, number, hash
            """)
        defer { rows.reset() }
        var found: [SetApart] = []
        while try rows.step() {
            guard let device = rows.id(0).map({ DeviceID($0) }) else { continue }
            let change = ChangeID(device: device, number: UInt64(rows.int(1)))
            let (time, body) = opened(rows.bytes(2), hash: rows.bytes(3))
            if let body, try standsAgain(change, body) { continue }
            found.append(
                SetApart(
                    origin: Origin(stamp: Stamp(time: time, device: device), number: change.number),
                    body: body, reason: rows.text(4) ?? "", moved: rows.int(5)))
        }
        return found
    }

    /// What was kept apart for its damage may say nothing at all.
    private func opened(_ bytes: [UInt8], hash: [UInt8]) -> (time: HybridTime, body: ChangesetBody?) {
        guard let header = try? ChangesetHeader.decode(bytes).header else {
            return (HybridTime(number: 0), nil)
        }
        let entry = LogEntry(header: header, hash: hash, address: 0, bytes: bytes)
        return (header.time, try? rules.open(entry).readable)
    }

    /// The same writes under another name: not every changeset that was once called so is the same, since
    /// several branches used the name.
    private func standsAgain(_ former: ChangeID, _ body: ChangesetBody) throws -> Bool {
        let writes = try body.bytes(under: Act(.hand))
        let address = rules.address(former)
        return try aliases(addressed: address...address).contains { alias in
            guard alias.former == former, let position = try log.position(of: alias.now),
                let now = try self.body(at: position)
            else { return false }
            return try now.bytes(under: Act(.hand)) == writes
        }
    }
}
