internal import Chance
internal import ParleyClient
internal import ParleyCore

/// A row of a file that a source publishes.
struct SourceRow {
    var key: String
    var values: [UInt32: Value]
}

/// Imports: two sources whose files change now and then, imported anywhere and often.
extension Run {
    func importFile(_ replica: Replica) throws {
        guard replica.workspace.role() != nil else { return }
        let name = dice.pick(["feed", "wire"])
        if sources[name] == nil || dice.chance(40) { changeSource(name) }
        try catchUp(replica)
        var options = Importer.Options(source: name)
        options.note = nextNote()
        options.chunk = 1 + dice.below(3)
        options.overwrites = dice.chance(10)
        let importer = Importer(replica.workspace, options)
        for (index, row) in (sources[name] ?? []).enumerated() {
            try importer.add(draft(row, line: index + 1))
        }
        try importer.finish()
        try noteDeeds(of: replica)
        tally[.imports] += 1
        let count = importer.tally
        journal.note(
            "\(replica.name) imports \(name): \(count.created) new, \(count.changed) changed, \(count.kept) kept"
        )
    }

    private func changeSource(_ name: String) {
        var rows = sources[name] ?? []
        if rows.count < 4, dice.chance(60) { rows.append(SourceRow(key: "row:\(rows.count)", values: [:])) }
        for index in rows.indices where dice.chance(60) {
            rows[index].values[1] = .text(dice.pick(["berth", "crane", "harbour"]))
            if dice.chance(50) { rows[index].values[2] = .text(dice.pick(["wet", "dry"])) }
            if dice.chance(30) { rows[index].values[22] = .list([.text("agree")]) }
        }
        sources[name] = rows
    }

    private func draft(_ row: SourceRow, line: Int) -> RecordDraft {
        let writes = row.values.sorted { $0.key < $1.key }.map { field, value in
            DraftWrite(RegisterName(field: field, key: field == 22 ? "ken" : nil), .value(value))
        }
        return RecordDraft(kind: Self.judgment, line: line, keys: [row.key], writes: writes)
    }
}
