import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Conflicts: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "See what was set aside, and decide it.",
        usage: """
            parley conflicts [list] [--all] [--limit N] [--exit-code] [options]
            parley conflicts show ID[.FIELD] | keep ID[.FIELD] | take ID[.FIELD] @CHANGE | write ID[.FIELD] VALUE
            """,
        discussion: """
            Examples:
              parley conflicts
              parley conflicts show J-88PD.basis
              parley conflicts keep J-88PD.basis -m "both sections agree"
              parley conflicts take J-88PD.confidence @9ep2
              parley conflicts write J-88PD.title "Neither, but this"
              parley conflicts --exit-code || echo "something to look at"
              parley conflicts --all

            A later write is shown; one that its author had not seen is set aside and waits
            here. keep leaves what shows, take brings the other back, write sets a third
            value. Each is an ordinary write: it syncs, settles all that is listed there,
            and can be undone. Writing another value by set settles it too.

            A record that one deleted while another edited it waits as ID.deleted: keep
            leaves it as it shows (deleted), take of an edit's @CHANGE brings the record
            back.

            --all lists also what was settled, by whom and how. The older values are in
            parley log ID --patch, and parley restore brings them back.
            """,
        subcommands: [
            ConflictsList.self, ConflictsShow.self, ConflictsKeep.self, ConflictsTake.self,
            ConflictsWrite.self,
        ],
        defaultSubcommand: ConflictsList.self)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {}
}

struct ConflictsList: Action {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what waits, the latest first; --all what was settled too.")

    @Flag(help: "Also what was set aside once and has been settled, and how.") var all = false
    @Option(help: ArgumentHelp("At most so many fields of each sort.", valueName: "n")) var limit = 1_000
    @Flag(name: .customLong("exit-code"), help: "End with 6 where something waits.") var exitCode = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Conflicts

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes 1 or more.") }
    }

    func run(_ console: Console) throws {
        try console.expectFields(among: ContestSpeech.members)
        let workspace = try console.openToRead()
        let waits = try workspace.store.read { tx in
            let speech = ContestSpeech(tx, workspace, console)
            let contests = Array(try tx.contests(limit: limit + 1).prefix(limit))
            let settled = all ? try Self.settled(tx, limit: limit) : []
            if console.options.json {
                try console.json(
                    .array(
                        try contests.map { try speech.json($0) } + settled.map { try speech.json($0.1, $0.0) }
                    ))
                return !contests.isEmpty
            }
            var table = speech.emptyTable
            for contest in contests { for row in try speech.rows(contest) { table.add(row) } }
            for (record, settlement) in settled {
                for row in try speech.rows(settlement, record) { table.add(row) }
            }
            try console.table(table)
            try console.finish()
            try say(contests.count, settled.count, try tx.waitingCount(), console)
            return !contests.isEmpty
        }
        if waits, exitCode { throw Exit.findings.quietly }
    }

    /// The latest first.
    private static func settled(
        _ tx: ReadTransaction, limit: Int
    ) throws -> [(RecordName, Settlement)] {
        let found = try tx.sharedRecords().flatMap { record in
            try tx.past(of: record).settlements.map { (record, $0) }
        }
        return Array(found.sorted { $0.1.by > $1.1.by }.prefix(limit))
    }

    private func say(_ contests: Int, _ settled: Int, _ writes: Int, _ console: Console) throws {
        guard contests > 0 else {
            return try console.note(
                "Nothing waits for review." + (settled > 0 ? " \(settled) settled earlier." : ""))
        }
        let fields = contests == 1 ? "1 field waits" : "\(contests) fields wait"
        try console.note(
            "\(fields) for review, \(writes) \(writes == 1 ? "write" : "writes") set aside or overlooked."
                + (contests >= limit ? " There may be more: --limit." : "")
                + (settled > 0 ? " \(settled) settled earlier." : ""))
        try console.hint("look: parley conflicts show ID.FIELD    decide: keep, take or write")
    }
}

struct ConflictsShow: Action {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what waits at one field, texts word by word.")

    @Argument(help: "As J-88PD.basis; J-88PD where one field of it waits.", completion: .record) var address:
        String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Conflicts

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let contest = try Contest.find(address, tx, workspace)
            let speech = ContestSpeech(tx, workspace, console)
            if console.options.json { return try console.json(try speech.json(contest)) }
            try console.page(try speech.sheet(contest))
        }
    }
}

struct ConflictsKeep: Action {
    static let configuration = CommandConfiguration(
        commandName: "keep", abstract: "What shows stays, and all that was set aside there is settled.")

    @Argument(help: "As J-88PD.basis.", completion: .record) var address: String
    @OptionGroup var decision: DecisionOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Conflicts

    func run(_ console: Console) throws {
        try decision.run(address, console) { _, _ in .keep }
    }
}

struct ConflictsTake: Action {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Bring back what was set aside, by the change that wrote it.")

    @Argument(help: "As J-88PD.basis.", completion: .record) var address: String
    @Argument(help: "As @9ep2.") var change: String
    @OptionGroup var decision: DecisionOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Conflicts

    func run(_ console: Console) throws {
        try decision.run(address, console) { tx, contest in .take(try contest.head(change, tx)) }
    }
}

struct ConflictsWrite: Action {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Settle it by another value: VALUE, @file or @-.")

    @Argument(help: "As J-88PD.basis.", completion: .record) var address: String
    @Argument(help: "VALUE, @file or @-; an empty one clears the field.") var value: String
    @OptionGroup var decision: DecisionOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Conflicts

    func run(_ console: Console) throws {
        let given = try Assignment.parse(["value=" + value], unset: [], console)[0].text
        try decision.run(address, console) { tx, contest in
            let parser = FieldParser(Resolver(tx), me: nil)
            return .write(
                try given.map { try parser.value($0, for: contest.register, of: contest.record.schema) }
                    ?? .null)
        }
    }
}
