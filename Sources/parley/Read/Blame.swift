import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Blame: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "blame",
        abstract: "Each field of a record: who set it, when, by what act.",
        usage: "parley blame ID[.FIELD] [options]",
        discussion: """
            Examples:
              parley blame J-88PD
              parley blame J-88PD --json --fields field,by,change

            A ! marks a field of which other writes were set aside: parley conflicts.
            """)

    @Argument(help: "A record or a field, as J-88PD or J-88PD.basis.", completion: .record) var address:
        String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    private static let members = [
        "field", "value", "change", "by", "at", "device", "act", "note", "same", "aside",
    ]

    func run(_ console: Console) throws {
        try console.expectFields(among: Self.members)
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let place = try Place(address, tx, me: workspace.handle)
            let naming = Naming(tx, workspace.membership)
            let attribution = Attribution(tx, naming)
            let details = try (tx.detail(of: place.record) ?? []).filter {
                place.register == nil || place.register == $0.name
            }
            if console.options.json {
                return try console.json(
                    .array(try details.map { try json($0, place.record, attribution) }))
            }
            var table = TextTable([
                .init(), .init(), .init(isElastic: true, least: 16), .init(), .init(), .init(), .init(),
                .init(isElastic: true),
            ])
            for detail in details { table.add(try row(detail, place.record, attribution, console)) }
            try console.table(table)
            if details.isEmpty { try console.note("Nothing was ever written there.") }
        }
    }

    private func row(
        _ detail: RegisterDetail, _ record: RecordName, _ attribution: Attribution, _ console: Console
    ) throws -> [TextTable.Cell] {
        let source = try attribution.source(detail.shown)
        let text = ValueSpeech(naming: attribution.naming).text(detail.value, of: detail.name, in: record)
        let isContested = !detail.aside.isEmpty
        return [
            .init(isContested ? "!" : " ", .attention),
            .init(record.schema.text(of: detail.name), isContested ? .attention : .plain),
            .init(detail.value == .null ? "(cleared)" : text), .init(source.author),
            .init(console.time(source.moment), .faint), .init(source.act, .faint),
            .init(source.change.shortAddress, .strong), .init(source.note ?? "", .faint),
        ]
    }

    private func json(
        _ detail: RegisterDetail, _ record: RecordName, _ attribution: Attribution
    ) throws -> JSON {
        let value = ValueSpeech(naming: attribution.naming).json(detail.value, of: detail.name, in: record)
        return .object(
            [JSONMember("field", .text(record.schema.text(of: detail.name))), JSONMember("value", value)]
                + attribution.json(try attribution.source(detail.shown))
                + [
                    JSONMember("same", .int(detail.equal.count)),
                    JSONMember("aside", .int(detail.aside.count)),
                ])
    }
}
