package import ParleyCore

/// What became of a body when it was opened.
package enum OpenedBody: Sendable {
    case body(ChangesetBody)
    /// It sets nothing and supersedes nothing, for ever.
    case void(VoidReason)
    /// Sealed under a key that this replica does not hold: it sets nothing until the key is there.
    case waiting

    package var readable: ChangesetBody? { if case .body(let body) = self { body } else { nil } }
}

/// Why a changeset, or one write of it, counts for nothing. It is kept in the log all the same.
package enum VoidReason: String, Sendable, CaseIterable {
    /// It does not unseal, unpack or decode.
    case body
    /// It is not sealed, and its author knew that the workspace seals.
    case plain
    /// Its author's role did not let it write.
    case role
    /// It lies beyond the last number that a removal lets stand.
    case cut
    /// A write under another analyst's key.
    case key
}

/// What the store must know and cannot: how a body is opened, who owns a device and what the membership says
/// of a changeset.
package struct StoreRules: Sendable {
    /// Unseals, unpacks and decodes a body. `bytes` is the whole changeset.
    package var openBody:
        @Sendable (_ header: ChangesetHeader, _ bytes: [UInt8], _ body: Range<Int>) -> OpenedBody
    /// Why the membership does not let a changeset count; nil where it does. `naming` tells which statement the
    /// chain named last, 32 bytes, and costs something where it is asked.
    package var judge:
        @Sendable (_ header: ChangesetHeader, _ naming: () throws -> [UInt8]?) throws -> VoidReason?
    /// The handle of a device's analyst, by the roster.
    package var analyst: @Sendable (DeviceID) -> String?
    /// The first 8 bytes of a changeset's address.
    package var address: @Sendable (ChangeID) -> UInt64

    package init(
        openBody: @escaping @Sendable (ChangesetHeader, [UInt8], Range<Int>) -> OpenedBody,
        judge:
            @escaping @Sendable (ChangesetHeader, () throws -> [UInt8]?) throws -> VoidReason? = {
                _, _ in nil
            },
        analyst: @escaping @Sendable (DeviceID) -> String?,
        address: @escaping @Sendable (ChangeID) -> UInt64 = { _ in 0 }
    ) {
        self.openBody = openBody
        self.judge = judge
        self.analyst = analyst
        self.address = address
    }

    /// The body of a changeset of the log, whatever the membership says of it.
    package func open(_ entry: LogEntry) throws -> OpenedBody {
        let (header, body) = try ChangesetHeader.decode(entry.bytes)
        return openBody(header, entry.bytes, body)
    }
}

/// A changeset on its way into the tables: it fits its chain, everything in its context is held or stands
/// before it, and its signature is right or will be made.
package struct Arrival: Sendable {
    package var entry: LogEntry
    package var body: OpenedBody

    package init(entry: LogEntry, body: OpenedBody) {
        self.entry = entry
        self.body = body
    }

    package init(entry: LogEntry, body: ChangesetBody) {
        self.init(entry: entry, body: .body(body))
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
    /// Sealed under keys that are not here.
    package var waiting = 0
    /// In the order of records; empty unless asked for.
    package var writes: [AppliedWrite] = []
}
