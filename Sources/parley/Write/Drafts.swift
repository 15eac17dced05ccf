import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Drafts: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "drafts",
        abstract: "Texts that were typed and not yet saved.",
        usage: "parley drafts list | show ID.FIELD | apply ID.FIELD | drop ID[.FIELD] [options]",
        discussion: """
            Examples:
              parley drafts list
              parley drafts show J-88PD.basis
              parley drafts apply J-88PD.basis
              parley drafts drop J-88PD
            """,
        subcommands: [DraftsList.self, DraftsShow.self, DraftsApply.self, DraftsDrop.self],
        defaultSubcommand: DraftsList.self)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {}

    /// The draft of a field, and what it would be written onto.
    static func find(_ address: String, _ workspace: Workspace) throws -> (
        target: EditTarget, draft: EditorDraft
    ) {
        let target = try workspace.store.read { try EditTarget(address, $0, workspace) }
        guard let draft = target.kept.first else {
            throw CommandFailure(
                .notFound, "no-draft", "There is no draft of \(address).", hint: "look: parley drafts list")
        }
        return (target, draft)
    }
}

struct DraftsList: Action {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List them, the latest first.")

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Drafts

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            let drafts = try tx.drafts()
            if console.options.json {
                return try console.json(.array(try drafts.map { try Self.json($0, naming) }))
            }
            var table = TextTable([.init(), .init(), .init(isElastic: true)])
            for draft in drafts {
                let first = draft.text.split(separator: "\n").first.map(String.init) ?? ""
                table.add([
                    .init(try naming.register(draft.register, of: draft.record)),
                    .init(console.time(Instant(milliseconds: draft.updated)), .faint), .init(first),
                ])
            }
            try console.table(table)
            if drafts.isEmpty { try console.note("No drafts.") }
        }
    }

    static func json(_ draft: EditorDraft, _ naming: Naming) throws -> JSON {
        [
            "id": .text(draft.record.fullAddress),
            "field": .text(draft.record.schema.text(of: draft.register)),
            "text": .text(draft.text), "base": .text(orNull: draft.base?.shortAddress),
            "at": .text(Instant(milliseconds: draft.updated).text),
        ]
    }
}

struct DraftsShow: Action {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Print one.")

    @Argument(help: "As J-88PD.basis.") var address: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Drafts

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let draft = try Drafts.find(address, workspace).draft
        try workspace.store.read { tx in
            if console.options.json {
                return try console.json(DraftsList.json(draft, Naming(tx, workspace.membership)))
            }
            try console.line(visibleBlock(draft.text))
        }
    }
}

struct DraftsApply: Action {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Write one, if nobody has changed its field since it was begun.")

    @Argument(help: "As J-88PD.basis.") var address: String
    @Flag(help: "Write it over what others have written since.") var over = false
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Drafts

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let (target, draft) = try Drafts.find(address, workspace)
        let shown = target.base[draft.register]?.change
        guard over || shown == draft.base else {
            throw try workspace.store.read { tx in
                let detail = try tx.detail(of: draft.record)?.first { $0.name == draft.register }
                var failure = try Meanwhile(Naming(tx, workspace.membership), draft.record, now: console.now)
                    .failure(draft.register, detail, retry: nil)
                failure.hint =
                    "look: parley log \(address)    go on: parley edit \(address) --continue    or: --over"
                return failure
            }
        }
        let part = Form.part(draft.register, of: draft.record.schema, text: draft.text)
        try DraftShelf(workspace, console).save(
            [part], target, note: message, dropping: [draft])
    }
}

struct DraftsDrop: Action {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drop those of a record or a field.")

    @Argument(help: "As J-88PD or J-88PD.basis.") var address: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Drafts

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let drafts = try workspace.store.read { tx in
            let address = try Address(address)
            let record = try Resolver(tx).record(address, as: self.address)
            let register = try address.field.map {
                try FieldParser(Resolver(tx), me: workspace.handle).register($0, of: record.schema)
            }
            return try tx.drafts().filter {
                $0.record == record && (register == nil || $0.register == register)
            }
        }
        try DraftShelf(workspace, console).drop(drafts, console)
    }
}
