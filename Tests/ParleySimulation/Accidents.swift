internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore
internal import ParleyTrust

/// What goes wrong.
extension Run {
    // MARK: Crashes

    /// The process is killed: its memory and its connection are gone, what it had written is there.
    func crash(_ replica: Replica) throws {
        close(replica)
        try replica.reopen(from: replica.image())
        tally[.clientCrashes] += 1
        journal.note("\(replica.name) is killed and starts again")
    }

    func crashServer() throws {
        for replica in replicas { close(replica) }
        try server.reopen(from: server.image())
        tally[.serverCrashes] += 1
        journal.note("the server is killed and starts again")
    }

    // MARK: Writes that fail

    private static let triggers = ["changeset", "touched", "chain", "signature", "meta", "register"]

    /// Lets every insert into one table fail, as a full disk would.
    private func failing<Result>(
        _ table: String, _ file: ((SQLConnection) throws -> Void) throws -> Void, _ body: () throws -> Result
    ) throws -> Result {
        try file {
            try $0.execute(
                "CREATE TRIGGER fails BEFORE INSERT ON \(table) BEGIN SELECT RAISE(ABORT, 'provoked'); END")
        }
        defer { try? file { try $0.execute("DROP TRIGGER fails") } }
        return try body()
    }

    /// A write of the client fails, in an edit or while it takes in what others wrote. The process goes on.
    func failWrite(of replica: Replica) throws {
        let table = dice.pick(Self.triggers)
        tally[.failedWrites] += 1
        journal.note("\(replica.name) cannot write to \(table)")
        let isEdit = dice.chance(40)
        try failing(table, { try replica.withFile($0) }) {
            do {
                if isEdit { try edit(replica) } else { try sync(replica) }
            } catch is StoreError {
                close(replica)
            }
        }
        try catchUp(replica)
    }

    func failWriteOfServer(with replica: Replica) throws {
        let table = dice.pick(["changeset", "chain", "signature"])
        tally[.failedWrites] += 1
        journal.note("the server cannot write to \(table)")
        let log = try server.log()
        _ = try failing(table, { try $0(log) }) { try sync(replica) }
    }

    // MARK: Backups

    func backUpServer() throws {
        backup = try server.image()
        journal.note("the server is backed up")
    }

    /// The server's disk is lost; its operator puts the last backup in its place. What nobody but the server
    /// had is gone with the disk.
    func restoreServer() throws {
        guard let backup else { return }
        for replica in replicas { close(replica) }
        try server.reopen(from: backup)
        server.reading = Ledger.Reading()
        tally[.restoredServers] += 1
        provoked.insert(.forks)
        try noteDestroyed()
        journal.note("the server is restored from its backup")
    }

    func backUp(_ replica: Replica) throws {
        replica.backup = try replica.image()
        journal.note("\(replica.name) is backed up")
    }

    func restore(_ replica: Replica) throws {
        guard let backup = replica.backup else { return }
        close(replica)
        try replica.reopen(from: backup)
        try reread(replica)
        tally[.restoredClients] += 1
        provoked.insert(.forks)
        journal.note("\(replica.name) is restored from its backup")
        try noteDestroyed()
    }

    /// The folder is copied to another machine, and both are used.
    func copy(_ replica: Replica) throws {
        guard replicas.count < 6, replica.workspace.role() != nil else { return }
        try catchUp(replica)
        let name = replica.name + "-copy\(replicas.count)"
        try replica.image().write(to: root + "/" + name)
        let twin = try Replica(
            name: name, handle: replica.handle, machine: Machine(time, seed: dice.next()),
            folder: root + "/" + name)
        twin.reading = replica.reading
        twin.acknowledged = replica.acknowledged
        replicas.append(twin)
        tally[.copies] += 1
        provoked.insert(.forks)
        journal.note("\(replica.name)'s folder is copied")
    }

    private func reread(_ replica: Replica) throws {
        replica.knownDevice = replica.device
        try replica.withFile { try reread(replica, $0, as: replica.device) }
    }

    /// After an accident that destroyed a file: what is in no file any more cannot be asked for.
    private func noteDestroyed() throws {
        try readServer()
        var left = server.reading.deeds
        for replica in replicas {
            try catchUp(replica)
            left.formUnion(replica.reading.deeds)
        }
        var all = DeedSet()
        for act in 0..<ledger.actCount { all.insert(act) }
        ledger.destroyed.formUnion(all.subtracting(ledger.acts(of: left)))
    }

    // MARK: Clocks

    /// Seconds off, or up to a year, in either direction.
    func setClock(of replica: Replica) {
        replica.machine.error = wrongness()
        journal.note("\(replica.name)'s clock is \(replica.machine.error) ms ahead")
    }

    private func wrongness() -> Int64 {
        tally[.wrongClocks] += 1
        provoked.insert(.wrongClocks)
        let size = dice.chance(60) ? Int64(dice.below(90_000)) : Int64(dice.below(365)) * 86_400_000
        return dice.chance(50) ? size : -size
    }

    func moveClock(of replica: Replica) {
        if dice.chance(15) {
            server.machine.error = dice.chance(50) ? 0 : wrongness()
            journal.note("the server's clock is \(server.machine.error) ms ahead")
        } else if dice.chance(30) {
            replica.machine.error = 0
            journal.note("\(replica.name)'s clock is right again")
        } else {
            setClock(of: replica)
        }
    }

    // MARK: Others

    func rebuild(_ replica: Replica) throws {
        try replica.workspace.store.rebuild()
        tally[.rebuilds] += 1
        journal.note("\(replica.name) rebuilds")
    }

    func tamper(_ replica: Replica) {
        guard let link = replica.link, !link.wasTampered else { return }
        link.tampersNext = true
        provoked.insert(.tampering)
        tally[.tampered] += 1
        journal.note("somebody alters what passes between \(replica.name) and the server")
    }

    /// Somebody new comes in, with an invite of the founder's.
    func join() throws {
        guard replicas.count < 5 else { return }
        let admin = replicas[0]
        let name = "new\(replicas.count)"
        let invite = try admin.workspace.invite(
            handle: Handle(name), role: .analyst, until: time.now + 400 * 86_400_000)
        let machine = Machine(time, seed: dice.next())
        let workspace = try Workspace.join(
            folder: root + "/" + name, invite: invite.invite, server: invite.server, ambient: machine.ambient)
        let newcomer = Replica(
            name: name, handle: name, machine: machine, folder: root + "/" + name, workspace: workspace)
        handles[workspace.device] = name
        replicas.append(newcomer)
        tally[.joins] += 1
        journal.note("\(name) joins")
        if try sync(newcomer, .both) { return }
        try sync(admin, .both)
        if try !sync(newcomer, .both), newcomer.workspace.role() == nil {
            journal.note("\(name) is not let in")
            close(newcomer)
            replicas.removeLast()
        }
    }
}
