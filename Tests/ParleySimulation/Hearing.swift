internal import ParleyClient
internal import ParleyCore
internal import ParleyProtocol

/// What sessions report, and what of it nothing had provoked.
extension Run {
    func hear(_ replica: Replica, _ link: Link) throws {
        for report in link.engine.takeReports() {
            switch report {
            case .stored(let number): replica.acknowledged = max(replica.acknowledged, number)
            case .refused(let refusal): try hear(refusal, replica, link)
            case .ended(let error): try hear(error, replica, link)
            case .healed(let healing): try hear(healing, replica, link)
            case .forked(let change):
                journal.note("\(replica.name) finds a fork at \(change.number)")
                guard provoked.contains(.forks) || link.wasTampered else {
                    throw Failure("no forks", "\(replica.name) at \(change.number)")
                }
            case .identityChanged: link.hasMended = true
            case .forgotten:
                journal.note("\(replica.name) was forgotten")
                link.hasMended = true
                guard provoked.contains(.forks) else {
                    throw Failure("no healing", "\(replica.name): forgotten")
                }
            case .restamped(let count):
                tally[.restamped] += count
                journal.note("\(replica.name) stamps \(count) anew")
                try withLog(of: replica) { try reread(replica, $0, as: replica.device) }
            case .serverHadLost(let count): journal.note("\(replica.name) gives \(count) back")
            case .doubt(let doubt):
                journal.note("\(replica.name) doubts: \(doubt.kind) \(doubt.count)")
                // Who is restored or copied, or has a wrong clock, gives reason to ask; an honest server gives none.
                let isOfClocks = [.clocksApart, .falseRefusal].contains(doubt.kind)
                // What was altered on its way once is doubted until it is settled.
                let isProvoked =
                    !provoked.isDisjoint(with: [.forks, .tampering])
                    || provoked.contains(.wrongClocks) && isOfClocks
                guard isProvoked || link.wasTampered || doubt.kind == .clocksApart else {
                    throw Failure("no doubts", "\(replica.name): \(doubt.kind) \(doubt.count)")
                }
            case .removalSignedAgain(let handles): journal.note("\(replica.name) removes again \(handles)")
            case .welcomed, .received, .membershipChanged, .presence, .goodbye: break
            }
        }
    }

    private func hear(_ healing: Healing, _ replica: Replica, _ link: Link) throws {
        link.hasMended = true
        provoked.insert(.freshIdentities)
        tally[.healed] += 1
        journal.note(
            "\(replica.name) mends \(healing.cause): \(healing.rewritten) anew, \(healing.setApart) set apart"
        )
        let isExpected =
            switch healing.cause {
            // What was altered on its way to the server looks to it like another branch.
            case .fork, .foreignFork: provoked.contains(.forks) || link.wasTampered
            case .clock: provoked.contains(.wrongClocks)
            case .stamp: provoked.contains(.forks)
            case .damage: link.wasTampered
            }
        guard isExpected else { throw Failure("no healing", "\(replica.name): \(healing.cause)") }
        try withLog(of: replica) { try reread(replica, $0, as: replica.device) }
    }

    private func hear(_ refusal: Refusal, _ replica: Replica, _ link: Link) throws {
        journal.note("\(replica.name) is refused \(refusal.change.number): \(refusal.reason)")
        // What rests on a chain's end that only its author can hand on has to wait for the author; and so what rests
        // on a colleague's change that had left in a bundle, was stamped too far ahead, and is pushed by the
        // colleague: it is taken from anybody else.
        let waits = refusal.reason == .context && !provoked.isDisjoint(with: [.forks, .wrongClocks])
        hasWaited = hasWaited || waits
        // A server whose clock moved during the session: the next welcome shows its clock anew. What follows in
        // the chain waits with the change that was refused.
        let isOfClocks = [.clock, .gap].contains(refusal.reason) && provoked.contains(.wrongClocks)
        guard link.wasTampered || waits || isOfClocks else {
            throw Failure("no refusals", "\(replica.name): \(refusal.reason) \(refusal.text)")
        }
    }

    private func hear(_ error: ProtocolError, _ replica: Replica, _ link: Link) throws {
        journal.note("\(replica.name)'s session ends: \(error.code)")
        // A fork that comes to light in a changeset is mended in the session that follows.
        if error.code == .fork, !error.isRemote, provoked.contains(.forks) { return link.hasMended = true }
        guard link.wasTampered || isExpected(error.code) else {
            throw Failure("no faults", "\(replica.name): \(error.code) \(error.text)")
        }
    }

    /// Silence while time jumps, and a server that could not write, are provoked. A server that was put back
    /// may not know a device any more, or what a newcomer's invite rests on; nor does one know a fresh identity
    /// of which the admin has heard by a bundle.
    private func isExpected(_ code: ProtocolError.Code) -> Bool {
        switch code {
        case .timeout, .storage: true
        case .forbidden: provoked.contains(.forks)
        case .invite: !provoked.isDisjoint(with: [.forks, .freshIdentities])
        default: false
        }
    }

    private func withLog(of replica: Replica, _ body: (SQLConnection) throws -> Void) throws {
        // What was sealed anew in the session is under a key that may have come in it.
        ledger.keep(replica.workspace.membership.ring)
        try replica.withFile(body)
    }
}

/// Accidents after which replicas and server may disagree for a while.
struct Provocations: OptionSet {
    let rawValue: Int

    /// A folder was copied, or an earlier state of it was put back.
    static let forks = Provocations(rawValue: 1)
    static let wrongClocks = Provocations(rawValue: 2)
    /// Somebody has altered what passes between a replica and the server.
    static let tampering = Provocations(rawValue: 8)
    /// Somebody has mended a log, and writes under a fresh identity since.
    static let freshIdentities = Provocations(rawValue: 4)
}
