import Foundation
import GRDB
import ParleyStore
import Testing

@Suite("A write-ahead log that is lengthened ahead")
struct LogReservationTests {
    private let folder = ScratchFolder()
    private var path: String { folder.path + "/log.sqlite" }
    private var copy: String { folder.path + "/copy.sqlite" }

    private func size() throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
    }

    private func write(_ log: LogFile, _ numbers: Range<Int>) throws {
        for number in numbers {
            try log.write { try $0.setMeta("\(number)", [UInt8](repeating: 7, count: 3_000)) }
        }
    }

    private func count(_ file: StoreFile) throws -> Int? {
        try file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM meta WHERE length(value) = 3000") }
    }

    @Test("a killed server's file and log are whole: what was reserved counts for nothing")
    func killed() throws {
        let log = try LogFile(path: path)
        try write(log, 0..<1)
        #expect(try size() >= 1 << 20, "of which a few pages are written")
        try write(log, 1..<50)
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + ending, toPath: copy + ending)
        }
        let found = try LogFile(path: copy)
        #expect(try count(found.file) == 50)
        #expect(try found.file.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    @Test("it grows to the length at which it is begun anew, and no further")
    func bounded() throws {
        let log = try LogFile(path: path)
        try write(log, 0..<600)
        let most = 1000 * 4_120 + 65_536
        #expect(try size() > most / 2 && size() <= most)
        try write(log, 600..<1_200)
        #expect(try size() <= most)
        #expect(try count(log.file) == 1_200)
    }

    @Test("a workspace's log has its usual length until many commits are expected")
    func workspace() throws {
        let store = try folder.store()
        try store.write { try $0.log.setMeta("name", [1]) }
        let log = store.file.path + "-wal"
        let usual = try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0
        #expect(usual < 1 << 20)
        try store.reserveLog()
        let reserved = try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0
        #expect(reserved >= usual + 1 << 20)
    }
}
