internal import ParleyProtocol

/// What keeps many peers, and unruly ones, within the limits.
extension Relay {
    /// At the limit a stranger goes who stands where most of them stand (nothing said, the right first message,
    /// the whole handshake), and of those the one who has kept the server waiting longest: else a storm of those
    /// who say nothing, or of those who say nothing more, would keep out everybody who stands elsewhere.
    func makeRoom(for addressKey: [UInt8]?, at now: Int64) {
        let strangers = peers.values.filter(\.isStranger)
        let near = addressKey.map { key in strangers.filter { $0.addressKey == key } } ?? []
        let isCrowdedNear = near.count >= Limits.connectionsPerAddress
        guard isCrowdedNear || strangers.count >= Limits.connectionsBeforeWelcome else { return }
        let crowd = isCrowdedNear ? near : strangers
        let places = Dictionary(grouping: crowd, by: \.progress)
        let fullest = places.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        endOldest(of: fullest?.value ?? [], "too many connections", at: now)
    }

    /// One device has one session or two. The oldest goes, which may be what is left of a broken connection.
    func boundSessions(of peer: Peer, at now: Int64) {
        guard let seat = peer.seat else { return }
        let same = peers.values.filter { $0.seat?.isSame(as: seat) == true && !$0.hasEnded }
        guard same.count > Limits.sessionsPerDevice else { return }
        endOldest(of: same, "too many sessions of this device", at: now)
    }

    private func endOldest(of crowd: [Peer], _ reason: String, at now: Int64) {
        guard let oldest = crowd.min(by: { $0.id.number < $1.id.number }) else { return }
        end(oldest, ProtocolError(.busy, "\(reason); come back in a moment"), at: now)
    }

    // MARK: Bytes

    /// Bytes that may wait for one receiver now.
    package var roomPerPeer: Int {
        min(Limits.backlog, max(Limits.slice, Limits.buffered / max(1, peers.count)))
    }

    /// Notes what of a peer waits unfinished.
    func recount(_ peer: Peer) {
        let bytes = peer.session.unfinished?.bytes ?? 0
        unfinishedBytes += bytes - peer.unfinished
        peer.unfinished = bytes
    }

    /// Above the limit the device of whom most is unfinished loses the session that has been at it longest.
    func boundUnfinished(at now: Int64) {
        while unfinishedBytes > Limits.buffered, let peer = slowestOfWorst() {
            end(
                peer, ProtocolError(.limit, "too much of your messages is unfinished; come back in a moment"),
                at: now)
        }
    }

    private func slowestOfWorst() -> Peer? {
        let busy = peers.values.filter { $0.unfinished > 0 }
        let byKey = Dictionary(grouping: busy) { $0.channelKey ?? [] }
        let worst = byKey.values.max { one, other in
            one.reduce(0) { $0 + $1.unfinished } < other.reduce(0) { $0 + $1.unfinished }
        }
        return worst?.min { ($0.session.unfinished?.since ?? 0) < ($1.session.unfinished?.since ?? 0) }
    }

    /// A receiver to whom much is owed is not listened to, nor one of whom much is still to be stored; it is not
    /// slow for that. But if it hardly takes what it is owed, it ends.
    func watch(_ peer: Peer, pending: Int, isOverfull: Bool, at now: Int64) {
        let hasTaken = peer.outflow.look(pending: pending, at: now)
        if isOverfull || pending >= Limits.slice || hasTaken && pending > 0 { peer.session.excuse(at: now) }
        guard peer.outflow.isStuck(at: now) else { return }
        end(peer, ProtocolError(.timeout, "what waits for you is taken slower than 1 KiB/s"), at: now)
    }
}
