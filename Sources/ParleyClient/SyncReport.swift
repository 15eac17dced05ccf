package import ParleyCore
package import ParleyProtocol

/// What a sync session tells its owner.
package enum SyncReport: Equatable, Sendable {
    /// With what the handshake told of the clocks, if it told anything.
    case welcomed(clockOffset: Int64?)
    /// So many changesets were applied.
    case received(Int)
    /// The own chain is durable at the server up to this number.
    case stored(through: UInt64)
    case refused(Refusal)
    case membershipChanged(new: Int)
    /// The server holds another changeset under this device and number.
    case forked(ChangeID)
    /// The log was mended. The session is over, and another one should follow at once.
    case healed(Healing)
    /// Another process has mended the log; the same follows.
    case identityChanged
    /// The server does not know this device any more, which introduces itself again in the session that
    /// should follow at once.
    case forgotten
    /// So many own changesets had been stamped too far ahead by a wrong clock, and had not left yet.
    case restamped(Int)
    /// The server lacks so many changesets that it once held: it was restored from a backup. They are given
    /// back in this session.
    case serverHadLost(Int)
    /// Something does not fit together: the server, or somebody in its place, may not be honest.
    case doubt(Doubt)
    /// The server held more of somebody who was put out or made a reader than this device had: the removal was
    /// signed again, and lets that stand. Their handles.
    case removalSignedAgain([String])
    case presence(DeviceID, PresencePayload)
    case goodbye(retryAfterSeconds: UInt64)
    case ended(ProtocolError)
}

/// Changesets moved in a session.
package struct SyncTally: Equatable, Sendable {
    package var sent = 0
    package var received = 0
    package var refused = 0

    package init() {}

    /// Two sessions, one after the other.
    package init(adding first: SyncTally, _ second: SyncTally) {
        sent = first.sent + second.sent
        received = first.received + second.received
        refused = second.refused
    }
}
