/// A changeset as a log keeps it.
package struct LogEntry: Equatable, Sendable {
    package var header: ChangesetHeader
    /// The chain hash up to and with this changeset.
    package var hash: [UInt8]
    /// The first 8 bytes of its address.
    package var address: UInt64
    package var bytes: [UInt8]

    package init(header: ChangesetHeader, hash: [UInt8], address: UInt64, bytes: [UInt8]) {
        self.header = header
        self.hash = hash
        self.address = address
        self.bytes = bytes
    }
}

/// The end of one device's chain as a replica holds it.
package struct ChainHead: Equatable, Sendable {
    package var number: UInt64
    package var time: HybridTime
    package var hash: [UInt8]
    /// What the author held when writing that last changeset, its own previous number not counted.
    package var context: Frontier

    package init(number: UInt64, time: HybridTime, hash: [UInt8], context: Frontier) {
        self.number = number
        self.time = time
        self.hash = hash
        self.context = context
    }

    /// The head after one more changeset.
    package func advanced(by entry: LogEntry) -> ChainHead { advanced(by: entry.header, hash: entry.hash) }

    package func advanced(by header: ChangesetHeader, hash: [UInt8]) -> ChainHead {
        var context = context
        context.merge(header.context)
        return ChainHead(number: header.change.number, time: header.time, hash: hash, context: context)
    }
}

/// A device's signature on its chain up to one number.
package struct SignedNumber: Equatable, Sendable {
    package var change: ChangeID
    /// Ed25519, 64 bytes.
    package var signature: [UInt8]

    package init(change: ChangeID, signature: [UInt8]) {
        self.change = change
        self.signature = signature
    }
}

extension [DeviceID: ChainHead] {
    /// What a replica with these chains holds.
    package var frontier: Frontier { Frontier(mapValues(\.number)) }
}
