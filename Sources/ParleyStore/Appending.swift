internal import GRDB
internal import ParleyCore

/// Changesets on their way into the log, at once, and into the tables, all together when it finishes: the
/// more there are, the fewer pages of the tables are written twice.
package struct Appending {
    private let tx: WriteTransaction
    private var applier: LiveApplier
    private let wasIndexed: Bool
    private var groups = 0
    /// What to index in the end; of many nothing is kept.
    private var records: Set<RecordName> = []

    fileprivate init(_ tx: WriteTransaction, reporting: Bool) throws {
        self.tx = tx
        applier = LiveApplier(target: tx.db, log: tx.log, rules: tx.rules, wantsWrites: reporting)
        wasIndexed = try tx.isIndexed()
    }

    package mutating func add(_ arrivals: [Arrival]) throws {
        for arrival in arrivals {
            try applier.add(arrival, at: try tx.log.append(arrival.entry))
            guard let written = arrival.body.readable?.written else { continue }
            groups += written.count
            if groups <= WriteTransaction.indexedAtOnce { records.formUnion(written.map(\.name)) }
        }
    }

    @discardableResult
    package mutating func finish() throws -> Applied {
        try applier.finish()
        let isFew = groups <= WriteTransaction.indexedAtOnce
        if wasIndexed, isFew, applier.applied.position > 0 {
            if !Flaw.isPlanted(.searchNotUpdated) { try tx.index(records) }
            try tx.setIndexed(applier.applied.position)
        }
        return applier.applied
    }
}

extension WriteTransaction {
    /// - Parameter reporting: whether to say what each write did; bulk work does not ask.
    package func appending(reporting: Bool = false) throws -> Appending {
        try Appending(self, reporting: reporting)
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
