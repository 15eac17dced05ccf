internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// What analysts do all day, by chance.
struct Work {
    private let office: Office
    private var dice: Dice
    private var records: [RecordName] = []

    init(_ office: Office, _ dice: Dice) { (self.office, self.dice) = (office, dice) }

    /// One act of somebody. An error is expected of a machine without power alone.
    mutating func act() throws {
        let desk = dice.pick(office.desks)
        switch dice.below(100) {
        case ..<45: try edit(desk)
        case ..<55: try importFile(desk)
        case ..<75: try exchange([desk])
        case ..<88: try exchange(office.desks)
        case ..<94: try restart(desk)
        case ..<96: try restartServer()
        case ..<98: try attempt(desk, "checkpoint") { try $0.store.file.checkpoint() }
        default: try attempt(desk, "rebuild") { try $0.store.rebuild() }
        }
    }

    private func attempt(_ desk: Desk, _ what: String, _ body: (Workspace) throws -> Void) throws {
        guard let workspace = desk.workspace, !desk.power.isOff else { return }
        office.tell("\(desk.name): \(what)")
        do {
            try body(workspace)
            try desk.confirm()
        } catch let error where desk.power.isOff {
            office.tell("\(desk.name): without power: \(error)")
        }
    }

    private mutating func edit(_ desk: Desk) throws {
        let isNew = records.isEmpty || dice.chance(30)
        let record =
            isNew
            ? RecordName(
                kind: Schema.judgment.tag, id: RecordID(UInt128(dice.next()) << 64 | UInt128(dice.next())))
            : dice.pick(records)
        if isNew { records.append(record) }
        let writes = ["title", "basis"].prefix(dice.within(1...2)).map {
            RegisterWrite(record, Schema.judgment.register($0), .text(words(dice.pick([2, 5, 20, 300]))))
        }
        try attempt(desk, "set \(record.shortAddress(6))") { workspace in
            try workspace.commit(Act(.hand)) { _ in Writes(writes) }
        }
    }

    private mutating func importFile(_ desk: Desk) throws {
        let source = "feed \(dice.below(3))"
        let drafts = (0..<dice.within(1...25)).map { line in
            RecordDraft(
                kind: Schema.judgment.tag, line: line + 1, keys: ["feed:\(dice.below(60))"],
                writes: [
                    DraftWrite(Schema.judgment.register("title"), .text(words(dice.within(1...8)))),
                    DraftWrite(Schema.judgment.register("basis"), .text(words(dice.within(1...30)))),
                ])
        }
        try attempt(desk, "import of \(drafts.count) records") { workspace in
            let importer = Importer(workspace, Importer.Options(source: source))
            for draft in drafts { try importer.add(draft) }
            try importer.finish()
        }
    }

    private mutating func exchange(_ desks: [Desk]) throws {
        let running = desks.filter { $0.workspace != nil && !$0.power.isOff }
        guard office.server.relay != nil, !office.server.power.isOff, !running.isEmpty else { return }
        let budget = dice.chance(10) ? dice.below(3000) : Int.max
        office.tell("sync of \(running.map(\.name))" + (budget == .max ? "" : " cut after \(budget) bytes"))
        var exchange = try Exchange(office, running, budget: budget, lastWordsArrive: dice.chance(50))
        let endings = try exchange.run().endings
        try require(endings.isEmpty, "a session ended: \(endings)")
    }

    /// The process ends and another one starts; the machine goes on.
    private func restart(_ desk: Desk) throws {
        guard desk.workspace != nil, !desk.power.isOff else { return }
        office.tell("\(desk.name): restart")
        desk.stop()
        do { try desk.start() } catch  where desk.power.isOff {}
    }

    private func restartServer() throws {
        guard office.server.relay != nil, !office.server.power.isOff else { return }
        office.tell("server: restart")
        office.server.stop()
        do { try office.server.start() } catch  where office.server.power.isOff {}
    }

    private mutating func words(_ count: Int) -> String {
        (0..<count).map { _ in String(dice.next() >> 40, radix: 36) }.joined(separator: " ")
    }
}
