internal import ParleyCore
internal import ParleyProtocol
internal import ParleyTrust

/// Presence is sealed like a body, with a key of its own; in a workspace that has no epoch it is plain.
extension Workspace {
    /// - Returns: nil where this device holds no key, or where it would be too long: presence may be dropped.
    func seal(_ presence: PresencePayload) -> Presence? {
        guard let newest = try? membership.sealingKey() else {
            let isPlain = membership.roster.newestEpoch == nil
            return isPlain ? Presence(device: device, payload: presence.encoded) : nil
        }
        let payload = try? PresenceSeal.seal(
            presence.encoded, under: newest.key, epoch: newest.epoch, device: device, workspace: id,
            nonce: ambient.random(12))
        return payload.map { Presence(device: device, payload: $0) }
    }

    /// - Returns: nil for what cannot be opened or read, which is passed over.
    func open(_ presence: Presence) -> PresencePayload? {
        guard membership.roster.newestEpoch != nil else {
            return PresencePayload(decoding: presence.payload)
        }
        let plain = PresenceSeal.open(
            presence.payload, with: membership.ring, device: presence.device, workspace: id)
        return plain.flatMap { PresencePayload(decoding: $0) }
    }
}
