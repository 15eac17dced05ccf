import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct SetCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change fields of a record.",
        usage: "parley set ID FIELD=VALUE .. [--unset FIELD] [--if @CHANGE] [-m NOTE] [--sync] [options]",
        discussion: """
            Examples:
              parley set J-88PD confidence=moderate
              parley set J-88PD basis=@basis.md -m "after C3 withdrew"
              parley set J-88PD stance="disagree | two sources only"
              parley set J-88PD tags:moscow=yes --unset due
              parley set J-88PD confidence=low --if @3kq7
            """)

    @Argument(help: "The record, as J-88PD.", completion: .record) var id: String
    @Argument(help: "FIELD=VALUE, FIELD=@file, FIELD=@-") var values: [String] = []
    @Option(help: ArgumentHelp("Clear this field.", valueName: "field")) var unset: [String] = []
    @Option(
        name: .customLong("if"),
        help: ArgumentHelp("Only while that change is the one shown.", valueName: "@change"))
    var condition: String?
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @Flag(help: "Sync afterwards.") var sync = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let assignments = try Assignment.parse(values, unset: unset, console)
        guard !assignments.isEmpty else {
            throw CommandFailure(
                .usage, "usage", "Say what to set.", hint: "as in: parley set \(id) confidence=low")
        }
        let workspace = try console.openWorkspace()
        let record = try workspace.store.read { try Resolver($0).record(id) }
        let report = try workspace.write(.command("set", note: message), to: record) { maker in
            if let condition {
                let naming = Naming(maker.tx, workspace.membership)
                try expect(condition, of: assignments, in: record, maker, naming, console.now)
            }
            return try maker.writes(assignments, to: record)
        }
        try report.sayChanged(console)
        if sync { try console.report(console.sync(workspace).refusals, of: workspace) }
    }

    /// `--if`: every register that is about to be written must still show that change.
    private func expect(
        _ condition: String, of assignments: [Assignment], in record: RecordName, _ maker: WriteMaker,
        _ naming: Naming, _ now: Instant
    ) throws {
        let expected = try Resolver(maker.tx).change(condition)
        let details = try maker.tx.detail(of: record) ?? []
        let words = [id] + values + unset.flatMap { ["--unset", $0] } + (message.map { ["-m", $0] } ?? [])
        let retry = "parley set \(words.map(shellQuoted).joined(separator: " ")) --if"
        for assignment in assignments {
            let register = try maker.parser.register(assignment.field, of: record.schema)
            let detail = details.first { $0.name == register }
            let heads = detail.map { [$0.shown] + $0.equal } ?? []
            guard heads.contains(where: { $0.change == expected }) else {
                throw try Meanwhile(naming, record, now: now).failure(
                    register, detail, retry: retry)
            }
        }
    }
}

/// The sentence for a field that somebody else has changed.
struct Meanwhile {
    let naming: Naming
    let record: RecordName
    let now: Instant

    init(_ naming: Naming, _ record: RecordName, now: Instant) {
        self.naming = naming
        self.record = record
        self.now = now
    }

    func failure(_ register: RegisterName, _ detail: RegisterDetail?, retry: String?) throws -> CommandFailure
    {
        let place = try naming.register(register, of: record)
        guard let detail else {
            return CommandFailure(
                .changed, "changed", "\(place) has never been written. Nothing was written.")
        }
        let value = ValueSpeech(naming: naming).text(detail.value, of: register, in: record)
        let author = naming.author(of: detail.shown.change)
        let age = TimeWords.relative(Instant(detail.shown), to: now)
        let when = age == "now" ? "just now" : age
        let change = detail.shown.change.shortAddress
        let look = "look: parley log \(place)"
        return CommandFailure(
            .changed, "changed",
            "\(place) changed meanwhile: \(CommandFailure.quoted(value)) by \(author), \(when) (\(change)). Nothing was written.",
            hint: retry.map { "\(look)    write anyway: \($0) \(change)" } ?? look)
    }
}
