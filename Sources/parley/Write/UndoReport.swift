import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What an undo, a redo or a restore will do and has done, in sentences or one object.
struct UndoReport {
    /// Lines of a plan that a person is shown before it is carried out.
    private static let most = 40

    private let workspace: Workspace
    private let console: Console

    init(_ workspace: Workspace, _ console: Console) {
        self.workspace = workspace
        self.console = console
    }

    static func verb(_ plan: UndoPlan) -> String { plan.kind == .undo ? "undo" : "redo" }

    // MARK: Before

    /// - Parameter isData: the plan is what was asked for, and goes to standard output.
    func sayPlan(_ plan: UndoPlan, isData: Bool) throws {
        if console.options.json { return isData ? try sayJSON(plan, []) : () }
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            var lines = plan.passed.map { "passed over \($0.shortAddress): nothing of it shows any more" }
            let source = try Attribution(tx, naming).source(plan.target)
            let note = source.note.map { " \"\(visible($0))\"" } ?? ""
            let age = TimeWords.relative(source.moment, to: console.now)
            lines.append(
                "\(Self.verb(plan)) \(plan.target.shortAddress): \(visible(source.act))\(note), by \(visible(source.author)), \(age)"
            )
            lines += try self.lines(plan.steps, plan.rests, naming, isWhole: isData)
            try say(lines, isData: isData)
        }
    }

    func sayPlan(_ plan: RestorePlan, isData: Bool) throws {
        if console.options.json { return isData ? try sayJSON(plan, []) : () }
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            try say(try lines(plan.steps, plan.rests, naming, isWhole: isData), isData: isData)
        }
    }

    /// The lines are made visible already.
    private func say(_ lines: [String], isData: Bool) throws {
        if isData { return try console.page(lines) }
        guard !console.options.quiet else { return }
        for line in lines { try console.messages.line(line) }
        try console.messages.flush()
    }

    private func lines(
        _ steps: [UndoStep], _ rests: [UndoRest], _ naming: Naming, isWhole: Bool
    ) throws -> [String] {
        let colour = isWhole ? console.out.colour : console.messages.colour
        let difference = DifferenceText(naming, colour)
        var lines = try steps.prefix(isWhole ? .max : Self.most).map { step in
            let place = visible(try naming.register(step.register, of: step.record))
            if step.now == step.then { return "  \(place): stays as it is" }
            if step.register == .deleted {
                let word = step.then == .bool(true) ? "deleted" : "brought back"
                return "  \(visible(try naming.short(step.record))): \(word)"
            }
            let text = difference.text(from: step.now, to: step.then, of: step.register, in: step.record)
            return "  \(place): "
                + text.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\n    ")
        }
        if steps.count > lines.count { lines.append("  and \(steps.count - lines.count) more") }
        let left = try rests.prefix(isWhole ? .max : Self.most).map { "  " + (try line($0, naming)) }
        if rests.count > left.count { return lines + left + ["  and \(rests.count - left.count) more left"] }
        return lines + left
    }

    private func line(_ rest: UndoRest, _ naming: Naming) throws -> String {
        let place = visible(try naming.register(rest.register, of: rest.record))
        switch rest.reason {
        case .belongs(let owner): return "\(place) left: it is \(visible(owner))'s to write"
        case .changedSince(let change):
            let author = visible(naming.author(of: change))
            guard !rest.keepsRecord else {
                let record = visible(try naming.short(rest.record))
                return "\(record) left: \(author) has written \(place) (\(change.shortAddress))"
            }
            return "\(place) left: \(author) has changed it since (\(change.shortAddress))"
        }
    }

    // MARK: After

    func sayDone(_ plan: UndoPlan, _ changes: [ChangeID], planned: UndoPlan) throws {
        if console.options.json { return try sayJSON(plan, changes) }
        if plan.steps != planned.steps || plan.rests != planned.rests {
            try console.note("The workspace has changed meanwhile; this was done:")
            try sayPlan(plan, isData: false)
        }
        let verb = plan.kind == .undo ? "undone" : "redone"
        try sayDone("\(plan.target.shortAddress): \(verb)", plan.steps, plan.rests, changes)
    }

    func sayDone(_ plan: RestorePlan, _ changes: [ChangeID], _ words: String) throws {
        if console.options.json { return try sayJSON(plan, changes) }
        try sayDone(words, plan.steps, plan.rests, changes)
    }

    private func sayDone(
        _ words: String, _ steps: [UndoStep], _ rests: [UndoRest], _ changes: [ChangeID]
    ) throws {
        let left = rests.isEmpty ? "" : ", \(rests.count) left"
        guard let change = changes.last?.shortAddress else {
            return try console.note("Nothing was written" + (rests.isEmpty ? "." : ": \(rests.count) left."))
        }
        let fields = steps.count == 1 ? "1 field" : "\(steps.count) fields"
        try console.note("\(words), \(fields)\(left)  \(change)")
        try console.hint("take it back: parley undo \(change)    on: parley undo    look: parley log")
    }

    // MARK: Objects

    private func sayJSON(_ plan: UndoPlan, _ changes: [ChangeID]) throws {
        try sayJSON(
            plan.steps, plan.rests, changes,
            [
                JSONMember("kind", .text(Self.verb(plan))),
                JSONMember("target", .text(plan.target.shortAddress)),
                JSONMember("passed", .array(plan.passed.map { .text($0.shortAddress) })),
            ])
    }

    private func sayJSON(_ plan: RestorePlan, _ changes: [ChangeID]) throws {
        try sayJSON(plan.steps, plan.rests, changes, [JSONMember("kind", "restore")])
    }

    private func sayJSON(
        _ steps: [UndoStep], _ rests: [UndoRest], _ changes: [ChangeID], _ head: [JSONMember]
    ) throws {
        let object = try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            let speech = ValueSpeech(naming: naming)
            let written = steps.map { step -> JSON in
                [
                    "id": .text(step.record.fullAddress),
                    "field": .text(step.record.schema.text(of: step.register)),
                    "from": speech.json(step.now, of: step.register, in: step.record),
                    "to": speech.json(step.then, of: step.register, in: step.record),
                ]
            }
            return JSON.object(
                head + [
                    JSONMember("steps", .array(written)),
                    JSONMember("left", .array(rests.map { json($0, naming) })),
                    JSONMember("changes", .array(changes.map { .text($0.shortAddress) })),
                ])
        }
        try console.json(object)
    }

    private func json(_ rest: UndoRest, _ naming: Naming) -> JSON {
        let place = [
            JSONMember("id", .text(rest.record.fullAddress)),
            JSONMember("field", .text(rest.record.schema.text(of: rest.register))),
        ]
        switch rest.reason {
        case .belongs(let owner):
            return .object(place + [JSONMember("reason", "belongs"), JSONMember("by", .text(owner))])
        case .changedSince(let change):
            return .object(
                place + [
                    JSONMember("reason", "changed"), JSONMember("by", .text(naming.author(of: change))),
                    JSONMember("change", .text(change.shortAddress)),
                    JSONMember("keepsRecord", .bool(rest.keepsRecord)),
                ])
        }
    }
}
