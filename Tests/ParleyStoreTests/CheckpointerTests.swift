import Foundation
import GRDB
import ParleyStore
import Testing

@Suite("Moving the write-ahead log while others write")
struct CheckpointerTests {
    @Test("what was committed comes into the file beside a writer, and the writer's own setting comes back")
    func moves() throws {
        let folder = ScratchFolder()
        let store = try folder.store()
        let path = store.file.path
        func pages() throws -> Int {
            try store.file.withoutTransaction { try Int.fetchOne($0, sql: "PRAGMA wal_autocheckpoint") ?? 0 }
        }
        func size() throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        }
        let usual = try pages()
        var checkpointer: Checkpointer? = Checkpointer(store)
        try write(store, 1)
        let before = try size()
        try checkpointer?.committed(1)
        #expect(try pages() == usual && size() == before)
        try checkpointer?.committed(64 << 20)
        #expect(try pages() > usual)
        for number in 2..<200 { try write(store, number) }
        let end = Date() + 20
        while try size() == before, Date() < end { usleep(1000) }
        #expect(try size() > before)
        checkpointer = nil
        #expect(try pages() == usual)
        let names = try store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM meta") }
        #expect(names == 199)
        #expect(try store.file.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    private func write(_ store: WorkspaceStore, _ number: Int) throws {
        try store.write { try $0.log.setMeta("\(number)", [UInt8](repeating: 1, count: 50_000)) }
    }
}
