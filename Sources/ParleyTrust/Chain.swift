import Crypto
package import ParleyCore

/// A device's changesets as one chain of hashes, and the signatures on it.
///
/// h(0) binds the chain to its workspace and device; h(n) covers the bytes of changeset n and, through
/// h(n-1), of all before it. One signature over h(n) therefore vouches for the whole chain up to n.
package enum Chain {
    /// h(0).
    package static func start(workspace: WorkspaceID, device: DeviceID) -> [UInt8] {
        Label.chainStart.hash(workspace.bytes, device.number.bigEndianBytes)
    }

    /// h(n) from h(n-1) and the bytes of changeset n.
    package static func next(after previous: [UInt8], bytes: [UInt8], in range: Range<Int>? = nil) -> [UInt8]
    {
        bytes.withUnsafeBytes { all in
            let part = range.map { UnsafeRawBufferPointer(rebasing: all[$0]) } ?? all
            return next(after: previous, bytes: part)
        }
    }

    /// The same for bytes that lie somewhere else, such as in a row that is being read.
    package static func next(after previous: [UInt8], bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: Label.chain.bytes)
        hasher.update(data: previous)
        hasher.update(bufferPointer: bytes)
        return Array(hasher.finalize())
    }

    /// 64 bytes: the device's signature on its chain up to `number`, whose chain hash is `hash`.
    package static func sign(
        _ number: UInt64, hash: [UInt8], workspace: WorkspaceID, by identity: Identity
    ) throws(TrustError) -> [UInt8] {
        let text = signedText(number, hash: hash, workspace: workspace, device: identity.device)
        return try identity.signing.signature(.chainSignature, text)
    }

    /// Whether the device of `keys` has signed its chain up to `number` with `hash` as its chain hash.
    package static func verify(
        _ signature: [UInt8], _ number: UInt64, hash: [UInt8], workspace: WorkspaceID,
        by keys: DevicePublicKeys
    ) -> Bool {
        let text = signedText(number, hash: hash, workspace: workspace, device: keys.device)
        return SigningKey.verify(signature, .chainSignature, text, by: keys.signing)
    }

    private static func signedText(
        _ number: UInt64, hash: [UInt8], workspace: WorkspaceID, device: DeviceID
    ) -> [UInt8] {
        var text = workspace.bytes
        text.append(uint128: device.number)
        text.append(uint64: number)
        text.append(contentsOf: hash)
        return text
    }
}
