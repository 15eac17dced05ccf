internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore
internal import ParleyTrust

/// The replicas side by side.
extension Run {
    /// Every table whose content the set of changesets determines, with the order in which it is compared.
    /// Positions are each log's own, so history, acts and voids are told by their changesets.
    private static let tables: [(name: String, sql: String)] =
        ["judgment", "note", "other", "register", "aside"].map {
            ($0, (try? LiveTables.comparison(of: $0)) ?? "no tables")
        } + [
            ("overlooked", "SELECT * FROM overlooked ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"),
            ("chain", "SELECT * FROM chain ORDER BY device"),
            (
                "history",
                """
                SELECT t.record, c.stamp, c.device, c.number FROM touched t JOIN changeset c USING (position)
                ORDER BY 1, 2, 3
                """
            ),
            (
                "act",
                """
                SELECT c.device, c.number, a.kind, a.source, a.batch, a.part, a.last
                FROM act a JOIN changeset c USING (position) ORDER BY 1, 2
                """
            ),
            (
                "void",
                """
                SELECT c.device, c.number, v.record, v.field, v.key, v.reason
                FROM void v JOIN changeset c USING (position) ORDER BY 1, 2, 3, 4, 5
                """
            ),
            (
                "alias",
                """
                SELECT a.address, a.device, a.number, c.device, c.number
                FROM alias a JOIN changeset c USING (position) ORDER BY 1, 2, 3, 4, 5
                """
            ),
            ("changeset", "SELECT device, number, stamp, hash, address, bytes FROM changeset ORDER BY 1, 2"),
            ("statement", "SELECT * FROM statement ORDER BY hash"),
        ]

    func checkTables() throws {
        for (name, sql) in Self.tables {
            let first = try replicas[0].withFile { try $0.hash(of: sql) }
            journal.add(first)
            for replica in replicas.dropFirst() {
                guard try replica.withFile({ try $0.hash(of: sql) }) != first else { continue }
                throw try difference(name, sql, replicas[0], replica)
            }
        }
        let log = Self.tables[Self.tables.count - 2]
        guard try server.log().hash(of: log.sql) == replicas[0].withFile({ try $0.hash(of: log.sql) }) else {
            throw Failure("equal tables", "the server's log is not \(replicas[0].name)'s")
        }
    }

    private func difference(_ table: String, _ sql: String, _ one: Replica, _ other: Replica) throws
        -> Failure
    {
        let rows = try [one, other].map { try $0.withFile { try $0.rows(of: sql) } }
        let mine = rows[0].filter { !rows[1].contains($0) }.prefix(2)
        let theirs = rows[1].filter { !rows[0].contains($0) }.prefix(2)
        return Failure(
            "equal tables",
            "\(table): \(one.name) has \(mine.joined(separator: " and ")) where \(other.name) has "
                + theirs.joined(separator: " and "))
    }

    /// The full-text index answers alike everywhere.
    func checkSearch() throws {
        for word in ["convoy", "harb", "порт", "wet"] {
            let answers = try replicas.map { replica in
                try replica.workspace.store.read { try $0.search(word, limit: 100).sorted() }
            }
            for (replica, answer) in zip(replicas, answers) where answer != answers[0] {
                throw Failure(
                    "search",
                    "\(word): \(answer.count) with \(replica.name), \(answers[0].count) with \(replicas[0].name)"
                )
            }
        }
    }

    /// One replica makes its tables anew and has the same as before.
    func checkRebuild() throws {
        let replica = dice.pick(replicas)
        let before = try Self.tables.map { table in try replica.withFile { try $0.hash(of: table.sql) } }
        try replica.workspace.store.rebuild()
        tally[.rebuilds] += 1
        for (table, hash) in zip(Self.tables, before) {
            guard try replica.withFile({ try $0.hash(of: table.sql) }) != hash else { continue }
            throw Failure("rebuild", "\(replica.name)'s \(table.name) differs after a rebuild")
        }
    }

    /// The hashes of every chain, and the signature on its end.
    func checkSignatures(_ changesets: Changesets) throws {
        var hash: [UInt8] = []
        for (index, item) in changesets.items.enumerated() {
            let change = item.header.change
            if change.number == 1 { hash = Chain.start(workspace: server.workspace, device: change.device) }
            hash = Chain.next(after: hash, bytes: item.bytes)
            guard hash == item.hash else {
                throw Failure("chains", "\(name(item.deed)) does not fit its chain")
            }
            let isLast =
                index + 1 == changesets.items.count
                || changesets.items[index + 1].header.change.device != change.device
            if isLast { try checkSignature(change, hash) }
        }
    }

    private func checkSignature(_ change: ChangeID, _ hash: [UInt8]) throws {
        var signature: [UInt8] = []
        let device = change.device.number.bigEndianBytes
        try server.log().each(
            "SELECT device, signature FROM signature WHERE number = ?1", Int64(change.number)
        ) { if $0.bytes(0) == device { signature = $0.bytes(1) } }
        guard let keys = replicas[0].workspace.membership.roster.keys(of: change.device),
            Chain.verify(signature, change.number, hash: hash, workspace: server.workspace, by: keys)
        else { throw Failure("signatures", "\(change.device.text) at \(change.number)") }
        tally[.signatures] += 1
    }
}
