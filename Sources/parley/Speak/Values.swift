import ParleyCore
import ParleyTerminal

/// Values of fields as people and programs read them.
struct ValueSpeech {
    let naming: Naming

    func text(_ value: Value, of register: RegisterName, in record: RecordName) -> String {
        let type = record.schema[tag: register.field]?.type ?? .any
        guard type.accepts(value) else { return value.diagnostic }
        return type.text(of: value) { naming.reference($0) }
    }

    func json(_ value: Value, of register: RegisterName, in record: RecordName) -> JSON {
        json(value, record.schema[tag: register.field]?.type ?? .any)
    }

    private func json(_ value: Value, _ type: FieldType) -> JSON {
        switch (type, value) {
        case (_, .null): return .null
        case (_, .bool(let truth)): return .bool(truth)
        case (.probability, .int): return .text(type.text(of: value) { $0.text })
        case (_, .int(let number)): return .int(number)
        case (_, .text(let text)): return .text(text)
        case (.tuple(let components), .list(let items)):
            return .object(zip(components, items).map { JSONMember($0.name, json($1, $0.type)) })
        case (.ref, .bytes):
            return .text(value.ref.map { naming.reference($0, whole: true) } ?? value.diagnostic)
        default: return .text(value.diagnostic)
        }
    }
}

extension Instant {
    init(_ origin: Origin) { self.init(milliseconds: origin.stamp.time.milliseconds) }
}
