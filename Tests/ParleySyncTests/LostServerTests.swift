import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("A server has lost something")
struct LostServerTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 41)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Early")])
        try bench.syncAll(olga, ben)
    }

    private func lost(_ reports: [SyncReport]) -> Int {
        reports.reduce(0) { if case .serverHadLost(let count) = $1 { $0 + count } else { $0 } }
    }

    @Test("a server restored from a backup is given back what it lost, own and others', by one member")
    func restored() throws {
        try bench.backUpServer(to: "backup")
        for round in 0..<4 { try olga.set(record, "title", .text("Olga \(round)")) }
        try ben.set(record, "basis", .text("Ben"))
        try bench.syncAll(olga, ben)
        try bench.restoreServer(from: "backup")
        let outcome = try bench.syncReporting(ben)
        #expect(lost(outcome.reports) == 5 && outcome.tally.sent == 5)
        #expect(!outcome.reports.contains { if case .healed = $0 { true } else { false } }, "no fork")
        #expect(try bench.sync(olga) == SyncTally())
        let fresh = try bench.member("cara", invitedBy: olga)
        #expect(try fresh.liveRows() == olga.liveRows())
        #expect(lost(try bench.syncReporting(ben).reports) == 0)
    }

    @Test("a reader gives back too")
    func byReader() throws {
        let reader = try bench.member("rita", invitedBy: olga, role: .reader)
        try bench.backUpServer(to: "backup")
        for round in 0..<4 { try olga.set(record, "title", .text("Olga \(round)")) }
        try bench.syncAll(olga, reader)
        try bench.restoreServer(from: "backup")
        let outcome = try bench.syncReporting(reader)
        #expect(lost(outcome.reports) == 4 && outcome.tally.sent == 4 && outcome.tally.refused == 0)
        try bench.sync(ben)
        #expect(try ben.liveRows() == olga.liveRows())
    }

    @Test("a member who came in after the backup is given back too, statements first")
    func lostMember() throws {
        try bench.backUpServer(to: "backup")
        let cara = try bench.member("cara", invitedBy: olga)
        try cara.set(record, "basis", .text("Cara"))
        try bench.syncAll(cara, olga, ben)
        try bench.restoreServer(from: "backup")
        #expect(lost(try bench.syncReporting(ben).reports) == 1)
        try cara.set(record, "criterion", .text("Cara again"))
        try bench.syncAll(cara, olga, ben)
        #expect(try ben.value(record, "criterion") == .text("Cara again"))
        #expect(try cara.liveRows() == olga.liveRows())
    }

    @Test(
        "work done before and after a restored server meets is all there, and what was known acknowledged is reset"
    )
    func writesAround() throws {
        try bench.backUpServer(to: "backup")
        try olga.set(record, "title", .text("Lost with the server"))
        try bench.syncAll(olga, ben)
        #expect(try olga.store.read { try $0.unsent(of: olga.device) } == 0)
        try bench.restoreServer(from: "backup")
        try ben.set(record, "basis", .text("Ben, after"))
        try bench.sync(ben, .pull)
        let link = try bench.connect(olga)
        link.budget = 900
        try bench.settle()
        link.cut()
        try bench.settle()
        try bench.syncAll(olga, ben)
        for workspace in [olga, ben] {
            #expect(try workspace.value(record, "title") == .text("Lost with the server"))
            #expect(try workspace.value(record, "basis") == .text("Ben, after") && workspace.asides() == 0)
        }
        #expect(try olga.store.read { try $0.unsent(of: olga.device) } == 0)
    }

    @Test("a server whose data is gone is filled again by the founder's client and the others")
    func gone() throws {
        try ben.set(record, "basis", .text("Ben, unsent"))
        try bench.loseServer()
        let stranger = try bench.connect(ben)
        try bench.settle()
        #expect(stranger.engine.isOver)
        stranger.cut()
        try bench.publish(olga)
        #expect(try olga.store.read { try $0.unsent(of: olga.device) } == 1)
        try bench.syncAll(olga, ben)
        #expect(try ben.liveRows() == olga.liveRows())
        #expect(try olga.value(record, "basis") == .text("Ben, unsent"))
        let fresh = try bench.member("cara", invitedBy: olga)
        #expect(try fresh.liveRows() == olga.liveRows())
    }

    @Test("any admin may publish again, however many members there are")
    func goneByOtherAdmin() throws {
        let dora = try bench.member("dora", invitedBy: olga, role: .admin)
        for number in 0..<12 { _ = try bench.member("m\(number)", invitedBy: dora) }
        let last = try bench.member("zoe", invitedBy: dora, role: .admin)
        try bench.syncAll(olga, dora, last)
        try bench.loseServer()
        try bench.publish(last)
        try bench.syncAll(last, ben, olga)
        #expect(try olga.liveRows() == last.liveRows() && ben.liveRows() == last.liveRows())
        #expect(ben.membership.statements == last.membership.statements)
    }

    @Test("a copied folder and a restored server at once end in agreement")
    func both() throws {
        try bench.backUpServer(to: "backup")
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "title", .text("Lost with the server"))
        try bench.syncAll(olga, ben)
        try bench.restoreServer(from: "backup")
        try copy.set(record, "basis", .text("By the copy"))
        try bench.sync(copy)
        // The branch that the server holds now is the copy's: olga's is the one that is written again.
        try bench.syncAll(olga, ben, copy)
        try bench.syncAll(olga, ben, copy)
        for workspace in [olga, ben, copy] {
            #expect(try workspace.value(record, "title") == .text("Lost with the server"))
            #expect(try workspace.value(record, "basis") == .text("By the copy"))
            #expect(try workspace.liveRows() == ben.liveRows() && workspace.store.verify() == [])
        }
    }
}
