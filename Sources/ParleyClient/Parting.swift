internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore

/// What does not fit together: chains that part, and what the server refuses of the own one.
extension SyncEngine {
    /// The server holds another changeset of this name. One that was sent in this session it names exactly;
    /// of what it has read in our frontier it only knows that the chains differ there.
    func parted(_ change: ChangeID, at now: Int64) throws -> Bool {
        if search?.device == change.device { return try searched(change, at: now) }
        guard search == nil else { return true }
        let first = sentFrom[change.device]
        if first > 0, change.number >= first { return try heal(change, at: now) }
        try find(change, at: now)
        return true
    }

    /// The server has read our frontier, and names forks before it sends anything else.
    func judged(at now: Int64) throws {
        guard awaitsVerdict, search == nil else { return }
        awaitsVerdict = false
        if let fork = forks.first { try find(fork, at: now) }
    }

    /// Finds the first number at which a chain parts, by sending it from the last number that the server is
    /// known to hold: it takes what it has and refuses the first that differs.
    func find(_ fork: ChangeID, at now: Int64) throws {
        guard isOpen else { return }
        let known = fork.device == workspace.device ? try workspace.store.read { try $0.acknowledged() } : 0
        let last = beyond[fork.device] == 0 ? fork.number : min(fork.number, beyond[fork.device])
        search = ForkSearch(device: fork.device, first: min(max(known, 1), last), last: last)
        try searchOn(at: now)
    }

    func searchOn(at now: Int64) throws {
        guard let search else { return }
        let run = try workspace.branch(search)
        guard !run.changesets.isEmpty else {
            return fail(ProtocolError(.fork, "the chains differ, and the server does not say where"), at: now)
        }
        scrutiny.say(Frontier(covering: [ChangeID(device: search.device, number: search.last)]))
        session.send(.changesets(run), at: now)
    }

    private func searched(_ change: ChangeID, at now: Int64) throws -> Bool {
        guard let search else { return false }
        // What was held to be known is not: the chains part somewhere before.
        if change.number == search.first, search.first > 1 {
            self.search = ForkSearch(device: search.device, first: 1, last: search.last)
            try searchOn(at: now)
            return true
        }
        return try heal(change, at: now)
    }

    /// - Returns: whether there was something to mend; the session is over then and another one should follow.
    private func heal(_ change: ChangeID, at now: Int64) throws -> Bool {
        let cause: Healing.Cause = change.device == workspace.device ? .fork : .foreignFork
        return try finish(try workspace.heal(cause, from: change), at: now)
    }

    /// A refusal of the own chain that will stand for ever unless the work is written again.
    func cured(_ refusal: Refusal, at now: Int64) throws -> Bool {
        guard refusal.change.device == workspace.device else { return false }
        let isTrue = try workspace.hasFault(refusal, byServersTime: serverTime)
        guard isTrue else { report(Doubt(.falseRefusal, 1)); return false }
        switch refusal.reason {
        case .clock: return try finish(try workspace.heal(.clock, from: refusal.change), at: now)
        case .stamp: return try finish(try workspace.heal(.stamp, from: refusal.change), at: now)
        case .malformed, .signature: return try finish(try workspace.healDamage(), at: now)
        case .unknown, .gap, .context, .permission, .quota, .fork: return false
        }
    }

    private func finish(_ healing: Healing?, at now: Int64) throws -> Bool {
        guard let healing else { return false }
        search = nil
        reports.append(.healed(healing))
        session.leave(at: now)
        return true
    }

    /// Another process has given this replica a fresh identity: this session speaks for the former one.
    func follow(at now: Int64) throws {
        reports.append(.identityChanged)
        session.leave(at: now)
    }
}
