internal import Chance
internal import ParleyClient
internal import ParleyCore

/// Peace: clocks are set right, everybody syncs at most twice, and then all must be as the law says. Where
/// healing has left a colleague's chain with an end that only the colleague can sign, what rests on it waits
/// for that sync, and those who came before need a third.
extension Run {
    func settleAndCheck() throws {
        for replica in replicas {
            close(replica)
            replica.machine.error = 0
        }
        server.machine.error = 0
        time.advance(by: 1000)
        hasWaited = false
        try syncAll()
        try syncAll(isLast: !hasWaited)
        if hasWaited { try syncAll(isLast: true) }
        do { try check() } catch let failure as Failure { throw failure } catch {
            throw Failure("no errors", "\(error)")
        }
    }

    private func syncAll(isLast: Bool = false) throws {
        for replica in replicas where try !sync(replica, .both) && isLast {
            throw Failure("two rounds", "\(replica.name) cannot come in step")
        }
    }

    private func check() throws {
        try readServer()
        for replica in replicas { try catchUp(replica) }
        try checkNothingLost()
        let changesets = try Changesets(of: server.log(), &ledger)
        try changesets.check(ledger)
        try checkTables()
        let model = Model(changesets, ledger, handles)
        try model.compare(with: replicas[dice.below(replicas.count)])
        model.count(into: &tally)
        try checkSignatures(changesets)
        if dice.chance(50) { try checkSearch() }
        if dice.chance(30) { try checkRebuild() }
    }

    /// Every act whose last copy no accident destroyed is everywhere.
    private func checkNothingLost() throws {
        var wanted = DeedSet()
        for act in 0..<ledger.actCount { wanted.insert(act) }
        wanted = try wanted.subtracting(ledger.destroyed).subtracting(setApart())
        let holders = replicas.map { ($0.name, $0.reading.deeds) } + [("the server", server.reading.deeds)]
        for (holder, held) in holders {
            if let lost = wanted.subtracting(ledger.acts(of: held)).members.first {
                let deed = ledger.deeds.first { $0.act == lost }
                throw Failure("nothing lost", "\(holder) lacks \(deed?.note ?? "?")")
            }
        }
        for replica in replicas { tally[.acknowledged] += Int(replica.acknowledged) }
    }

    /// Acts that a replica keeps apart and that stand in no log: of a branch whose author has lost it.
    private func setApart() throws -> DeedSet {
        var acts = DeedSet()
        guard provoked.contains(.forks) else { return acts }
        for replica in replicas {
            try replica.withFile { file in
                guard try file.number(of: "SELECT count(*) FROM sqlite_master WHERE name = 'forked'") > 0
                else {
                    return
                }
                try file.each("SELECT bytes FROM forked WHERE new_device IS NULL") {
                    acts.insert(try ledger.act(of: $0.bytes(0)))
                }
            }
        }
        let lost = acts.subtracting(ledger.acts(of: server.reading.deeds))
        tally[.setApart] += lost.count
        return lost
    }
}
