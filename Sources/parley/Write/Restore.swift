import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Restore: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Write back what a record or a field showed once.",
        usage: "parley restore ID[.FIELD] .. --to @CHANGE|TIME [-n] [-m NOTE] [options]",
        discussion: """
            Examples:
              parley restore J-88PD.basis --to @3kq7
              parley restore J-88PD --to 2026-11-21 -n
              parley restore J-88PD J-2M9Q --to 6h

            --to @CHANGE is what the author of that change had, and the change; a time is
            all that was written by then: parley log ID lists both. A date is its first
            moment, 6h is six hours ago. Only fields that show something else now are
            written, in one change.
            """)

    @Argument(help: "Records or fields, as J-88PD or J-88PD.basis.", completion: .record) var addresses:
        [String]
    @Option(help: ArgumentHelp("When: a change or a time.", valueName: "@change|time")) var to: String
    @OptionGroup var undoing: UndoOptions
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = undoing.dryRun ? try console.openToRead() : try console.openWorkspace()
        let (targets, moment) = try workspace.store.read { tx in
            (try self.targets(tx, workspace), try Moment(to, tx, now: console.now))
        }
        let plan = try workspace.planRestore(targets, to: moment)
        let report = UndoReport(workspace, console)
        if undoing.dryRun {
            try report.sayPlan(plan, isData: true)
            if plan.steps.isEmpty, plan.rests.isEmpty { try console.note("Everything shows that already.") }
            return
        }
        try report.sayPlan(plan, isData: false)
        if targets.count > 20 { try console.confirm("restore \(targets.count) records?") }
        let done = try workspace.restore(targets, to: moment, note: undoing.message)
        try report.sayDone(done.plan, done.changes, "restored to \(moment.words)")
        if !done.plan.rests.isEmpty { throw Exit.partly.quietly }
    }

    /// Fields of one record together.
    private func targets(_ tx: ReadTransaction, _ workspace: Workspace) throws -> [RestoreTarget] {
        var targets: [RestoreTarget] = []
        for place in try addresses.map({ try Place($0, tx, me: workspace.handle) }) {
            let index = targets.firstIndex { $0.record == place.record }
            guard let index else {
                targets.append(
                    RestoreTarget(record: place.record, registers: place.register.map { [$0] }))
                continue
            }
            if let register = place.register {
                targets[index].registers?.insert(register)
            } else {
                targets[index].registers = nil
            }
        }
        return targets
    }
}
