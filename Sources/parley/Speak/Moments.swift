import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

extension Moment {
    /// `@3kq7`, a time (2026-11-21, 2026-11-21T14:00Z) or how long ago (30m, 6h, 2d).
    init(_ text: String, _ tx: ReadTransaction, now: Instant) throws {
        if text.hasPrefix("@") {
            self = .change(try Resolver(tx).change(text))
        } else {
            do { self = .time(try FilterParser(tx, now: now).moment(text).milliseconds) } catch {
                throw CommandFailure(
                    .failed, "time", "\"\(text)\" is no time and no change.",
                    hint: "write @3kq7, 30m, 6h, 2d, 3w or a date such as 2026-11-21")
            }
        }
    }

    var words: String {
        switch self {
        case .time(let time): TimeWords.absolute(Instant(milliseconds: time))
        case .change(let change): change.shortAddress
        }
    }
}

/// An address of a command line: a record, or one register of it.
struct Place {
    var record: RecordName
    var register: RegisterName?

    init(_ text: String, _ tx: ReadTransaction, me: String?) throws {
        let address = try Address(text)
        let resolver = Resolver(tx)
        let record = try resolver.record(address, as: text)
        self.record = record
        register = try address.field.map { try FieldParser(resolver, me: me).register($0, of: record.schema) }
    }
}
