package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// Brings drafts into a workspace: finds or derives each record, and merges three ways against what the same
/// source said last time. One run, of one file or several, is one batch of changesets of about a thousand
/// records; each is atomic.
///
/// | the source          | people since        | what happens                                     |
/// |---------------------|---------------------|--------------------------------------------------|
/// | says what it said   | whatever            | nothing                                          |
/// | says something new  | did not change it   | written                                          |
/// | says something new  | say the same        | nothing written; noted as said                   |
/// | says something new  | say something else  | theirs stays, the report names it; noted as said |
///
/// `overwrites` writes in the last case too. An absent value never clears; an absent record deletes nothing.
package final class Importer {
    package struct Options: Sendable {
        package var files: [ImportFile]
        package var overwrites = false
        /// Takes what states an older version than the one that is here.
        package var allowsOlder = false
        /// Records in one changeset.
        package var chunk = 1000
        package var note: String?
        /// Whether the values that are written are told too.
        package var isDetailed = false

        package init(files: [ImportFile]) { self.files = files }

        package init(source: String) { self.init(files: [ImportFile(source: source)]) }
    }

    /// Hears of each row that there is something to say of, once its changeset is stored.
    package var tell: (ImportFinding) throws -> Void = { _ in }
    /// Hears when a changeset is stored and all of its findings are told.
    package var pause: () throws -> Void = {}
    package private(set) var changes: [ChangeID] = []
    /// The newest part of the run that was ended before its end and that this one goes on with.
    package private(set) var continued: ChangeID?
    /// By file.
    package internal(set) var tallies: [ImportTally]

    let workspace: Workspace
    let options: Options
    let ledger = ImportLedger()
    /// The file that is being read.
    private(set) var file = 0
    var findings: [ImportFinding] = []
    private let transaction: WriteTransaction?
    private var batch: ImportBatch
    private var isPrepared = false
    /// The end of the log before this run.
    private var start: Int64 = 0
    private var rows: [ImportRow] = []
    private var weight = 0
    private let postponed = PostponedRows()
    private var isEnding = false

    /// - Parameter transaction: the one in which to do everything, for a caller who may want to undo it all;
    ///   otherwise each changeset has its own.
    package init(_ workspace: Workspace, _ options: Options, in transaction: WriteTransaction? = nil) {
        self.workspace = workspace
        self.options = options
        self.transaction = transaction
        tallies = options.files.map { _ in ImportTally() }
        batch = ImportBatch(id: workspace.ambient.random(16))
    }

    /// Of all files.
    package var total: ImportTally { tallies.reduce(ImportTally(), +) }

    var tally: ImportTally {
        get { tallies[file] }
        set { tallies[file] = newValue }
    }

    /// Takes one record of the file; writes when a changeset is full.
    package func add(_ draft: RecordDraft) throws { try add(.success(draft)) }

    /// Takes one row of the file, a record or why it is none.
    package func add(_ content: Result<RecordDraft, DraftFault>) throws {
        tally.rows += 1
        let row = ImportRow(file: file, ordinal: tally.rows, content: content)
        rows.append(row)
        weight += row.weight
        // One chunk is held back, so that the last part of the batch can say that it is the last.
        if rows.count >= options.chunk * 2 || weight > Self.heaviest { try write(upTo: options.chunk) }
    }

    /// The rows that come now are of the next file.
    package func beginNextFile() throws {
        while !rows.isEmpty { try write(upTo: options.chunk) }
        file += 1
    }

    /// Writes the rest. Rows whose references were not there yet are tried again, now that all are.
    package func finish() throws {
        try writeRest()
        if postponed.count > 0 {
            ledger.isComplete = true
            isEnding = false
            try postponed.drain { row in
                rows.append(row)
                weight += row.weight
                if rows.count >= options.chunk * 2 || weight > Self.heaviest {
                    try write(upTo: options.chunk)
                }
            }
            try writeRest()
        }
        try countAbsent()
    }

    private func writeRest() throws {
        isEnding = false
        while rows.count > options.chunk || rows.last?.file != rows.first?.file {
            try write(upTo: options.chunk)
        }
        isEnding = true
        try write(upTo: rows.count)
    }

    private static let heaviest = 600 * 1024

    private func write(upTo count: Int) throws {
        try prepare()
        let first = rows.first?.file ?? file
        let chunk = Array(rows.prefix(count).prefix { $0.file == first })
        rows.removeFirst(chunk.count)
        weight = rows.reduce(0) { $0 + $1.weight }
        guard !chunk.isEmpty || isEnding && batch.part > 0 else { return }
        file = first
        let before = (tallies, postponed.count)
        do {
            let made = try commit(rows: chunk.last?.ordinal ?? tally.rows) { tx in
                var writes = try writes(of: chunk, tx)
                writes.endsBatch = endsBatch(with: writes)
                return writes
            }
            batch.part += Int64(made.count)
            changes += made
        } catch {
            // The transaction is gone, and what was counted in it.
            tallies = before.0
            postponed.removeLast(postponed.count - before.1)
            throw error
        }
        try tellFindings()
    }

    private func tellFindings() throws {
        for finding in findings { try tell(finding) }
        findings.removeAll(keepingCapacity: true)
        try pause()
    }

    /// The record that a row of a file has called by a label.
    package func record(labelled label: String, inFile file: Int) throws -> RecordName? {
        try ledger.record(labelled: label, inFile: file)
    }

    /// Whether nothing comes behind these writes, and there is something to end.
    private func endsBatch(with writes: Writes) -> Bool {
        isEnding && postponed.count == 0 && (batch.part > 0 || !writes.isEmpty)
    }

    private func commit(
        rows: Int, _ build: (WriteTransaction) throws -> Writes
    ) throws -> [ChangeID] {
        let act = act(rows: rows)
        guard let transaction else { return try workspace.commit(act, build) }
        return try workspace.commit(act, in: transaction, build)
    }

    private func act(rows: Int) -> Act {
        let file = options.files[file]
        var act = Act(
            .importing,
            [
                .tool: .text("import"), .source: .text(file.source), .batch: .bytes(batch.id),
                .part: .int(batch.part + 1), .last: .bool(false), .file: .text(file.name),
                .rows: .int(Int64(rows)),
            ])
        if let digest = file.digest { act[.digest] = .bytes(digest) }
        if let note = options.note { act[.note] = .text(note) }
        return act
    }

    // MARK: Beginning and end

    private func read<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
        if let transaction { return try body(transaction) }
        return try workspace.store.read(body)
    }

    /// Looks once whether an earlier run of these files was ended before its end.
    private func prepare() throws {
        guard !isPrepared else { return }
        isPrepared = true
        try read { tx in
            start = try tx.log.lastPosition()
            guard let open = try tx.unfinishedImport(of: options.files, by: workspace.device) else { return }
            continued = open.change
            batch.goOn(with: open, workspace.ambient.random(16))
        }
    }

    /// The record of a row that has no name is known by the batch and the row: so that a run which goes on does
    /// not make it again.
    private func id(of row: ImportRow) -> [UInt8] {
        let file = options.files[row.file]
        let twins = options.files[..<row.file].count { $0.digest == file.digest }
        return batch.id(ofRow: row.ordinal, digest: file.digest ?? [], twin: twins)
    }

    /// Counts what each source had and has no more. Of a source whose files are only parts nothing can be said.
    private func countAbsent() throws {
        for (source, indices) in Dictionary(grouping: options.files.indices, by: { options.files[$0].source })
        {
            let isWhole = indices.allSatisfy {
                !options.files[$0].isPart && options.files[$0].exported == nil
            }
            guard isWhole, let last = indices.last else { continue }
            file = last
            try read { tx in
                guard try tx.hasImport(of: source, through: start) else { return }
                try AbsentRecords(tx, ledger).forEach(of: source) { record in
                    tally.absent += 1
                    if options.isDetailed {
                        findings.append(ImportFinding(.absent, file: file, record: record))
                    }
                }
            }
            try tellFindings()
        }
    }

    // MARK: One chunk

    /// First every draft learns which record it is, so that drafts may refer to each other both ways; then
    /// their values are read.
    private func writes(of chunk: [ImportRow], _ tx: WriteTransaction) throws -> Writes {
        var collected = CollectedWrites()
        ledger.file = file
        for row in try chunk.map({ try identified($0, tx) }) {
            do {
                let draft = try row.content.get()
                do { try take(row, draft, tx, into: &collected) } catch var fault as DraftFault {
                    if fault.raw.isEmpty { fault.raw = draft.raw }
                    throw fault
                }
            } catch let fault as DraftFault {
                findings.append(ImportFinding(fault, file: file))
                tally.refused += 1
            } catch is ImportLedger.NotYet {
                try postponed.append(row)
            }
        }
        return collected.writes
    }

    private func identified(_ waiting: ImportRow, _ tx: ReadTransaction) throws -> ImportRow {
        guard case .success(let draft) = waiting.content else { return waiting }
        var waiting = waiting
        let resolver = DraftResolver(tx: tx, names: ledger, me: workspace.handle)
        if waiting.found == nil {
            waiting.found = try resolver.identify(draft) { id(of: waiting) }
        }
        if let found = waiting.found {
            // What waited may have been made by a line behind it, and a row without a name by an earlier run.
            if ledger.isComplete || continued != nil { waiting.found?.exists = try tx.exists(found.record) }
            try ledger.remember(draft, as: found.record)
        }
        return waiting
    }

    func base(
        of record: RecordName, _ registers: Set<RegisterName>, _ tx: ReadTransaction
    ) throws -> [RegisterName: Value] {
        let file = options.files[file]
        if let exported = file.exported {
            return try tx.values(asOf: exported, record: record, registers: registers)
        }
        return try tx.importBase(source: file.source, record: record, registers: registers)
    }
}
