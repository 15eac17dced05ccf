import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTerminal
import ParleyTrust

struct BundleCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Carry changes in a file, where there is no network.",
        usage: "parley bundle create FILE [--since FILE|@C] | apply FILE [-n] [options]",
        discussion: """
            Examples:
              parley bundle create friday.parley
              parley bundle create monday.parley --since friday.parley  # only what came since
              parley bundle apply friday.parley -n   # only says what it would change
              parley bundle apply friday.parley
              parley bundle create - | ssh other parley bundle apply -

            A bundle holds membership and changes, signed by their authors and sealed for the
            members: whoever carries it sees who belongs, and can neither read, alter nor
            invent what they wrote. Taking one in twice changes nothing.
            """,
        subcommands: [BundleCreate.self, BundleApply.self])

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        throw CommandFailure(
            .usage, "usage", "Say what to do with a bundle.",
            hint: "parley bundle create FILE    parley bundle apply FILE")
    }
}

struct BundleCreate: Action {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Write what others may lack into a file.")

    @Argument(help: "The file to write; - is standard output.") var file: String
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only what came after an earlier bundle, or after a change that the reader holds.",
            valueName: "file|@change"))
    var since: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: BundleCommand

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let sink = try ByteSink(file, console)
        guard file != "-" || !console.out.isTerminal else {
            throw CommandFailure(
                .usage, "usage", "A bundle is not for the eyes: give a file, or a pipe.")
        }
        let writer = BundleWriter(workspace)
        let base = try since.map { try frontier($0, workspace, writer) } ?? Frontier()
        let tally = try writer.write(since: base) { try sink.write($0) }
        try sink.finish()
        if console.options.json, file != "-" {
            return try console.json(["changes": .int(tally.changesets), "file": .text(file)])
        }
        try console.note("\(counted(tally.changesets, "change")) in \(file == "-" ? "the bundle" : file)")
    }

    private func frontier(_ text: String, _ workspace: Workspace, _ writer: BundleWriter) throws -> Frontier {
        if text.hasPrefix("@") {
            return try writer.frontier(at: workspace.store.read { try Resolver($0).change(text) })
        }
        let source = try ByteSource(text)
        return try BundleReader.frontier { try source.forEachPiece($0) }
    }
}

struct BundleApply: Action {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Take a bundle in: all of it or nothing.")

    @Argument(help: "The bundle; - reads standard input.") var file: String
    @Flag(name: [.customShort("n"), .long], help: "Only say what would change, and what would be set aside.")
    var dryRun = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: BundleCommand

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let source = try ByteSource(file)
        var outcome = BundleOutcome()
        try workspace.apply(
            isTrial: dryRun,
            report: { found, tx in
                outcome = found
                if dryRun, !console.options.json { try list(found, tx, workspace, console) }
            },
            bundle: { try source.forEachPiece($0) })
        try say(outcome, console)
    }

    private func say(_ outcome: BundleOutcome, _ console: Console) throws {
        if console.options.json {
            return try console.json([
                "received": .int(outcome.received), "known": .int(outcome.known),
                "changed": .int(outcome.shown.count), "aside": .int(outcome.aside.count),
                "doubts": .array(outcome.doubts.map(DoubtSpeech.json)), "dryRun": .bool(dryRun),
            ])
        }
        let would = dryRun ? "would bring" : "brought"
        let apart = outcome.aside.isEmpty ? "" : ", \(outcome.aside.count) set aside"
        try console.note(
            "The bundle \(would) \(counted(outcome.received, "new change")) (\(outcome.known) already here): \(counted(outcome.shown.count, "value")) shown\(apart)."
        )
        for doubt in outcome.doubts { try console.note(DoubtSpeech.sentence(doubt)) }
        if dryRun, outcome.received > 0 { try console.hint("take it in: parley bundle apply \(file)") }
    }

    private func list(
        _ outcome: BundleOutcome, _ tx: ReadTransaction, _ workspace: Workspace, _ console: Console
    ) throws {
        let naming = Naming(tx, workspace.membership)
        let speech = ValueSpeech(naming: naming)
        var table = TextTable([.init(), .init(), .init(), .init(), .init(isElastic: true)])
        for (word, changes) in [("shown", outcome.shown), ("set aside", outcome.aside)] {
            for change in changes {
                table.add([
                    .init(word), .init(try naming.register(change.register, of: change.record)),
                    .init(naming.author(of: change.change)), .init(change.change.shortAddress),
                    .init(speech.text(change.value, of: change.register, in: change.record)),
                ])
            }
        }
        try console.table(table)
    }
}

extension CommandFailure {
    init(_ error: BundleError) {
        let again = "nothing was taken in; ask for another bundle"
        switch error {
        case .notABundle: self.init(.failed, "bundle", "This is not a bundle. Nothing was taken in.")
        case .tooNew:
            self.init(
                .failed, "bundle", "A newer version of Parley has written this bundle.",
                hint: "bring this one up to date: parley version")
        case .truncated:
            self.init(
                .failed, "bundle", "The bundle ends too early: part of the file is missing.", hint: again)
        case .damaged(let fault):
            self.init(.failed, "bundle", "The bundle is damaged: \(fault.text).", hint: again)
        case .otherWorkspace:
            self.init(
                .failed, "bundle", "The bundle is of another workspace. Nothing was taken in.",
                hint: "say which one: parley bundle apply FILE -w NAME")
        case .missing(let changes):
            let names = changes.prefix(4).map { "\($0.shortAddress) (number \($0.number) of its device)" }
            let more = changes.count > 4 ? " and \(changes.count - 4) more" : ""
            self.init(
                .failed, "gap",
                "The bundle rests on changes that are not here: \(names.joined(separator: ", "))\(more). Nothing was taken in.",
                hint: "take in the earlier bundle first, or ask for a whole one: parley bundle create FILE")
        case .fork(let change):
            self.init(
                .failed, "fork",
                "The bundle and this workspace hold different changes of one name, \(change.shortAddress): its device's folder was copied or restored. Nothing was taken in.",
                hint: "whoever owns that device syncs with the server first: parley sync")
        case .refused(let fault):
            self.init(
                .failed, "bundle",
                "The bundle's change \(fault.change.shortAddress) does not hold: \(Refusal.describing(fault)).",
                hint: again)
        }
    }
}

extension Refusal {
    /// Why a changeset does not hold, in a few words.
    static func describing(_ fault: ChainFault) -> String {
        switch fault.reason {
        case .signature: "its signature is missing or wrong"
        case .notEnrolled: "its device is not a member"
        case .stamp: "its time is not after those it rests on"
        case .gap, .context: "it rests on a change that is not here"
        case .clock: "its time lies too far ahead"
        case .role: "a reader writes nothing"
        case .quota: "its workspace is full"
        case .malformed: "it is not a change at all"
        case .fork: "there is another change of its name"
        }
    }
}
