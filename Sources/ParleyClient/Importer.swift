package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// Brings drafts into a workspace: finds or derives each record, and merges three ways against what the same
/// source said last time. One run is one batch of changesets of about a thousand records; each is atomic.
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
        /// The source's name: what it said last time is looked up under it.
        package var source: String
        /// SHA-256 of the file, where it is known beforehand.
        package var digest: [UInt8]?
        package var overwrites = false
        /// When the file was exported from this workspace: what it held then is the base, instead of what the
        /// source said last time.
        package var exported: Instant?
        /// Records in one changeset.
        package var chunk = 1000
        package var note: String?

        package init(source: String) { self.source = source }
    }

    package struct Tally: Equatable, Sendable {
        package var created = 0
        package var changed = 0
        package var same = 0
        package var refused = 0
        package var kept = 0
        /// Created without an id or a key: another import would create them again.
        package var nameless = 0

        package init() {}
    }

    /// People's value stayed where the source now says something else.
    package struct Kept: Equatable, Sendable {
        package var line: Int
        package var record: RecordName
        package var register: RegisterName
        package var ours: Value
        package var theirs: Value
    }

    private let workspace: Workspace
    private let options: Options
    private let transaction: WriteTransaction?
    private let batch: [UInt8]
    private var drafts: [IdentifiedDraft] = []
    private var weight = 0
    private var postponed: [IdentifiedDraft] = []
    private let names = DraftNames()
    /// Where in the file each record stands.
    private var lines: [RecordName: Int] = [:]
    private static let linkTag = Schema.assessments[name: "link"]?.tag
    private var part: Int64 = 0
    package private(set) var tally = Tally()
    package private(set) var kept: [Kept] = []
    package private(set) var faults: [DraftFault] = []
    package private(set) var changes: [ChangeID] = []

    /// - Parameter transaction: the one in which to do everything, for a caller who may want to undo it all;
    ///   otherwise each changeset has its own.
    package init(_ workspace: Workspace, _ options: Options, in transaction: WriteTransaction? = nil) {
        self.workspace = workspace
        self.options = options
        self.transaction = transaction
        batch = workspace.ambient.random(16)
    }

    /// Takes one record of the file; writes when a changeset is full.
    package func add(_ draft: RecordDraft) throws {
        drafts.append(IdentifiedDraft(draft: draft))
        weight += draft.weight
        // One chunk is held back, so that the last part of the batch can say that it is the last.
        if drafts.count >= options.chunk * 2 || weight > Self.heaviest { try write(upTo: options.chunk) }
    }

    /// Writes the rest. Rows whose references were not there yet are tried again, now that all are.
    package func finish() throws {
        while drafts.count > options.chunk { try write(upTo: options.chunk) }
        try write(upTo: drafts.count, isLast: postponed.isEmpty)
        guard !postponed.isEmpty else { return }
        drafts = postponed
        postponed = []
        names.isComplete = true
        try write(upTo: drafts.count, isLast: true)
    }

    private static let heaviest = 600 * 1024

    private func write(upTo count: Int, isLast: Bool = false) throws {
        let chunk = Array(drafts.prefix(count))
        drafts.removeFirst(chunk.count)
        weight = drafts.reduce(0) { $0 + $1.draft.weight }
        guard !chunk.isEmpty else { return }
        let before = (tally, kept.count, faults.count, postponed.count)
        do {
            changes += try commit(act(isLast: isLast)) { tx in try writes(of: chunk, tx) }
        } catch {
            // The transaction is gone, and what was counted in it.
            tally = before.0
            kept.removeLast(kept.count - before.1)
            faults.removeLast(faults.count - before.2)
            postponed.removeLast(postponed.count - before.3)
            throw error
        }
    }

    private func commit(_ act: Act, _ build: (WriteTransaction) throws -> Writes) throws -> [ChangeID] {
        guard let transaction else { return try workspace.commit(act, build) }
        return try workspace.commit(act, in: transaction, build)
    }

    private func act(isLast: Bool) -> Act {
        part += 1
        var act = Act(
            .importing,
            [
                .tool: .text("import"), .source: .text(options.source), .batch: .bytes(batch),
                .part: .int(part),
                .last: .bool(isLast),
            ])
        if let digest = options.digest { act[.digest] = .bytes(digest) }
        if let note = options.note { act[.note] = .text(note) }
        return act
    }

    // MARK: One chunk

    /// First every draft learns which record it is, so that drafts may refer to each other both ways; then
    /// their values are read.
    private func writes(of chunk: [IdentifiedDraft], _ tx: WriteTransaction) throws -> Writes {
        var collected = CollectedWrites()
        let chunk = try chunk.map { try identified($0, tx) }
        for draft in chunk {
            do {
                try take(draft, tx, into: &collected)
            } catch let fault as DraftFault {
                faults.append(fault)
                tally.refused += 1
            } catch is DraftNames.NotYet {
                postponed.append(draft)
            }
        }
        return collected.writes
    }

    private func identified(_ waiting: IdentifiedDraft, _ tx: ReadTransaction) throws -> IdentifiedDraft {
        var waiting = waiting
        let resolver = DraftResolver(tx: tx, names: names, me: workspace.handle)
        if waiting.found == nil {
            waiting.found = try resolver.identify(waiting.draft) { workspace.ambient.random(16) }
        }
        if let found = waiting.found {
            // What waited may have been made by a line behind it.
            if names.isComplete { waiting.found?.exists = try tx.exists(found.record) }
            names.remember(waiting.draft, as: found.record)
        }
        return waiting
    }

    private func take(
        _ waiting: IdentifiedDraft, _ tx: WriteTransaction, into collected: inout CollectedWrites
    ) throws {
        let draft = waiting.draft
        let resolver = DraftResolver(tx: tx, names: names, me: workspace.handle)
        let stated = try resolver.values(of: draft)
        let found = try waiting.found ?? resolver.identify(link: draft, stated)
        let isNew = !found.exists && collected[found.record] == nil
        if isNew, draft.mustExist { try refuseToCreate(draft) }
        let image = found.exists ? try tx.image(of: found.record) : nil
        let values = resolver.voiced(stated, of: draft, beside: image)
        if let line = lines[found.record] {
            let earlier = collected[found.record] ?? []
            try expectNoContradiction(values, of: found.record, draft, line: line) { register in
                earlier.last { $0.register == register }?.value ?? image?.value(of: register)
            }
        }
        lines[found.record] = draft.line
        if isNew { return try create(values, as: found.record, draft, &collected) }
        let written = try merge(values, into: found, image, draft, tx, &collected)
        collected.add(written, to: found.record)
        count(isNew: false, changed: !written.isEmpty)
    }

    private func refuseToCreate(_ draft: RecordDraft) throws {
        guard names.isComplete else { throw DraftNames.NotYet() }
        let kind = Schema.assessments[tag: draft.kind]?.name ?? "record"
        throw DraftFault(
            line: draft.line,
            reason: "there is no \(kind) with the key \(draft.keys.first ?? "?"): import that first")
    }

    private func create(
        _ values: [DraftResolver.Registered], as record: RecordName, _ draft: RecordDraft,
        _ collected: inout CollectedWrites
    ) throws {
        let written = values.filter { $0.value != .null }
        guard !written.isEmpty else {
            throw DraftFault(line: draft.line, reason: "there is nothing to import here")
        }
        collected.add(written, to: record)
        if draft.id == nil, draft.keys.isEmpty, draft.kind != Self.linkTag { tally.nameless += 1 }
        count(isNew: true, changed: true)
    }

    /// The three-way merge for a record that exists already, here or further up in the file.
    /// - Returns: what is to be written.
    private func merge(
        _ values: [DraftResolver.Registered], into found: DraftResolver.Found, _ image: RecordImage?,
        _ draft: RecordDraft, _ tx: ReadTransaction, _ collected: inout CollectedWrites
    ) throws -> [DraftResolver.Registered] {
        let registers = Set(values.map(\.register))
        let base = found.exists ? try base(of: found.record, registers, tx) : [:]
        let earlier = collected[found.record] ?? []
        return values.filter { value in
            let shown =
                earlier.last { $0.register == value.register }?.value ?? image?.value(of: value.register)
            let verdict = ThreeWay.judge(
                source: value.value, base: base[value.register], shown: shown, overwrites: options.overwrites)
            let write = RegisterWrite(found.record, value.register, value.value)
            if verdict == .say || verdict == .keep { collected.said.append(write) }
            if verdict == .keep { keep(draft, write, ours: shown ?? .null) }
            return verdict == .write
        }
    }

    private func base(
        of record: RecordName, _ registers: Set<RegisterName>, _ tx: ReadTransaction
    ) throws -> [RegisterName: Value] {
        if let exported = options.exported {
            return try tx.values(asOf: exported, record: record, registers: registers)
        }
        return try tx.importBase(source: options.source, record: record, registers: registers)
    }

    /// A record that stands twice in one file must say the same both times: else each import would change it
    /// to and fro.
    private func expectNoContradiction(
        _ values: [DraftResolver.Registered], of record: RecordName, _ draft: RecordDraft, line: Int,
        _ shown: (RegisterName) -> Value?
    ) throws {
        let kind = Schema.assessments[tag: record.kind]
        // What was never set, no line before this one has stated.
        let differs = { (value: DraftResolver.Registered) in
            shown(value.register).map { $0 != value.value } ?? false
        }
        guard let differing = values.first(where: differs) else { return }
        let field = kind?.text(of: differing.register) ?? "#\(differing.register.field)"
        throw DraftFault(
            line: draft.line,
            reason: "\(field) says something else than line \(line), which is the same record")
    }

    private func keep(_ draft: RecordDraft, _ write: RegisterWrite, ours: Value) {
        tally.kept += 1
        kept.append(
            Kept(
                line: draft.line, record: write.record, register: write.register, ours: ours,
                theirs: write.value))
    }

    private func count(isNew: Bool, changed: Bool) {
        if isNew {
            tally.created += 1
        } else if changed {
            tally.changed += 1
        } else {
            tally.same += 1
        }
    }
}

/// A draft and the record that it is. A link is known by its ends only once they are.
struct IdentifiedDraft {
    var draft: RecordDraft
    var found: DraftResolver.Found?
}

/// What a chunk writes, by record: each record's writes together and in order, so that encoding them needs
/// no sorting of all.
private struct CollectedWrites {
    private var written: [RecordName: [DraftResolver.Registered]] = [:]
    var said: [RegisterWrite] = []

    subscript(record: RecordName) -> [DraftResolver.Registered]? { written[record] }

    mutating func add(_ values: [DraftResolver.Registered], to record: RecordName) {
        guard !values.isEmpty else { return }
        written[record, default: []] += values.sorted { $0.register < $1.register }
    }

    var writes: Writes {
        var writes = Writes(said: said)
        for record in written.keys.sorted() {
            for value in written[record] ?? [] {
                writes.written.append(RegisterWrite(record, value.register, value.value))
            }
        }
        return writes
    }
}

/// The rule of the table above, for one register.
package enum ThreeWay {
    package enum Verdict: Equatable, Sendable {
        case nothing
        case write
        /// Not written, since it is shown already; the next import must know that the source said it.
        case say
        /// Not written, since people say otherwise.
        case keep
    }

    /// - Parameters:
    ///   - source: what the source says now.
    ///   - base: what it said last time; nil if it never spoke of this register.
    ///   - shown: the value that is shown; nil where the register was never set.
    package static func judge(source: Value, base: Value?, shown: Value?, overwrites: Bool) -> Verdict {
        if source == base { return overwrites && shown != source ? .write : .nothing }
        if source == shown { return .say }
        if shown == nil || shown == base { return source == .null && shown == nil ? .nothing : .write }
        return overwrites ? .write : .keep
    }
}

extension RecordDraft {
    /// About how many bytes it will take.
    fileprivate var weight: Int {
        writes.reduce(32) { sum, write in
            switch write.content {
            case .value(.text(let text)), .text(let text): sum + 8 + text.utf8.count
            default: sum + 16
            }
        }
    }
}
