import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore

struct LinkCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Link two records.",
        usage: "parley link A B --as RELATION [options]",
        discussion: """
            Examples:
              parley link E-2M9Q J-88PD --as supports
              parley link E-2M9Q H-91C0 --as bears_on

            Relations: supports, undermines, depends_on, bears_on, watches, cites,
            alternative_to, subsumes, duplicates, updates, related_to. The same link made
            twice is one link.
            """)

    @Argument(help: "From this record ..", completion: .record) var from: String
    @Argument(help: ".. to this one.", completion: .record) var to: String
    @Option(name: .customLong("as"), help: ArgumentHelp("How they are related.", valueName: "relation"))
    var relation: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let link = try New.kind(named: "link")
        let workspace = try console.openWorkspace()
        let (record, ends) = try workspace.store.read { tx in
            let ends = try [from, to].map { try Resolver(tx).record($0) }
            let id = DerivedID.link(from: ends[0].id, relation: relation, to: ends[1].id)
            return (RecordName(kind: link.tag, id: id), ends.map(\.fullAddress))
        }
        let assignments = [
            Assignment(field: "from", text: ends[0]), Assignment(field: "rel", text: relation),
            Assignment(field: "to", text: ends[1]),
        ]
        let report = try workspace.write(.command("link"), to: record) { maker in
            let revived = try maker.tx.bookkeeping(of: record)?.isDeleted == true
            return try maker.writes(
                assignments + (revived ? [Assignment(field: "deleted", text: "no")] : []), to: record)
        }
        if report.changes.isEmpty { try console.note("They are linked so already.") }
        try report.sayNew(console)
    }
}
