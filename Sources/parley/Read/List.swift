import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct List: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List records.",
        usage: "parley list [FILTER ..] [--sort changed:desc] [--columns a,b] [--limit N] [options]",
        discussion: """
            Examples:
              parley list kind:judgment status:open p:60..
              parley list under:A-7K3F --sort due --columns id,title,due
              parley list by:olga since:2d "port closure"
              parley list has:review --json

            The words of a filter must all hold: parley help filters. A ! marks what waits
            for review, a > what is due for a look. In a pipe: TSV without a header, whole ids, nothing cut.
            """)

    @Argument(help: "Words of a filter, as kind:judgment.") var filter: [String] = []
    @Option(help: ArgumentHelp("As changed:desc (which is usual) or due,title.", valueName: "order"))
    var sort = "changed:desc"
    @Option(
        help: ArgumentHelp(
            "id, kind, title, p, changed, by, created, author, review, any field.", valueName: "a,b"))
    var columns: String?
    @Option(help: ArgumentHelp("At most so many.", valueName: "n")) var limit: Int?
    @Flag(name: .customLong("exit-code"), help: "End with 7 where the list is empty.") var exitCode = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit takes 0 or more.") }
    }

    func run(_ console: Console) throws {
        try console.expectFields(among: Listing.members)
        let workspace = try console.openToRead()
        let chosen = try columns ?? console.configuration(workspace: workspace.folder).text("ui.columns")
        let columns = try ListColumn.parse(chosen ?? ListColumn.usual)
        let order = try ListOrder.parse(sort)
        let isEmpty = try workspace.store.read { tx in
            let words = try FilterParser(tx, now: console.now) { try console.staleDays(workspace) }
                .filters(filter)
            let query = RecordQuery(
                words, order: order, limit: limit, columns: columns.compactMap(\.fieldName) + ["title"])
            let page = try tx.query(query)
            let listing = Listing(
                tx, workspace, console, columns: columns, isDefault: chosen == nil,
                due: try due(page.rows, tx, console, workspace))
            try listing.show(page.rows.map { Listing.Row($0) }, of: page.total)
            return page.total == 0
        }
        if isEmpty, exitCode { throw Exit.notFound.quietly }
    }

    /// Marked for people alone; and who lists a whole large workspace does not look for marks.
    private func due(
        _ rows: [RecordRow], _ tx: ReadTransaction, _ console: Console, _ workspace: Workspace
    ) throws -> Set<RecordID> {
        guard console.out.isTerminal, !console.options.json, rows.count <= 2_000 else { return [] }
        let rule = console.dueRule(workspace)
        return Set(try tx.due(rule, among: Set(rows.map(\.name.id))).map(\.record.id))
    }
}
