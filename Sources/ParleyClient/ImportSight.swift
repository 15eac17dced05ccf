internal import ParleyCore
internal import ParleyStore

/// What one import knows without asking the workspace again: which kinds were empty before it, which of its
/// sources had ever spoken, and, from the ledger, which records it has met. It holds as long as nobody else
/// writes between the import's transactions; when somebody does, everything is asked.
final class ImportSight {
    private let sources: Set<String>
    private let ledger: ImportLedger
    private var spoken: Set<String> = []
    private var emptyKinds: [UInt32: Bool] = [:]
    /// The kind that was asked for last: files hold long runs of one.
    private var latest: (kind: UInt32, isEmpty: Bool)?
    /// The end of the log after the transaction before.
    private var end: Int64?
    private var isAlone = true
    /// Keys were written that the drafts do not have among theirs.
    private var holdsOtherKeys = false

    init(sources: Set<String>, _ ledger: ImportLedger) {
        self.sources = sources
        self.ledger = ledger
    }

    func begin(_ tx: ReadTransaction) throws {
        if let end {
            if try tx.log.lastPosition() != end { isAlone = false }
        } else {
            spoken = try sources.filter { try tx.hasImport(of: $0) }
        }
    }

    func finish(_ tx: ReadTransaction) throws { end = try tx.log.lastPosition() }

    func noteOtherKey() { holdsOtherKeys = true }

    /// Whether the record may be in the workspace.
    func mayHold(_ record: RecordName, _ tx: ReadTransaction) throws -> Bool {
        try !wasEmpty(record.kind, tx) || hasMet(record)
    }

    /// Whether the workspace may hold a key that no draft of this run has had so far.
    func mayHoldKey(_ kind: UInt32, _ tx: ReadTransaction) throws -> Bool {
        try holdsOtherKeys || !wasEmpty(kind, tx)
    }

    /// Whether the source may have said something of the record before.
    func maySpeak(of record: RecordName, _ source: String) throws -> Bool {
        try !isAlone || spoken.contains(source) || hasMet(record)
    }

    private func hasMet(_ record: RecordName) throws -> Bool { try ledger.place(of: record.id) != nil }

    private func wasEmpty(_ kind: UInt32, _ tx: ReadTransaction) throws -> Bool {
        guard isAlone else { return false }
        if let latest, latest.kind == kind { return latest.isEmpty }
        let isEmpty = try emptyKinds[kind] ?? !tx.holdsAny(of: kind)
        emptyKinds[kind] = isEmpty
        latest = (kind, isEmpty)
        return isEmpty
    }
}
