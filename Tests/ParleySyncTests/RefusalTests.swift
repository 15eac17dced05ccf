import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("What a server does not take")
struct RefusalTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 71)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
    }

    private func lost(_ reports: [SyncReport]) -> Int {
        reports.reduce(0) { if case .serverHadLost(let count) = $1 { $0 + count } else { $0 } }
    }

    /// The server has lost a change of Olga's, and Ben, who holds it, cannot hand it on.
    private func loseContext() throws {
        try bench.backUpServer(to: "backup")
        try olga.set(record, "title", .text("Lost with the server"))
        try bench.syncAll(olga, ben)
        try bench.restoreServer(from: "backup")
        try ben.store.write { try $0.log.forgetSignatures(of: olga.device, from: 2) }
    }

    @Test("it is remembered, the first of its chain and why, until the server takes it")
    func context() throws {
        try loseContext()
        let missing = ChangeID(device: ben.device, number: 1)
        for (count, field) in ["basis", "criterion"].enumerated() {
            try ben.set(record, field, .text("rests on what was lost"))
            let outcome = try bench.syncReporting(ben)
            #expect(outcome.tally.refused == 1, "\(outcome.reports)")
            let standing = try ben.standingRefusals()
            #expect(standing.map(\.refusal.change) == [missing])
            #expect(standing.map(\.refusal.reason) == [.context])
            #expect(standing.map(\.count) == [UInt64(count + 1)])
            #expect(standing.map(\.isOwn) == [true] && standing.map(\.author) == ["ben"])
            #expect(try ben.facts().refusals == standing && ben.unsentCount() == UInt64(count + 1))
            #expect(lost(outcome.reports) == (count == 0 ? 1 : 0), "it never held Ben's")
        }
        let reopened = try Workspace(folder: ben.folder, ambient: bench.clock.ambient)
        #expect(try reopened.standingRefusals().count == 1)
        try bench.sync(olga)
        let outcome = try bench.syncReporting(ben)
        #expect(outcome.tally.refused == 0 && outcome.tally.sent == 2)
        #expect(try ben.standingRefusals().isEmpty && ben.unsentCount() == 0)
        try bench.sync(olga)
        #expect(try olga.liveRows() == ben.liveRows() && olga.asides() == 0)
    }

    @Test("it is forgotten where a colleague has handed it on meanwhile")
    func handedOn() throws {
        try loseContext()
        try ben.set(record, "basis", .text("rests on what was lost"))
        #expect(try bench.sync(ben).refused == 1)
        var bytes: [UInt8] = []
        let since = Frontier(covering: [ChangeID(device: olga.device, number: 2)])
        _ = try BundleWriter(ben).write(since: since) { bytes += $0 }
        try olga.apply(report: { _, _ in }) { try $0(bytes[...]) }
        #expect(try bench.sync(olga).sent == 2)
        #expect(try bench.sync(ben) == SyncTally())
        #expect(try ben.standingRefusals().isEmpty && ben.unsentCount() == 0)
    }
}
