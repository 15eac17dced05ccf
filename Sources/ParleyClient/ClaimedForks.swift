internal import ParleyCore
internal import ParleyStore

/// Forks that were mended on a server's word: it said that it holds another branch from a number on. It is to
/// hand that branch over, signed by the device, in the next session; until then its word is not proved.
enum ClaimedForks {
    static func add(_ change: ChangeID, to log: Log) throws {
        var all = try read(log)
        if !all.contains(change) { all.append(change) }
        try save(all, to: log)
    }

    /// Those of which no other branch has come.
    static func unproved(_ log: Log) throws -> [ChangeID] {
        try read(log).filter { change in
            guard let held = try log.mark(of: change)?.hash else { return true }
            return try log.forkedHashes(of: change).contains(held)
        }
    }

    /// Forgets those that are proved.
    static func settle(_ log: Log) throws {
        let (all, left) = (try read(log), try unproved(log))
        if left != all { try save(left, to: log) }
    }

    private static func read(_ log: Log) throws -> [ChangeID] {
        guard let bytes = try log.meta(Meta.claimedForks) else { return [] }
        var reader = ByteReader(bytes)
        var all: [ChangeID] = []
        while !reader.isAtEnd {
            all.append(ChangeID(device: DeviceID(try reader.uint128("device")), number: try reader.varint()))
        }
        return all
    }

    private static func save(_ all: [ChangeID], to log: Log) throws {
        var bytes: [UInt8] = []
        for change in all {
            bytes.append(uint128: change.device.number)
            bytes.append(varint: change.number)
        }
        try log.setMeta(Meta.claimedForks, bytes.isEmpty ? nil : bytes)
    }
}
