package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// Brings drafts into a workspace: finds or derives each record, and merges three ways against what the same
/// source said last time. One run is one batch of changesets of about a thousand records; each is atomic, and a
/// few of them are one transaction.
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
        /// Changesets in one transaction.
        package var together = 4
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
    /// What becomes one changeset each; the last part is still growing.
    private var parts: [[IdentifiedDraft]] = []
    private var growing: [IdentifiedDraft] = []
    private var weight = 0
    private var postponed: [IdentifiedDraft] = []
    private let names = DraftNames()
    private let sight: ImportSight
    /// What the source said last time of the records at hand.
    private var bases: [RecordName: [RegisterImage]] = [:]
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
        sight = ImportSight(source: options.source)
        batch = workspace.ambient.random(16)
    }

    /// Takes one record of the file; writes when enough changesets are full.
    package func add(_ draft: RecordDraft) throws {
        try add(IdentifiedDraft(draft: draft))
    }

    private func add(_ draft: IdentifiedDraft) throws {
        growing.append(draft)
        weight += draft.draft.weight
        guard growing.count >= options.chunk || weight > Self.heaviest else { return }
        closePart()
        // One part is held back, so that the last of the batch can say that it is the last.
        if parts.count > options.together { try write(options.together) }
    }

    private func closePart() {
        if !growing.isEmpty { parts.append(growing) }
        (growing, weight) = ([], 0)
    }

    /// Writes the rest. Rows whose references were not there yet are tried again, now that all are.
    package func finish() throws {
        try writeRest()
        guard !postponed.isEmpty else { return }
        let waiting = postponed
        postponed = []
        names.isComplete = true
        for draft in waiting { try add(draft) }
        try writeRest()
    }

    private func writeRest() throws {
        closePart()
        if parts.count > options.together { try write(options.together) }
        try write(parts.count, areLast: true)
    }

    private static let heaviest = 600 * 1024

    private func write(_ count: Int, areLast: Bool = false) throws {
        var group = Array(parts.prefix(count))
        parts.removeFirst(group.count)
        guard !group.isEmpty else { return }
        let before = (tally, kept.count, faults.count, postponed.count)
        do {
            changes += try commit { tx in try bodies(of: &group, areLast: areLast, tx) }
        } catch {
            // The transaction is gone, and what was counted in it.
            tally = before.0
            kept.removeLast(kept.count - before.1)
            faults.removeLast(faults.count - before.2)
            postponed.removeLast(postponed.count - before.3)
            throw error
        }
    }

    private func commit(_ build: (WriteTransaction) throws -> [ChangesetBody]) throws -> [ChangeID] {
        guard let transaction else { return try workspace.store.write { try commit(build, $0) } }
        return try commit(build, transaction)
    }

    private func commit(
        _ build: (WriteTransaction) throws -> [ChangesetBody], _ tx: WriteTransaction
    ) throws -> [ChangeID] {
        try sight.begin(tx)
        let changes = try workspace.commit(in: tx, bodies: build)
        try sight.finish(tx)
        return changes
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

    // MARK: One transaction

    /// First every draft learns which record it is, so that drafts may refer to each other both ways; then
    /// their values are read.
    private func bodies(
        of group: inout [[IdentifiedDraft]], areLast: Bool, _ tx: WriteTransaction
    ) throws -> [ChangesetBody] {
        for index in group.indices { group[index] = try group[index].map { try identified($0, tx) } }
        bases = try tx.importBases(source: options.source, about: asked(group))
        var collected = CollectedWrites()
        for index in group.indices {
            // What has been taken is let go: drafts, values and bodies of a transaction never stand all at once.
            let part = group[index]
            group[index] = []
            collected.beginPart()
            for draft in part { try takeOrRefuse(draft, tx, into: &collected) }
        }
        let isComplete = areLast && postponed.isEmpty
        return try group.indices.flatMap { index in
            let act = act(isLast: isComplete && index == group.count - 1)
            let part = collected.removePart(index)
            return part.isEmpty
                ? [] : try workspace.bodies(act, records: part.written.inOrder, said: part.said.inOrder)
        }
    }

    private func takeOrRefuse(
        _ draft: IdentifiedDraft, _ tx: WriteTransaction, into collected: inout CollectedWrites
    ) throws {
        do {
            try take(draft, tx, into: &collected)
        } catch let fault as DraftFault {
            faults.append(fault)
            tally.refused += 1
        } catch is DraftNames.NotYet {
            postponed.append(draft)
        }
    }

    /// The records of which the source may have spoken before, and the fields that it speaks of now.
    private func asked(_ group: [[IdentifiedDraft]]) -> [RecordName: UInt64] {
        var asked: [RecordName: UInt64] = [:]
        for draft in group.joined() where options.exported == nil {
            guard let found = draft.found, found.exists, sight.maySpeak(of: found.record) else { continue }
            asked[found.record, default: 0] |= draft.draft.fields
        }
        return asked
    }

    private func resolver(_ tx: ReadTransaction) -> DraftResolver {
        DraftResolver(tx: tx, names: names, sight: sight, me: workspace.handle)
    }

    private func identified(_ waiting: IdentifiedDraft, _ tx: ReadTransaction) throws -> IdentifiedDraft {
        var waiting = waiting
        if waiting.found == nil {
            waiting.found = try resolver(tx).identify(waiting.draft) { workspace.ambient.random(16) }
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
        let resolver = resolver(tx)
        let stated = try resolver.values(of: draft)
        let found = try waiting.found ?? resolver.identify(link: draft, stated)
        let earlier = sight.lines[found.record]
        let isNew = !found.exists && (earlier == nil || !collected.holds(found.record))
        if isNew, draft.mustExist { try refuseToCreate(draft) }
        let image = found.exists ? try tx.image(of: found.record) : nil
        let values = resolver.voiced(stated, of: draft, beside: image)
        if let earlier {
            try expectNoContradiction(values, of: found.record, draft, line: earlier) { register in
                collected.value(of: register, in: found.record) ?? image?.value(of: register)
            }
        }
        if isNew {
            sight.note(found.record, at: draft.line)
            return try create(values, as: found.record, draft, &collected)
        }
        let base = try base(of: found, values, tx)
        sight.note(found.record, at: draft.line)
        let changed = merge(values, into: found.record, image, base, draft, &collected)
        count(isNew: false, changed: changed)
    }

    private func refuseToCreate(_ draft: RecordDraft) throws {
        guard names.isComplete else { throw DraftNames.NotYet() }
        let kind = Schema.assessments[tag: draft.kind]?.name ?? "record"
        throw DraftFault(
            line: draft.line,
            reason: "there is no \(kind) with the key \(draft.keys.first ?? "?"): import that first")
    }

    private func create(
        _ values: [RegisterImage], as record: RecordName, _ draft: RecordDraft,
        _ collected: inout CollectedWrites
    ) throws {
        let isWhole = values.allSatisfy { $0.value != .null }
        let written = isWhole ? values : values.filter { $0.value != .null }
        guard !written.isEmpty else {
            throw DraftFault(line: draft.line, reason: "there is nothing to import here")
        }
        collected.write(written, to: record)
        if draft.id == nil, draft.keys.isEmpty, draft.kind != Self.linkTag { tally.nameless += 1 }
        count(isNew: true, changed: true)
    }

    /// The three-way merge for a record that exists already, here or further up in the file.
    /// - Returns: whether anything is to be written.
    private func merge(
        _ values: [RegisterImage], into record: RecordName, _ image: RecordImage?,
        _ base: (RegisterName) -> Value?, _ draft: RecordDraft, _ collected: inout CollectedWrites
    ) -> Bool {
        var (written, said): ([RegisterImage], [RegisterImage]) = ([], [])
        for value in values where !collected.holds(value.name, of: record) {
            let shown = image?.value(of: value.name)
            let verdict = ThreeWay.judge(
                source: value.value, base: base(value.name), shown: shown, overwrites: options.overwrites)
            switch verdict {
            case .nothing: break
            case .write: written.append(value)
            case .say: said.append(value)
            case .keep:
                said.append(value)
                keep(draft, RegisterWrite(record, value.name, value.value), ours: shown ?? .null)
            }
        }
        collected.write(written, to: record)
        collected.say(said, of: record)
        return !written.isEmpty
    }

    private func base(
        of found: DraftResolver.Found, _ values: [RegisterImage], _ tx: ReadTransaction
    ) throws -> (RegisterName) -> Value? {
        guard found.exists else { return { _ in nil } }
        if let exported = options.exported {
            let then = try tx.values(
                asOf: exported, record: found.record, registers: Set(values.map(\.name)))
            return { then[$0] }
        }
        if bases[found.record] == nil, sight.maySpeak(of: found.record) {
            bases.merge(try tx.importBases(source: options.source, about: [found.record: .max])) { $1 }
        }
        let base = bases[found.record] ?? []
        return { register in base.first { $0.name == register }?.value }
    }

    /// A record that stands twice in one file must say the same both times: else each import would change it
    /// to and fro.
    private func expectNoContradiction(
        _ values: [RegisterImage], of record: RecordName, _ draft: RecordDraft, line: Int,
        _ shown: (RegisterName) -> Value?
    ) throws {
        let kind = Schema.assessments[tag: record.kind]
        // What was never set, no line before this one has stated.
        let differs = { (value: RegisterImage) in
            shown(value.name).map { $0 != value.value } ?? false
        }
        guard let differing = values.first(where: differs) else { return }
        let field = kind?.text(of: differing.name) ?? "#\(differing.name.field)"
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

    /// The fields it states, as a mask; all where it states one that has no place in a mask.
    fileprivate var fields: UInt64 {
        writes.reduce(1 << UInt64(Field.keysTag)) { mask, write in
            write.register.field < Field.tagLimit ? mask | 1 << UInt64(write.register.field) : .max
        }
    }
}
