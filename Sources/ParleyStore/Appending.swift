internal import GRDB
package import ParleyCore

/// Changesets on their way into the log, at once, and into the tables, all together when it finishes: the
/// more there are, the fewer pages of the tables are written twice.
package struct Appending {
    private let tx: WriteTransaction
    private var applier: LiveApplier
    /// Was the full-text index complete, and is it to be kept so?
    private let keepsIndex: Bool
    private var groups = 0
    /// What to index in the end; of many nothing is kept.
    private var records: Set<RecordName> = []
    /// Changesets whose bytes are still to come, and the position of the first.
    private var announced: ArraySlice<ChangeID> = []
    private var position: Int64 = 0

    fileprivate init(_ tx: WriteTransaction, reporting: Bool, indexing: Bool) throws {
        self.tx = tx
        applier = LiveApplier(target: tx.db, log: tx.log, rules: tx.rules, wantsWrites: reporting)
        keepsIndex = try indexing && tx.isIndexed()
    }

    package mutating func add(_ arrivals: [Arrival]) throws {
        for arrival in arrivals {
            try applier.add(arrival, at: try tx.log.append(arrival.entry))
            note(arrival.body)
        }
    }

    private mutating func note(_ body: OpenedBody) {
        guard let written = body.readable?.written else { return }
        groups += written.count
        if groups <= WriteTransaction.indexedAtOnce { records.formUnion(written.map(\.name)) }
    }

    // MARK: Before the bytes are there

    /// Takes an own changeset whose bytes are still being made; `append` brings them, for each in its turn.
    package mutating func announce(_ header: ChangesetHeader, _ body: ChangesetBody) throws {
        if announced.isEmpty { position = try tx.log.lastPosition() + 1 }
        let entry = LogEntry(header: header, hash: [], address: 0, bytes: [])
        try applier.add(Arrival(entry: entry, body: body), at: position + Int64(announced.count))
        announced.append(header.change)
        note(.body(body))
    }

    /// Merges what has been announced.
    package mutating func merge() throws { try applier.merge() }

    /// - Throws: `inconsistent` where it is not the changeset that was announced next.
    package mutating func append(_ entry: LogEntry) throws {
        let isNext = announced.popFirst() == entry.header.change
        guard try tx.log.append(entry) == position, isNext else {
            throw StoreError(.inconsistent, path: "", cause: "a changeset is not the one that was announced")
        }
        position += 1
        applier.complete(entry)
    }

    @discardableResult
    package mutating func finish() throws -> Applied {
        guard announced.isEmpty else {
            throw StoreError(.inconsistent, path: "", cause: "a changeset was announced and did not come")
        }
        try applier.finish()
        let isFew = groups <= WriteTransaction.indexedAtOnce
        if keepsIndex, isFew, applier.applied.position > 0 {
            if !Flaw.isPlanted(.searchNotUpdated) { try tx.index(records) }
            try tx.setIndexed(applier.applied.position)
        }
        return applier.applied
    }
}

extension WriteTransaction {
    /// - Parameters:
    ///   - reporting: whether to say what each write did; bulk work does not ask.
    ///   - indexing: whether few records are put into the full-text index at once, if it is complete.
    package func appending(reporting: Bool = false, indexing: Bool = true) throws -> Appending {
        try Appending(self, reporting: reporting, indexing: indexing)
    }

    /// Appends changesets to the log and merges them into the tables. Own edits and what came from others
    /// take this same way.
    @discardableResult
    package func append(_ arrivals: [Arrival], reporting: Bool = false) throws -> Applied {
        if arrivals.isEmpty { return Applied() }
        var appending = try appending(reporting: reporting)
        try appending.add(arrivals)
        return try appending.finish()
    }
}
