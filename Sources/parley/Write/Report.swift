import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyTerminal

/// What a write did, in one line or one object.
struct WriteReport {
    var record: RecordName
    /// As people type it.
    var name: String
    var changes: [ChangeID]
    /// Texts of the registers that were written: `confidence = low`.
    var written: [String] = []

    /// After a command that makes a record: its id, alone where a program reads.
    func sayNew(_ console: Console) throws {
        if console.options.json { return try console.json(json) }
        try console.line(console.out.isTerminal ? name : record.fullAddress)
        guard console.messages.isTerminal else { return }
        try console.hint("look: parley show \(name)    go on: parley set \(name) FIELD=VALUE")
    }

    /// After a command that changes one.
    func sayChanged(_ console: Console) throws {
        if console.options.json { return try console.json(json) }
        guard let change = changes.first else { return try console.note("\(name): nothing to change.") }
        try console.note("\(name): \(written.joined(separator: ", "))  \(change.shortAddress)")
        try console.hint("look: parley log \(name)")
    }

    private var json: JSON {
        [
            "id": .text(record.fullAddress), "kind": .text(record.kindName),
            "changes": .array(changes.map { .text($0.shortAddress) }),
            "written": .int(written.count),
        ]
    }
}

extension Act {
    /// An act by hand, through the command named `tool`.
    static func command(_ tool: String, note: String? = nil) -> Act {
        var attributes: [Attribute: Value] = [.tool: .text(tool)]
        if let note, !note.isEmpty { attributes[.note] = .text(note) }
        return Act(.hand, attributes)
    }
}

extension Workspace {
    /// Writes what `build` says and tells of it.
    func write(
        _ act: Act, to record: RecordName,
        _ build: (WriteMaker) throws -> [RegisterWrite]
    ) throws -> WriteReport {
        let me = try me()
        var written: [String] = []
        var name = ""
        let changes = try commit(act) { tx in
            let writes = try build(WriteMaker(tx, me: me))
            let naming = Naming(tx, membership)
            let speech = ValueSpeech(naming: naming)
            name = try naming.short(record)
            written = writes.map { write in
                let value = speech.text(write.value, of: write.register, in: record)
                let line = value.split(separator: "\n").first.map(String.init) ?? "cleared"
                return record.schema.text(of: write.register) + " = " + visible(line).cut(to: 60)
            }
            return Writes(writes)
        }
        return WriteReport(record: record, name: name, changes: changes, written: written)
    }
}
