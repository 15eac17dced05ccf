import Foundation
import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite("A workspace file that somebody else has prepared")
struct ForeignFileTests {
    let folder = ScratchFolder()

    /// A store with one changeset, closed, and then changed by other hands.
    private func prepared(_ sql: String) throws -> Arrival {
        var olga = Author(0)
        let first = olga.write([RegisterWrite(name(3, 1), 1, .text("a"))]).arrival
        let store = try folder.store()
        try store.write { _ = try $0.append([first]) }
        try store.close()
        let queue = try DatabaseQueue(path: folder.path + "/a.sqlite")
        try queue.inDatabase { try $0.execute(sql: sql) }
        try queue.close()
        return olga.write([RegisterWrite(name(3, 1), 1, .text("b"))]).arrival
    }

    @Test(
        "one with a trigger or a view is refused, for reading too",
        arguments: [
            "CREATE TRIGGER t AFTER INSERT ON changeset BEGIN DELETE FROM changeset; END",
            "CREATE TRIGGER t BEFORE INSERT ON changeset BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
            "CREATE TRIGGER t AFTER UPDATE ON changeset BEGIN SELECT load_extension('x'); END",
            "CREATE VIEW v AS SELECT writefile('x', hash) FROM changeset",
            "ALTER TABLE changeset RENAME TO hidden; CREATE VIEW changeset AS SELECT * FROM hidden",
        ])
    func code(sql: String) throws {
        _ = try prepared(sql)
        for readOnly in [false, true] {
            let error = #expect(throws: StoreError.self) { try folder.store(readOnly: readOnly) }
            #expect(error?.code == .damaged && error?.cause.contains("triggers or views") == true)
        }
    }

    @Test(
        "a column or an index that calculates does nothing but fail",
        arguments: [
            "ALTER TABLE changeset ADD COLUMN evil AS (hex(zeroblob(900000000)))",
            "ALTER TABLE changeset ADD COLUMN evil AS (abs(-9223372036854775807 - 1))",
            "ALTER TABLE changeset ADD COLUMN evil CHECK (position < 2)",
            "CREATE INDEX evil ON changeset (abs(-9223372036854775806 - position))",
            "CREATE UNIQUE INDEX evil ON changeset (length(bytes) * 0)",
        ])
    func calculations(sql: String) throws {
        let next = try prepared(sql)
        let store = try folder.store()
        #expect(try store.read { try $0.bookkeeping(of: name(3, 1)) }?.author == "olga")
        #expect(try store.read { try $0.log.count() } == 1)
        do {
            try store.write { _ = try $0.append([next]) }
            #expect(try store.read { try $0.log.count() } == 2)
        } catch {
            #expect(error is StoreError, "\(error)")
            #expect(try store.read { try $0.log.count() } == 1)
        }
    }
}
