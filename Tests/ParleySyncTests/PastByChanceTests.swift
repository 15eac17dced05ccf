import ParleyClient
import ParleyCore
import ParleyStore
import Testing

/// Three analysts who write, delete, decide, undo and restore, and sync now and then.
private struct Company {
    let bench: Bench
    let people: [Workspace]
    var records: [RecordName] = []

    init(seed: UInt64) throws {
        bench = try Bench(seed: seed)
        let olga = try bench.founder("olga")
        people = [
            olga, try bench.member("ben", invitedBy: olga), try bench.member("cem", invitedBy: olga),
        ]
        for number in 0..<3 {
            records.append(try olga.create("judgment", ["title": .text("Record \(number)")]))
        }
        try settle()
    }

    func roll(_ below: Int) -> Int { Int(bench.clock.next() >> 33) % below }

    func settle() throws { for person in people + people.dropLast() { try bench.sync(person) } }

    func act() throws {
        let person = people[roll(3)]
        let record = records[roll(3)]
        let field = ["title", "basis", "confidence"][roll(3)]
        switch roll(12) {
        case 0: try bench.sync(person)
        case 1: try person.set(record, "deleted", .bool(roll(2) == 0))
        case 2: try person.undo()
        case 3: try person.undo(.newestUndone)
        case 4: try undoAny(person)
        case 5: try decide(person)
        case 6:
            try person.set(
                record, "stance", key: person.handle, .list([.text(["agree", "neutral"][roll(2)])]))
        case 7: try restore(person, record)
        default: try person.set(record, field, .text(["low", "moderate", "high"][roll(3)]))
        }
    }

    private func anyChange(_ person: Workspace) throws -> ChangeID? {
        let position = Int64(1 + roll(max(1, Int(try person.position()))))
        return try person.store.read { try $0.log.entry(at: position)?.header.change }
    }

    private func undoAny(_ person: Workspace) throws {
        guard let change = try anyChange(person) else { return }
        try person.undo(.change(change))
    }

    private func decide(_ person: Workspace) throws {
        let contests = try person.store.read { try $0.contests() }
        guard !contests.isEmpty else { return }
        let contest = contests[roll(contests.count)]
        if contest.register.owner(in: contest.record).map({ $0 != person.handle }) ?? false { return }
        let head = contest.heads[roll(contest.heads.count)].origin.change
        try person.resolve(contest.register, of: contest.record, roll(2) == 0 ? .keep : .take(head))
        #expect(try person.store.read { try $0.contest(of: contest.register, in: contest.record) } == nil)
    }

    private func restore(_ person: Workspace, _ record: RecordName) throws {
        guard let change = try anyChange(person) else { return }
        let past = try person.store.read { try $0.past(of: record, at: .change(change)) }
        guard let then = past.image(at: .change(change)) else { return }
        let done = try person.restore([RestoreTarget(record: record)], to: .change(change))
        let now = try #require(try person.store.read { try $0.image(of: record) })
        let kept = Set(done.plan.rests.map(\.register) + [.deleted])
        #expect(
            now.registers.filter { !kept.contains($0.name) }
                == then.registers.filter { !kept.contains($0.name) })
    }
}

@Suite("The past, by chance")
struct PastByChanceTests {
    @Test("merged anew from the log, every record has the heads that the tables hold, on every replica")
    func tables() throws {
        var records = 0
        for seed in 1...UInt64(12) {
            let company = try Company(seed: seed)
            for _ in 0..<40 { try company.act() }
            for _ in 0..<2 { try company.settle() }
            for person in company.people {
                #expect(try person.liveRows() == company.people[0].liveRows(), "seed \(seed)")
                for record in company.records {
                    let (past, held) = try person.store.read {
                        (try $0.past(of: record).details(at: .time(.max)), try $0.detail(of: record) ?? [])
                    }
                    #expect(past.map(Heads.init) == held.map(Heads.init), "seed \(seed)")
                    records += 1
                }
            }
        }
        print("promise: pasts merged anew count=\(records)")
    }

    /// Heads of equal value in no order.
    private struct Heads: Equatable {
        var name: RegisterName
        var value: Value
        var heads: Set<ChangeID>
        var aside: [ChangeID]

        init(_ detail: RegisterDetail) {
            name = detail.name
            value = detail.value
            heads = Set(([detail.shown] + detail.equal).map(\.change))
            aside = detail.aside.map(\.origin.change)
        }
    }

    @Test("an undo never touches what is not its target's, and a redo of it brings every field back")
    func undoAndRedo() throws {
        var undone = 0
        for seed in 101...UInt64(112) {
            let company = try Company(seed: seed)
            for _ in 0..<40 { try company.act() }
            try company.settle()
            for person in company.people {
                let before = try Self.values(person, company.records)
                guard let done = try person.undo(), !done.changes.isEmpty else { continue }
                let between = try Self.values(person, company.records)
                for (place, value) in between where before[place] != value {
                    #expect(
                        done.plan.steps.contains { Place($0.record, $0.register) == place }, "seed \(seed)")
                }
                let redone = try person.undo(.change(try #require(done.changes.first)))
                #expect(redone?.plan.kind == (done.plan.kind == .undo ? .redo : .undo))
                #expect(redone?.plan.rests.isEmpty == true)
                #expect(try Self.values(person, company.records) == before, "seed \(seed)")
                undone += 1
            }
        }
        print("promise: undos by chance count=\(undone)")
    }

    private struct Place: Hashable {
        var record: RecordName
        var register: RegisterName

        init(_ record: RecordName, _ register: RegisterName) {
            self.record = record
            self.register = register
        }
    }

    /// `deleted` that is null or false is the same.
    private static func values(_ workspace: Workspace, _ records: [RecordName]) throws -> [Place: Value] {
        var values: [Place: Value] = [:]
        for record in records {
            let image = try workspace.store.read { try $0.image(of: record) }
            for register in image?.registers ?? [] where register.value != .bool(false) {
                values[Place(record, register.name)] = register.value
            }
        }
        return values
    }
}
