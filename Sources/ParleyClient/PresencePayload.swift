package import ParleyCore

/// What a client says of where its analyst is. Opaque to the server; sent at most once a second, again every
/// five, forgotten after fifteen.
package struct PresencePayload: Equatable, Sendable {
    package enum State: Int64, Sendable {
        case left = 0
        case here = 1
        case looking = 2
        case typing = 3
    }

    package var state: State
    package var record: RecordName?
    package var register: RegisterName?

    package init(_ state: State, record: RecordName? = nil, register: RegisterName? = nil) {
        self.state = state
        self.record = record
        self.register = register
    }

    /// One CBOR array: state, kind, record, field, key; null where there is none.
    package var encoded: [UInt8] {
        Value.list([
            .int(state.rawValue),
            record.map { .int(Int64($0.kind)) } ?? .null, record.map { .ref($0.id) } ?? .null,
            register.map { .int(Int64($0.field)) } ?? .null, register?.key.map { .text($0) } ?? .null,
        ]).encoded
    }

    /// - Returns: nil for what is no presence of this version.
    package init?(decoding bytes: [UInt8]) {
        guard let value = try? Value(decoding: bytes), let items = value.list, items.count == 5,
            let state = items[0].int.flatMap({ State(rawValue: $0) })
        else { return nil }
        self.state = state
        if let kind = items[1].int.flatMap({ UInt32(exactly: $0) }), let id = items[2].ref {
            record = RecordName(kind: kind, id: id)
        }
        if let field = items[3].int.flatMap({ UInt32(exactly: $0) }) {
            register = RegisterName(field: field, key: items[4].text)
        }
    }
}
