internal import Logging
internal import ParleyCore
internal import ParleyProtocol

/// What peers are told: the statements and the log from where each stands, and what happens meanwhile.
extension Relay {
    /// Sends the next slice of the log, if any is owed.
    /// - Returns: whether more is to follow.
    func serve(_ peer: Peer, sharing shared: inout [WorkspaceID: SharedRun], at now: Int64) -> Bool {
        guard let seat = peer.seat, peer.isListening else { return false }
        do throws(Seat.Denial) {
            let permit = try seat.permit(to: .listen)
            if peer.opening != nil { open(peer, permit, at: now) }
            guard peer.opening == nil else { return true }
            return sendSlice(to: peer, permit, in: seat.workspaceID, sharing: &shared, at: now)
        } catch {
            end(peer, error.said, at: now)
            return false
        }
    }

    private func sendSlice(
        to peer: Peer, _ permit: borrowing Permit, in workspace: WorkspaceID,
        sharing shared: inout [WorkspaceID: SharedRun], at now: Int64
    ) -> Bool {
        guard let cursor = peer.cursor else { return false }
        do {
            var isAtEnd = cursor == permit.position
            if !isAtEnd {
                let run = try nextRun(for: peer, permit, from: cursor, shared[workspace])
                if peer.beyond == Frontier() { shared[workspace] = run }
                if let frame = run.frame, !run.isHeld(by: peer.beyond) {
                    peer.session.send(encoded: frame, at: now)
                }
                peer.cursor = run.through
                peer.beyond.merge(run.last)
                isAtEnd = run.isAtEnd
            }
            if isAtEnd { caughtUp(peer, at: now) }
            return !isAtEnd
        } catch {
            logger.error("could not read a log", metadata: ["error": "\(error)"])
            end(peer, ProtocolError(.storage, "the server could not read its log"), at: now)
            return false
        }
    }

    private func nextRun(
        for peer: Peer, _ permit: borrowing Permit, from cursor: Int64, _ shared: SharedRun?
    ) throws -> SharedRun {
        if let shared, shared.from == cursor, shared.isWhole(to: peer.beyond) { return shared }
        let read = try permit.run(after: cursor, beyond: peer.beyond)
        return SharedRun(from: cursor, read.run, through: read.position, isAtEnd: read.isAtEnd)
    }

    /// Everything up to the cursor is with the peer: what it holds need not be remembered any longer.
    private func caughtUp(_ peer: Peer, at now: Int64) {
        peer.beyond = Frontier()
        guard !peer.hasCaughtUp else { return }
        peer.hasCaughtUp = true
        peer.session.send(.caughtUp, at: now)
    }

    // MARK: The greeting

    /// The other end is a member: it is told the statements, then the frontier, or that both hold the same.
    func finish(_ greeting: Peer.Greeting, _ peer: Peer, _ permit: borrowing Permit, at now: Int64) {
        peer.greeting = nil
        peer.seat?.settle()
        let statements = greeting.sendsStatements ? permit.statements : []
        peer.opening = Peer.Opening(
            statements: statements.parts(ofBytes: Limits.statements), equalUpTo: greeting.equalUpTo)
        open(peer, permit, at: now)
    }

    /// The next message of the greeting; the rest when this one has left.
    private func open(_ peer: Peer, _ permit: borrowing Permit, at now: Int64) {
        guard var opening = peer.opening else { return }
        if !opening.statements.isEmpty {
            peer.session.send(.statements(opening.statements.removeFirst()), at: now)
        }
        peer.opening = opening.statements.isEmpty ? nil : opening
        guard peer.opening == nil else { return }
        if let position = opening.equalUpTo {
            peer.cursor = position
            if position == permit.position { caughtUp(peer, at: now) }
        } else {
            peer.session.send(.frontier(permit.frontierEntries), at: now)
        }
    }

    // MARK: What happens meanwhile

    func tell(_ news: [[UInt8]], in workspace: WorkspaceID, except peer: Peer, at now: Int64) {
        guard !news.isEmpty else { return }
        for other in peers.values where other.isIn(workspace) && other !== peer {
            other.opening?.statements.append(news)
        }
        broadcast(.statements(news), in: workspace, except: peer, at: now) { $0.opening == nil }
    }

    func broadcast(
        _ message: Message, in workspace: WorkspaceID, except sender: Peer, at now: Int64,
        to isMeant: (Peer) -> Bool
    ) {
        let frame = message.frame.encoded
        for peer in peers.values where peer.isIn(workspace) && peer !== sender && peer.isListening {
            guard isMeant(peer), let seat = peer.seat else { continue }
            do throws(Seat.Denial) {
                _ = try seat.permit(to: .listen)
                peer.session.send(encoded: frame, at: now)
                owed.insert(peer.id)
            } catch { end(peer, error.said, at: now) }
        }
    }
}
