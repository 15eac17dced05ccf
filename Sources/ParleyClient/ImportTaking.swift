internal import ParleyCore
internal import ParleyStore

/// What is known of a record when a row speaks of it.
struct KnownRecord {
    var name: RecordName
    /// Not here, and no row of the transaction has made it.
    var isNew: Bool
    var image: RecordImage?
    /// What the source said last time, of the registers in question at least.
    var base: RecordImage?

    func shown(_ register: RegisterName, _ collected: CollectedWrites) -> Value? {
        collected.value(of: register, in: name) ?? image?.value(of: register)
    }

    func said(_ register: RegisterName, _ collected: CollectedWrites) -> Value? {
        collected.statement(of: register, in: name) ?? base?.value(of: register)
    }
}

// MARK: - One row

extension Importer {
    private static let linkTag = Schema.assessments[name: "link"]?.tag

    func take(
        _ row: ImportRow, _ draft: RecordDraft, _ tx: WriteTransaction, into collected: inout CollectedWrites
    ) throws {
        let resolver = resolver(tx)
        let stated = try resolver.values(of: row.read, draft)
        let found = try row.found ?? resolver.identify(link: draft, stated)
        let isNew = !found.exists && !collected.holds(found.record)
        if isNew, draft.mustExist { try refuseToCreate(draft) }
        var known = KnownRecord(name: found.record, isNew: isNew)
        known.image = found.exists ? try tx.image(of: found.record) : nil
        let values = resolver.voiced(stated, of: draft, beside: known.image)
        if found.exists {
            var base = RecordImage(name: found.record, registers: try base(of: found.record, values, tx))
            base.registers.sortKeepingLast()
            known.base = base
        }
        let earlier = try ledger.place(of: found.record.id)
        try ledger.note(found.record.id, at: ImportLedger.Place(file: row.file, line: draft.line))
        switch order(of: values, in: known, collected) {
        case .older where earlier.map(isSameSource) ?? false || !options.allowsOlder:
            return skip(draft, known, values, collected)
        case .older, .newer: break
        case .same:
            if let earlier, isSameSource(earlier) {
                try expectNoContradiction(values, in: known, draft, earlier, collected)
            }
        }
        if isNew { return try create(values, as: found.record, draft, &collected) }
        merge(values, into: known, draft, &collected)
        if known.shown(.deleted, collected) == .bool(true) { tally.deleted += 1 }
    }

    private func refuseToCreate(_ draft: RecordDraft) throws {
        guard ledger.isComplete else { throw ImportLedger.NotYet() }
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
        tally.created += 1
        guard options.isDetailed else { return }
        let fields = written.map { ImportFinding.Field(register: $0.name, old: nil, new: $0.value) }
        findings.append(
            ImportFinding(.new, file: file, line: draft.line, record: record, fields: fields))
    }

    /// The three-way merge for a record that exists already, here or further up in the file.
    private func merge(
        _ values: [RegisterImage], into known: KnownRecord, _ draft: RecordDraft,
        _ collected: inout CollectedWrites
    ) {
        var (written, said): ([RegisterImage], [RegisterImage]) = ([], [])
        var changes: [ImportFinding.Field] = []
        for value in values {
            let shown = known.shown(value.name, collected)
            let verdict = ThreeWay.judge(
                source: value.value, base: known.said(value.name, collected), shown: shown,
                overwrites: options.overwrites)
            let field = ImportFinding.Field(register: value.name, old: shown, new: value.value)
            switch verdict {
            case .nothing: break
            case .say: said.append(value)
            case .keep:
                said.append(value)
                keep(field, of: known.name, draft)
            case .write:
                written.append(value)
                if options.isDetailed { changes.append(field) }
            }
        }
        collected.write(written, to: known.name)
        collected.say(said, of: known.name)
        if written.isEmpty { tally.same += 1 } else { tally.changed += 1 }
        guard !changes.isEmpty else { return }
        findings.append(
            ImportFinding(.changed, file: file, line: draft.line, record: known.name, fields: changes))
    }

    private func keep(_ field: ImportFinding.Field, of record: RecordName, _ draft: RecordDraft) {
        tally.kept += 1
        findings.append(ImportFinding(.kept, file: file, line: draft.line, record: record, fields: [field]))
    }
}

// MARK: - A record that was there before

extension Importer {
    private enum Order { case older, same, newer }

    /// How the version that a row states stands to the one that is here. Where one of them is not known, and in a
    /// file that was exported from here, they count as the same: then people and their edits decide.
    private func order(
        of values: [RegisterImage], in known: KnownRecord, _ collected: CollectedWrites
    ) -> Order {
        let register = ImportVersion.register
        guard !known.isNew, options.files[file].exported == nil,
            let stated = ImportVersion.read(values.last { $0.name == register }?.value),
            let here = ImportVersion.read(known.shown(register, collected))
        else { return .same }
        return stated == here ? .same : stated < here ? .older : .newer
    }

    /// An importer does not step back.
    private func skip(
        _ draft: RecordDraft, _ known: KnownRecord, _ values: [RegisterImage],
        _ collected: CollectedWrites
    ) {
        tally.older += 1
        let register = ImportVersion.register
        let fields = values.filter { $0.name == register }.map {
            ImportFinding.Field(register: register, old: known.shown(register, collected), new: $0.value)
        }
        findings.append(
            ImportFinding(.older, file: file, line: draft.line, record: known.name, fields: fields))
    }

    private func isSameSource(_ place: ImportLedger.Place) -> Bool {
        options.files[place.file].source == options.files[file].source
    }

    /// A record that stands twice in what one source has must say the same both times: else each import would
    /// change it to and fro.
    private func expectNoContradiction(
        _ values: [RegisterImage], in known: KnownRecord, _ draft: RecordDraft,
        _ earlier: ImportLedger.Place, _ collected: CollectedWrites
    ) throws {
        let isExported = options.files[file].exported != nil
        // What was never said, no row before this one has stated.
        let differs = { (value: RegisterImage) in
            let before =
                isExported ? known.shown(value.name, collected) : known.said(value.name, collected)
            return before.map { $0 != value.value } ?? false
        }
        guard let differing = values.first(where: differs) else { return }
        let kind = Schema.assessments[tag: known.name.kind]
        let field = kind?.text(of: differing.name) ?? "#\(differing.name.field)"
        let other = earlier.file == file ? "" : options.files[earlier.file].name + " "
        throw DraftFault(
            line: draft.line,
            reason: "\(field) says something else than \(other)line \(earlier.line), which is the same record"
        )
    }
}
