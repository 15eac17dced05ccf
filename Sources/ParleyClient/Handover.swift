internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// What a session asks of the workspace's store: a hello, the next run to hand over, a run to take in.
extension Workspace {
    /// What a session began with: another process may write to the workspace while the answer is on its way.
    struct Beginning {
        var hello: Hello
        /// Where the log ended.
        var position: Int64
        /// The own chain's highest number.
        var number: UInt64
        var remembersRefusals: Bool
    }

    func beginning(at now: Int64) throws -> Beginning {
        try store.read { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            let digests = Digests(
                frontier: Digests.frontier(try tx.log.frontierEntries()),
                statements: membership.statements.digest)
            let introduction = try tx.log.meta(Meta.introduction).map { try Introductions.decode($0) }
            let hello = Hello(
                workspace: id, device: device, time: now, digests: digests,
                introduction: introduction ?? Introduction())
            return Beginning(
                hello: hello, position: try tx.log.lastPosition(),
                number: try tx.log.head(of: device)?.number ?? 0,
                remembersRefusals: try tx.log.meta(Meta.refused) != nil)
        }
    }

    /// Takes in runs, each judged by itself, up to the first with a fault: appended and merged in one
    /// transaction; nothing of it where anything fails.
    /// - Returns: between which positions of the log they stand, `from` excluded, besides the verdicts.
    func receive(
        _ runs: [ChangesetRun]
    ) throws -> (verdicts: [Admission.Verdict], from: Int64, through: Int64) {
        try store.write { tx in
            let from = try tx.log.lastPosition()
            return (try take(runs, in: tx).verdicts, from, try tx.log.lastPosition())
        }
    }

    func take(
        _ runs: [ChangesetRun], in tx: WriteTransaction, reporting: Bool = false
    ) throws -> (verdicts: [Admission.Verdict], applied: Applied) {
        try membership.refresh(from: tx.log)
        let admission = Admission(workspace: id, roster: membership.roster)
        var heads = try tx.log.heads()
        var appending = try tx.appending(reporting: reporting, indexing: !indexesLater)
        var verdicts: [Admission.Verdict] = []
        for run in runs where verdicts.allSatisfy(\.faults.isEmpty) {
            let verdict = try admission.judge(run.changesets, run.signatures, onto: heads) {
                try tx.log.mark(of: $0)
            }
            try appending.add(verdict.entries.map { Arrival(entry: $0, body: try store.rules.open($0)) })
            for signature in verdict.signatures { try tx.log.save(signature) }
            heads = verdict.heads
            verdicts.append(verdict)
        }
        let applied = try appending.finish()
        for verdict in verdicts { try noteReturned(verdict, tx) }
        return (verdicts, applied)
    }

    /// What others hand back of the own chain, to a replica restored from a backup, has left long ago and is
    /// held elsewhere.
    private func noteReturned(_ verdict: Admission.Verdict, _ tx: WriteTransaction) throws {
        guard let own = verdict.entries.last(where: { $0.header.change.device == device }) else { return }
        let number = own.header.change.number
        try tx.log.setMeta(Meta.left, max(try tx.log.metaNumber(Meta.left), number))
        try tx.setAcknowledged(max(try tx.acknowledged(), number))
    }

    struct Handed {
        var run: ChangesetRun
        var position: Int64
        var isAtEnd: Bool
        /// How many own changesets were given another stamp first.
        var restamped = 0
    }

    /// The next slice of the log for a receiver. What leaves of the own chain is stamped as the clock rule
    /// wants it and signed, and the mark that it has left is durable before this returns.
    func handOver(after position: Int64, beyond: Frontier) throws -> Handed {
        var restamped = 0
        while true {
            let slice = try store.read {
                try $0.log.slice(after: position, beyond: beyond, own: device, limit: Limits.slice)
            }
            var signatures = slice.signatures
            if let unsigned = slice.unsigned {
                let anew = try restamp()
                if anew.isRestamped { restamped += anew.count }
                // Where it was just written anew, here or by another process, it is read again.
                guard anew.count == 0, let signature = try sign(unsigned) else { continue }
                signatures.append(signature)
            }
            let run = ChangesetRun(changesets: slice.items.map(\.bytes), signatures: signatures)
            return Handed(
                run: run, position: slice.position, isAtEnd: slice.isAtEnd, restamped: restamped)
        }
    }

    /// Signs the own chain up to a number that leaves now.
    private func sign(_ end: (change: ChangeID, hash: [UInt8])) throws -> SignedNumber? {
        try store.write { tx in
            try refreshIdentity(tx.log)
            guard end.change.device == device, try tx.log.mark(of: end.change)?.hash == end.hash else {
                return nil
            }
            let signature = SignedNumber(
                change: end.change,
                signature: try Chain.sign(end.change.number, hash: end.hash, workspace: id, by: identity))
            try tx.log.save(signature)
            if Flaw.isPlanted(.leftMarkedLate) { return signature }
            try tx.log.setMeta(Meta.left, max(try tx.log.metaNumber(Meta.left), end.change.number))
            return signature
        }
    }

    /// The server has let this device in: it need not introduce itself again.
    /// - Parameter clockOffset: nil leaves what an earlier session has measured.
    func noteWelcome(clockOffset: Int64?) throws {
        let known = try store.read { tx in
            let offset = try tx.log.metaText(Meta.clockOffset).flatMap { Int64($0) }
            let introduces = try tx.log.meta(Meta.introduction) != nil
            return (offset: offset, introduces: introduces, wasOut: try tx.log.meta(Meta.removed) != nil)
        }
        // A measurement within the noise of a handshake is not worth a write.
        let moved = clockOffset.flatMap { offset in
            known.offset.map { abs($0 - offset) > 500 } ?? true ? offset : nil
        }
        guard moved != nil || known.introduces || known.wasOut else { return }
        try store.write { tx in
            if let moved { try tx.log.setMeta(Meta.clockOffset, moved) }
            if known.introduces { try tx.log.setMeta(Meta.introduction, nil) }
            if known.wasOut { try tx.log.setMeta(Meta.removed, nil) }
        }
    }

    /// The server says that this device was put out; it tells no more to whoever is.
    func noteRemoved() throws {
        try store.write { try $0.log.setMeta(Meta.removed, [1]) }
    }

    func noteAcknowledged(_ number: UInt64) throws {
        if Flaw.isPlanted(.leftMarkedLate) { try store.write { try $0.log.setMeta(Meta.left, number) } }
        let (acknowledged, left) = try store.read {
            (try $0.acknowledged(), try $0.log.metaNumber(Meta.left))
        }
        guard acknowledged != number || left < number else { return }
        try store.write { tx in
            try tx.setAcknowledged(number)
            // A copy of this folder may have handed it over: what somebody holds is never encoded anew.
            try tx.log.setMeta(Meta.left, max(try tx.log.metaNumber(Meta.left), number))
        }
    }
}

extension Log {
    func frontierEntries() throws -> [FrontierEntry] {
        let heads = try heads()
        return heads.frontier.sorted.map { FrontierEntry(change: $0, hash: heads[$0.device]?.hash ?? []) }
    }
}
