import Chance
import Foundation
import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite struct MergeLawTests {
    static let seeds = UInt64(ProcessInfo.processInfo.environment["PARLEY_SEEDS"] ?? "") ?? 250

    @Test func replicasAgreeWithEachOtherAndWithTheLawWhateverTheOrderOfArrival() throws {
        let folder = ScratchFolder()
        let stores = try ["a", "b", "c"].map { try folder.store($0) }
        var checked = 0
        for seed in 1...Self.seeds {
            var history = RandomHistory(seed: seed, steps: 24)
            for store in stores { try Self.feed(&history, to: store) }
            let model = NaiveModel(history.changes)
            for record in history.records {
                let shown = try stores[0].modelled(record)
                try #require(shown == model.records[record], "seed \(seed), \(record)")
                let pairs = try stores[0].overlookedPairs(record)
                try #require(pairs == model.overlooked(record), "seed \(seed), \(record)")
                checked += 1
            }
        }
        #expect(checked >= 5 * Int(Self.seeds))
        let dumps = try stores.map { try Self.dump($0) }
        try #require(dumps[0].count > Int(Self.seeds))
        #expect(Self.difference(dumps[0], dumps[1]) == [])
        #expect(Self.difference(dumps[0], dumps[2]) == [])
        for store in stores {
            #expect(try store.verify() == [])
            let before = try Self.dump(store)
            try store.rebuild()
            #expect(try Self.dump(store) == before)
        }
    }

    @Test(arguments: NaiveModel.Defect.allCases.filter { $0 != .none })
    func thisHarnessSeesThePlantedDefect(_ defect: NaiveModel.Defect) throws {
        let folder = ScratchFolder()
        let store = try folder.store()
        for seed in UInt64(1)...400 {
            var history = RandomHistory(seed: seed, steps: 24)
            try Self.feed(&history, to: store)
            let model = NaiveModel(history.changes, defect: defect)
            for record in history.records where try store.modelled(record) != model.records[record] { return }
        }
        Issue.record("\(defect) went unseen")
    }

    static func feed(_ history: inout RandomHistory, to store: WorkspaceStore) throws {
        for batch in history.batches() {
            let reporting = history.dice.chance(30)
            try store.write { _ = try $0.append(batch.map(\.arrival), reporting: reporting) }
        }
    }

    /// Every row of every table whose content does not depend on the order of arrival.
    static func dump(_ store: WorkspaceStore) throws -> [String] {
        let tables =
            Schema.assessments.kinds.map(\.name) + ["other", "register", "aside", "overlooked", "chain"]
        return try store.file.read { db in
            var rows = try tables.flatMap { table in
                try Row.fetchAll(db, sql: LiveTables.comparison(of: table)).map { "\(table) \(text($0))" }
                    .sorted()
            }
            rows += try Row.fetchAll(
                db,
                sql: """
                    SELECT t.record, c.device, c.number FROM touched t JOIN changeset c USING (position) ORDER BY 1, 2, 3
                    """
            ).map { "touched \(text($0))" }
            rows += try Row.fetchAll(
                db,
                sql: """
                    SELECT c.device, c.number, v.record, v.field, v.key FROM void v JOIN changeset c USING (position)
                    ORDER BY 1, 2, 3, 4, 5
                    """
            ).map { "void \(text($0))" }
            return rows
        }
    }

    /// The first rows that one has and the other has not.
    static func difference(_ left: [String], _ right: [String]) -> [String] {
        Array(Set(left).symmetricDifference(right).sorted().prefix(4))
    }

    /// With all bytes, which a Row's own description leaves out.
    private static func text(_ row: Row) -> String {
        row.map { column, value in "\(column):" + (Data.fromDatabaseValue(value).map { $0.hex } ?? "\(value)")
        }
        .joined(separator: " ")
    }
}
