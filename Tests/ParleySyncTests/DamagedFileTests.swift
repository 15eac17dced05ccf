import Foundation
import GRDB
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import Testing

@Suite("A client's file was damaged")
struct DamagedFileTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 61)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Common")])
        let long = String(repeating: "what the sources say, and when ", count: 60)
        for round in 0..<10 {
            try olga.set(record, "basis", .text("\(round) \(long)\(bench.clock.next())"))
            _ = try ben.create("evidence", ["title": .text("Seen \(round)"), "text": .text(long)])
        }
        try bench.syncAll(olga, ben)
    }

    private static let page = 4096

    private func damage(_ folder: String, page: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: folder + "/workspace.sqlite"))
        try file.seek(toOffset: UInt64(page * Self.page))
        try file.write(contentsOf: Data((0..<Self.page).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ page) }))
        try file.close()
    }

    private func pages(_ folder: String) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: folder + "/workspace.sqlite")[.size]
        return (size as? Int ?? 0) / Self.page
    }

    @Test(
        "whichever page is damaged, it is found, mended from the log or the server, and unsent work is kept")
    func everyPage() throws {
        try olga.set(record, "criterion", .text("unsent"))
        try bench.store(olga, as: "whole")
        let rows = try olga.liveRows()
        let count = try pages(bench.root + "/whole")
        var (mended, beyond, unsentLost) = (0, 0, 0)
        for page in stride(from: 1, to: count, by: 4) {
            let folder = bench.root + "/damaged"
            try? FileManager.default.removeItem(atPath: folder)
            try FileManager.default.copyItem(atPath: bench.root + "/whole", toPath: folder)
            try damage(folder, page: page)
            guard let workspace = try? Workspace(folder: folder, ambient: bench.clock.ambient) else {
                beyond += 1
                continue
            }
            let findings = (try? workspace.verify()) ?? ["unreadable"]
            #expect(!findings.isEmpty, "page \(page) of \(count)")
            _ = try workspace.mend()
            let again = try Workspace(folder: folder, ambient: bench.clock.ambient)
            try bench.sync(again, .pull)
            #expect(try again.verify() == [], "page \(page)")
            if try again.liveRows() != rows {
                // Only the page that held the unsent change itself can take it away.
                // Or it was written again under another device name.
                let criterion = try again.value(record, "criterion") ?? .null
                #expect(criterion == .null || criterion == .text("unsent"), "page \(page)")
                #expect(try again.value(record, "basis") == olga.value(record, "basis"))
                if criterion == .null { unsentLost += 1 }
            }
            mended += 1
        }
        print("damaged pages: \(mended) mended, \(beyond) keep the file from opening, of \(count)")
        #expect(mended > count / 6 && unsentLost <= 2)
        print("promise: damaged-pages count=\(mended)")
    }

    @Test("unsent work behind an unreadable changeset is written again under what is held")
    func orphans() throws {
        try bench.sync(olga)
        try olga.set(record, "criterion", .text("unsent, and then damaged"))
        try olga.set(record, "confidence", .text("low"))
        try olga.set(record, "likelihood", .text("likely"))
        let damaged = try olga.store.read { try $0.log.head(of: olga.device)?.number ?? 0 } - 2
        try olga.store.file.write { db in
            try db.execute(
                sql: "UPDATE changeset SET bytes = zeroblob(length(bytes)) WHERE number = ? AND device = ?",
                arguments: [Int64(damaged), olga.device.blob])
        }
        #expect(try !olga.verify().isEmpty)
        let mending = try olga.mend()
        #expect(mending.rewritten == 2 && mending.kept?.hasSuffix("damaged-1") == true, "\(mending)")
        let again = try Workspace(folder: olga.folder, ambient: bench.clock.ambient)
        #expect(again.device == olga.device, "nothing of it had left")
        try bench.sync(again)
        try bench.sync(ben)
        #expect(try ben.value(record, "confidence") == .text("low"))
        #expect(try ben.value(record, "likelihood") == .text("likely") && ben.asides() == 0)
        #expect(try ben.liveRows() == again.liveRows() && again.verify() == [])
    }

    @Test("a damaged changeset that a server refuses is kept apart, and what follows goes out")
    func refused() throws {
        try olga.set(record, "criterion", .text("hit"))
        try olga.set(record, "confidence", .text("low"))
        let damaged = try olga.store.read { try $0.log.head(of: olga.device)?.number ?? 0 } - 1
        try olga.store.file.write { db in
            let place: [any DatabaseValueConvertible] = [Int64(damaged), olga.device.blob]
            let stored = try Data.fetchOne(
                db, sql: "SELECT bytes FROM changeset WHERE number = ? AND device = ?",
                arguments: StatementArguments(place))
            // One bit of the body: SQLite has no reason to complain.
            var bytes = try #require(stored)
            bytes[bytes.count - 20] ^= 0x20
            try db.execute(
                sql: "UPDATE changeset SET bytes = ? WHERE number = ? AND device = ?",
                arguments: [bytes] + StatementArguments(place))
        }
        let outcome = try bench.syncReporting(olga)
        let healed = outcome.reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
        #expect(healed.map(\.cause) == [.damage] && healed.map(\.setApart) == [1], "\(outcome.reports)")
        try bench.sync(ben)
        #expect(try ben.value(record, "confidence") == .text("low"))
        #expect(try ben.liveRows() == olga.liveRows() && olga.store.read { try $0.setApart().count } == 1)
    }
}
