import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Delete: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete records; undelete brings them back whole.",
        usage: "parley delete ID .. [options]",
        discussion: """
            Examples:
              parley delete N-3F0A
              parley undelete N-3F0A

            Nothing is ever lost: a deleted record keeps its fields, and a colleague's edit
            that missed the deletion is reported.
            """)

    @Argument(help: "Records, as J-88PD.", completion: .record) var ids: [String]
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        try Deletion(verb: "delete", isDeleted: true, ids: ids, message: message).run(console)
    }
}

struct Undelete: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "undelete",
        abstract: "Bring deleted records back.", usage: "parley undelete ID .. [options]")

    @Argument(help: "Records, as J-88PD.", completion: .record) var ids: [String]
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        try Deletion(verb: "undelete", isDeleted: false, ids: ids, message: message).run(console)
    }
}

/// Both ways of writing the register `deleted`, all records in one change.
private struct Deletion {
    /// More records than this in one act are asked about.
    private static let many = 20

    let verb: String
    let isDeleted: Bool
    let ids: [String]
    let message: String?

    func run(_ console: Console) throws {
        let workspace = try console.openWorkspace()
        let (records, names) = try workspace.store.read { tx in
            let records = try ids.map { try Resolver(tx).record($0) }
            return (records, try records.map { try tx.address(of: $0) })
        }
        if records.count > Self.many { try console.confirm("\(verb) \(records.count) records?") }
        let changes = try workspace.commit(.command(verb, note: message)) { tx in
            Writes(
                try records.filter { try tx.bookkeeping(of: $0)?.isDeleted != isDeleted }.map {
                    RegisterWrite($0, RegisterName(field: Field.deletedTag), .bool(isDeleted))
                })
        }
        try say(records, names, changes, console)
    }

    private func say(_ records: [RecordName], _ names: [String], _ changes: [ChangeID], _ console: Console)
        throws
    {
        if console.options.json {
            return try console.json([
                "ids": .array(records.map { .text($0.fullAddress) }), "deleted": .bool(isDeleted),
                "changes": .array(changes.map { .text($0.shortAddress) }),
            ])
        }
        let list = names.joined(separator: " ")
        guard let change = changes.first else {
            return try console.note(isDeleted ? "\(list): deleted already." : "\(list): not deleted.")
        }
        try console.note("\(list): \(verb)d  \(change.shortAddress)")
        try console.hint(isDeleted ? "bring back: parley undelete \(list)" : "look: parley show \(list)")
    }
}
