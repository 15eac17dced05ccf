import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore

struct New: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a record.",
        usage: "parley new KIND [FIELD=VALUE ..] [--under ID] [-e] [options]",
        discussion: """
            Examples:
              parley new assessment title="Baltic ports" question="Will Riga close?"
              parley new judgment title="Port closure at Riga" confidence=low --under A-7K3F
              parley new section --under A-7K3F text=@notes.md
              parley new evidence -e

            Prints the new record's id; in a pipe the id alone.
            """)

    @Argument(help: "assessment, judgment, evidence, source, .. (parley new x lists them)") var kind: String
    @Argument(help: "FIELD=VALUE, FIELD=@file, FIELD=@-") var values: [String] = []
    @Option(help: ArgumentHelp("The record to which it belongs.", valueName: "id")) var under: String?
    @Flag(name: [.short, .long], help: "Write its texts in the editor.") var edit = false
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let kind = try Self.kind(named: kind)
        let workspace = try console.openWorkspace()
        var assignments = try Assignment.parse(values, unset: [], console)
        if let under { assignments.append(Assignment(field: "parent", text: under)) }
        var filled: FormEditor.Filled?
        if edit {
            let form = try FormEditor(console, workspace).fill(kind, assignments)
            (assignments, filled) = (form.assignments, form.filled)
        }
        do { try make(kind, assignments, workspace, console) } catch {
            guard let filled else { throw error }
            var failure = CommandFailure(describing: error)
            failure.hint = "what you typed is in \(filled.path)"
            throw failure
        }
        filled?.removeFile()
    }

    private func make(
        _ kind: Kind, _ assignments: [Assignment], _ workspace: Workspace, _ console: Console
    ) throws {
        guard assignments.contains(where: { $0.text != nil }) else {
            throw CommandFailure(
                .usage, "usage", "A new \(kind.name) needs something to hold.",
                hint: "as in: parley new \(kind.name) title=\"..\"    or: parley new \(kind.name) -e")
        }
        let record = try name(of: kind, assignments, workspace)
        try workspace.write(.command("new", note: message), to: record) { maker in
            guard try !maker.tx.exists(record) else { return [] }
            return try maker.writes(assignments, to: record)
        }.sayNew(console)
    }

    static func kind(named name: String) throws -> Kind {
        if let kind = Schema.assessments[name: name] { return kind }
        throw ClientError.unknownKind(
            name, candidates: nearest(to: name, among: Schema.assessments.kinds.map(\.name)))
    }

    /// A link's id follows from what it links, so that two sites make the same link; all others are random.
    private func name(of kind: Kind, _ assignments: [Assignment], _ workspace: Workspace) throws -> RecordName
    {
        guard kind.name == "link" else { return RecordName(kind: kind.tag, id: workspace.randomID()) }
        let texts = ["from", "rel", "to"].map { field in assignments.last { $0.field == field }?.text }
        guard let from = texts[0], let relation = texts[1], let to = texts[2] else {
            throw CommandFailure(
                .usage, "usage", "A link needs from, rel and to.",
                hint: "as in: parley link A B --as supports")
        }
        return try workspace.store.read { tx in
            let resolver = Resolver(tx)
            let id = DerivedID.link(
                from: try resolver.reference(from).id, relation: relation, to: try resolver.reference(to).id)
            return RecordName(kind: kind.tag, id: id)
        }
    }
}

extension Workspace {
    /// 16 random bytes.
    func randomID() -> RecordID {
        RecordID(UInt128(folding: ambient.random(16)))
    }
}
