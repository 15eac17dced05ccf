import ParleyClient
import ParleyCore
import ParleyStore

/// `confidence=low`, `text=@file`, `basis=@-`, as typed. What the values mean, a workspace decides.
struct Assignment: Equatable {
    var field: String
    /// nil clears the field.
    var text: String?

    /// Reads `f=v`; `f=` clears, `f=@file` and `f=@-` read from elsewhere, `f=@@x` is the text `@x`.
    static func parse(_ words: [String], unset: [String], _ console: Console) throws -> [Assignment] {
        var assignments: [Assignment] = []
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
                throw CommandFailure(
                    .usage, "usage", "\"\(word)\" is no FIELD=VALUE.",
                    hint: "as in: confidence=low title=\"Two words\"")
            }
            let text = try contents(String(word[word.index(after: sign)...]), console)
            assignments.append(Assignment(field: String(word[..<sign]), text: text.isEmpty ? nil : text))
        }
        return assignments + unset.map { Assignment(field: $0, text: nil) }
    }

    private static func contents(_ text: String, _ console: Console) throws -> String {
        guard text.hasPrefix("@") else { return text }
        let place = String(text.dropFirst())
        if place.hasPrefix("@") { return place }
        let read = place == "-" ? try console.input() : try console.contents(ofFile: place)
        return read.hasSuffix("\n") ? String(read.dropLast()) : read
    }
}

/// Turns assignments into register writes of one record, within the transaction that makes them.
struct WriteMaker {
    let parser: FieldParser
    let tx: ReadTransaction
    let me: String

    init(_ tx: ReadTransaction, me: String) {
        self.tx = tx
        self.me = me
        parser = FieldParser(Resolver(tx), me: me)
    }

    func writes(_ assignments: [Assignment], to record: RecordName) throws -> [RegisterWrite] {
        let image = try tx.image(of: record)
        return try assignments.compactMap { assignment in
            let register = try parser.register(assignment.field, of: record.schema)
            return try write(assignment.text, to: register, of: record, image)
        }
    }

    func write(
        _ text: String?, to register: RegisterName, of record: RecordName, _ image: RecordImage?
    ) throws -> RegisterWrite? {
        let field = record.schema[tag: register.field]
        let old = image?[register.field, register.key] ?? .null
        let value = try value(text, for: register, field, of: record.schema, old: old)
        if value == old { return nil }
        if field?.merge == .each { try expectOwn(register, of: record) }
        if field?.merge == .once, old != .null {
            throw ClientError.writtenOnce(kind: record.kindName, field: record.schema.text(of: register))
        }
        return RegisterWrite(record, register, value)
    }

    private func value(
        _ text: String?, for register: RegisterName, _ field: Field?, of kind: Kind, old: Value
    ) throws -> Value {
        if let text { return try parser.value(text, for: register, of: kind) }
        // A member leaves a set by a write of its own; one that was never there leaves nothing.
        return field?.merge == .set && old != .null ? .bool(false) : .null
    }

    /// A write under another analyst's key would be void everywhere.
    private func expectOwn(_ register: RegisterName, of record: RecordName) throws {
        guard let key = register.key, key != me, !key.hasPrefix("~") else { return }
        throw CommandFailure(
            .notPermitted, "not-yours",
            "\(record.kindName).\(record.schema.text(of: register)) is \(key)'s to write, and you are \(me). Nothing was written.",
            hint: "yours: \(record.schema.text(of: RegisterName(field: register.field, key: me)))")
    }
}
