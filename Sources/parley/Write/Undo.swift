import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct UndoCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Take a change back, by a new one: yours or anybody's, again and again.",
        usage: "parley undo [@CHANGE] [-n] [-m NOTE] [--yes] [options]",
        discussion: """
            Examples:
              parley undo                      # your newest change that is not undone yet
              parley undo                      # the one before it
              parley undo @7dm1 -n             # only say what would happen
              parley undo @7dm1 --yes          # a whole import
              parley redo

            Undo puts back what showed before, where the change is still what shows; what
            anybody has written there since is left and named, and the command ends with 3.
            A record that the change made is deleted, unless others have written to it.
            Undo of an undo is a redo.
            """)

    @Argument(help: "As @3kq7; parley log lists them. An import's means all of the import.") var change:
        String?
    @OptionGroup var undoing: UndoOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        try undoing.run(console) { tx in
            try change.map { .change(try Resolver(tx).change($0)) } ?? .newest
        }
    }
}

struct Redo: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "redo",
        abstract: "Bring back what your newest undo took.",
        usage: "parley redo [-n] [-m NOTE] [--yes] [options]",
        discussion: """
            Examples:
              parley undo
              parley redo

            Repeated, it goes on with the undo before. What anybody has written there since
            is left and named.
            """)

    @OptionGroup var undoing: UndoOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws { try undoing.run(console) { _ in .newestUndone } }
}

struct UndoOptions: ParsableArguments {
    /// More records than this in one act are asked about.
    private static let many = 20

    @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Only say what would happen.")
    var dryRun = false
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?

    func run(_ console: Console, _ choose: (ReadTransaction) throws -> UndoChoice) throws {
        let workspace = dryRun ? try console.openToRead() : try console.openWorkspace()
        let choice = try workspace.store.read(choose)
        guard let plan = try workspace.planUndo(choice) else { return try sayNothing(choice, console) }
        let report = UndoReport(workspace, console)
        if dryRun { return try report.sayPlan(plan, isData: true) }
        try report.sayPlan(plan, isData: false)
        if plan.records > Self.many {
            try console.confirm("\(UndoReport.verb(plan)) \(plan.records) records?")
        }
        let done = try workspace.undo(.change(plan.target), note: message)
        try report.sayDone(done?.plan ?? plan, done?.changes ?? [], planned: plan)
        if let done, !done.plan.rests.isEmpty { throw Exit.partly.quietly }
    }

    private func sayNothing(_ choice: UndoChoice, _ console: Console) throws {
        let word = choice == .newestUndone ? "redo" : "undo"
        if console.options.json {
            return try console.json(["kind": .text(word), "steps": [], "left": [], "changes": []])
        }
        try console.note("Nothing to \(word).")
    }
}
