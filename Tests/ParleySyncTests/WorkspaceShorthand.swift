import ParleyClient
import ParleyCore
import GRDB
import ParleyStore

extension Workspace {
    func create(_ kind: String, _ fields: [String: Value]) throws -> RecordName {
        let name = RecordName(
            kind: Schema.assessments[name: kind]?.tag ?? 0,
            id: RecordID(UInt128(folding: ambient.random(16))))
        try commit(Act(.hand)) { _ in
            Writes(fields.map { RegisterWrite(name, register($0.key, of: name), $0.value) })
        }
        return name
    }

    func register(_ field: String, key: String? = nil, of record: RecordName) -> RegisterName {
        RegisterName(field: Schema.assessments[tag: record.kind]?[name: field]?.tag ?? 0, key: key)
    }

    func set(_ record: RecordName, _ field: String, key: String? = nil, _ value: Value) throws {
        try commit(Act(.hand)) { _ in
            Writes([RegisterWrite(record, register(field, key: key, of: record), value)])
        }
    }

    func value(_ record: RecordName, _ field: String, key: String? = nil) throws -> Value? {
        let register = register(field, key: key, of: record)
        return try store.read { try $0.image(of: record) }?[register.field, register.key]
    }

    func asides() throws -> Int {
        try store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM aside") } ?? 0
    }

    /// All rows of the live tables, as text, in a canonical order.
    func liveRows() throws -> [String] {
        try store.file.read { db in
            let tables = Schema.assessments.kinds.map(\.name) + ["other", "register", "aside"]
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: LiveTables.comparison(of: table)).map { row in
                    table + " " + row.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
                }.sorted()
            }
        }
    }
}

extension Bench {
    /// Everybody syncs, and the first ones once more, so that all have everything.
    func syncAll(_ workspaces: Workspace...) throws {
        for workspace in workspaces + workspaces.dropLast() { try sync(workspace) }
    }
}
