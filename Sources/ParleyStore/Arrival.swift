package import ParleyCore

/// What the store must know and cannot: how a body is opened and who owns a device.
package struct StoreRules: Sendable {
    /// Unseals, unpacks and decodes a body, and judges it; nil is void. `bytes` is the whole changeset.
    package var openBody:
        @Sendable (_ header: ChangesetHeader, _ bytes: [UInt8], _ body: Range<Int>) -> ChangesetBody?
    /// The handle of a device's analyst, by the roster.
    package var analyst: @Sendable (DeviceID) -> String?
    /// The first 8 bytes of a changeset's address.
    package var address: @Sendable (ChangeID) -> UInt64

    package init(
        openBody: @escaping @Sendable (ChangesetHeader, [UInt8], Range<Int>) -> ChangesetBody?,
        analyst: @escaping @Sendable (DeviceID) -> String?,
        address: @escaping @Sendable (ChangeID) -> UInt64 = { _ in 0 }
    ) {
        self.openBody = openBody
        self.analyst = analyst
        self.address = address
    }

    /// The body of a changeset of the log; nil is void.
    package func open(_ entry: LogEntry) throws -> ChangesetBody? {
        let (header, body) = try ChangesetHeader.decode(entry.bytes)
        return openBody(header, entry.bytes, body)
    }
}

/// A changeset on its way into the tables: it fits its chain, everything in its context is held or stands
/// before it, and its signature is right or will be made.
package struct Arrival: Sendable {
    package var entry: LogEntry
    /// nil is void: kept in the log, sets nothing, supersedes nothing.
    package var body: ChangesetBody?

    package init(entry: LogEntry, body: ChangesetBody?) {
        self.entry = entry
        self.body = body
    }
}

/// What one register write did when it was merged.
package struct AppliedWrite: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// It is shown now. `over` tells whether it set another head aside.
        case shown(over: Bool)
        /// Equal to what is shown, by a head it had not seen.
        case same
        case setAside
    }
    package var origin: Origin
    package var record: RecordName
    package var register: RegisterName
    package var outcome: Outcome
}

/// What an append did.
package struct Applied: Equatable, Sendable {
    /// The last position in the log.
    package var position: Int64 = 0
    package var voided = 0
    /// In the order of records; empty unless asked for.
    package var writes: [AppliedWrite] = []
}
