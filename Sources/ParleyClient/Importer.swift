package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// Brings drafts into a workspace: finds or derives each record, and merges three ways against what the same
/// source said last time. One run, of one file or several, is one batch of changesets of about a thousand
/// records; each is atomic, and a few of them are one transaction.
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
        /// Changesets in one transaction.
        package var together = 6
        package var note: String?
        /// Whether the values that are written are told too.
        package var isDetailed = false

        package init(files: [ImportFile]) { self.files = files }

        package init(source: String) { self.init(files: [ImportFile(source: source)]) }
    }

    /// Hears of each row that there is something to say of, once its changeset is stored.
    package var tell: (ImportFinding) throws -> Void = { _ in }
    /// Hears when changesets are stored and all of their findings are told.
    package var pause: () throws -> Void = {}
    package private(set) var changes: [ChangeID] = []
    /// The newest part of the run that was ended before its end and that this one goes on with.
    package private(set) var continued: ChangeID?
    /// By file.
    package internal(set) var tallies: [ImportTally]

    let workspace: Workspace
    let options: Options
    let ledger = ImportLedger()
    let sight: ImportSight
    /// The file whose rows are being read or taken.
    private(set) var file = 0
    var findings: [ImportFinding] = []
    /// By source, what it said last time of the records at hand.
    var bases: [String: [RecordName: [RegisterImage]]] = [:]
    private let transaction: WriteTransaction?
    private var batch: ImportBatch
    private var isPrepared = false
    /// The handle of whoever imports, in this transaction.
    private var me: String?
    /// The end of the log before this run.
    private var start: Int64 = 0
    /// What becomes one changeset each; the last part is still growing. The rows of a part are of one file.
    private var parts: [[ImportRow]] = []
    private var growing: [ImportRow] = []
    private var weight = 0
    private var transactions = 0
    private let postponed = PostponedRows()
    private let checkpointer: Checkpointer?

    /// - Parameter transaction: the one in which to do everything, for a caller who may want to undo it all;
    ///   otherwise a few changesets have one.
    package init(_ workspace: Workspace, _ options: Options, in transaction: WriteTransaction? = nil) {
        self.workspace = workspace
        self.options = options
        self.transaction = transaction
        checkpointer = transaction == nil ? Checkpointer(workspace.store) : nil
        tallies = options.files.map { _ in ImportTally() }
        sight = ImportSight(sources: Set(options.files.map(\.source)), ledger)
        batch = ImportBatch(id: workspace.ambient.random(16))
    }

    /// Of all files.
    package var total: ImportTally { tallies.reduce(ImportTally(), +) }

    var tally: ImportTally {
        get { tallies[file] }
        set { tallies[file] = newValue }
    }

    // MARK: Rows

    /// Takes one record of the file; writes when enough changesets are full.
    package func add(_ draft: RecordDraft) throws { try add(ReadRow(.success(draft))) }

    /// Takes one row of the file, a record or why it is none.
    package func add(_ row: ReadRow) throws {
        tally.rows += 1
        try add(ImportRow(file: file, ordinal: tally.rows, read: row))
    }

    private func add(_ row: ImportRow) throws {
        if let last = growing.last, last.file != row.file { closePart() }
        growing.append(row)
        weight += row.read.weight
        guard growing.count >= options.chunk || weight > Self.heaviest else { return }
        closePart()
        // One part is held back, so that the last of the batch can say that it is the last.
        if parts.count > together { try write(together) }
    }

    /// How many parts become one transaction: few at first, so that a short run shows soon how far it is; but while
    /// the file's digest is still being made, which the first one must wait for, what can be gathered is.
    private var together: Int {
        let isReady = options.files[file].digest?.isDone ?? true
        return isReady ? min(options.together, 1 << min(transactions, 16)) : options.together
    }

    private static let heaviest = 600 * 1024

    private func closePart() {
        if !growing.isEmpty { parts.append(growing) }
        (growing, weight) = ([], 0)
    }

    /// The rows that come now are of the next file.
    package func beginNextFile() throws {
        closePart()
        while !parts.isEmpty { try write(together) }
        file += 1
    }

    /// Writes the rest. Rows whose references were not there yet are tried again, now that all are.
    package func finish() throws {
        try writeRest()
        if postponed.count > 0 {
            ledger.isComplete = true
            try postponed.drain { try add($0) }
            try writeRest()
        }
        try countAbsent()
    }

    private func writeRest() throws {
        closePart()
        while parts.count > together { try write(together) }
        try write(parts.count, isEnd: true)
    }

    /// The record that a row of a file has called by a label.
    package func record(labelled label: String, inFile file: Int) throws -> RecordName? {
        try ledger.record(labelled: label, inFile: file)
    }

    // MARK: One transaction

    private func write(_ count: Int, isEnd: Bool = false) throws {
        try prepare()
        var group = Array(parts.prefix(count))
        parts.removeFirst(group.count)
        let weight = group.joined().reduce(0) { $0 + $1.read.weight }
        guard !group.isEmpty || isEnd && batch.part > 0 else { return }
        let (before, reading) = ((tallies, postponed.count, batch.part), file)
        defer { file = reading }
        do {
            changes += try commit { tx in try take(&group, isEnd: isEnd, tx) }
            transactions += 1
        } catch {
            // The transaction is gone, and what was counted in it.
            (tallies, batch.part) = (before.0, before.2)
            postponed.removeLast(postponed.count - before.1)
            throw error
        }
        try tellFindings()
        try checkpointer?.committed(weight)
    }

    private func tellFindings() throws {
        for finding in findings { try tell(finding) }
        findings.removeAll(keepingCapacity: true)
        try pause()
    }

    /// - Parameter collect: begins to make the changesets.
    private func commit(_ collect: (WriteTransaction) throws -> ImportChanges) throws -> [ChangeID] {
        guard let transaction else { return try workspace.store.write { try commit(collect, $0) } }
        return try commit(collect, transaction)
    }

    private func commit(
        _ collect: (WriteTransaction) throws -> ImportChanges, _ tx: WriteTransaction
    ) throws -> [ChangeID] {
        try sight.begin(tx)
        try workspace.expectWriter(tx)
        me = workspace.handle
        let made = try collect(tx)
        let changes = try made.store(in: tx)
        batch.part += Int64(changes.count)
        try sight.finish(tx)
        return changes
    }

    /// First every draft learns which record it is, so that drafts may refer to each other both ways; then
    /// their values are read. What has been taken is let go.
    private func take(
        _ group: inout [[ImportRow]], isEnd: Bool, _ tx: WriteTransaction
    ) throws -> ImportChanges {
        for index in group.indices {
            turn(to: group[index].first)
            for row in group[index].indices { try identify(&group[index][row], tx) }
        }
        bases = try bases(of: group, tx)
        defer { bases = [:] }
        let made = ImportChanges(by: Result { try Author(tx, workspace) }, after: batch.part)
        try collect(&group, isEnd: isEnd, tx, into: made)
        return made
    }

    /// The last part says that the batch ends with it, even where nothing is left to be written.
    private func collect(
        _ group: inout [[ImportRow]], isEnd: Bool, _ tx: WriteTransaction, into changes: ImportChanges
    ) throws {
        var collected = CollectedWrites()
        var (isBegun, isOpen) = (batch.part > 0, true)
        for index in group.indices {
            let rows = group[index]
            group[index] = []
            turn(to: rows.first)
            collected.beginPart()
            for row in rows { try takeOrRefuse(row, tx, into: &collected) }
            isOpen = collected.last.isEmpty
            if !isOpen {
                let isLast = isEnd && index == group.count - 1 && postponed.count == 0
                changes.add(collected.last, under: try act(rows: rows.last?.ordinal ?? 0, isLast: isLast))
                isBegun = true
            }
            changes.discard(rows)
        }
        if isEnd, isOpen, isBegun, postponed.count == 0 {
            changes.add(CollectedWrites.Part(), under: try act(rows: tally.rows, isLast: true))
        }
        changes.seal()
        changes.discard(collected)
    }

    private func turn(to row: ImportRow?) {
        file = row?.file ?? file
        ledger.file = file
    }

    private func act(rows: Int, isLast: Bool) throws -> Act {
        let file = options.files[file]
        var act = Act(
            .importing,
            [
                .tool: .text("import"), .source: .text(file.source), .batch: .bytes(batch.id),
                .last: .bool(isLast), .file: .text(file.name), .rows: .int(Int64(rows)),
            ])
        if let digest = try file.digest?.get() { act[.digest] = .bytes(digest) }
        if let note = options.note { act[.note] = .text(note) }
        return act
    }

    private func takeOrRefuse(
        _ row: ImportRow, _ tx: WriteTransaction, into collected: inout CollectedWrites
    ) throws {
        do {
            let draft = try row.read.content.get()
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

    func resolver(_ tx: ReadTransaction) -> DraftResolver {
        DraftResolver(tx: tx, names: ledger, sight: sight, me: me)
    }

    private func identify(_ waiting: inout ImportRow, _ tx: ReadTransaction) throws {
        guard case .success(let draft) = waiting.read.content else { return }
        if waiting.found == nil {
            waiting.found = try resolver(tx).identify(draft, waiting.read.derived) { [waiting] in
                try id(of: waiting)
            }
        }
        if let found = waiting.found {
            // What waited may have been made by a line behind it, and a row without a name by an earlier run.
            if ledger.isComplete || continued != nil { waiting.found?.exists = try tx.exists(found.record) }
            try ledger.remember(draft, as: found.record)
        }
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
    private func id(of row: ImportRow) throws -> [UInt8] {
        let digest = try options.files[row.file].digest?.get()
        let twins = try options.files[..<row.file].count { try $0.digest?.get() == digest }
        return batch.id(ofRow: row.ordinal, digest: digest ?? [], twin: twins)
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
}
