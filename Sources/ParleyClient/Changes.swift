package import ParleyCore
package import ParleyStore
internal import ParleyTrust

/// What has become of a write by the time it is looked at.
package enum Fate: String, Sendable {
    /// Its value is what the register shows.
    case write
    case aside
    /// Something newer stands there, whose author had seen it; or it was void.
    case replaced
}

/// One register write as it landed in this replica: what `watch` prints.
package struct LandedWrite: Sendable {
    package var change: ChangeID
    package var time: Instant
    package var by: String
    package var record: RecordName
    package var register: RegisterName
    package var value: Value
    package var fate: Fate
    /// Which of its kinds: by hand, an import, an undo..
    package var act: Act
}

extension Workspace {
    /// The position of the newest changeset in this replica's log.
    package func position() throws -> Int64 { try store.read { try $0.log.lastPosition() } }

    /// Hands over what has landed after `position`, in the order of the log, whoever wrote it and by what
    /// way it came.
    /// - Parameter limit: changesets to read at most.
    /// - Returns: the position reached.
    package func landed(
        after position: Int64, limit: Int = 64, matching query: RecordQuery? = nil,
        _ body: (LandedWrite, ReadTransaction) throws -> Void
    ) throws -> Int64 {
        try store.read { tx in
            try membership.refresh(from: tx.log)
            let end = min(try tx.log.lastPosition(), position + Int64(limit))
            var next = position
            while next < end {
                next += 1
                guard let entry = try tx.log.entry(at: next), let changes = try tx.body(at: next) else {
                    continue
                }
                for group in changes.written where try tx.matches(group.name, query) {
                    let details = try tx.detail(of: group.name) ?? []
                    for write in changes.writes(of: group) {
                        try body(landed(entry, changes, group, write, details), tx)
                    }
                }
            }
            return max(next, position)
        }
    }

    private func landed(
        _ entry: LogEntry, _ body: ChangesetBody, _ group: RecordGroup, _ write: EncodedWrite,
        _ details: [RegisterDetail]
    ) -> LandedWrite {
        let register = body.register(of: write)
        let shown = details.first { $0.name == register }
        let change = entry.header.change
        return LandedWrite(
            change: change, time: Instant(milliseconds: entry.header.time.milliseconds),
            by: membership.analyst(of: change.device) ?? change.device.text, record: group.name,
            register: register, value: body.value(of: write),
            fate: Self.fate(of: change, among: shown),
            act: body.act)
    }
}

extension Workspace {
    private static func fate(of change: ChangeID, among register: RegisterDetail?) -> Fate {
        guard let register else { return .replaced }
        if register.shown.change == change || register.equal.contains(where: { $0.change == change }) {
            return .write
        }
        return register.aside.contains { $0.origin.change == change } ? .aside : .replaced
    }
}

extension ReadTransaction {
    /// Does one record fulfil a query?
    package func matches(_ record: RecordName, _ query: RecordQuery?) throws -> Bool {
        guard var query else { return true }
        query.filters.append(.kinds([record.kind]))
        query.filters.append(.among([record.id]))
        query.limit = 1
        return try self.query(query).total > 0
    }
}
