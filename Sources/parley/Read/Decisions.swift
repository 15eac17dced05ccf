import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal
import ParleyTrust

extension Contest {
    /// What waits at `J-88PD.basis`, or at the only such field of `J-88PD`. A field that only a deletion has
    /// overlooked is found as the record's `deleted`.
    static func find(_ text: String, _ tx: ReadTransaction, _ workspace: Workspace) throws -> Contest {
        let place = try Place(text, tx, me: workspace.handle)
        let waiting = try tx.contests(of: place.record)
        guard let register = place.register else {
            if waiting.count == 1 { return waiting[0] }
            throw unclear(text, waiting)
        }
        if let contest = waiting.first(where: { $0.register == register }) { return contest }
        let overlooked = waiting.first { contest in contest.edits.contains { $0.register == register } }
        guard let overlooked else { throw ClientError.nothingAside(place.record, register) }
        return overlooked
    }

    private static func unclear(_ text: String, _ waiting: [Contest]) -> CommandFailure {
        let names = waiting.map { "\(text).\($0.record.schema.text(of: $0.register))" }
        guard !names.isEmpty else {
            return CommandFailure(
                .notFound, "nothing-aside", "Nothing of \(text) waits for review.",
                hint: "what waits: parley conflicts    what was settled: parley conflicts --all")
        }
        return CommandFailure(
            .notFound, "ambiguous", "Several fields of \(text) wait: \(names.joined(separator: ", ")).",
            hint: "say which")
    }

    /// The head that `@9ep2` means here; a few characters do, since only these are looked at.
    func head(_ text: String, _ tx: ReadTransaction) throws -> ChangeID {
        let wanted = text.lowercased()
        let changes = Set(heads.map(\.origin.change) + edits.map(\.edit))
        let found = changes.filter {
            ChangeAddress($0).text(length: 26).hasPrefix(wanted.hasPrefix("@") ? wanted : "@" + wanted)
        }
        if found.count == 1, let change = found.first { return change }
        let change = try Resolver(tx).change(text)
        throw ClientError.notAHead(record, register, change)
    }
}

extension ReadTransaction {
    /// What waits in one record, by register.
    func contests(of record: RecordName) throws -> [Contest] {
        var registers = Set(try asides(of: record).map(\.register))
        if try !overlooked(limit: 1, of: record).isEmpty { registers.insert(.deleted) }
        return try registers.sorted().compactMap { try contest(of: $0, in: record) }
    }
}

/// What the three ways to decide have in common.
struct DecisionOptions: ParsableArguments {
    @Option(name: [.short, .customLong("message")], help: "A note on why.") var message: String?

    func run(
        _ address: String, _ console: Console, _ decide: (ReadTransaction, Contest) throws -> Decision
    ) throws {
        let workspace = try console.openWorkspace()
        let (contest, decision) = try workspace.store.read { tx in
            let contest = try Contest.find(address, tx, workspace)
            return (contest, try decide(tx, contest))
        }
        let changes = try workspace.resolve(
            contest.register, of: contest.record, decision, note: message)
        try workspace.store.read { tx in
            try say(contest, changes, tx, Naming(tx, workspace.membership), console)
        }
    }

    private func say(
        _ contest: Contest, _ changes: [ChangeID], _ tx: ReadTransaction, _ naming: Naming, _ console: Console
    ) throws {
        let speech = ValueSpeech(naming: naming)
        let value = try tx.image(of: contest.record)?[contest.register.field, contest.register.key] ?? .null
        let place = try naming.register(contest.register, of: contest.record)
        if console.options.json {
            return try console.json([
                "id": .text(contest.record.fullAddress),
                "field": .text(contest.record.schema.text(of: contest.register)),
                "value": speech.json(value, of: contest.register, in: contest.record),
                "settled": .int(contest.heads.count + contest.edits.count - 1),
                "changes": .array(changes.map { .text($0.shortAddress) }),
            ])
        }
        let text = speech.text(value, of: contest.register, in: contest.record)
        let line = text.split(separator: "\n").first.map(String.init) ?? "cleared"
        let change = changes.first?.shortAddress ?? ""
        try console.note("\(place) = \(line.cut(to: 60)), settled  \(change)")
        try console.hint("take it back: parley undo \(change)")
    }
}
