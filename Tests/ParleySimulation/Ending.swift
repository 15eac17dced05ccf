internal import ParleyClient
internal import ParleyCore

/// Peace: clocks are set right, everybody syncs at most twice, and then all must be as the law says.
extension Run {
    func settleAndCheck() throws {
        for replica in replicas {
            close(replica)
            replica.machine.error = 0
        }
        time.advance(by: 1000)
        for round in 1...2 {
            for replica in replicas where try !sync(replica, .both) && round == 2 {
                throw Failure("two rounds", "\(replica.name) cannot come in step")
            }
        }
        do { try check() } catch let failure as Failure { throw failure } catch {
            throw Failure("no errors", "\(error)")
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
        try checkSearch()
        try checkSignatures(changesets)
        try checkRebuild()
    }

    /// Every deed whose last copy no accident destroyed is everywhere.
    private func checkNothingLost() throws {
        var wanted = DeedSet()
        for deed in ledger.deeds { wanted.insert(deed.id) }
        wanted = wanted.subtracting(ledger.destroyed)
        let holders = replicas.map { ($0.name, $0.reading.deeds) } + [("the server", server.reading.deeds)]
        for (holder, held) in holders {
            if let lost = wanted.subtracting(held).members.first {
                throw Failure("nothing lost", "\(holder) lacks \(name(lost))")
            }
        }
        for replica in replicas {
            tally[.acknowledged] += Int(replica.acknowledged)
        }
    }
}
