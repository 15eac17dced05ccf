import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What waits for a decision, and what was decided, in rows, sheets and objects.
struct ContestSpeech {
    /// What each object has, and `--fields` may name.
    static let members = ["id", "field", "state", "shown", "aside", "edits", "settled"]

    private let attribution: Attribution
    private let naming: Naming
    private let speech: ValueSpeech
    private let console: Console

    init(_ tx: ReadTransaction, _ workspace: Workspace, _ console: Console) {
        naming = Naming(tx, workspace.membership)
        attribution = Attribution(tx, naming)
        speech = ValueSpeech(naming: naming)
        self.console = console
    }

    // MARK: Rows

    /// Where, in what state, which value, who, when, on which device, by what act, which change, the note.
    var emptyTable: TextTable {
        TextTable([
            .init(), .init(), .init(isElastic: true, least: 16), .init(), .init(),
            .init(isElastic: true, least: 4), .init(isElastic: true), .init(), .init(isElastic: true),
        ])
    }

    /// The shown head first, then those of equal value, then what was set aside, then overlooked edits.
    func rows(_ contest: Contest) throws -> [[TextTable.Cell]] {
        let place = try naming.register(contest.register, of: contest.record)
        let shown = contest.heads.first?.value
        var rows: [[TextTable.Cell]] = []
        for head in contest.heads {
            let state = rows.isEmpty ? "shown" : head.value == shown ? "same" : "aside"
            rows.append(
                row(
                    place, state, text(head.value, contest.register, contest.record),
                    try attribution.source(head.origin)))
        }
        for edit in contest.edits {
            let value = try written(edit)
            rows.append(
                row(
                    try naming.register(edit.register, of: edit.record), "edited", value,
                    try attribution.source(edit.edit)))
        }
        return rows
    }

    /// What was shown then, what was set aside, and the write that settled it.
    func rows(_ settlement: Settlement, _ record: RecordName) throws -> [[TextTable.Cell]] {
        let place = try naming.register(settlement.register, of: record)
        let shown = settlement.heads.first?.content
        var rows = try settlement.heads.enumerated().map { index, head in
            let state = index == 0 ? "was shown" : head.content == shown ? "was same" : "was aside"
            return row(
                place, state, text(head.content, settlement.register, record),
                try attribution.source(head.origin))
        }
        for edit in settlement.edits {
            rows.append(
                row(
                    try naming.register(edit.register, of: record), "was edited",
                    text(edit.head.content, edit.register, record), try attribution.source(edit.head.origin)))
        }
        rows.append(
            row(
                place, "settled", text(settlement.value, settlement.register, record),
                try attribution.source(settlement.by)))
        return rows
    }

    private func row(
        _ place: String, _ state: String, _ value: String, _ source: Attribution.Source
    ) -> [TextTable.Cell] {
        [
            .init(place, state == "shown" ? .attention : .plain), .init(state, .faint), .init(value),
            .init(source.author), .init(console.time(source.moment), .faint), .init(source.device, .faint),
            .init(source.act, .faint), .init(source.change.shortAddress, .strong),
            .init(source.note ?? "", .faint),
        ]
    }

    private func text(_ value: Value, _ register: RegisterName, _ record: RecordName) -> String {
        if register == .deleted { return value == .bool(true) ? "deleted" : "not deleted" }
        return value == .null ? "(cleared)" : speech.text(value, of: register, in: record)
    }

    /// What an overlooked edit wrote: its head's value.
    private func written(_ edit: OverlookedEdit) throws -> String {
        let detail = try naming.tx.detail(of: edit.record)?.first { $0.name == edit.register }
        let aside = detail?.aside.first { $0.origin.change == edit.edit }?.value
        return text(aside ?? detail?.value ?? .null, edit.register, edit.record)
    }

    // MARK: One of them, whole

    func sheet(_ contest: Contest) throws -> [String] {
        let paint = console.out.colour
        let place = try naming.register(contest.register, of: contest.record)
        let title = try naming.tx.image(of: contest.record)?.headline(naming) ?? ""
        var lines = [paint.paint(place, .strong) + "  " + visible(title), ""]
        let shown = contest.heads.first?.value ?? .null
        for (index, head) in contest.heads.enumerated() {
            let state = index == 0 ? "shown now" : head.value == shown ? "the same" : "set aside"
            lines.append(try line(state, try attribution.source(head.origin)))
            let body =
                index == 0 || head.value == shown || contest.register == .deleted
                ? visibleBlock(text(head.value, contest.register, contest.record))
                : DifferenceText(naming, paint).text(
                    from: head.value, to: shown, of: contest.register, in: contest.record)
            lines += body.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 } + [""]
        }
        for edit in contest.edits {
            lines.append(try line("edited", try attribution.source(edit.edit)))
            let field = visible(edit.record.schema.text(of: edit.register))
            lines += ["    \(field) = \(visible(try written(edit)).cut(to: 60))", ""]
        }
        return lines + advice(contest, place)
    }

    private func line(_ state: String, _ source: Attribution.Source) throws -> String {
        let paint = console.out.colour
        let style: Style = state == "shown now" ? .good : .attention
        let when = console.out.isTerminal ? TimeWords.absolute(source.moment) : source.moment.text
        let words = [
            visible(source.author), when, "on " + source.device, "by " + visible(source.act),
            source.change.shortAddress, source.note.map { "\"\(visible($0))\"" } ?? "",
        ]
        return paint.paint(state, style) + "  " + words.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private func advice(_ contest: Contest, _ place: String) -> [String] {
        let other = contest.edits.first?.edit ?? contest.heads.last?.origin.change
        let take = other.map { ["take:   parley conflicts take \(place) \($0.shortAddress)"] } ?? []
        let write = contest.edits.isEmpty ? ["write:  parley conflicts write \(place) VALUE"] : []
        return ["keep:   parley conflicts keep \(place)"] + take + write
    }

    // MARK: Objects

    func json(_ contest: Contest) throws -> JSON {
        let shown = contest.heads.first?.value
        return .object(
            head(contest.record, contest.register, "waits")
                + [
                    JSONMember(
                        "shown", .array(try contest.heads.filter { $0.value == shown }.map(of(contest)))),
                    JSONMember(
                        "aside", .array(try contest.heads.filter { $0.value != shown }.map(of(contest)))),
                    JSONMember("edits", .array(try contest.edits.map(edit))),
                ])
    }

    func json(_ settlement: Settlement, _ record: RecordName) throws -> JSON {
        let shown = settlement.heads.first?.content
        func object(_ head: Head<Value>, _ register: RegisterName) throws -> JSON {
            try self.object(head.content, register, record, head.origin)
        }
        let edits = try settlement.edits.map { edit in
            JSON.object(
                [JSONMember("field", .text(record.schema.text(of: edit.register)))]
                    + attribution.json(try attribution.source(edit.head.origin)))
        }
        let heads = settlement.heads
        return .object(
            head(record, settlement.register, "settled")
                + [
                    JSONMember(
                        "shown",
                        .array(
                            try heads.filter { $0.content == shown }.map {
                                try object($0, settlement.register)
                            })),
                    JSONMember(
                        "aside",
                        .array(
                            try heads.filter { $0.content != shown }.map {
                                try object($0, settlement.register)
                            })),
                    JSONMember("edits", .array(edits)),
                    JSONMember(
                        "settled",
                        try self.object(settlement.value, settlement.register, record, settlement.by)),
                ])
    }

    private func head(_ record: RecordName, _ register: RegisterName, _ state: String) -> [JSONMember] {
        [
            JSONMember("id", .text(record.fullAddress)),
            JSONMember("field", .text(record.schema.text(of: register))), JSONMember("state", .text(state)),
        ]
    }

    private func of(_ contest: Contest) -> (AsideHead) throws -> JSON {
        { try object($0.value, contest.register, contest.record, $0.origin) }
    }

    private func object(
        _ value: Value, _ register: RegisterName, _ record: RecordName, _ origin: Origin
    ) throws -> JSON {
        .object(
            [JSONMember("value", speech.json(value, of: register, in: record))]
                + attribution.json(try attribution.source(origin)))
    }

    private func edit(_ edit: OverlookedEdit) throws -> JSON {
        .object(
            [JSONMember("field", .text(edit.record.schema.text(of: edit.register)))]
                + attribution.json(try attribution.source(edit.edit))
                + [JSONMember("deletion", .text(edit.deletion.shortAddress))])
    }
}
