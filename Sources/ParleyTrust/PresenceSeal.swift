import Crypto
package import ParleyCore

/// What a member says of where it is, sealed for the other members.
///
///     +--------+-------+=========+-----+
///     | epoch  | nonce | sealed  | tag |
///     | varint |  12   | payload | 16  |
///     +--------+-------+=========+-----+
package enum PresenceSeal {
    /// Bytes at most, of all of it.
    package static let longest = 1024

    /// - Parameters:
    ///   - epoch: the newest one.
    ///   - nonce: 12 random bytes.
    package static func seal(
        _ payload: [UInt8], under epochKey: Secret, epoch: StatementHash, device: DeviceID,
        workspace: WorkspaceID, nonce: [UInt8]
    ) throws(TrustError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: epoch.epochNumber)
        bytes.append(contentsOf: nonce)
        let key = key(epochKey, device)
        bytes += try Cipher.seal(
            payload, under: key, nonce: nonce, binding: binding(workspace, device))
        guard bytes.count <= longest else { throw TrustError(.badSeal, at: "presence") }
        return bytes
    }

    /// - Returns: nil for what no key of the ring opens: presence is not waited for.
    package static func open(
        _ bytes: [UInt8], with ring: KeyRing, device: DeviceID, workspace: WorkspaceID
    ) -> [UInt8]? {
        var reader = ByteReader(bytes)
        guard bytes.count <= longest, let number = try? reader.varint("epoch"),
            let nonce = try? reader.take(Cipher.nonceSize, "nonce")
        else { return nil }
        for case (_, let epochKey?) in ring.candidates(number) {
            let plain = Cipher.open(
                bytes[reader.position...], under: key(epochKey, device), nonce: nonce,
                binding: binding(workspace, device))
            if let plain { return plain }
        }
        return nil
    }

    private static func key(_ epochKey: Secret, _ device: DeviceID) -> SymmetricKey {
        Label.presenceKey.symmetricKey(from: epochKey, device.number.bigEndianBytes)
    }

    private static func binding(_ workspace: WorkspaceID, _ device: DeviceID) -> [UInt8] {
        workspace.bytes + device.number.bigEndianBytes
    }
}
