import ParleyClient
import ParleyCore
import ParleyStore
import Testing

@Suite("Undo and redo, by two analysts")
struct UndoTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 21)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("One"), "basis": .text("first")])
        try bench.syncAll(olga, ben)
    }

    private func title(_ workspace: Workspace) throws -> Value? { try workspace.value(record, "title") }

    private func isDeleted(_ workspace: Workspace, _ record: RecordName) throws -> Bool {
        try workspace.store.read { try $0.bookkeeping(of: record)?.isDeleted } ?? false
    }

    @Test("undo puts back what its target replaced, and redo brings it again, on every replica")
    func once() throws {
        try olga.set(record, "title", .text("Two"))
        #expect(try olga.undo()?.plan.kind == .undo)
        #expect(try title(olga) == .text("One"))
        #expect(try olga.undo(.newestUndone)?.plan.kind == .redo)
        #expect(try title(olga) == .text("Two"))
        try bench.syncAll(olga, ben)
        #expect(try title(ben) == .text("Two") && olga.liveRows() == ben.liveRows())
        #expect(try ben.asides() == 0)
    }

    @Test("undo repeated walks back through the own acts to the making of the record, and redo walks forth")
    func repeatedly() throws {
        for text in ["Two", "Three", "Four"] { try olga.set(record, "title", .text(text)) }
        for text in ["Three", "Two", "One"] {
            try olga.undo()
            #expect(try title(olga) == .text(text))
        }
        try olga.undo()
        #expect(try isDeleted(olga, record))
        #expect(try olga.undo() == nil)
        try olga.undo(.newestUndone)
        #expect(try !isDeleted(olga, record) && title(olga) == .text("One"))
        for text in ["Two", "Three", "Four"] {
            try olga.undo(.newestUndone)
            #expect(try title(olga) == .text(text))
        }
        #expect(try olga.undo(.newestUndone) == nil)
        try olga.undo()
        #expect(try title(olga) == .text("Three"))
    }

    @Test("a field that a colleague has changed since is left and named; the others are put back")
    func changedSince() throws {
        let changes = try olga.commit(Act(.hand)) { _ in
            Writes([
                RegisterWrite(record, olga.register("title", of: record), .text("Two")),
                RegisterWrite(record, olga.register("basis", of: record), .text("second")),
            ])
        }
        try bench.syncAll(olga, ben)
        try ben.set(record, "title", .text("Ben's"))
        try bench.syncAll(ben, olga)
        let done = try #require(try olga.undo(.change(changes[0])))
        #expect(done.plan.steps.map(\.then) == [.text("first")])
        let bens = ChangeID(device: ben.device, number: 1)
        #expect(done.plan.rests.map(\.reason) == [.changedSince(bens)])
        #expect(try title(olga) == .text("Ben's") && olga.value(record, "basis") == .text("first"))
    }

    @Test("an undo made while a colleague edits the same field apart sets the earlier aside, as any write")
    func concurrent() throws {
        try olga.set(record, "title", .text("Two"))
        try bench.syncAll(olga, ben)
        try ben.set(record, "title", .text("Ben's"))
        try olga.undo()
        try bench.syncAll(ben, olga)
        #expect(try title(ben) == .text("One") && ben.asides() == 1)
        #expect(try olga.liveRows() == ben.liveRows())
    }

    @Test("a bare undo passes over own acts of which nothing shows any more")
    func passedOver() throws {
        let other = try olga.create("judgment", ["title": .text("Other")])
        try olga.set(other, "title", .text("Other, changed"))
        try olga.set(record, "title", .text("Two"))
        try bench.syncAll(olga, ben)
        try ben.set(record, "title", .text("Ben's"))
        try bench.syncAll(ben, olga)
        let done = try #require(try olga.undo())
        #expect(done.plan.passed.count == 1)
        #expect(try olga.value(other, "title") == .text("Other") && title(olga) == .text("Ben's"))
    }

    @Test("any change can be undone, a colleague's too; undo of an undo is a redo")
    func colleagues() throws {
        try ben.set(record, "title", .text("Ben's"))
        try bench.syncAll(ben, olga)
        let bens = ChangeID(device: ben.device, number: 1)
        let undone = try #require(try olga.undo(.change(bens)))
        #expect(try title(olga) == .text("One"))
        try bench.syncAll(olga, ben)
        let redone = try #require(try ben.undo(.change(undone.changes[0])))
        #expect(redone.plan.kind == .redo)
        #expect(try title(ben) == .text("Ben's"))
    }

    @Test("a rating of a colleague is hers alone, so its undo is left to her")
    func keyed() throws {
        try olga.set(record, "stance", key: "olga", .list([.text("agree")]))
        try bench.syncAll(olga, ben)
        let change = ChangeID(device: olga.device, number: 2)
        let done = try #require(try ben.undo(.change(change)))
        #expect(done.plan.rests.map(\.reason) == [.belongs(to: "olga")] && done.changes.isEmpty)
        try olga.undo(.change(change))
        #expect(try olga.value(record, "stance", key: "olga") == .null)
    }

    @Test("a record that its making's undo would hide others' work of stays as a whole")
    func keepsRecord() throws {
        try ben.set(record, "confidence", .text("low"))
        try bench.syncAll(ben, olga)
        let done = try #require(try olga.undo())
        #expect(done.plan.steps.isEmpty && done.changes.isEmpty)
        #expect(done.plan.rests.map(\.keepsRecord) == [true])
        #expect(done.plan.rests.map(\.register) == [olga.register("confidence", of: record)])
        #expect(try !isDeleted(olga, record))
    }

    @Test("an act in several parts is undone as one, by any of its parts, and redone as one")
    func batch() throws {
        let text = String(repeating: "0123456789abcdef", count: 3000)
        let names = (0..<60).map { RecordName(kind: 3, id: RecordID(UInt128(1000 + $0))) }
        let parts = try olga.commit(Act(.importing, [.source: .text("feed")])) { _ in
            Writes(names.map { RegisterWrite($0, RegisterName(field: 2), .text(text)) })
        }
        #expect(parts.count > 1)
        let done = try #require(try olga.undo(.change(parts[0])))
        #expect(done.plan.records == 60 && done.plan.target == parts.last)
        #expect(try names.allSatisfy { try isDeleted(olga, $0) })
        try olga.undo(.newestUndone)
        #expect(try !names.contains { try isDeleted(olga, $0) })
        try olga.undo()
        #expect(try names.allSatisfy { try isDeleted(olga, $0) })
    }

    @Test("undo of an import leaves what people changed since, and names it")
    func editedImport() throws {
        let other = RecordName(kind: record.kind, id: RecordID(77))
        let changes = try olga.commit(Act(.importing, [.source: .text("feed")])) { _ in
            Writes([
                RegisterWrite(record, olga.register("confidence", of: record), .text("high")),
                RegisterWrite(other, olga.register("title", of: other), .text("Imported")),
            ])
        }
        try bench.syncAll(olga, ben)
        try ben.set(other, "basis", .text("Ben's reason"))
        try bench.syncAll(ben, olga)
        let done = try #require(try olga.undo(.change(changes[0])))
        #expect(done.plan.steps.map(\.record) == [record] && done.plan.rests.map(\.record) == [other])
        #expect(try olga.value(record, "confidence") == .null && !isDeleted(olga, other))
    }
}
