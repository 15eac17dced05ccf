package import ParleyCore

/// The key of an epoch, sealed to the sealing key of one device: see ``EpochSeal``.
package struct DeviceSeal: Hashable, Sendable {
    static let size = 16 + 32 + 48
    package let device: DeviceID
    /// 32 bytes: the sender's X25519 key of this seal.
    package let encapsulated: [UInt8]
    /// 48 bytes.
    package let sealed: [UInt8]

    package init(device: DeviceID, encapsulated: [UInt8], sealed: [UInt8]) {
        self.device = device
        self.encapsulated = encapsulated
        self.sealed = sealed
    }
}

/// The key of an earlier epoch under that of a later one: see ``EpochWrap``.
package struct WrappedKey: Hashable, Sendable {
    package let epoch: StatementHash
    /// 48 bytes.
    package let wrapped: [UInt8]

    package init(epoch: StatementHash, wrapped: [UInt8]) {
        self.epoch = epoch
        self.wrapped = wrapped
    }
}

/// `epoch`: from now on bodies are sealed under a new key. Signed by a device of an admin. It holds as many
/// seals as fit; `share` statements hold the others.
///
///     +----------+--------+--------+===============+--------+==================+
///     | key hash |  time  | count  |   previous    | count  |      seals       |
///     |    32    | varint | varint | (32 + 48) ..  | varint | (16 + 32 + 48) ..|
///     +----------+--------+--------+===============+--------+==================+
package struct Epoch: Hashable, Sendable {
    /// Earlier keys that one epoch hands on at most.
    package static let mostPrevious = 8
    /// By it whoever opens a seal knows the key for the right one.
    package let keyHash: [UInt8]
    /// Milliseconds since 1970, as its author says.
    package let time: Int64
    /// Ascending by epoch.
    package let previous: [WrappedKey]
    /// Ascending by device.
    package let seals: [DeviceSeal]
}

/// `share`: the key of an epoch for further devices. Signed by any device that is in.
///
///     +-------+--------+===================+
///     | epoch | count  |       seals       |
///     |  32   | varint | (16 + 32 + 48) .. |
///     +-------+--------+===================+
package struct Share: Hashable, Sendable {
    package let epoch: StatementHash
    /// At least one; ascending by device.
    package let seals: [DeviceSeal]
}

extension StatementHash {
    /// What a changeset's header calls the epoch that this statement made: its first 4 bytes, and 1 for 0,
    /// which means a plain body. Two epochs may share a number.
    package var epochNumber: UInt64 {
        max(1, bytes.prefix(4).reduce(0) { $0 << 8 | UInt64($1) })
    }
}

extension ByteReader {
    mutating func epoch() throws(MalformedBytes) -> Epoch {
        Epoch(
            keyHash: try take(32, "key hash"), time: try time(), previous: try previous(),
            seals: try seals())
    }

    mutating func share() throws(MalformedBytes) -> Share {
        let epoch = try epochHash()
        let seals = try seals()
        guard !seals.isEmpty else { throw failure(.notAllowed, "seals") }
        return Share(epoch: epoch, seals: seals)
    }

    private mutating func previous() throws(MalformedBytes) -> [WrappedKey] {
        var keys: [WrappedKey] = []
        for _ in 0..<(try length(atMost: Epoch.mostPrevious, "previous epochs")) {
            let key = WrappedKey(epoch: try epochHash(), wrapped: try take(48, "wrapped key"))
            if let last = keys.last, last.epoch >= key.epoch { throw failure(.outOfOrder, "previous epochs") }
            keys.append(key)
        }
        return keys
    }

    private mutating func seals() throws(MalformedBytes) -> [DeviceSeal] {
        var seals: [DeviceSeal] = []
        for _ in 0..<(try length(atMost: remaining / DeviceSeal.size, "seals")) {
            let seal = DeviceSeal(
                device: DeviceID(try uint128("device")), encapsulated: try take(32, "encapsulated key"),
                sealed: try take(48, "sealed key"))
            if let last = seals.last, last.device >= seal.device { throw failure(.outOfOrder, "seals") }
            seals.append(seal)
        }
        return seals
    }

    private mutating func epochHash() throws(MalformedBytes) -> StatementHash {
        guard let hash = StatementHash(try take(32, "epoch")) else { throw failure(.truncated, "epoch") }
        return hash
    }
}

extension Statement {
    /// Begins an epoch. ``EpochMaking`` says with what.
    /// - Parameters:
    ///   - issuer: a device of an admin.
    ///   - time: milliseconds since 1970.
    package static func epoch(
        by issuer: Identity, on rests: [StatementHash], keyHash: [UInt8], time: Int64,
        previous: [WrappedKey], seals: [DeviceSeal]
    ) throws(TrustError) -> Statement {
        guard keyHash.count == 32 else { throw TrustError(.badKey, at: "epoch") }
        guard previous.count <= Epoch.mostPrevious, previous.allSatisfy({ $0.wrapped.count == 48 }) else {
            throw TrustError(.badSeal, at: "previous epochs")
        }
        var payload = keyHash
        payload.append(varint: try StatementTime.checked(time))
        payload.append(varint: UInt64(previous.count))
        for key in previous.sorted(by: { $0.epoch < $1.epoch }) { payload += key.epoch.bytes + key.wrapped }
        try payload.append(seals: seals)
        return try make(Tag.epoch, on: rests, payload, signer: issuer.signing)
    }

    /// Hands the key of an epoch to further devices.
    /// - Parameter member: a device that is in.
    package static func share(
        by member: Identity, on rests: [StatementHash], epoch: StatementHash, seals: [DeviceSeal]
    ) throws(TrustError) -> Statement {
        guard !seals.isEmpty else { throw TrustError(.badSeal, at: "share") }
        var payload = epoch.bytes
        try payload.append(seals: seals)
        return try make(Tag.share, on: rests, payload, signer: member.signing)
    }
}

extension [UInt8] {
    fileprivate mutating func append(seals: [DeviceSeal]) throws(TrustError) {
        guard seals.allSatisfy({ $0.encapsulated.count == 32 && $0.sealed.count == 48 }) else {
            throw TrustError(.badSeal, at: "seals")
        }
        append(varint: UInt64(seals.count))
        for seal in seals.sorted(by: { $0.device < $1.device }) {
            append(uint128: seal.device.number)
            append(contentsOf: seal.encapsulated + seal.sealed)
        }
    }
}
