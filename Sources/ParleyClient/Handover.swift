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
    }

    func beginning(at now: Int64) throws -> Beginning {
        try store.read { tx in
            try membership.refresh(from: tx.log)
            let digests = Digests(
                frontier: Digests.frontier(try tx.log.frontierEntries()),
                statements: membership.statements.digest)
            let introduction = try tx.log.meta(Meta.introduction).map { try Introductions.decode($0) }
            let hello = Hello(
                workspace: id, device: device, time: now, digests: digests,
                introduction: introduction ?? Introduction())
            return Beginning(
                hello: hello, position: try tx.log.lastPosition(),
                number: try tx.log.head(of: device)?.number ?? 0)
        }
    }

    /// Takes in a run: judged, appended and merged in one transaction; nothing of it where anything fails.
    func receive(_ run: ChangesetRun) throws -> Admission.Verdict {
        try store.write { tx in
            try membership.refresh(from: tx.log)
            let admission = Admission(workspace: id, roster: membership.roster)
            let verdict = try admission.judge(run.changesets, run.signatures, onto: tx.log.heads()) {
                try tx.log.mark(of: $0)
            }
            try tx.append(verdict.entries.map { Arrival(entry: $0, body: try store.rules.open($0)) })
            for signature in verdict.signatures { try tx.log.save(signature) }
            return verdict
        }
    }

    struct Handed {
        var run: ChangesetRun
        var position: Int64
        var isAtEnd: Bool
    }

    /// The next slice of the log for a receiver. What leaves of the own chain is signed, and the mark that it
    /// has left is durable before this returns.
    func handOver(after position: Int64, beyond: Frontier) throws -> Handed {
        let slice = try store.read {
            try $0.log.slice(after: position, beyond: beyond, own: device, limit: Limits.slice)
        }
        var signatures = slice.signatures
        if let unsigned = slice.unsigned {
            let signature = SignedNumber(
                change: unsigned.change,
                signature: try Chain.sign(
                    unsigned.change.number, hash: unsigned.hash, workspace: id, by: identity))
            signatures.append(signature)
            if !Flaw.isPlanted(.leftMarkedLate) { try noteLeft(signature) }
        }
        let run = ChangesetRun(changesets: slice.items.map(\.bytes), signatures: signatures)
        return Handed(run: run, position: slice.position, isAtEnd: slice.isAtEnd)
    }

    private func noteLeft(_ signature: SignedNumber) throws {
        try store.write { tx in
            try tx.log.save(signature)
            let left = max(try tx.log.metaNumber(Meta.left), signature.change.number)
            try tx.log.setMeta(Meta.left, left)
        }
    }

    /// The server has let this device in: it need not introduce itself again.
    func noteWelcome(clockOffset: Int64) throws {
        let known = try store.read { tx in
            let offset = try tx.log.metaText(Meta.clockOffset).flatMap { Int64($0) }
            return (offset: offset, introduces: try tx.log.meta(Meta.introduction) != nil)
        }
        // A measurement within the noise of a handshake is not worth a write.
        let moved = abs((known.offset ?? 0) - clockOffset) > 500 || known.offset == nil
        guard moved || known.introduces else { return }
        try store.write { tx in
            if moved { try tx.log.setMeta(Meta.clockOffset, clockOffset) }
            if known.introduces { try tx.log.setMeta(Meta.introduction, nil) }
        }
    }

    func noteAcknowledged(_ number: UInt64) throws {
        if Flaw.isPlanted(.leftMarkedLate) { try store.write { try $0.log.setMeta(Meta.left, number) } }
        guard try store.read({ try $0.acknowledged() }) != number else { return }
        try store.write { try $0.setAcknowledged(number) }
    }
}

extension Log {
    func frontierEntries() throws -> [FrontierEntry] {
        let heads = try heads()
        return heads.frontier.sorted.map { FrontierEntry(change: $0, hash: heads[$0.device]?.hash ?? []) }
    }
}
