import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("Two analysts, one workspace, one server")
struct TwoAnalystsTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace

    init() throws {
        bench = try Bench()
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
    }

    @Test("what another process states goes out through the session that is open, before its changes")
    func statedMeanwhile() throws {
        let bench = try Bench(seed: 19)
        let olga = try bench.founder("olga")
        let ben = try bench.member("ben", invitedBy: olga)
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let (link, other) = (try bench.connect(olga), try bench.connect(ben))
        try bench.settle()
        let process = try Workspace(folder: olga.folder, ambient: bench.clock.ambient)
        _ = try process.invite(handle: Handle("cara"), role: .analyst, until: bench.clock.now() + 1_000_000)
        try process.setRole(Handle("ben"), .admin)
        try process.set(record, "title", .text("Written after"))
        try link.engine.pump()
        try bench.settle()
        #expect(ben.role() == .admin)
        #expect(ben.membership.statements.digest == olga.membership.statements.digest)
        #expect(try ben.value(record, "title") == .text("Written after"))
        #expect(other.engine.isInStep && link.engine.isInStep)
        #expect(try bench.visit(ben).doubts == [])
    }

    @Test("a newcomer knows the roster, and everybody knows the newcomer")
    func roster() throws {
        #expect(ben.handle == "ben" && olga.handle == "olga")
        #expect(olga.membership.analyst(of: ben.device) == "ben")
        // Olga has made a key for both since.
        try bench.sync(ben)
        #expect(ben.membership.statements == olga.membership.statements)
    }

    @Test("edits of different fields of one record, made offline, both survive")
    func differentFields() throws {
        let record = try olga.create("judgment", ["title": .text("Talks restate positions")])
        try bench.syncAll(olga, ben)
        try olga.set(record, "likelihood", .text("likely"))
        try ben.set(record, "confidence", .text("low"))
        try bench.syncAll(olga, ben)
        for workspace in [olga, ben] {
            #expect(try workspace.value(record, "likelihood") == .text("likely"))
            #expect(try workspace.value(record, "confidence") == .text("low"))
            #expect(try workspace.asides() == 0)
        }
    }

    @Test("of two offline edits of the same field the later shows on both, and the other is set aside")
    func sameField() throws {
        let record = try olga.create("judgment", ["title": .text("First")])
        try bench.syncAll(olga, ben)
        try ben.set(record, "title", .text("Ben's"))
        try olga.set(record, "title", .text("Olga's, later"))
        try bench.syncAll(olga, ben)
        for workspace in [olga, ben] {
            #expect(try workspace.value(record, "title") == .text("Olga's, later"))
            #expect(try workspace.asides() == 1)
        }
        #expect(try olga.liveRows() == ben.liveRows())
    }

    @Test("a write that had seen the other replaces it and sets nothing aside")
    func sequential() throws {
        let record = try olga.create("judgment", ["title": .text("First")])
        try bench.syncAll(olga, ben)
        try ben.set(record, "title", .text("Second"))
        try bench.syncAll(ben, olga)
        try olga.set(record, "title", .text("Third"))
        try bench.syncAll(olga, ben)
        #expect(try ben.value(record, "title") == .text("Third"))
        #expect(try ben.asides() == 0)
    }

    @Test("with nothing new a sync is one round trip of less than a kilobyte")
    func nothingNew() throws {
        _ = try olga.create("judgment", ["title": .text("One")])
        try bench.syncAll(olga, ben)
        try bench.sync(olga)
        let link = try bench.connect(olga)
        try bench.settle()
        #expect(link.engine.isInStep)
        #expect(link.engine.counts == SyncTally())
        print("promise: nothing-to-sync-bytes count=\(link.sentUp + link.sentDown)")
        #expect(link.sentUp + link.sentDown < 1024)
    }

    @Test("a client that was away gets exactly what it lacks")
    func away() throws {
        for number in 0..<5 { _ = try olga.create("judgment", ["title": .text("Early \(number)")]) }
        try bench.syncAll(olga, ben)
        for number in 0..<7 { _ = try olga.create("judgment", ["title": .text("Late \(number)")]) }
        try bench.sync(olga)
        let tally = try bench.sync(ben)
        #expect(tally.received == 7 && tally.sent == 0)
    }

    @Test("edits reach a connected client as they land")
    func live() throws {
        let link = try bench.connect(ben)
        try bench.settle()
        _ = link.engine.takeReports()
        let record = try olga.create("judgment", ["title": .text("Fresh")])
        try bench.sync(olga)
        #expect(try ben.value(record, "title") == .text("Fresh"))
        #expect(link.engine.takeReports().contains(.received(1)))
    }

    @Test("an edit made beside a connected client is pushed at its next pump")
    func beside() throws {
        let link = try bench.connect(ben)
        try bench.settle()
        let record = try ben.create("judgment", ["title": .text("Typed beside")])
        try link.engine.pump()
        try bench.settle()
        try bench.sync(olga)
        #expect(try olga.value(record, "title") == .text("Typed beside"))
    }

    @Test("an edit made between hello and welcome is not forgotten")
    func duringGreeting() throws {
        _ = try olga.create("judgment", ["title": .text("Before")])
        try bench.syncAll(olga, ben)
        try bench.sync(olga)
        let link = try bench.connect(olga)
        let record = try olga.create("judgment", ["title": .text("While the hello was on its way")])
        try bench.settle()
        #expect(link.engine.isInStep && link.engine.counts.sent == 1)
        try bench.sync(ben)
        #expect(try ben.value(record, "title") == .text("While the hello was on its way"))
    }

    @Test("a rating belongs to its analyst; a colleague's key cannot be overwritten")
    func keyed() throws {
        let record = try olga.create("judgment", ["title": .text("Rated")])
        try bench.syncAll(olga, ben)
        try olga.set(record, "stance", key: "olga", .list([.text("agree")]))
        try ben.set(record, "stance", key: "olga", .list([.text("disagree")]))
        try ben.set(record, "stance", key: "ben", .list([.text("neutral")]))
        try bench.syncAll(ben, olga)
        for workspace in [olga, ben] {
            #expect(try workspace.value(record, "stance", key: "olga") == .list([.text("agree")]))
            #expect(try workspace.value(record, "stance", key: "ben") == .list([.text("neutral")]))
        }
    }

    @Test("unknown kinds and fields pass through clients and server unharmed")
    func unknown() throws {
        let stranger = RecordName(kind: 99, id: RecordID(7))
        let known = try olga.create("judgment", ["title": .text("Known")])
        try olga.commit(Act(.hand)) { _ in
            Writes([
                RegisterWrite(stranger, RegisterName(field: 3), .text("of a later version")),
                RegisterWrite(known, RegisterName(field: 61, key: "k"), .other([0xF9, 0x3C, 0x00])),
            ])
        }
        try bench.syncAll(olga, ben)
        let image = try ben.store.read { try $0.image(of: stranger) }
        #expect(image?[3] == .text("of a later version"))
        #expect(try ben.store.read { try $0.image(of: known) }?[61, "k"] == .other([0xF9, 0x3C, 0x00]))
    }

    @Test("an act larger than a changeset is split into the parts of a batch, and arrives whole")
    func largeAct() throws {
        let text = String(repeating: "0123456789abcdef", count: 3000)
        var records: [RecordName] = []
        try olga.commit(Act(.hand)) { _ in
            var writes: [RegisterWrite] = []
            for number in 0..<60 {
                let name = RecordName(kind: 3, id: RecordID(UInt128(1000 + number)))
                records.append(name)
                writes.append(RegisterWrite(name, RegisterName(field: 2), .text("\(number) " + text)))
            }
            return Writes(writes)
        }
        #expect(try olga.store.read { try $0.log.count() } > 2)
        try bench.syncAll(olga, ben)
        for (number, record) in records.enumerated() {
            #expect(try ben.value(record, "text") == .text("\(number) " + text))
        }
    }
}

@Suite("Broken links")
struct BrokenLinkTests {
    @Test("a sync cut at every byte, then repeated, ends as if it had never been cut")
    func everyByte() throws {
        let bench = try Bench(seed: 3)
        let olga = try bench.founder("olga")
        let ben = try bench.member("ben", invitedBy: olga)
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        var cuts = 0
        for budget in stride(from: 0, to: 900, by: 7) {
            try olga.set(record, "title", .text("Olga \(budget)"))
            try ben.set(record, "basis", .text("Ben \(budget)"))
            for workspace in [olga, ben] {
                let link = try bench.connect(workspace)
                link.budget = budget
                try bench.settle()
                link.cut()
                try bench.settle()
                cuts += 1
            }
        }
        try bench.syncAll(olga, ben)
        #expect(try olga.liveRows() == ben.liveRows())
        #expect(try ben.value(record, "title") == .text("Olga 896"))
        #expect(try olga.value(record, "basis") == .text("Ben 896"))
        #expect(try ben.asides() == 0)
        print("promise: link-cuts count=\(cuts)")
    }

    @Test(
        "a server killed between push and acknowledgement has what it acknowledged and takes the rest again")
    func serverKilled() throws {
        let bench = try Bench(seed: 4)
        let olga = try bench.founder("olga")
        let ben = try bench.member("ben", invitedBy: olga)
        for round in 0..<20 {
            _ = try olga.create("judgment", ["title": .text("Round \(round)")])
            let link = try bench.connect(olga)
            link.budget = 150 + round * 40
            try bench.settle()
            try bench.restartServer()
        }
        try bench.syncAll(olga, ben)
        #expect(try olga.liveRows() == ben.liveRows())
        #expect(try ben.store.read { try $0.log.count() } == 20)
    }

    @Test("a client passes over bad statements and what a server says twice")
    func passedOver() throws {
        let bench = try Bench(seed: 5)
        let olga = try bench.founder("olga")
        let link = try bench.connect(olga)
        try bench.settle()
        let bad: Message = .statements([[], [2], [UInt8](repeating: 1, count: 150)])
        for message in [bad, .frontier([]), .caughtUp, .caughtUp] as [Message] {
            link.push(downstream: message.frame.encoded)
        }
        try bench.settle()
        #expect(link.engine.isOpen, "\(link.engine.takeReports())")
        _ = try olga.create("judgment", ["title": .text("The session goes on")])
        try link.engine.pump()
        try bench.settle()
        #expect(link.engine.isInStep && link.engine.counts.sent == 1)
    }

    @Test("a changeset that is held with other bytes ends the client's session as a fork")
    func forkFromServer() throws {
        let bench = try Bench(seed: 6)
        let olga = try bench.founder("olga")
        _ = try olga.create("judgment", ["title": .text("Held")])
        let link = try bench.connect(olga)
        try bench.settle()
        let header = ChangesetHeader(
            change: ChangeID(device: olga.device, number: 1), time: HybridTime(number: 1), epoch: 0,
            context: Frontier(), statement: nil)
        let run = ChangesetRun(changesets: [header.encoded(bodySize: 0)], signatures: [])
        link.push(downstream: Message.changesets(run).frame.encoded)
        try bench.settle()
        let codes = link.engine.takeReports().compactMap { report -> ProtocolError.Code? in
            if case .ended(let error) = report { error.code } else { nil }
        }
        #expect(codes == [.fork])
    }
}
