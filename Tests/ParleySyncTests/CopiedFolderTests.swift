import GRDB
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("A folder was copied, or restored from a backup")
struct CopiedFolderTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace

    init() throws {
        bench = try Bench(seed: 21)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
    }

    private func healings(_ reports: [SyncReport]) -> [Healing] {
        reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
    }

    @Test("both copies write; the second one to sync takes a new name, and nobody's work is missing")
    func copied() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let former = olga.device
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "confidence", .text("high"))
        try copy.set(record, "likelihood", .text("likely"))
        try copy.set(record, "basis", .text("Written on the copy"))
        try bench.sync(olga)
        let healed = healings(try bench.syncReporting(copy).reports)
        #expect(healed.map(\.rewritten) == [2] && healed.map(\.cause) == [.fork])
        #expect(copy.device != former && olga.device == former && copy.handle == "olga")
        try bench.syncAll(olga, copy, ben)
        for workspace in [olga, copy, ben] {
            #expect(try workspace.value(record, "confidence") == .text("high"))
            #expect(try workspace.value(record, "likelihood") == .text("likely"))
            #expect(try workspace.value(record, "basis") == .text("Written on the copy"))
            #expect(try workspace.asides() == 0)
            #expect(try workspace.store.verify() == [])
        }
        #expect(try olga.liveRows() == copy.liveRows() && ben.liveRows() == copy.liveRows())
        #expect(try copy.store.read { try $0.unsent(of: copy.device) } == 0)
    }

    @Test("under a fresh name, undo and redo go on in what the same machine wrote under the former one")
    func undoAcrossNames() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try olga.set(record, "title", .text("Before the copy"))
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "confidence", .text("high"))
        try copy.set(record, "title", .text("On the copy"))
        try bench.syncAll(olga, copy)
        for expected in ["Before the copy", "Common"] {
            try copy.undo()
            #expect(try copy.value(record, "title") == .text(expected))
        }
        #expect(try copy.value(record, "confidence") == .text("high"), "written by the other machine")
        for expected in ["Before the copy", "On the copy"] {
            try copy.undo(.newestUndone)
            #expect(try copy.value(record, "title") == .text(expected))
        }
    }

    @Test("both copies write one field: what loses is set aside, since neither had seen the other")
    func sameField() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try copy.set(record, "title", .text("By the copy"))
        try olga.set(record, "title", .text("By the first"))
        try bench.syncAll(olga, copy, ben)
        for workspace in [olga, copy, ben] {
            #expect(try workspace.value(record, "title") == .text("By the first"))
            #expect(try workspace.asides() == 1)
        }
    }

    @Test("what a copy had seen when it wrote is what its writes replace, and nothing that came later")
    func originalContext() throws {
        let record = try olga.create("judgment", ["title": .text("First")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "basis", .text("moves the chain on"))
        try bench.sync(olga)
        try ben.set(record, "title", .text("By ben"))
        try bench.sync(ben)
        // The copy has seen neither and is later.
        try copy.set(record, "title", .text("By the copy, over First"))
        try bench.syncAll(copy, ben, olga)
        for workspace in [olga, copy, ben] {
            #expect(try workspace.value(record, "title") == .text("By the copy, over First"))
            #expect(try workspace.asides() == 1, "ben's title must not be superseded unseen")
        }
        print("promise: reauthored-contexts count=3")
    }

    @Test("a former address leads to the changeset that was written again, and undo's target too")
    func alias() throws {
        let record = try olga.create("judgment", ["title": .text("First")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "basis", .text("one"))
        let former = try copy.commit(Act(.hand)) { _ in
            Writes([RegisterWrite(record, copy.register("title", of: record), .text("Second"))])
        }[0]
        let undo = try copy.commit(Act(.undo, [.target: Value(naming: [former])])) { _ in
            Writes([RegisterWrite(record, copy.register("title", of: record), .text("First"))])
        }[0]
        try bench.syncAll(olga, copy, ben)
        let text = ChangeAddress(undo).text(length: 12)
        let now = try copy.store.read { try Resolver($0).change(text) }
        #expect(now.device == copy.device && now.number == 2)
        #expect(try ben.store.read { try Resolver($0).change(text) } == now)
        let act = try ben.store.read { tx in
            try tx.log.position(of: now).flatMap { try tx.body(at: $0) }?.act
        }
        #expect(act?[.target]?.namedChanges == [ChangeID(device: copy.device, number: 1)])
        #expect(act?[.former]?.namedChanges == [undo])
        // `former` itself names what the first machine wrote: whoever means the other is asked.
        let first = ChangeAddress(former).text(length: 12)
        #expect(throws: ClientError.self) { try copy.store.read { try Resolver($0).change(first) } }
        #expect(try ben.store.read { try Resolver($0).change(first) } == former)
    }

    @Test("a client restored from a backup that has written nothing pulls its own later work back")
    func restoredClient() throws {
        let record = try olga.create("judgment", ["title": .text("Early")])
        try bench.sync(olga)
        try olga.set(record, "basis", .text("unsent at the time of the backup"))
        try bench.store(olga, as: "backup")
        for round in 0..<5 { try olga.set(record, "title", .text("Round \(round)")) }
        try bench.syncAll(olga, ben)
        let restored = try Workspace(folder: bench.root + "/backup", ambient: bench.clock.ambient)
        let outcome = try bench.syncReporting(restored)
        #expect(outcome.tally.received == 5 && outcome.tally.sent == 0 && healings(outcome.reports).isEmpty)
        #expect(restored.device == olga.device)
        #expect(try restored.liveRows() == ben.liveRows())
        #expect(try restored.store.read { try $0.unsent(of: restored.device) } == 0)
        try restored.set(record, "title", .text("Goes on"))
        try bench.syncAll(restored, ben)
        #expect(try ben.value(record, "title") == .text("Goes on") && ben.asides() == 0)
    }

    @Test("a restored client that has written first writes again only what the server does not hold")
    func restoredAndWritten() throws {
        let record = try olga.create("judgment", ["title": .text("Early")])
        try bench.sync(olga)
        try olga.set(record, "basis", .text("unsent at the time of the backup"))
        try bench.store(olga, as: "backup")
        try olga.set(record, "basis", .text("and replaced after it"))
        try bench.syncAll(olga, ben)
        let restored = try Workspace(folder: bench.root + "/backup", ambient: bench.clock.ambient)
        try restored.set(record, "title", .text("After the restore"))
        let outcome = try bench.syncReporting(restored)
        #expect(healings(outcome.reports).map(\.rewritten) == [1], "the common part was not written again")
        try bench.syncAll(restored, ben)
        #expect(try restored.liveRows() == ben.liveRows() && restored.asides() == 0)
        #expect(try restored.value(record, "basis") == .text("and replaced after it"))
    }

    @Test("somebody writes while a restored client is pulling its own later work: the next session mends it")
    func writesWhilePulling() throws {
        let record = try olga.create("judgment", ["title": .text("Early")])
        try bench.syncAll(olga, ben)
        try bench.store(olga, as: "backup")
        try olga.set(record, "title", .text("Later"))
        try bench.sync(olga)
        let restored = try Workspace(folder: bench.root + "/backup", ambient: bench.clock.ambient)
        let link = try bench.connect(restored)
        try restored.set(record, "basis", .text("while the hello was on its way"))
        try bench.settle()
        let reports = link.engine.takeReports()
        #expect(!link.engine.isOpen && healings(reports).count <= 1, "\(reports)")
        link.cut()
        try bench.syncAll(restored, ben)
        #expect(try restored.liveRows() == ben.liveRows() && ben.asides() == 0)
        #expect(try ben.value(record, "basis") == .text("while the hello was on its way"))
    }

    @Test("two live copies that write at the same moment part, and the later one heals on the spot")
    func liveRace() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        let first = try bench.connect(olga)
        let second = try bench.connect(copy)
        try bench.settle()
        try olga.set(record, "title", .text("By the first"))
        try copy.set(record, "basis", .text("By the copy"))
        try first.engine.pump()
        try second.engine.pump()
        try bench.settle()
        #expect(first.engine.isOpen || second.engine.isOpen)
        first.cut()
        second.cut()
        try bench.syncAll(olga, copy, ben)
        for workspace in [olga, copy, ben] {
            #expect(try workspace.value(record, "title") == .text("By the first"))
            #expect(try workspace.value(record, "basis") == .text("By the copy"))
        }
        #expect(try olga.liveRows() == copy.liveRows() && ben.liveRows() == copy.liveRows())
    }

    @Test("three copies of one folder end as three devices that agree")
    func threeCopies() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let copies = try (1...3).map { try bench.copy(olga, to: "copy\($0)") }
        for (index, copy) in copies.enumerated() {
            try copy.set(record, "stance", key: "~voice\(index)", .list([.text("agree")]))
            try copy.set(record, "basis", .text("copy \(index)"))
        }
        for copy in copies + copies + [ben] { try bench.sync(copy) }
        #expect(Set(copies.map(\.device)).count == 3)
        for copy in copies {
            #expect(try copy.liveRows() == ben.liveRows() && copy.asides() == 2)
            #expect(try copy.store.verify() == [])
        }
    }

    @Test("a session that heals, cut at every byte, and again, ends as if it had never been cut")
    func everyByte() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "basis", .text("one"))
        try bench.sync(olga)
        try copy.set(record, "title", .text("By the copy"))
        try copy.set(record, "confidence", .text("low"))
        try bench.store(copy, as: "forked")
        var cuts = 0
        for budget in stride(from: 0, to: 2_400, by: 40) {
            let victim = try bench.copy(
                try Workspace(folder: bench.root + "/forked", ambient: bench.clock.ambient), to: "victim")
            try victim.set(record, "criterion", .text("cut after \(budget)"))
            for cut in [budget, budget / 2] {
                let link = try bench.connect(victim)
                link.budget = cut
                try bench.settle()
                link.cut()
                try bench.settle()
                cuts += 1
            }
            let again = try Workspace(folder: victim.folder, ambient: bench.clock.ambient)
            try bench.sync(again)
            #expect(
                try again.store.verify() == [] && again.store.read { try $0.unsent(of: again.device) } == 0)
            try bench.sync(ben)
            #expect(try again.liveRows() == ben.liveRows(), "cut after \(budget)")
            #expect(try ben.value(record, "criterion") == .text("cut after \(budget)"))
        }
        print("promise: healing-cuts count=\(cuts)")
    }

    @Test("what was moved is kept, and drafts follow the change on which they were begun")
    func kept() throws {
        let record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "basis", .text("one"))
        let base = try copy.commit(Act(.hand)) { _ in
            Writes([RegisterWrite(record, copy.register("title", of: record), .text("Second"))])
        }[0]
        try copy.store.write {
            try $0.save(
                EditorDraft(
                    record: record, register: copy.register("title", of: record), base: base,
                    baseValue: .text("Second"), text: "Third", caret: 0, created: 1, updated: 1))
        }
        try bench.syncAll(olga, copy)
        let draft = try copy.store.read { try $0.drafts() }.first
        #expect(draft?.base == ChangeID(device: copy.device, number: 1) && draft?.text == "Third")
        let kept = try copy.store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM forked") }
        #expect(kept == 1 && base.number == 2)
        #expect(try copy.store.read { try $0.setApart().count } == 0)
    }
}
