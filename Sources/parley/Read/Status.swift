import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal
import ParleyTrust

struct Status: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What this replica holds, and what waits.",
        usage: "parley status [options]",
        discussion: """
            Examples:
              parley status
              parley status --json --fields unsent,review
            """)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        try Overview(workspace: console.openToRead()).show(console)
    }
}

/// The state of one workspace; bare `parley` shows it too.
struct Overview {
    let workspace: Workspace

    /// Without a command: the state and the next step; never a failure.
    static func show(_ console: Console) throws {
        let folder: String
        do { folder = try console.workspaceFolder() } catch let failure as CommandFailure {
            try console.line(visible(failure.message))
            if let hint = failure.hint { try console.line("  " + hint) }
            return try console.line("  help: parley --help")
        }
        let workspace = try Workspace(folder: folder, readOnly: true, ambient: SystemAmbient.ambient)
        try Overview(workspace: workspace).show(console)
    }

    func show(_ console: Console) throws {
        let facts = try workspace.facts()
        if console.options.json { return try console.json(json(facts, due: dueCount(console), unfinished())) }
        let counts = facts.counts
        let records = counts.records.values.reduce(0, +)
        let review = counts.asides + counts.overlooked
        var table = TextTable([.init(), .init(isElastic: true)])
        table.add([.init("workspace"), .init(workspace.name, .strong)])
        table.add([
            .init("you"),
            .init(
                "\(workspace.handle ?? "?"), \(facts.isOut ? "no member any more" : workspace.role()?.name ?? "no member")"
            ),
        ])
        table.add([.init("records"), .init("\(records) (\(counts.deleted) deleted)")])
        table.add([.init("changes"), .init("\(counts.changesets), \(facts.unsent) unsent")])
        table.add([
            .init("review"),
            .init(review == 0 ? "nothing" : "! \(review)", review == 0 ? .plain : .attention),
        ])
        if counts.sealed > 0 {
            table.add([.init("sealed"), .init("! \(counts.sealed) wait for a key", .attention)])
        }
        if let removed = removed(facts) { table.add([.init("removed"), .init("! \(removed)", .attention)]) }
        for open in try unfinished() { table.add([.init("import"), .init("! \(open.words)", .attention)]) }
        let due = try dueCount(console)
        if due > 0 { table.add([.init("due"), .init("! \(due) to look at", .attention)]) }
        for standing in facts.refusals {
            let whose = standing.isOwn ? "yours" : standing.author ?? "a device unknown"
            table.add([.init("refused"), .init("! \(standing.count) of \(whose)", .attention)])
        }
        table.add([.init("server"), .init(facts.server ?? "none; only on this machine")])
        table.add([.init("synced"), .init(facts.lastSync.map(console.time) ?? "never")])
        try console.table(table)
        for standing in facts.refusals { try console.note(RefusalSpeech.sentence(standing)) }
        try hint(facts, records, review, console)
    }

    /// Indicators that want a look, and judgments past their date without an outcome.
    private func dueCount(_ console: Console) throws -> Int {
        try workspace.store.read { try $0.due(console.dueRule(workspace)).count }
    }

    private func unfinished() throws -> [UnfinishedImport] {
        try workspace.store.read { try workspace.unfinishedImports($0) }.values
            .sorted { ($0.source, $0.rows) < ($1.source, $1.rows) }
    }

    private func removed(_ facts: WorkspaceFacts) -> String? {
        let kept = facts.isOut ? Int(facts.unsent) : facts.ownVoided
        let rest = kept == 0 ? "" : "; \(counted(kept, "change")) of yours only here"
        guard facts.isOut else { return facts.removedBy.map { "made a reader by \($0)\(rest)" } }
        return (facts.removedBy.map { "put out by \($0)" } ?? "put out, says the server") + rest
    }

    private func hint(_ facts: WorkspaceFacts, _ records: Int, _ review: Int, _ console: Console) throws {
        if facts.isOut || facts.ownVoided > 0 {
            try console.hint("take what you wrote with you: parley export")
        } else if facts.counts.sealed > 0 {
            try console.hint("an admin's next sync hands the key on; then: parley sync")
        } else if let open = try unfinished().first(where: \.isOwn) {
            try console.hint(
                "the same import again goes on with it    or: parley undo \(open.change.shortAddress)")
        } else if let standing = facts.refusals.first {
            try console.hint(RefusalSpeech.hint(standing))
        } else if records == 0 {
            try console.hint("begin: parley new assessment title=\"..\"")
        } else if review > 0 {
            try console.hint("look: parley conflicts")
        } else if facts.unsent > 0, facts.server != nil {
            try console.hint("send: parley sync")
        } else {
            try console.hint("look: parley list    find: parley search WORD")
        }
    }

    private func json(_ facts: WorkspaceFacts, due: Int, _ open: [UnfinishedImport]) -> JSON {
        let counts = facts.counts
        return [
            "workspace": .text(workspace.name), "handle": .text(orNull: workspace.handle),
            "role": .text(orNull: workspace.role()?.name), "device": .text(workspace.device.text),
            "records": .int(counts.records.values.reduce(0, +)), "deleted": .int(counts.deleted),
            "changesets": .int(counts.changesets), "unsent": .int(Int64(clamping: facts.unsent)),
            "sealed": .int(counts.sealed), "removedBy": .text(orNull: facts.removedBy),
            "ownVoided": .int(facts.ownVoided), "out": .bool(facts.isOut),
            "review": .int(counts.asides + counts.overlooked), "due": .int(due),
            "imports": .array(open.map(\.json)), "server": .text(orNull: facts.server),
            "serverKey": .text(orNull: facts.serverKey?.description),
            "lastSync": .text(orNull: facts.lastSync?.text), "folder": .text(workspace.folder),
            "refusals": .array(facts.refusals.map(RefusalSpeech.json)),
        ]
    }
}
