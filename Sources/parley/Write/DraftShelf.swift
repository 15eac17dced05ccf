import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// Saves what somebody typed, and keeps it as drafts where it cannot be saved.
struct DraftShelf {
    let workspace: Workspace
    let console: Console

    init(_ workspace: Workspace, _ console: Console) {
        self.workspace = workspace
        self.console = console
    }

    /// Writes the changed parts, all or none of them, and drops the drafts `settled` by them, if they are still
    /// as they were read.
    func save(
        _ parts: [Form.Part], _ target: EditTarget, note: String?, dropping settled: [EditorDraft] = [],
        from filled: FormEditor.Filled? = nil
    ) throws {
        let report: WriteReport
        do {
            report = try workspace.write(.command("edit", note: note), to: target.record) { maker in
                try expectUntouched(parts, target, maker.tx)
                let image = try maker.tx.image(of: target.record)
                return try parts.compactMap { part in
                    let text = part.text.isEmpty ? nil : part.text
                    return try maker.write(text, to: part.register, of: target.record, image)
                }
            }
        } catch {
            let isKept = try keep(parts, target)
            var failure = CommandFailure(describing: error)
            failure.hint = "your text is kept: parley edit \(target.name) --continue    or --discard"
            if isKept {
                filled?.removeFile()
            } else if let filled {
                failure.hint = "another draft waits there, so what you typed is in \(filled.path)"
            }
            throw failure
        }
        filled?.removeFile()
        try workspace.store.write { tx in
            for draft in settled where try tx.draft(of: draft.register, in: draft.record) == draft {
                try tx.dropDraft(of: draft.register, in: draft.record)
            }
        }
        try report.sayChanged(console)
    }

    /// Since the form was made, nobody has written any of the fields that are about to be.
    private func expectUntouched(_ parts: [Form.Part], _ target: EditTarget, _ tx: ReadTransaction) throws {
        let details = try tx.detail(of: target.record) ?? []
        for part in parts {
            let detail = details.first { $0.name == part.register }
            guard detail?.shown.change == target.base[part.register]?.change else {
                let naming = Naming(tx, workspace.membership)
                throw try Meanwhile(naming, target.record, now: console.now).failure(
                    part.register, detail, retry: nil)
            }
        }
    }

    /// - Returns: false where a draft that was not there when the form was made would have been lost.
    private func keep(_ parts: [Form.Part], _ target: EditTarget) throws -> Bool {
        let now = console.now.milliseconds
        return try workspace.store.write { tx in
            for part in parts {
                if let other = try tx.draft(of: part.register, in: target.record),
                    !target.kept.contains(other), other.text != part.text
                {
                    return false
                }
            }
            for part in parts {
                let base = target.base[part.register]
                try tx.save(
                    EditorDraft(
                        record: target.record, register: part.register, base: base?.change,
                        baseValue: base?.value ?? .null, text: part.text, caret: 0, created: now, updated: now
                    ))
            }
            return true
        }
    }

    func drop(_ drafts: [EditorDraft], _ console: Console) throws {
        if drafts.isEmpty { return try console.note("There is no such draft.") }
        try console.confirm("Drop \(drafts.count == 1 ? "the draft" : "\(drafts.count) drafts")?")
        try workspace.store.write { tx in
            for draft in drafts { try tx.dropDraft(of: draft.register, in: draft.record) }
        }
        if console.options.json { return try console.json(["dropped": .int(drafts.count)]) }
        try console.note("dropped \(drafts.count)")
    }
}
