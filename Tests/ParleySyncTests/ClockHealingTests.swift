import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import Synchronization
import Testing

@Suite("A clock was wrong")
struct ClockHealingTests {
    let bench: Bench
    let olga: Workspace
    /// How far the clock of ben's machine is off, in milliseconds.
    let off = Offset()
    let ben: Workspace
    static let day: Int64 = 86_400_000

    final class Offset: Sendable {
        private let value = Mutex<Int64>(0)
        var now: Int64 { value.withLock { $0 } }
        func set(_ milliseconds: Int64) { value.withLock { $0 = milliseconds } }
    }

    init() throws {
        bench = try Bench(seed: 31)
        olga = try bench.founder("olga")
        let member = try bench.member("ben", invitedBy: olga)
        let off = off
        ben = try Workspace(folder: member.folder, ambient: bench.clock.ambient(off: { off.now }))
    }

    private func restamped(_ reports: [SyncReport]) -> Int {
        reports.reduce(0) { if case .restamped(let count) = $1 { $0 + count } else { $0 } }
    }

    private func newestStamp(_ workspace: Workspace) throws -> Int64 {
        try workspace.store.read { try $0.log.heads().values.map(\.time.milliseconds).max() ?? 0 }
    }

    @Test(
        "what was written by a clock days ahead and has not left gets the time of leaving",
        arguments: [1, 40, 4000])
    func ahead(days: Int64) throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        off.set(days * Self.day)
        for round in 0..<3 { try ben.set(record, "title", .text("Ben \(round)")) }
        off.set(0)
        try ben.set(record, "basis", .text("after the clock was set right"))
        let outcome = try bench.syncReporting(ben)
        #expect(restamped(outcome.reports) == 4 && outcome.tally.refused == 0)
        try olga.set(record, "title", .text("Olga, later"))
        #expect(try olga.value(record, "title") == .text("Olga, later"))
        try bench.syncAll(olga, ben)
        #expect(try ben.value(record, "title") == .text("Olga, later"), "the wrong clock must not win")
        #expect(try olga.liveRows() == ben.liveRows())
        #expect(try newestStamp(ben) < bench.clock.now() + 60_000)
        #expect(try ben.store.verify() == [])
        print("promise: restamped count=4")
    }

    @Test("restamped writes still replace only what their author had seen")
    func aheadAndConcurrent() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        off.set(3 * Self.day)
        try ben.set(record, "title", .text("Ben, over Zero"))
        try olga.set(record, "title", .text("Olga, over Zero"))
        off.set(0)
        try bench.syncAll(olga, ben)
        #expect(try ben.asides() == 1 && olga.asides() == 1)
        #expect(try olga.value(record, "title") == .text("Ben, over Zero"), "ben's left later")
        #expect(try olga.liveRows() == ben.liveRows())
    }

    @Test("a clock that is still days ahead is corrected by the server's time")
    func stillAhead() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        off.set(5 * Self.day)
        try ben.set(record, "title", .text("Before the offset was known"))
        #expect(restamped(try bench.syncReporting(ben).reports) == 1)
        try ben.set(record, "title", .text("With it"))
        let second = try bench.syncReporting(ben)
        #expect(restamped(second.reports) == 0 && second.tally.sent == 1)
        #expect(try newestStamp(ben) < bench.clock.now() + 60_000)
    }

    @Test("a clock that is days behind sets nothing aside that its author had seen, and is refused nothing")
    func behind() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        off.set(-9 * Self.day)
        try ben.set(record, "title", .text("Ben, in the past"))
        let outcome = try bench.syncReporting(ben)
        #expect(outcome.tally.refused == 0 && outcome.tally.sent == 1)
        try bench.sync(olga)
        #expect(try olga.value(record, "title") == .text("Ben, in the past") && olga.asides() == 0)
    }

    @Test("a clock that jumps ahead and back during a session blocks nothing")
    func jumps() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        let link = try bench.connect(ben)
        try bench.settle()
        for (round, days) in ([0, 2, 0, -3, 30, 0] as [Int64]).enumerated() {
            off.set(days * Self.day)
            try ben.set(record, "basis", .text("round \(round)"))
            if !link.engine.isOver { try link.engine.pump() }
            try bench.settle()
        }
        link.cut()
        off.set(0)
        try bench.sync(ben)
        try bench.syncAll(olga, ben)
        #expect(try olga.value(record, "basis") == .text("round 5") && olga.asides() == 0)
        #expect(try olga.liveRows() == ben.liveRows())
        #expect(try newestStamp(olga) < bench.clock.now() + 60_000)
        #expect(try ben.store.read { try $0.unsent(of: ben.device) } == 0)
    }

    @Test(
        "a handshake in which the machine slept, or its clock was set, tells nothing of the clock",
        arguments: [5_001, 8 * 3_600_000, -86_400_000] as [Int64])
    func sleptInHandshake(span: Int64) throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        off.set(2 * Self.day)
        try bench.syncAll(olga, ben)
        let measured = try #require(try ben.facts().clockOffsetMilliseconds)
        let link = try bench.connect(ben)
        if span > 0 { bench.clock.advance(span) } else { off.set(2 * Self.day + span) }
        try bench.settle()
        #expect(link.engine.takeReports().contains(.welcomed(clockOffset: nil)))
        #expect(try ben.facts().clockOffsetMilliseconds == measured)
        link.cut()
        off.set(2 * Self.day)
        try ben.set(record, "title", .text("Ben"))
        let outcome = try bench.syncReporting(ben)
        #expect(restamped(outcome.reports) == 0 && outcome.tally.sent == 1)
        #expect(try abs(ben.store.read { try ben.correctedTime($0.log) } - bench.clock.now()) < 500)
    }

    @Test("what has left and is refused for its clock is written again under a fresh device")
    func leftAndRefused() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        let former = ben.device
        off.set(6 * Self.day)
        try ben.set(record, "title", .text("Ben"))
        try ben.set(record, "confidence", .text("low"))
        // It has gone into a bundle before the server's time was known.
        _ = try BundleWriter(ben).write { _ in }
        off.set(0)
        let outcome = try bench.syncReporting(ben)
        let healed = outcome.reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
        #expect(healed.map(\.cause) == [.clock] && healed.map(\.rewritten) == [2], "\(outcome.reports)")
        #expect(ben.device != former && outcome.tally.refused == 0)
        try bench.syncAll(olga, ben)
        #expect(try olga.value(record, "title") == .text("Ben") && olga.liveRows() == ben.liveRows())
        #expect(try newestStamp(olga) < bench.clock.now() + 60_000)
        try olga.set(record, "title", .text("Olga, later"))
        try bench.syncAll(olga, ben)
        #expect(try ben.value(record, "title") == .text("Olga, later") && ben.asides() == 0)
    }

    @Test("a device that was away for a year gets everything, and everybody gets its work")
    func away() throws {
        let record = try olga.create("judgment", ["title": .text("Zero")])
        try bench.syncAll(olga, ben)
        try ben.set(record, "basis", .text("a year ago"))
        for month in 0..<12 {
            bench.clock.advance(30 * Self.day)
            try olga.set(record, "title", .text("Month \(month)"))
            try bench.sync(olga)
        }
        bench.clock.advance(5 * Self.day)
        try ben.set(record, "confidence", .text("low"))
        let tally = try bench.sync(ben)
        #expect(tally.received == 12 && tally.sent == 2 && tally.refused == 0)
        try bench.sync(olga)
        #expect(try olga.liveRows() == ben.liveRows() && olga.asides() == 0)
        #expect(try olga.value(record, "basis") == .text("a year ago"))
    }
}
