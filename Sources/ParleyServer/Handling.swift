internal import Logging
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyTrust

/// What a peer's messages do. Who acts on a workspace has a permit for it, asked for here.
extension Relay {
    func handle(_ events: [SessionEvent], of peer: Peer, at now: Int64) {
        for event in events {
            do { try handle(event, of: peer, at: now) } catch {
                logger.error("failed", metadata: ["peer": "\(peer.address)", "error": "\(error)"])
                end(peer, ProtocolError(.storage, "the server could not use its store"), at: now)
            }
        }
    }

    private func handle(_ event: SessionEvent, of peer: Peer, at now: Int64) throws {
        switch event {
        case .hello(let hello): try admit(hello, peer, at: now)
        case .goodbye, .caughtUp: break
        case .ended(let error):
            logger.info(
                "session ended",
                metadata: ["peer": "\(peer.address)", "reason": "\(error.code): \(error.text)"])
        case .welcomed, .stored, .refused, .declined, .succession:
            end(peer, ProtocolError(.malformed, "a message that only servers send"), at: now)
        case .statements, .frontier, .changesets, .presence:
            guard let seat = peer.seat, !peer.isSentAway else { return }
            try act(on: event, of: peer, seat, at: now)
        }
    }

    private func act(on event: SessionEvent, of peer: Peer, _ seat: Seat, at now: Int64) throws {
        do {
            switch event {
            case .statements(let offered): try take(offered, from: peer, seat.permit(to: .state), at: now)
            case .frontier(let entries): try start(peer, holding: entries, seat.permit(to: .listen), at: now)
            case .presence(let presence): try forward(presence, from: peer, seat.permit(to: .signal), at: now)
            case .changesets(let run):
                // Whoever may not push is sent away now; the transaction that stores the run asks anew.
                _ = try seat.permit(to: .push)
                gather(run, from: peer, seat)
            default: break
            }
        } catch let denial as Seat.Denial { end(peer, denial.said, at: now) }
    }

    func end(_ peer: Peer, _ error: ProtocolError, at now: Int64) {
        logger.info(
            "ending session", metadata: ["peer": "\(peer.address)", "reason": "\(error.code): \(error.text)"])
        peer.isSentAway = true
        peer.session.fail(error, at: now)
        recount(peer)
        owed.insert(peer.id)
    }

    // MARK: Coming in

    private func admit(_ hello: Hello, _ peer: Peer, at now: Int64) throws {
        let doorkeeper = Doorkeeper(folder: folder, key: peer.channelKey)
        let judgment = try doorkeeper.judge(hello, at: now) { try workspace($0) }
        switch judgment {
        case .refused(let error): end(peer, error, at: now)
        case .admitted(let seat, let news, let isMember):
            peer.seat = seat
            logger.info("welcome", metadata: ["peer": "\(peer.address)", "device": "\(hello.device.text)"])
            boundSessions(of: peer, at: now)
            greet(peer, hello, seat, isMember: isMember, at: now)
            rosterChanged(news, in: seat.workspaceID, by: peer, at: now)
            handle(peer.session.resume(at: now), of: peer, at: now)
        }
    }

    private func greet(_ peer: Peer, _ hello: Hello, _ seat: Seat, isMember: Bool, at now: Int64) {
        let (digests, position) = seat.state
        peer.session.welcome(Welcome(time: now, digests: digests), at: now)
        let greeting = Peer.Greeting(
            sendsStatements: hello.digests.statements != digests.statements,
            equalUpTo: hello.digests.frontier == digests.frontier ? position : nil)
        guard isMember else { return peer.greeting = greeting }
        announceKey(to: peer, at: now)
        do throws(Seat.Denial) { finish(greeting, peer, try seat.permit(to: .listen), at: now) } catch {
            end(peer, error.said, at: now)
        }
    }

    /// Over the channel in which the present key was proved, members hear of the next one.
    private func announceKey(to peer: Peer, at now: Int64) {
        do {
            guard let next = try folder.announced() else { return }
            peer.session.send(.succession(key: next.keys.channel), at: now)
        } catch { logger.error("the announced key cannot be read", metadata: ["error": "\(error)"]) }
    }

    // MARK: Messages

    private func start(
        _ peer: Peer, holding entries: [FrontierEntry], _ permit: borrowing Permit, at now: Int64
    ) throws {
        guard peer.cursor == nil else { return }
        for fork in try permit.forks(with: entries) {
            let text = "another copy of this workspace has written under the same identity"
            peer.session.send(.refused(Refusal(change: fork, reason: .fork, text: text)), at: now)
        }
        peer.beyond = Frontier(covering: entries.map(\.change))
        peer.cursor = try permit.start(for: peer.beyond)
    }

    private func take(
        _ offered: [[UInt8]], from peer: Peer, _ permit: borrowing Permit, at now: Int64
    ) throws {
        guard let news = try added(offered, by: peer, permit, at: now) else { return }
        rosterChanged(news, in: permit.workspaceID, by: peer, at: now)
        guard let greeting = peer.greeting, let seat = peer.seat, !peer.hasEnded else { return }
        do throws(Seat.Denial) { finish(greeting, peer, try seat.permit(to: .listen), at: now) } catch {
            if case .guest = error { return }
            end(peer, error.said, at: now)
        }
    }

    /// - Returns: nil where they were declined.
    private func added(
        _ offered: [[UInt8]], by peer: Peer, _ permit: borrowing Permit, at now: Int64
    ) throws -> [[UInt8]]? {
        do { return try permit.add(offered) } catch let fault as HostedWorkspace.CutBehind {
            let text = "the removal would void changes that the server has acknowledged"
            let declination = Declination(
                statements: fault.statements.map(\.bytes), reason: .cut, text: text)
            peer.session.send(.declined(declination), at: now)
            return nil
        }
    }

    /// Whoever is no member any more leaves in this turn; the others hear the news.
    private func rosterChanged(
        _ news: [[UInt8]], in workspace: WorkspaceID, by peer: Peer, at now: Int64
    ) {
        guard !news.isEmpty else { return }
        for other in peers.values where other.isIn(workspace) && !other.hasEnded {
            if let denial = other.seat?.eviction { end(other, denial.said, at: now) }
        }
        tell(news, in: workspace, except: peer, at: now)
    }

    /// Presence is the only thing that may be dropped: for whoever sends too much of it, or reads too slowly.
    private func forward(
        _ presence: Presence, from peer: Peer, _ permit: borrowing Permit, at now: Int64
    ) {
        guard presence.device == permit.device, peer.presences.take(1, at: now) else { return }
        broadcast(.presence(presence), in: permit.workspaceID, except: peer, at: now) { !$0.isBackedUp }
    }
}
