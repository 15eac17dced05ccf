import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Show: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show records or fields.",
        usage: "parley show ID[.FIELD] .. [--tree] [--at @CHANGE|TIME] [options]",
        discussion: """
            Examples:
              parley show J-88PD
              parley show J-88PD.basis > basis.md
              parley show A-7K3F --tree
              parley show J-88PD --json --fields confidence
              parley show J-88PD --at 2026-11-21
              parley show J-88PD.basis --at @3kq7

            --at shows what was: at @CHANGE what its author had, and the change; at a time
            all that was written by then (a date is its first moment, 6h is six hours ago).
            """)

    @Argument(help: "Records or fields, as J-88PD or J-88PD.basis.", completion: .record) var addresses:
        [String]
    @Flag(help: "With all that lies below, as a tree of titles.") var tree = false
    @Option(help: ArgumentHelp("As it was then.", valueName: "@change|time")) var at: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        if tree, at != nil { throw ValidationError("--tree shows what is now; --at goes without it.") }
    }

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let resolver = Resolver(tx)
            let me = workspace.handle
            let targets = try addresses.map { text -> Target in
                let address = try Address(text)
                let record = try resolver.record(address, as: text)
                let register = try address.field.map {
                    try FieldParser(resolver, me: me).register($0, of: record.schema)
                }
                return Target(record: record, register: register)
            }
            let naming = Naming(tx, workspace.membership)
            try expectFields(of: targets, console)
            if tree { return try RecordTree(tx, naming, console).show(targets.map(\.record)) }
            let moment = try at.map { try Moment($0, tx, now: console.now) }
            try show(targets, moment, tx, naming, console)
        }
    }

    private struct Target {
        var record: RecordName
        var register: RegisterName?
    }

    /// `--fields` names fields of these records.
    private func expectFields(of targets: [Target], _ console: Console) throws {
        guard let names = console.options.fieldNames, !tree else { return }
        let fields = Set(targets.flatMap { $0.record.schema.fields.map(\.name) })
        let known = fields.union(["schema", "id", "kind", "fields", "notes", "links"])
        for name in names where !name.hasPrefix("#") {
            let field = String(name.prefix { !"@:.".contains($0) })
            if !known.contains(field) { throw CommandFailure(noMember: name, known: known.sorted()) }
        }
    }

    private func show(
        _ targets: [Target], _ moment: Moment?, _ tx: ReadTransaction, _ naming: Naming, _ console: Console
    ) throws {
        let sheet = RecordSheet(tx, naming, console, at: moment)
        if console.options.json {
            let values = try targets.map { target in
                let details = try sheet.details(of: target.record)
                let chosen = details.filter { target.register == nil || $0.name == target.register }
                let fields = console.options.fieldNames
                let whole = RecordJSON(naming: naming).whole(target.record, chosen, fields: fields)
                guard target.register == nil, moment == nil, case .object(let members) = whole else {
                    return whole
                }
                return .object(
                    members + (try Surroundings(tx, naming).json(of: target.record, fields: fields)))
            }
            return try console.line((values.count == 1 ? values[0] : .array(values)).line)
        }
        var lines: [String] = []
        for target in targets {
            if let register = target.register {
                lines += try sheet.value(register, of: target.record).components(separatedBy: "\n")
            } else {
                lines += (lines.isEmpty ? [] : [""]) + (try sheet.lines(of: target.record))
            }
        }
        try console.page(lines)
    }
}
