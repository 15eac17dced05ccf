import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("What the simulator found")
struct FoundBySimulatorTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 61)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
    }

    private func carry(from: Workspace, to: Workspace) throws {
        var bytes: [UInt8] = []
        _ = try BundleWriter(from).write { bytes += $0 }
        try to.apply(report: { _, _ in }) { try $0(bytes[...]) }
    }

    private func lost(_ reports: [SyncReport]) -> Int {
        reports.reduce(0) { if case .serverHadLost(let count) = $1 { $0 + count } else { $0 } }
    }

    @Test("what a copy of the folder has handed over is not sealed anew by the first, which never sent it")
    func sentByACopy() throws {
        try ben.set(record, "basis", .text("Not sent yet"))
        let copy = try bench.copy(ben, to: "ben-copy")
        try bench.sync(copy)
        _ = try bench.member("cara", invitedBy: olga)
        try ben.set(record, "confidence", .text("high"))
        let device = ben.device
        let reports = try bench.syncReporting(ben).reports
        #expect(!reports.contains { if case .healed = $0 { true } else { false } }, "\(reports)")
        #expect(!reports.contains { if case .refused = $0 { true } else { false } }, "\(reports)")
        #expect(ben.device == device)
        try bench.syncAll(ben, olga)
        #expect(try olga.liveRows() == ben.liveRows())
    }

    @Test("a newcomer of whom only she and a server since restored had heard is let in again")
    func forgottenNewcomer() throws {
        try bench.backUpServer(to: "backup")
        let invited = try olga.invite(
            handle: Handle("cara"), role: .analyst, until: bench.clock.now() + 1_000_000)
        let cara = try Workspace.join(
            folder: bench.root + "/cara", invite: invited.invite, server: invited.server,
            ambient: bench.clock.ambient)
        try bench.sync(cara)
        try cara.set(record, "basis", .text("Cara"))
        try bench.restoreServer(from: "backup")
        let outcome = try bench.syncReporting(cara)
        #expect(outcome.reports.filter { $0 == .forgotten }.count == 1, "\(outcome.reports)")
        #expect(outcome.tally.sent == 1 && outcome.tally.refused == 0)
        let again = try bench.syncReporting(cara)
        #expect(!again.reports.contains(.forgotten) && again.tally == SyncTally())
        try bench.syncAll(olga, ben)
        #expect(try ben.value(record, "basis") == .text("Cara") && ben.liveRows() == cara.liveRows())
    }

    /// Of a fresh identity of Ben's, who has mended his log, Olga has heard by a bundle, and the server not yet.
    @Test("an invite that rests on what a server has not heard of is good once its maker has synced")
    func inviteOnFreshIdentity() throws {
        let copy = try bench.copy(ben, to: "ben-laptop")
        try ben.set(record, "basis", .text("By the first"))
        try bench.sync(ben)
        try copy.set(record, "basis", .text("By the copy"))
        let mending = try bench.connect(copy)
        try bench.settle()
        #expect(copy.device != ben.device)
        mending.cut()
        try carry(from: copy, to: olga)

        let invited = try olga.invite(
            handle: Handle("cara"), role: .analyst, until: bench.clock.now() + 1_000_000)
        let cara = try Workspace.join(
            folder: bench.root + "/cara", invite: invited.invite, server: invited.server,
            ambient: bench.clock.ambient)
        let early = try bench.connect(cara)
        try bench.settle()
        let codes = early.engine.takeReports().compactMap {
            if case .ended(let error) = $0 { error.code } else { nil }
        }
        #expect(codes == [.invite] && cara.role() == nil)
        early.cut()
        try bench.sync(olga)
        try bench.sync(cara)
        #expect(cara.role() == .analyst)
        try bench.syncAll(olga, ben, copy)
        let rows = try [olga, ben, copy, cara].map { try $0.liveRows() }
        #expect(rows.allSatisfy { $0 == rows[0] })
    }

    /// Cara wrote three changes and signed the last. It rests on a branch that does not stand, and goes with it;
    /// so nothing signs the two before it, and only Cara can hand them on.
    @Test("a colleague's changes without a signature of their own hold up nobody else's work")
    func unsignedEnd() throws {
        let cara = try bench.member("cara", invitedBy: olga)
        let dora = try bench.member("dora", invitedBy: olga)
        try bench.syncAll(ben, cara, dora)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "basis", .text("By the first"))
        try bench.sync(olga)
        try copy.set(record, "basis", .text("By the copy"))
        try cara.set(record, "title", .text("One"))
        try cara.set(record, "title", .text("Two"))
        try carry(from: copy, to: cara)
        try cara.set(record, "criterion", .text("rests on the copy"))
        try carry(from: cara, to: ben)
        try dora.set(record, "confidence", .text("low"))
        try carry(from: dora, to: ben)

        let outcome = try bench.syncReporting(ben)
        let healed = outcome.reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
        #expect(healed.map(\.cause) == [.foreignFork] && healed.map(\.setApart) == [2])
        #expect(outcome.tally.refused == 0, "\(outcome.reports)")
        let apart = try ben.store.read { try $0.setApart() }
        #expect(Set(apart.map(\.origin.change.device)) == [cara.device, copy.device])
        #expect(apart.allSatisfy { $0.reason == "foreign fork" && $0.body?.written.map(\.name) == [record] })
        try bench.sync(olga)
        #expect(try olga.value(record, "confidence") == .text("low"), "behind Cara's in Ben's log")
        #expect(try olga.value(record, "title") == .text("Common"), "Cara's are hers to hand on")
        #expect(try lost(bench.syncReporting(ben).reports) == 0, "the server never held Cara's")

        for workspace in [cara, copy, ben, dora, olga, cara, copy] { try bench.sync(workspace) }
        for workspace in [ben, cara, dora, copy] {
            #expect(try workspace.value(record, "criterion") == .text("rests on the copy"))
            #expect(try workspace.liveRows() == olga.liveRows() && workspace.store.verify() == [])
        }
        #expect(try lost(bench.syncReporting(ben).reports) == 0)
        #expect(try ben.store.read { try $0.setApart().isEmpty }, "all of it stands again, under other names")
    }

    @Test("undo of a creation leaves a record that somebody has decided to keep")
    func keptRecord() throws {
        let deleted = RegisterName(field: Field.deletedTag)
        for isDeleted in [true, false] {
            try ben.commit(Act(.hand)) { _ in Writes([RegisterWrite(record, deleted, .bool(isDeleted))]) }
        }
        try bench.syncAll(ben, olga)
        let done = try #require(try olga.undo())
        #expect(done.plan.steps.isEmpty && done.changes.isEmpty)
        let kept = ChangeID(device: ben.device, number: 2)
        #expect(done.plan.rests.map(\.reason) == [.changedSince(kept)])
        #expect(try olga.store.read { try $0.bookkeeping(of: record)?.isDeleted } == false)
    }

    @Test("a session that has just mended reports no refusals of what it had sent along")
    func refusedAlong() throws {
        let off = ClockHealingTests.Offset()
        let astray = try Workspace(folder: ben.folder, ambient: bench.clock.ambient(off: { off.now }))
        let link = try bench.connect(astray)
        try bench.settle()
        #expect(link.engine.isInStep)
        off.set(6 * ClockHealingTests.day)
        for field in ["basis", "criterion"] {
            try astray.set(record, field, .text(Self.noise(bytes: Limits.slice)))
        }
        // Two messages leave before the first answer: the second is refused for want of the first.
        try link.engine.pump()
        try link.engine.pump()
        off.set(0)
        try bench.settle()
        let reports = link.engine.takeReports()
        #expect(link.engine.counts.sent == 2)
        let healed = reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
        #expect(healed.map(\.rewritten) == [2], "\(reports)")
        #expect(!reports.contains { if case .refused = $0 { true } else { false } }, "\(reports)")
        #expect(link.engine.counts.refused == 0)
        link.cut()
        #expect(try bench.sync(astray).sent == 2)
        try bench.sync(olga)
        #expect(try olga.liveRows() == astray.liveRows() && olga.asides() == 0)
    }

    /// What no packing makes smaller.
    private static func noise(bytes: Int) -> String {
        var state: UInt64 = 88_172_645_463_325_252
        var text = ""
        while text.utf8.count < bytes {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            text += String(state, radix: 36)
        }
        return text
    }
}
