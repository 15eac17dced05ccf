import Chance
import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite("Records read whole, and by their references")
struct WholeRecordTests {
    let folder = ScratchFolder()

    private static let parent: UInt32 = 4

    @Test("they are what reading them one by one gives, but for deleted ones and values that do not fit")
    func whole() throws {
        let store = try folder.store()
        var olga = Author(0)
        let arrivals = [
            olga.write(
                [
                    RegisterWrite(name(3, 1), 1, .text("Порт")),
                    RegisterWrite(name(3, 1), 20, .text("2026-11")),
                    RegisterWrite(name(3, 1), 8, "moscow", .bool(true)),
                    RegisterWrite(
                        name(3, 1), 21, .tuple([.text("yes"), .text("2026-01-02"), .ref(RecordID(9))])),
                    RegisterWrite(name(3, 1), 22, "olga", .tuple([.text("agree"), .text("why")])),
                    RegisterWrite(name(3, 2), 1, .text("gone")), RegisterWrite(name(3, 2), 7, .bool(true)),
                    RegisterWrite(name(8, 3), 23, "olga", .text("2")),
                    RegisterWrite(name(3, 4), 1, .text("x")), RegisterWrite(name(3, 4), 17, .int(7)),
                    RegisterWrite(name(77, 5), 1, .text("of a kind nobody knows")),
                ], wall: 100),
            olga.write([RegisterWrite(name(3, 4), 1, .null)], wall: 200),
        ].map(\.arrival)
        try store.write { _ = try $0.append(arrivals) }
        try store.read { tx in
            let names = [name(3, 1), name(3, 2), name(8, 3), name(3, 4), name(77, 5), name(3, 99)]
            let each = try tx.wholeRecords(names)
            #expect(Set(each.map(\.image.name)) == [name(3, 1), name(8, 3), name(3, 4)])
            for record in each where record.image.name.id != RecordID(4) {
                #expect(record.image == (try tx.image(of: record.image.name)))
                #expect(record.bookkeeping == (try tx.bookkeeping(of: record.image.name)))
            }
            #expect(each.first { $0.image.name == name(3, 4) }?.image.registers.isEmpty == true)
            let all = try tx.wholeRecords(of: [3, 8, 77])
            #expect(Self.sorted(all) == Self.sorted(each))
        }
    }

    private static func sorted(_ records: [WholeRecord]) -> [WholeRecord] {
        records.sorted { $0.image.name < $1.image.name }
    }

    @Test("many are read in any order, each with its own keyed registers, past deleted ones and gaps")
    func many() throws {
        let store = try folder.store()
        var (olga, dice) = (Author(0), Dice(17))
        var writes: [RegisterWrite] = []
        for id in UInt128(1)...100 {
            writes.append(RegisterWrite(name(3, id), 1, .text("judgment \(id)")))
            for tag in 0..<dice.below(4) {
                writes.append(RegisterWrite(name(3, id), 8, "\(id)-\(tag)", .bool(true)))
            }
            if dice.below(5) == 0 { writes.append(RegisterWrite(name(3, id), 7, .bool(true))) }
        }
        try store.write { _ = try $0.append([olga.write(writes, wall: 1).arrival]) }
        try store.read { tx in
            let standing = try tx.wholeRecords(of: [3])
            #expect(standing.contains { $0.image.registers.count > 3 } && standing.count < 100)
            for count in [1, 15, 16, 17, 32, 100, 130] {
                let names = (1...130).map { name(3, UInt128($0)) }.shuffled(using: &dice).prefix(count)
                let read = try tx.wholeRecords(names)
                #expect(Self.sorted(read) == Self.sorted(standing.filter { names.contains($0.image.name) }))
            }
            for record in standing { #expect(record.image == (try tx.image(of: record.image.name))) }
        }
    }

    @Test("who refers to a record is found, deleted or not, and nobody else")
    func referrers() throws {
        let store = try folder.store()
        var olga = Author(0)
        let links: [(UInt128, UInt128, UInt128)] = [(10, 1, 2), (11, 1, 3), (12, 2, 1), (13, 4, 4)]
        let writes = links.flatMap { id, from, to in
            [
                RegisterWrite(name(13, id), 16, .ref(RecordID(from))),
                RegisterWrite(name(13, id), 18, .ref(RecordID(to))),
            ]
        }
        let arrival = olga.write(writes + [RegisterWrite(name(13, 11), 7, .bool(true))], wall: 1).arrival
        try store.write { _ = try $0.append([arrival]) }
        try store.read { tx in
            let out = try tx.referrers(to: [RecordID(1)], by: "from", of: 13)
            #expect(Set(out) == [name(13, 10), name(13, 11)])
            #expect(try tx.referrers(to: [RecordID(1), RecordID(3)], by: "to", of: 13).count == 2)
            #expect(try tx.referrers(to: [RecordID(9)], by: "to", of: 13).isEmpty)
            #expect(try tx.referrers(to: [RecordID(1)], by: "nothing", of: 13).isEmpty)
        }
    }

    @Test("by chance: strays lie under nothing and nothing refers to them; all come in reading order, once")
    func strays() throws {
        let store = try folder.store()
        var (olga, dice) = (Author(0), Dice(9))
        var writes: [RegisterWrite] = []
        var (referred, under, orders): (Set<UInt128>, Set<UInt128>, [UInt128: String]) = ([], [], [:])
        for id in UInt128(1)...300 {
            let record = name(id % 2 == 0 ? 8 : 3, id)
            let isDeleted = dice.below(10) == 0
            let target = UInt128(dice.below(300) + 1)
            switch dice.below(6) {
            case 0:
                writes.append(RegisterWrite(record, Self.parent, .ref(RecordID(target))))
                under.insert(id)
                if !isDeleted { referred.insert(target) }
            case 1 where record.kind == 3:
                let outcome = Value.tuple([.text("yes"), .text("2026-01-02"), .ref(RecordID(target))])
                writes.append(RegisterWrite(record, 21, outcome))
                if !isDeleted { referred.insert(target) }
            case 1:
                writes.append(RegisterWrite(record, 21, .ref(RecordID(target))))
                if !isDeleted { referred.insert(target) }
            default: writes.append(RegisterWrite(record, 1, .text("t")))
            }
            if isDeleted { writes.append(RegisterWrite(record, 7, .bool(true))) } else { orders[id] = "" }
            if record.kind == 8, dice.below(3) == 0 {
                writes.append(RegisterWrite(record, 23, "olga", .text("2")))
            }
            if dice.below(3) > 0 {
                let order = "abcdefghi".prefix(dice.below(9) + 1) + "\(dice.below(20))"
                writes.append(RegisterWrite(record, 3, .text(String(order))))
                if !isDeleted { orders[id] = String(order) }
            }
        }
        try store.write { _ = try $0.append([olga.write(writes, wall: 1).arrival]) }
        try store.read { tx in
            let places = try tx.places(of: [8, 3])
            #expect(places.strays.map(\.kind) == [3, 8] && places.others.map(\.kind) == [3, 8])
            var seen: [UInt128] = []
            for (isStray, all) in [(true, places.strays), (false, places.others)] {
                for rows in all {
                    let records = try tx.wholeRecords(at: rows, in: 0..<rows.count)
                    let whole = try tx.wholeRecords(records.map(\.image.name))
                    #expect(Self.sorted(records) == Self.sorted(whole))
                    let ids = records.map(\.image.name.id.number)
                    #expect(ids.count == rows.count)
                    #expect(ids.allSatisfy { (under.contains($0) || referred.contains($0)) != isStray })
                    let keys = ids.map { orders[$0] ?? "" }.map { $0.isEmpty ? "~" : $0 }
                    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 <= $1 }, "\(keys)")
                    seen += ids
                }
            }
            #expect(Set(seen) == Set(orders.keys) && seen.count == orders.count)
        }
    }

    @Test("no keyed field holds references, where strays are not looked for")
    func keyedReferences() {
        for kind in Schema.assessments.kinds {
            for field in kind.fields where field.merge.isKeyed {
                var parts: [FieldType] = [field.type]
                if case .tuple(let components) = field.type { parts = components.map(\.type) }
                #expect(!parts.contains(.ref), "\(kind.name).\(field.name)")
            }
        }
    }

    @Test("by chance: what lies below and above a record, circles and all, is what a naive walk finds")
    func trees() throws {
        let store = try folder.store()
        var (olga, dice) = (Author(0), Dice(5))
        var parents: [UInt128: UInt128] = [:]
        for id in UInt128(1)...120 { parents[id] = UInt128(dice.below(120) + 1) }
        let kinds: [UInt32] = [1, 3, 8, 2]
        let arrival = olga.write(
            parents.sorted { $0.key < $1.key }.map { id, parent in
                RegisterWrite(name(kinds[Int(id % 4)], id), Self.parent, .ref(RecordID(parent)))
            }, wall: 1
        ).arrival
        try store.write { _ = try $0.append([arrival]) }
        try store.read { tx in
            for root in UInt128(1)...120 {
                let below = parents.keys.filter { id in
                    var (next, seen) = (parents[id], Set([id]))
                    while let above = next, above != root, seen.insert(above).inserted {
                        next = parents[above]
                    }
                    return next == root && id != root
                }
                let found = try tx.below(RecordID(root))
                #expect(Set(found.map(\.id.number)) == Set(below), "below \(root)")
                #expect(found.allSatisfy { $0.kind == kinds[Int($0.id.number % 4)] })
                let above = try tx.above(name(kinds[Int(root % 4)], root)).map(\.id.number)
                var (expected, next): ([UInt128], UInt128?) = ([], parents[root])
                while let id = next, id != root, !expected.contains(id) {
                    expected.append(id)
                    next = parents[id]
                }
                #expect(above == expected, "above \(root)")
            }
        }
        print("promise: trees-by-chance count=120")
    }

    @Test("a broad tree is the same tree")
    func broad() throws {
        let store = try folder.store()
        var olga = Author(0)
        let (first, second, other) = (
            UInt128(10_000)...15_000, UInt128(20_000)...20_100, UInt128(30_000)...30_100
        )
        let writes =
            first.map { RegisterWrite(name(3, $0), Self.parent, .ref(RecordID(1))) }
            + second.map { RegisterWrite(name(8, $0), Self.parent, .ref(RecordID($0 - 10_000))) }
            + other.map { RegisterWrite(name(8, $0), Self.parent, .ref(RecordID(2))) }
        let arrival = olga.write(writes, wall: 1).arrival
        try store.write { _ = try $0.append([arrival]) }
        let below = try store.read { try $0.below(RecordID(1)) }
        #expect(Set(below.map(\.id.number)) == Set(first).union(second))
        #expect(below.count == first.count + second.count)
        let small = try store.read { try $0.below(RecordID(2)) }
        #expect(small.map(\.id.number).sorted() == Array(other))
    }

    @Test("a file from before has the indexes after it was opened to write")
    func upgraded() throws {
        let store = try folder.store()
        let count =
            "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN ('link_from', 'note_about')"
        #expect(try store.file.read { try Int.fetchOne($0, sql: count) } == 2)
        try store.write { tx in
            try tx.log.db.execute(sql: "DROP INDEX link_from; DROP INDEX note_about")
            try tx.log.db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'references'")
        }
        try store.close()
        let again = try folder.store()
        #expect(try again.file.read { try Int.fetchOne($0, sql: count) } == 2)
    }
}
