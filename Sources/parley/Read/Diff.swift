import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Diff: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "What changed in a record or a field between two moments, texts word by word.",
        usage: "parley diff ID[.FIELD] --from @CHANGE|TIME [--to @CHANGE|TIME] [--exit-code] [options]",
        discussion: """
            Examples:
              parley diff J-88PD --from 2d
              parley diff J-88PD.basis --from @3kq7 --to @9ep2
              parley diff J-88PD --from @3kq7 --exit-code || echo changed

            @CHANGE is what its author had, and the change; a time is all that was written
            by then.
            """)

    @Argument(help: "A record or a field, as J-88PD or J-88PD.basis.", completion: .record) var address:
        String
    @Option(help: ArgumentHelp("The earlier moment.", valueName: "@change|time")) var from: String
    @Option(help: ArgumentHelp("The later one; otherwise now.", valueName: "@change|time")) var to: String?
    @Flag(name: .customLong("exit-code"), help: "End with 6 where they differ.") var exitCode = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    private static let members = ["id", "field", "from", "to"]

    func run(_ console: Console) throws {
        try console.expectFields(among: Self.members)
        let workspace = try console.openToRead()
        let differs = try workspace.store.read { tx in
            let place = try Place(address, tx, me: workspace.handle)
            let naming = Naming(tx, workspace.membership)
            let differences = try differences(place, tx, console)
            if console.options.json {
                try console.json(.array(differences.map { $0.json(place.record, naming) }))
            } else {
                try console.page(try differences.flatMap { try $0.lines(place.record, naming, console) })
                if differences.isEmpty { try console.note("No difference.") }
            }
            return !differences.isEmpty
        }
        if differs, exitCode { throw Exit.findings.quietly }
    }

    /// What was cleared, or is not deleted, or is in a set no more, is as if it had never been.
    private static func isAbsent(_ value: Value, _ register: RegisterName) -> Bool {
        value == .null || (value == .bool(false) && (register == .deleted || register.key != nil))
    }

    private func differences(
        _ place: Place, _ tx: ReadTransaction, _ console: Console
    ) throws -> [FieldDifference] {
        func image(_ text: String) throws -> RecordImage {
            let moment = try Moment(text, tx, now: console.now)
            return try tx.past(of: place.record, at: moment).image(at: moment)
                ?? RecordImage(name: place.record, registers: [])
        }
        let old = try image(from)
        let new = try to.map(image) ?? tx.image(of: place.record) ?? old
        let registers = Set((old.registers + new.registers).map(\.name)).sorted()
        return registers.filter { place.register == nil || $0 == place.register }.compactMap { register in
            let (old, new) = (old[register.field, register.key], new[register.field, register.key])
            if old == new || (Self.isAbsent(old, register) && Self.isAbsent(new, register)) { return nil }
            return FieldDifference(register: register, old: old, new: new)
        }
    }
}

private struct FieldDifference {
    var register: RegisterName
    var old: Value
    var new: Value

    func lines(_ record: RecordName, _ naming: Naming, _ console: Console) throws -> [String] {
        let paint = console.out.colour
        let name = paint.paint(visible(try naming.register(register, of: record)), .strong)
        let text = DifferenceText(naming, paint).text(from: old, to: new, of: register, in: record)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count == 1 ? [name + "  " + text] : [name] + lines.map { "    " + $0 }
    }

    func json(_ record: RecordName, _ naming: Naming) -> JSON {
        let speech = ValueSpeech(naming: naming)
        return [
            "id": .text(record.fullAddress), "field": .text(record.schema.text(of: register)),
            "from": speech.json(old, of: register, in: record),
            "to": speech.json(new, of: register, in: record),
        ]
    }
}
