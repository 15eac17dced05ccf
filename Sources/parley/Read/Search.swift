import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore

struct Search: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find records whose texts hold all these words.",
        usage: "parley search WORD .. [--limit N] [options]",
        discussion: """
            Examples:
              parley search port closure
              parley search Новгор
              parley search depot --json --fields id,title

            The last word may be the beginning of one. The best come first.
            """)

    @Argument(help: "Words.") var words: [String]
    @Option(help: ArgumentHelp("At most so many.", valueName: "n")) var limit = 50
    @Flag(name: .customLong("exit-code"), help: "End with 7 where nothing was found.") var exitCode = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes 1 or more.") }
    }

    func run(_ console: Console) throws {
        try console.expectFields(among: Listing.members)
        let workspace = try console.openToRead()
        let isEmpty = try workspace.store.read { tx in
            let found = try tx.search(words.joined(separator: " "), limit: limit + 1)
            let rows = try found.prefix(limit).compactMap { name in
                try tx.bookkeeping(of: name).map { Listing.Row(name: name, bookkeeping: $0) }
            }
            let listing = Listing(tx, workspace, console, columns: [.id, .kind, .title, .changed, .by])
            try listing.show(rows, of: rows.count, isMore: found.count > limit)
            return rows.isEmpty
        }
        try console.finish()
        try improve(workspace, console)
        if isEmpty, exitCode { throw Exit.notFound.quietly }
    }

    /// The answer stands there already; the next one will come faster. Only where somebody may write, and
    /// nobody waits for it in vain: the index is a help, not a part of the answer.
    private func improve(_ workspace: Workspace, _ console: Console) throws {
        guard try !workspace.store.read({ try $0.isIndexed() }), let writable = try? console.openWorkspace()
        else { return }
        console.written = nil
        _ = try? writable.catchUpIndex(forMilliseconds: 1_000)
    }
}
