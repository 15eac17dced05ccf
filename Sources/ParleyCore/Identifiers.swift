/// The 16 bytes that name a record: random for what people create, derived (UUIDv5) for what imports and
/// links create, so that two sites which import the same thing while apart create the same record.
package struct RecordID: Hashable, Comparable, Sendable {
    package var number: UInt128

    package init(_ number: UInt128) { self.number = number }

    package static func < (left: RecordID, right: RecordID) -> Bool { left.number < right.number }
}

/// One replica of a workspace on one machine: the first 16 bytes of SHA-256 over its public keys.
/// Devices order as unsigned bytes, which is how a big-endian number orders.
package struct DeviceID: Hashable, Comparable, Sendable {
    package var number: UInt128

    package init(_ number: UInt128) { self.number = number }

    package static func < (left: DeviceID, right: DeviceID) -> Bool { left.number < right.number }
}

/// The 32 bytes that name a workspace: the hash of its founding statement.
package struct WorkspaceID: Hashable, Sendable {
    package var bytes: [UInt8]

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }
}

/// One changeset, wherever it lies: its author's device and its number in that device's chain.
package struct ChangeID: Hashable, Comparable, Sendable {
    package var device: DeviceID
    package var number: UInt64

    package init(device: DeviceID, number: UInt64) {
        self.device = device
        self.number = number
    }

    package static func < (left: ChangeID, right: ChangeID) -> Bool {
        (left.device, left.number) < (right.device, right.number)
    }
}

extension UInt128 {
    /// Reads 16 bytes, the most significant first.
    /// - Returns: nil unless there are exactly 16 bytes.
    package init?(bigEndianBytes bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(folding: bytes)
    }

    /// The same for bytes that lie in one piece, which nearly all do.
    package init?(bigEndianBytes bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(bigEndian: bytes.loadUnaligned(as: UInt128.self))
    }

    package init?(bigEndianBytes bytes: [UInt8]) {
        guard let number = bytes.withUnsafeBytes({ UInt128(bigEndianBytes: $0) }) else { return nil }
        self = number
    }

    /// At most 16 bytes as one number, the most significant first.
    package init(folding bytes: some Sequence<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The 16 bytes of this number, the most significant first.
    package var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }
}
