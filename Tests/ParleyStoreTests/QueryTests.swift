import ParleyCore
import ParleyStore
import Testing

@Suite struct QueryTests {
    let folder = ScratchFolder()
    let store: WorkspaceStore

    /// 1 and 2 are judgments, 3 evidence, 4 a deleted judgment, 5 a note below 2, 6 of a kind nobody knows.
    init() throws {
        store = try folder.store()
        var (olga, ken) = (Author(0), Author(1))
        let arrivals = [
            olga.write(
                [
                    RegisterWrite(name(3, 1), 1, .text("Port closure at Нижний Новгород")),
                    RegisterWrite(name(3, 1), 8, "moscow", .bool(true)),
                    RegisterWrite(name(3, 1), 20, .text("2026-11-30")),
                    RegisterWrite(name(3, 1), 22, "olga", .tuple([.text("agree"), .text("why [not]")])),
                ], wall: 100),
            ken.write(
                [
                    RegisterWrite(name(3, 2), 1, .text("Café convoy")),
                    RegisterWrite(name(3, 2), 4, .ref(RecordID(1))),
                    RegisterWrite(name(3, 2), 16, .text("likely")),
                    RegisterWrite(name(3, 2), 20, .text("2026-12")),
                ], wall: 200),
            ken.write(
                [
                    RegisterWrite(name(8, 3), 1, .text("東京の港湾データ")),
                    RegisterWrite(name(8, 3), 16, .text("data")),
                    RegisterWrite(name(8, 3), 4, .ref(RecordID(3))),
                ], wall: 300),
            ken.write(
                [
                    RegisterWrite(name(3, 4), 1, .text("gone convoy")),
                    RegisterWrite(name(3, 4), 7, .bool(true)),
                ], wall: 400),
            olga.write(
                [
                    RegisterWrite(name(12, 5), 19, "olga", .text("Диспетчер подтвердил приказ")),
                    RegisterWrite(name(12, 5), 4, .ref(RecordID(2))),
                ], wall: 500),
            ken.write([RegisterWrite(name(77, 6), 1, .text("future"))], wall: 600),
        ].map(\.arrival)
        try store.write { _ = try $0.append(arrivals) }
    }

    private func ids(_ filters: RecordFilter..., order: [RecordOrder] = []) throws -> [Int] {
        try store.read { try $0.query(RecordQuery(filters, order: order)) }.rows.map {
            Int($0.name.id.number)
        }
    }

    @Test func filtersSelect() throws {
        #expect(try ids() == [1, 2, 3, 5, 6])
        #expect(try ids(.kinds([3])) == [1, 2])
        #expect(try ids(.kinds([77])) == [6])
        #expect(try ids(.isDeleted) == [4])
        #expect(try ids(.field("likelihood", oneOf: [.text("likely"), .text("even")])) == [2])
        #expect(try ids(.field("type", oneOf: [.text("data")])) == [3])
        #expect(try ids(.isSet("due"), .not(.isSet("likelihood"))) == [1])
        #expect(try ids(.contains("title", "НОВГОРОД")) == [1])
        #expect(try ids(.contains("title", "cafe")) == [2])
        #expect(try ids(.range("due", from: .text("2026-11"), through: .text("2026-11"))) == [1])
        #expect(try ids(.range("due", from: .text("2026-12"), through: nil)) == [2])
        #expect(try ids(.member("tags", "moscow")) == [1])
        #expect(try ids(.keyed("stance", key: "olga", value: .text("agree"))) == [1])
        #expect(try ids(.keyed("stance", key: nil, value: nil)) == [1])
        #expect(try ids(.by("olga")) == [1, 5])
        #expect(try ids(.since(300), .until(600)) == [3, 5])
        #expect(try ids(.not(.hasReview), .kinds([12])) == [5])
    }

    @Test func treesAreFollowedAndCyclesCut() throws {
        #expect(try ids(.under(RecordID(1))) == [2, 5])
        #expect(try ids(.under(RecordID(3))) == [])
        #expect(try ids(.not(.under(RecordID(1))), .kinds([3])) == [1])
    }

    @Test func pagesAreSortedAndCounted() throws {
        let order = [RecordOrder(.field("due"), descending: true)]
        let query = RecordQuery(
            [.kinds([3, 8])], order: order, limit: 2, columns: ["title", "due", "nothing"])
        let page = try store.read { try $0.query(query) }
        #expect(page.total == 3)
        #expect(page.rows.map { $0.name.id.number } == [2, 1])
        #expect(page.rows[0].values == [.text("Café convoy"), .text("2026-12"), .null])
        #expect(try ids(order: [RecordOrder(.changed, descending: true)]) == [6, 5, 3, 2, 1])
    }

    @Test(arguments: [0, 1, 1000])
    func searchAnswersTheSameHoweverFarTheIndexIs(_ indexed: Int) throws {
        try store.rebuild()
        if indexed > 0 { try store.catchUpIndex { $0 < indexed } }
        func found(_ text: String) throws -> [Int] {
            try store.read { try $0.search(text, limit: 10) }.map { Int($0.id.number) }
        }
        #expect(try found("port clos") == [1])
        #expect(try found("новгород") == [1])
        #expect(try found("ДИСПЕТЧЕР приказ") == [5])
        #expect(try found("cafe") == [2])
        #expect(try found("нижнии") == [], "и and й are two letters")
        #expect(try found("港湾") == [3])
        #expect(try found("convoy") == [2], "deleted records are left out")
        #expect(try found("\"a* OR NEAR(") == [])
        #expect(try found("  ") == [])
        #expect(try ids(.words("convoy")) == [2])
    }

    @Test func aSmallEditIsIndexedAtOnce() throws {
        while try !store.catchUpIndex(while: { $0 < 2 }) {}
        var mia = Author(2)
        let change = mia.write([RegisterWrite(name(3, 1), 1, .text("Bridge photo"))], wall: 900)
        try store.write { _ = try $0.append([change.arrival]) }
        try store.write { _ = try $0.append([]) }
        #expect(try store.read { try $0.isIndexed() })
        #expect(try store.read { try $0.search("bridge", limit: 5) } == [name(3, 1)])
    }
}
