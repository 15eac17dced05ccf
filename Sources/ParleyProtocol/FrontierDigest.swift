internal import Crypto
internal import ParleyCore

extension Digests {
    private static let frontierLabel = Array("parley/1 frontier\0".utf8)

    /// SHA-256 over the label and, by device ascending: device, number as 8 bytes, chain hash.
    package static func frontier(_ entries: [FrontierEntry]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: frontierLabel)
        for entry in entries {
            var bytes: [UInt8] = []
            bytes.append(uint128: entry.change.device.number)
            bytes.append(uint64: entry.change.number)
            hash.update(data: bytes)
            hash.update(data: entry.hash)
        }
        return Array(hash.finalize())
    }
}
