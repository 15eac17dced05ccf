import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Edit: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a record's texts, or one field, in the editor.",
        usage: "parley edit ID[.FIELD] [--continue | --discard] [options]",
        discussion: """
            Examples:
              parley edit J-88PD
              parley edit J-88PD.basis
              parley edit J-88PD --continue

            Where somebody else has changed a field meanwhile, or a value is not allowed,
            what you wrote is kept as a draft and nothing is written: --continue goes on
            with it, beside what others have written since, and --discard drops it.
            """)

    @Argument(help: "The record or the field, as J-88PD or J-88PD.basis.", completion: .record) var address:
        String
    @Flag(name: .customLong("continue"), help: "Go on with the draft that was kept.") var goesOn = false
    @Flag(help: "Drop the draft that was kept.") var discard = false
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if goesOn, discard { throw ValidationError("--continue and --discard exclude each other.") }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let target = try workspace.store.read { try EditTarget(address, $0, workspace) }
        let drafts = DraftShelf(workspace, console)
        if discard { return try drafts.drop(target.kept, console) }
        try expectDrafts(target)
        let form =
            try goesOn
            ? workspace.store.read { target.form(goingOn: Naming($0, workspace.membership)) }
            : target.form
        let editor = FormEditor(console, workspace)
        let file = target.record.shortAddress(8)
        try editor.tellOfOrphans(named: file)
        let filled = try editor.edit(form, over: goesOn ? target.form : nil, named: file)
        let names = Set(filled.parts.map(\.register))
        let waiting = form.parts.filter { !$0.notices.isEmpty && !names.contains($0.register) }
        let settled = target.kept.filter { draft in !waiting.contains { $0.register == draft.register } }
        try drafts.save(filled.parts, target, note: message, dropping: goesOn ? settled : [], from: filled)
        for part in waiting { try console.note("\(target.name).\(part.name): your draft still waits.") }
    }

    /// A draft is gone on with or dropped, never passed over.
    private func expectDrafts(_ target: EditTarget) throws {
        if goesOn, target.kept.isEmpty {
            throw CommandFailure(
                .notFound, "no-draft", "There is no draft of \(target.name).",
                hint: "look: parley drafts list")
        }
        guard !goesOn, !target.kept.isEmpty else { return }
        let names = target.kept.map { target.name + "." + target.record.schema.text(of: $0.register) }
        throw CommandFailure(
            .changed, "draft",
            "What you typed earlier waits as a draft: \(names.sorted().joined(separator: ", ")).",
            hint: "go on: parley edit \(address) --continue    drop it: parley edit \(address) --discard")
    }
}

/// What is about to be edited, as it was read.
struct EditTarget {
    let record: RecordName
    let name: String
    let registers: [RegisterName]
    /// The value and the change shown of each register, when it was read.
    let base: [RegisterName: (value: Value, change: ChangeID)]
    /// Drafts kept earlier of these registers.
    let kept: [EditorDraft]
    private let isSingle: Bool
    private let texts: [RegisterName: String]

    init(_ text: String, _ tx: ReadTransaction, _ workspace: Workspace) throws {
        let address = try Address(text)
        let me = try workspace.me()
        let resolver = Resolver(tx)
        record = try resolver.record(address, as: text)
        let kind = record.schema
        let naming = Naming(tx, workspace.membership)
        name = try naming.short(record)
        isSingle = address.field != nil
        if let field = address.field {
            registers = [try FieldParser(resolver, me: me).register(field, of: kind)]
        } else {
            registers = Form.registers(of: kind, me: me, image: try tx.image(of: record))
        }
        let details = try tx.detail(of: record) ?? []
        base = Dictionary(uniqueKeysWithValues: details.map { ($0.name, ($0.value, $0.shown.change)) })
        let (record, registers) = (record, registers)
        kept = try tx.drafts().filter { $0.record == record && registers.contains($0.register) }
        let speech = ValueSpeech(naming: naming)
        texts = base.reduce(into: [:]) {
            $0[$1.key] = Form.harmless(speech.text($1.value.value, of: $1.key, in: record))
        }
    }

    /// With what is stored.
    var form: Form {
        let kind = record.schema
        return Form(
            head: "\(name), \(kind.name). Save to write what you change; leave it as it is to cancel.",
            parts: registers.map { Form.part($0, of: kind, text: texts[$0] ?? "") },
            isSingle: isSingle)
    }

    /// With the texts of the drafts, and above each what others have written since it was begun.
    func form(goingOn naming: Naming) -> Form {
        var form = form
        for draft in kept {
            guard let index = form.parts.firstIndex(where: { $0.register == draft.register }) else {
                continue
            }
            form.parts[index].text = draft.text
            form.parts[index].notices = notices(draft, naming)
        }
        return form
    }

    private func notices(_ draft: EditorDraft, _ naming: Naming) -> [String] {
        let theirs = texts[draft.register] ?? ""
        let speech = ValueSpeech(naming: naming)
        let before = Form.harmless(speech.text(draft.baseValue, of: draft.register, in: record))
        guard base[draft.register]?.change != draft.base, theirs != before, theirs != draft.text else {
            return []
        }
        let by = base[draft.register].map {
            ", by \(naming.author(of: $0.change)) (\($0.change.shortAddress))"
        }
        return ["Changed since you began. These lines are not part of the text."]
            + lines("It was", before) + lines("It is now\(by ?? "")", theirs)
            + ["Below is what you wrote."]
    }

    private func lines(_ title: String, _ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count == 1 { return ["\(title): \(text.isEmpty ? "(empty)" : text)"] }
        return ["\(title):"] + lines.map { "  " + $0 }
    }
}
