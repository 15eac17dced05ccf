internal import ParleyCore
internal import ParleyTrust

/// How a device encodes what it writes: sealed under the newest epoch of which it holds the key, plain in a
/// workspace that has none. The nonce is random and never derived, since a copied or restored chain would
/// repeat it.
struct Sealer: Sendable {
    private let seal: BodySeal?
    private let random: @Sendable (Int) -> [UInt8]
    /// What headers say; 0 for plain.
    let epoch: UInt64

    /// - Throws: `noKey` where the workspace seals and no key is here.
    init(_ membership: Membership, _ device: DeviceID, _ random: @escaping @Sendable (Int) -> [UInt8])
        throws(ClientError)
    {
        let newest = try membership.sealingKey()
        seal = newest.map { BodySeal(under: $0.key, of: device) }
        epoch = newest?.epoch.epochNumber ?? 0
        self.random = random
    }

    /// A whole changeset.
    /// - Parameters:
    ///   - header: says the epoch of this sealer.
    ///   - packed: the packed body.
    func encode(_ header: ChangesetHeader, _ packed: [UInt8]) throws -> [UInt8] {
        guard let seal else { return header.encoded(bodySize: packed.count) + packed }
        let head = header.encoded(bodySize: BodySeal.sealedSize(ofPacked: packed.count))
        return head + (try seal.seal(packed, header: head, nonce: random(12)))
    }
}

extension Workspace {
    func sealer(for device: DeviceID) throws -> Sealer { try Sealer(membership, device, ambient.random) }
}
