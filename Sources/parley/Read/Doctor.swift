import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal
import ParleyTrust

struct Doctor: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this installation and the workspace; for bug reports.",
        usage: "parley doctor [--verify] [--rebuild] [options]",
        discussion: """
            Examples:
              parley doctor
              parley doctor --verify
              parley doctor --rebuild

            The log is the truth: --verify checks the file, every chain and signature, the
            membership, every body and every table, and says what it has proved;
            --rebuild makes the tables anew from the log. Where the log itself is damaged,
            what is whole of it moves into a fresh file, the damaged one is kept, and the
            next sync brings what is missing.
            """)

    @Flag(help: "Check the file and compare every table with the log.") var verify = false
    @Flag(help: "Make all tables anew from the log.") var rebuild = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        var report = self.installation(console)
        var audit: Audit?
        var apart = 0
        if let folder = try? console.workspaceFolder() {
            if rebuild { try mend(console) }
            let workspace = try Workspace(folder: folder, readOnly: true, ambient: SystemAmbient.ambient)
            if verify { audit = try workspace.audit() }
            let facts = try workspace.facts()
            apart = facts.setApart
            report += members(facts, of: workspace, audit)
        } else if verify || rebuild {
            _ = try console.workspaceFolder()
        }
        try say(report, console)
        if apart > 0 { try console.hint("what is kept apart: parley log --apart") }
        let findings = audit?.findings ?? []
        guard findings.isEmpty else {
            throw CommandFailure(
                .store, "damaged",
                "The workspace's file is not as it should be, in \(findings.count) places or more: \(findings[0])",
                hint: "mend: parley doctor --rebuild")
        }
    }

    private func mend(_ console: Console) throws {
        let workspace = try openDamaged(console)
        let mending = try workspace.mend()
        // The object belongs to a file that may be gone.
        console.written = nil
        guard let kept = mending.kept else {
            return try console.note("All tables are made anew from the log.")
        }
        try console.note(
            "The file was damaged. What was whole of it, \(counted(mending.held, "change")), is in a fresh file; the damaged one is kept as \(kept)."
        )
        if mending.rewritten > 0 {
            try console.note(
                "Written again, since a server has never had them: \(counted(mending.rewritten, "change")) of yours from behind the damage."
            )
        }
        try console.note("What is missing comes from the server: parley sync")
    }

    private func openDamaged(_ console: Console) throws -> Workspace {
        do { return try console.openWorkspace() } catch let error as StoreError where error.code == .damaged {
            throw CommandFailure(
                .store, "damaged", "The file \(error.path) is too damaged to be opened: \(error.cause).",
                hint:
                    "put it aside and restore the folder from a backup: parley sync brings the rest; or join again with a new invite"
            )
        }
    }

    private func installation(_ console: Console) -> [JSONMember] {
        let paths = console.paths
        return [
            JSONMember("version", .text(Parley.version)),
            JSONMember("system", .text(ProcessInfo.processInfo.operatingSystemVersionString)),
            JSONMember("config", .text(paths.configFile)), JSONMember("data", .text(paths.data)),
            JSONMember("state", .text(paths.state)),
            JSONMember("editor", .text(Editor.command(environment: console.environment))),
            JSONMember("pager", .text(orNull: Pager.command(environment: console.environment))),
            JSONMember("workspaces", .int(paths.workspaces().count)),
        ]
    }

    private func members(
        _ facts: WorkspaceFacts, of workspace: Workspace, _ audit: Audit?
    ) -> [JSONMember] {
        let counts = facts.counts
        let findings = audit?.findings.joined(separator: "; ") ?? "not asked for (--verify)"
        return [
            JSONMember("workspace", .text(workspace.folder)),
            JSONMember("handle", .text(orNull: workspace.handle)),
            JSONMember("device", .text(workspace.device.text)),
            JSONMember("records", .int(counts.records.values.reduce(0, +))),
            JSONMember("changesets", .int(counts.changesets)), JSONMember("void", .int(counts.voided)),
            JSONMember("unsent", .int(Int64(clamping: facts.unsent))),
            JSONMember("review", .int(counts.asides + counts.overlooked)),
            JSONMember("apart", .int(facts.setApart)),
            JSONMember("refused", .int(Int64(clamping: facts.refusals.reduce(0) { $0 + $1.count }))),
            JSONMember("server", .text(orNull: facts.server)),
            JSONMember("serverKey", .text(orNull: facts.serverKey?.description)),
            JSONMember("lastSync", .text(orNull: facts.lastSync?.text)),
            JSONMember("clockOffset", facts.clockOffsetMilliseconds.map { .int($0) } ?? .null),
            JSONMember("check", .text(findings.isEmpty ? "well" : findings)),
            JSONMember("proved", audit.map { proved($0) } ?? .null), JSONMember("rebuilt", .bool(rebuild)),
        ]
    }

    private func proved(_ audit: Audit) -> JSON {
        options.json ? AuditSpeech.json(audit) : .text(AuditSpeech.sentence(audit))
    }

    private func say(_ report: [JSONMember], _ console: Console) throws {
        if console.options.json { return try console.json(.object(report)) }
        var table = TextTable([.init(), .init(isElastic: true, least: 20)])
        for member in report {
            let text: String =
                switch member.value {
                case .text(let text): text
                case .null: "none"
                default: member.value.line
                }
            table.add([.init(member.name), .init(text)])
        }
        try console.table(table)
    }
}
