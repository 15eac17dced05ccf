import Foundation
import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite struct WorkspaceStoreTests {
    let folder = ScratchFolder()

    private func titled(_ author: inout Author, _ record: RecordName, _ text: String, wall: Int64 = 0)
        -> Arrival
    {
        author.write([RegisterWrite(record, 1, .text(text))], wall: wall).arrival
    }

    @Test func everyCommitIsForcedToDisk() throws {
        let store = try folder.store()
        #expect(try store.file.withoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(
            try store.file.withoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal"
        )
    }

    /// A schema that changed has every other process prepare its statements anew.
    @Test func openingAFileToWriteLeavesItsSchema() throws {
        func version(_ store: WorkspaceStore) throws -> Int? {
            try store.file.withoutTransaction { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
        }
        let first = try folder.store()
        let made = try version(first)
        try first.file.close()
        #expect(try version(try folder.store()) == made)
    }

    @Test func aFileOpenedForReadingRefusesWrites() throws {
        var olga = Author(0)
        let arrival = titled(&olga, name(3, 1), "a")
        try folder.store().write { _ = try $0.append([arrival]) }
        let reader = try folder.store(readOnly: true)
        #expect(try reader.read { try $0.bookkeeping(of: name(3, 1)) }?.author == "olga")
        let next = titled(&olga, name(3, 1), "b")
        #expect(throws: StoreError.self) { try reader.write { _ = try $0.append([next]) } }
        #expect(try reader.read { try $0.log.count() } == 1)
    }

    @Test func whatThrowsLeavesNothing() throws {
        struct Stop: Error {}
        var olga = Author(0)
        let store = try folder.store()
        let arrival = titled(&olga, name(3, 1), "a")
        #expect(throws: Stop.self) {
            try store.write { tx in
                try tx.append([arrival])
                throw Stop()
            }
        }
        #expect(try store.read { try $0.counts() } == StoreCounts())
    }

    /// The merge reads what a row shows before it decides; were that left open by a failure, this connection would
    /// not see what others write from then on.
    @Test func aMergeThatFailsLeavesNothingOpen() throws {
        var (olga, ken) = (Author(0), Author(1))
        let record = name(3, 1)
        let store = try folder.store()
        let first = titled(&olga, record, "a")
        try store.write { _ = try $0.append([first]) }
        try store.file.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER fails BEFORE UPDATE ON judgment BEGIN SELECT RAISE(ABORT, 'provoked'); END
                    """)
        }
        let apart = titled(&ken, record, "b")
        #expect(throws: StoreError.self) { try store.write { _ = try $0.append([apart]) } }
        let other = try DatabaseQueue(path: store.file.path)
        try other.write { try $0.execute(sql: "DROP TRIGGER fails; UPDATE judgment SET title = 'theirs'") }
        let shown = try store.file.read { try String.fetchOne($0, sql: "SELECT title FROM judgment") }
        #expect(shown == "theirs")
    }

    @Test func aChangesetOutOfItsChainIsRefused() throws {
        var olga = Author(0)
        let store = try folder.store()
        _ = titled(&olga, name(3, 1), "a")
        let second = titled(&olga, name(3, 1), "b")
        #expect(throws: StoreError.self) { try store.write { _ = try $0.append([second]) } }
    }

    @Test func twoConnectionsWritingAtOnceNeverSeeALock() async throws {
        let (path, count) = (folder.path + "/shared.sqlite", 60)
        _ = try WorkspaceStore(path: path, rules: .plain)
        await withTaskGroup(of: Int.self) { group in
            for device in 1...2 {
                group.addTask { Self.writeMany(path, UInt128(device), count) }
            }
            for await written in group { #expect(written == count) }
        }
        let store = try WorkspaceStore(path: path, rules: .plain)
        #expect(try store.read { try $0.log.count() } == 2 * count)
        #expect(try store.verify() == [])
    }

    private static func writeMany(_ path: String, _ device: UInt128, _ count: Int) -> Int {
        guard let store = try? WorkspaceStore(path: path, rules: .plain) else { return 0 }
        var (author, written) = (Author(device), 0)
        for index in 0..<count {
            let change = author.write([
                RegisterWrite(name(3, UInt128(index % 7)), 1, .text("\(device) \(index)"))
            ])
            do {
                try store.write { _ = try $0.append([change.arrival]) }
                written += 1
            } catch { Issue.record(error) }
        }
        return written
    }

    @Test func reportsSayWhatEachWriteDid() throws {
        var (olga, ken) = (Author(0), Author(1))
        let store = try folder.store()
        let batch = [
            titled(&olga, name(3, 1), "a", wall: 5), titled(&ken, name(3, 1), "b", wall: 3),
            titled(&ken, name(3, 2), "c"),
        ]
        let applied = try store.write { try $0.append(batch, reporting: true) }
        #expect(
            applied.writes.map(\.outcome) == [.shown(over: false), .setAside, .shown(over: false)]
                || applied.writes.map(\.outcome) == [.setAside, .shown(over: false), .shown(over: false)])
        #expect(try store.write { try $0.append([titled(&olga, name(3, 3), "x")]) }.writes == [])
    }

    @Test func idsAreFoundByTheirBeginning() throws {
        var olga = Author(0)
        let store = try folder.store()
        let ids: [UInt128] = [1 << 127, 1 << 127 | 1, 3 << 120]
        let arrivals = ids.map { titled(&olga, name(3, $0), "t") } + [titled(&olga, name(12, ids[0]), "n")]
        try store.write { _ = try $0.append(arrivals) }
        let prefix = String(RecordID(ids[0]).text.prefix(4))
        #expect(try store.read { try $0.find(prefix: prefix) }.count == 3)
        #expect(try store.read { try $0.find(prefix: prefix, kind: 3) }.map(\.id.number) == [ids[0], ids[1]])
        #expect(try store.read { try $0.find(prefix: RecordID(ids[1]).text) } == [name(3, ids[1])])
        #expect(try store.read { try $0.find(prefix: "!") } == [])
    }

    @Test func aRecordIsFoundByItsExternalKeyTheLeastIdFirst() throws {
        var olga = Author(0)
        let store = try folder.store()
        let arrivals = [9, 5, 3].map { id in
            olga.write([RegisterWrite(name(8, id), 9, "isbn:1", .bool(id != 3))]).arrival
        }
        try store.write { _ = try $0.append(arrivals) }
        #expect(try store.read { try $0.findByKey("isbn:1", kind: 8) } == RecordID(5))
        #expect(try store.read { try $0.findByKey("isbn:1", kind: 9) } == nil)
    }

    @Test func theBaseOfAnImportIsTheLatestSayingOfThatSource() throws {
        var (olga, ken) = (Author(0), Author(1))
        let store = try folder.store()
        let record = name(8, 1)
        let other = name(8, 2)
        func act(_ source: String) -> Act { Act(.importing, [.source: .text(source)]) }
        let arrivals = [
            olga.write([RegisterWrite(record, 1, .text("first"))], act: act("feed"), wall: 10),
            ken.write([RegisterWrite(record, 1, .text("by hand"))], wall: 30),
            ken.write([], said: [RegisterWrite(record, 1, .text("second"))], act: act("feed"), wall: 40),
            olga.write([RegisterWrite(record, 1, .text("other"))], act: act("wire"), wall: 50),
        ].map(\.arrival)
        try store.write { _ = try $0.append(arrivals) }
        let asked: [RecordName: UInt64] = [record: 1 << 1 | 1 << 2, other: .max]
        let bases = try store.read { try $0.importBases(source: "feed", about: asked) }
        #expect(bases == [record: [RegisterImage(RegisterName(field: 1), .text("second"))], other: []])
        #expect(
            try store.read { try $0.importBases(source: "feed", about: [record: 1 << 2]) } == [record: []])
        #expect(
            try store.read { tx in try ["feed", "mail"].map { try tx.hasImport(of: $0) } } == [
                true, false,
            ])
        let history = try store.read { try $0.history(of: record) }
        #expect(history.map { $0.origin.stamp.time.milliseconds } == [50, 40, 30, 10])
    }

    @Test func draftsAreParkedAndDropped() throws {
        let store = try folder.store()
        let register = RegisterName(field: 22, key: "olga")
        let draft = EditorDraft(
            record: name(3, 1), register: register, base: ChangeID(device: DeviceID(3), number: 4),
            baseValue: .text("before"), text: "наброс", caret: 3, created: 10, updated: 20)
        try store.write { try $0.save(draft) }
        #expect(try store.read { try $0.drafts() } == [draft])
        #expect(try store.read { try $0.draft(of: register, in: name(3, 1)) } == draft)
        try store.write { try $0.dropDraft(of: register, in: name(3, 1)) }
        #expect(try store.read { try $0.drafts() } == [])
    }

    @Test func exportSeesEveryRecordOnceByKindAndId() throws {
        var olga = Author(0)
        let store = try folder.store()
        let names = (0..<1200).map { name($0 % 2 == 0 ? 3 : 99, UInt128($0) &* 7919 % 1201) }
        let arrival = olga.write(names.map { RegisterWrite($0, 1, .text("t")) }).arrival
        try store.write { _ = try $0.append([arrival]) }
        var seen: [RecordName] = []
        try store.read { tx in
            try tx.eachRecord(of: tx.kinds()) { image in
                seen.append(image.name)
                return true
            }
        }
        #expect(seen == names.sorted())
    }

    @Test func aChangedTableIsFoundAndRebuilt() throws {
        var olga = Author(0)
        let store = try folder.store()
        let arrival = titled(&olga, name(3, 1), "true")
        try store.write { _ = try $0.append([arrival]) }
        try store.file.write { try $0.execute(sql: "UPDATE judgment SET title = 'forged'") }
        #expect(try store.verify().count == 1)
        try store.rebuild()
        #expect(try store.verify() == [])
        #expect(try store.read { try $0.image(of: name(3, 1))?[1] } == .text("true"))
    }

    @Test func aRebuildLeavesTheSchemaAloneWhereItIsRight() throws {
        var olga = Author(0)
        let store = try folder.store()
        let arrival = titled(&olga, name(3, 1), "true")
        try store.write { _ = try $0.append([arrival]) }
        let before = try schemaVersion(of: store)
        try store.rebuild()
        #expect(try schemaVersion(of: store) == before)
        #expect(try store.verify() == [])
    }

    @Test(arguments: [
        "ALTER TABLE judgment DROP COLUMN title", "ALTER TABLE act ADD COLUMN mood", "DROP TABLE void",
        "DROP INDEX register_tag", "CREATE INDEX mine ON judgment (title)",
    ])
    func aRebuildMakesTablesOfAnotherShapeAnew(change: String) throws {
        var olga = Author(0)
        let store = try folder.store()
        let arrival = titled(&olga, name(3, 1), "true")
        try store.write { _ = try $0.append([arrival]) }
        let right = try store.definitions()
        try store.file.write { try $0.execute(sql: change) }
        try #require(store.definitions() != right)
        try store.rebuild()
        #expect(try store.definitions() == right)
        #expect(try store.verify() == [])
        #expect(try store.read { try $0.image(of: name(3, 1))?[1] } == .text("true"))
    }

    private func schemaVersion(of store: WorkspaceStore) throws -> Int? {
        try store.file.withoutTransaction { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
    }

    @Test func unsentCountsWhatNoServerHasAcknowledged() throws {
        var olga = Author(4)
        let store = try folder.store()
        let arrivals = (0..<3).map { titled(&olga, name(3, 1), "\($0)") }
        try store.write { tx in
            try tx.append(arrivals)
            try tx.setAcknowledged(1)
        }
        #expect(try store.read { try $0.unsent(of: olga.device) } == 2)
    }
}
