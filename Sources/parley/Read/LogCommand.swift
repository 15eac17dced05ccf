import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct LogCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show who changed what, the latest first.",
        usage: "parley log [ID[.FIELD]] [--by HANDLE] [--since TIME] [--patch|--apart] [--limit N] [options]",
        discussion: """
            Examples:
              parley log
              parley log J-88PD.confidence --patch
              parley log --by olga --since 2d
              parley log --apart                      what healing took out of the log

            A ! marks what was set aside and waits for review, and parts of an import that is not
            finished or not all here yet. With --patch, - is what the
            author had.
            """)

    @Argument(help: "A record or a field, as J-88PD or J-88PD.basis.", completion: .record) var address:
        String?
    @Option(help: ArgumentHelp("Only this analyst's.", valueName: "handle")) var by: String?
    @Option(help: ArgumentHelp("Only since then: 6h, 2d, 3w or a date.", valueName: "time")) var since:
        String?
    @Flag(name: .shortAndLong, help: "With the values written.") var patch = false
    @Flag(help: "What was taken out of the log and stands nowhere in it, with its values.") var apart = false
    @Option(help: ArgumentHelp("At most so many.", valueName: "n")) var limit = 100
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes 1 or more.") }
    }

    func run(_ console: Console) throws {
        try console.expectFields(among: ChronicleSpeech.members + (apart ? ApartSpeech.members : []))
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            var chronicle = Chronicle(tx, naming)
            chronicle.author = by
            let unfinished = try workspace.unfinishedImports(tx)
            chronicle.wantsBefore = patch
            chronicle.since = try since.map { try Self.moment($0, tx, console) }
            if let address {
                let parsed = try Address(address)
                let record = try Resolver(tx).record(parsed, as: address)
                let parser = FieldParser(Resolver(tx), me: workspace.handle)
                chronicle.record = record
                chronicle.register = try parsed.field.map { try parser.register($0, of: record.schema) }
            }
            if apart { return try ApartSpeech(naming).show(chronicle.apart(), limit, console) }
            let found = try chronicle.deeds(limit: limit + 1)
            let deeds = Array(found.prefix(limit))
            if console.options.json {
                return try console.json(.array(deeds.map { ChronicleSpeech(naming, unfinished).json($0) }))
            }
            try show(deeds, ChronicleSpeech(naming, unfinished), console)
            if found.count > limit { try console.note("\(limit) shown, there are more: --limit.") }
        }
    }

    /// The same times as in filters.
    private static func moment(_ text: String, _ tx: ReadTransaction, _ console: Console) throws -> Int64 {
        let filter = try FilterParser(tx, now: console.now).filters(["since:" + text]).first
        guard case .since(let time) = filter else { throw ClientError.filter("--since \(text)") }
        return time
    }

    private func show(_ deeds: [Deed], _ speech: ChronicleSpeech, _ console: Console) throws {
        guard patch else {
            var table = TextTable([
                .init(), .init(), .init(), .init(), .init(isElastic: true, least: 16), .init(isElastic: true),
            ])
            for deed in deeds {
                table.add([
                    .init(deed.origin.change.shortAddress, .strong),
                    .init(
                        console.out.isTerminal
                            ? TimeWords.absolute(Instant(deed.origin)) : Instant(deed.origin).text),
                    .init(speech.author(deed)), .init(speech.act(deed), .faint),
                    .init(try speech.touched(deed)),
                    .init(speech.remark(deed), .faint),
                ])
            }
            try console.table(table)
            if deeds.isEmpty { try console.note("Nothing to show.") }
            return
        }
        try console.page(try deeds.flatMap { try speech.patch($0, console) })
    }
}
