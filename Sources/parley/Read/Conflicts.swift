import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Conflicts: Subcommand {
    static let configuration = CommandConfiguration(
        abstract: "List what was set aside and waits for review.",
        usage: "parley conflicts [--exit-code] [options]",
        discussion: """
            Examples:
              parley conflicts
              parley conflicts --exit-code || echo "something to look at"

            A later write is shown; one that its author had not seen is set aside. Writing the field again
            settles it.
            """)

    @Flag(name: .customLong("exit-code"), help: "End with 6 where there are any.") var exitCode = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let count = try workspace.store.read { tx in
            let asides = try tx.asides(limit: 10_000)
            let overlooked = try tx.overlooked(limit: 10_000)
            let naming = Naming(tx, workspace.membership)
            if console.options.json {
                try console.json(
                    .array(try asides.map { try json($0, tx, naming) } + overlooked.map { json($0, naming) }))
            } else {
                try console.table(try table(asides, overlooked, tx, naming, console))
                if asides.isEmpty, overlooked.isEmpty { try console.note("Nothing waits for review.") }
            }
            return asides.count + overlooked.count
        }
        if count > 0, exitCode { throw Exit.findings.quietly }
    }

    private func shown(_ aside: AsideEntry, _ tx: ReadTransaction) throws -> Value {
        try tx.image(of: aside.record)?[aside.register.field, aside.register.key] ?? .null
    }

    private func table(
        _ asides: [AsideEntry], _ overlooked: [OverlookedEdit], _ tx: ReadTransaction, _ naming: Naming,
        _ console: Console
    ) throws -> TextTable {
        let speech = ValueSpeech(naming: naming)
        var table = TextTable([
            .init(), .init(isElastic: true), .init(isElastic: true), .init(), .init(), .init(),
        ])
        for aside in asides {
            let now = speech.text(try shown(aside, tx), of: aside.register, in: aside.record)
            let other = speech.text(aside.head.value, of: aside.register, in: aside.record)
            table.add([
                .init(try naming.register(aside.register, of: aside.record), .attention),
                .init("shown: " + now),
                .init("set aside: " + other), .init(naming.author(of: aside.head.origin.change)),
                .init(console.time(Instant(aside.head.origin)), .faint),
                .init(aside.head.origin.change.shortAddress),
            ])
        }
        for edit in overlooked {
            table.add([
                .init(try naming.register(edit.register, of: edit.record), .attention), .init("edited"),
                .init("and deleted by \(naming.author(of: edit.deletion))"),
                .init(naming.author(of: edit.edit)),
                .init(""), .init(edit.edit.shortAddress),
            ])
        }
        return table
    }

    private func json(_ aside: AsideEntry, _ tx: ReadTransaction, _ naming: Naming) throws -> JSON {
        let speech = ValueSpeech(naming: naming)
        return [
            "id": .text(aside.record.fullAddress),
            "field": .text(aside.record.schema.text(of: aside.register)),
            "shown": speech.json(try shown(aside, tx), of: aside.register, in: aside.record),
            "aside": speech.json(aside.head.value, of: aside.register, in: aside.record),
            "change": .text(aside.head.origin.change.shortAddress),
            "by": .text(naming.author(of: aside.head.origin.change)),
            "at": .text(Instant(aside.head.origin).text),
        ]
    }

    private func json(_ edit: OverlookedEdit, _ naming: Naming) -> JSON {
        [
            "id": .text(edit.record.fullAddress), "field": .text(edit.record.schema.text(of: edit.register)),
            "edit": .text(edit.edit.shortAddress), "by": .text(naming.author(of: edit.edit)),
            "deletion": .text(edit.deletion.shortAddress),
            "deletedBy": .text(naming.author(of: edit.deletion)),
        ]
    }
}
