import ParleyClient
import ParleyCore
import ParleyStore
import Testing

@Suite("Deciding what was set aside, and going back")
struct ResolveTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 22)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("One")])
        try bench.syncAll(olga, ben)
    }

    private var title: RegisterName { olga.register("title", of: record) }

    /// Ben's write is set aside; Olga's shows on both.
    private func disagree() throws -> (bens: ChangeID, olgas: ChangeID) {
        try ben.set(record, "title", .text("Ben's"))
        try olga.set(record, "title", .text("Olga's"))
        try bench.syncAll(ben, olga)
        let heads = try #require(try contest(olga)).heads
        #expect(heads.map(\.value) == [.text("Olga's"), .text("Ben's")])
        return (heads[1].origin.change, heads[0].origin.change)
    }

    private func contest(_ workspace: Workspace) throws -> Contest? {
        try workspace.store.read { try $0.contest(of: title, in: record) }
    }

    private func expectSettled(_ value: Value) throws {
        try bench.syncAll(olga, ben)
        for workspace in [olga, ben] {
            #expect(try workspace.value(record, "title") == value)
            #expect(try workspace.reviewCount() == 0 && workspace.asides() == 0)
        }
        #expect(try olga.liveRows() == ben.liveRows())
    }

    @Test("keep writes the value that shows, so that the decision reaches everybody")
    func keep() throws {
        _ = try disagree()
        #expect(try ben.resolve(title, of: record, .keep).count == 1)
        try expectSettled(.text("Olga's"))
    }

    @Test("take brings what was set aside back, and nothing but a head can be taken")
    func take() throws {
        let heads = try disagree()
        let first = ChangeID(device: olga.device, number: 1)
        #expect(throws: ClientError.notAHead(record, title, first)) {
            try olga.resolve(title, of: record, .take(first))
        }
        try olga.resolve(title, of: record, .take(heads.bens))
        try expectSettled(.text("Ben's"))
        #expect(throws: ClientError.nothingAside(record, title)) {
            try olga.resolve(title, of: record, .keep)
        }
    }

    @Test("write settles with a third value; its undo shows what showed before")
    func write() throws {
        _ = try disagree()
        try olga.resolve(title, of: record, .write(.text("Both")))
        try expectSettled(.text("Both"))
        try olga.undo()
        try expectSettled(.text("Olga's"))
        try olga.undo(.newestUndone)
        try expectSettled(.text("Both"))
    }

    @Test("undo of a keep is done once, though it changes no value, and then the act before it is undone")
    func undoOfKeep() throws {
        _ = try disagree()
        try olga.resolve(title, of: record, .keep)
        #expect(try olga.undo()?.changes.count == 1)
        #expect(try olga.value(record, "title") == .text("Olga's"))
        try olga.undo()
        #expect(try olga.value(record, "title") == .text("One"))
    }

    @Test("three heads, one resolver: a decision covers all that its author had received")
    func threeHeads() throws {
        let cem = try bench.member("cem", invitedBy: olga)
        try bench.syncAll(olga, ben, cem)
        for (workspace, text) in [(cem, "Cem's"), (ben, "Ben's"), (olga, "Olga's")] {
            try workspace.set(record, "title", .text(text))
        }
        try bench.syncAll(olga, ben, cem)
        #expect(try ben.asides() == 2)
        try ben.resolve(title, of: record, .keep)
        try bench.syncAll(olga, ben, cem)
        #expect(try [olga, ben, cem].allSatisfy { try $0.asides() == 0 })
    }

    @Test("a decision that missed a third write leaves that one waiting")
    func missedHead() throws {
        let cem = try bench.member("cem", invitedBy: olga)
        try bench.syncAll(olga, ben, cem)
        try cem.set(record, "title", .text("Cem's"))
        _ = try disagree()
        try ben.resolve(title, of: record, .keep)
        try bench.syncAll(cem, ben, olga)
        #expect(try contest(olga)?.heads.map(\.value) == [.text("Olga's"), .text("Cem's")])
    }

    @Test(
        "a deletion and an edit that missed each other: keep leaves it deleted, take of the edit brings it back",
        arguments: [true, false])
    func deletion(keeps: Bool) throws {
        try ben.set(record, "title", .text("Ben's"))
        try olga.set(record, "deleted", .bool(true))
        try bench.syncAll(ben, olga)
        let contest = try #require(try olga.store.read { try $0.contest(of: .deleted, in: record) })
        #expect(contest.edits.map(\.register) == [title])
        let edit = contest.edits[0].edit
        try olga.resolve(title, of: record, keeps ? .keep : .take(edit))
        try bench.syncAll(olga, ben)
        for workspace in [olga, ben] {
            #expect(try workspace.reviewCount() == 0)
            let isDeleted = try workspace.store.read { try $0.bookkeeping(of: record)?.isDeleted }
            #expect(isDeleted == keeps)
            #expect(try workspace.value(record, "title") == .text("Ben's"))
        }
    }

    // MARK: The past

    @Test("as of a change: what its author held, though something older arrived later")
    func closure() throws {
        try ben.set(record, "title", .text("Ben's, older"))
        try olga.set(record, "basis", .text("Olga's"))
        let olgas = ChangeID(device: olga.device, number: 2)
        try bench.syncAll(ben, olga)
        #expect(try olga.value(record, "title") == .text("Ben's, older"))
        let image = try olga.store.read { try $0.past(of: record, at: .change(olgas)) }.image(
            at: .change(olgas))
        #expect(image?[title.field] == .text("One"))
    }

    @Test("as of a time: the merge of what was stamped by then")
    func time() throws {
        let before = bench.clock.now()
        bench.clock.advance(10)
        try olga.set(record, "title", .text("Two"))
        let past = try olga.store.read { try $0.past(of: record) }
        #expect(past.image(at: .time(before))?[title.field] == .text("One"))
        #expect(past.image(at: .time(before + 1_000))?[title.field] == .text("Two"))
        #expect(past.image(at: .time(0)) == nil)
        #expect(throws: ClientError.notYetMade(record)) {
            try olga.restore([RestoreTarget(record: record)], to: .time(0))
        }
    }

    @Test("restore writes what showed then, in one act, and can be undone")
    func restore() throws {
        let made = ChangeID(device: olga.device, number: 1)
        try olga.set(record, "title", .text("Two"))
        try olga.set(record, "basis", .text("why"))
        try ben.set(record, "stance", key: "ben", .list([.text("agree")]))
        try bench.syncAll(olga, ben)
        let done = try olga.restore([RestoreTarget(record: record)], to: .change(made))
        #expect(done.changes.count == 1 && done.plan.steps.count == 2 && done.plan.rests.count == 1)
        #expect(try olga.value(record, "title") == .text("One") && olga.value(record, "basis") == .null)
        #expect(try olga.restore([RestoreTarget(record: record)], to: .change(made)).changes.isEmpty)
        try olga.undo()
        #expect(try olga.value(record, "title") == .text("Two"))
        #expect(try olga.value(record, "basis") == .text("why"))
        try olga.restore([RestoreTarget(record: record, registers: [title])], to: .change(made))
        #expect(try olga.value(record, "title") == .text("One"))
        #expect(try olga.value(record, "basis") == .text("why"))
    }
}
