import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import Testing

@Suite("Changesets that come in one go")
struct GatheringTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench()
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Version 0")])
        try bench.syncAll(olga, ben)
    }

    /// Ben is connected, and what comes for him waits.
    private func gathering() throws -> FakeLink {
        let link = try bench.connect(ben)
        try bench.settle()
        _ = link.engine.takeReports()
        link.gathers = true
        return link
    }

    /// Each arrives with Ben as a run of its own.
    private func write(_ versions: ClosedRange<Int>) throws {
        for version in versions {
            try olga.set(record, "title", .text("Version \(version)"))
            try bench.sync(olga)
        }
    }

    private func received(_ link: FakeLink) -> [SyncReport] {
        link.engine.takeReports().filter { if case .received = $0 { true } else { false } }
    }

    @Test("are applied together once all is read, and reported after that, run by run")
    func together() throws {
        let link = try gathering()
        try write(1...3)
        #expect(try ben.value(record, "title") == .text("Version 0"))
        #expect(link.engine.counts.received == 0 && received(link).isEmpty)
        #expect(!link.engine.awaitsMore)
        try link.engine.pump()
        #expect(try ben.value(record, "title") == .text("Version 3"))
        #expect(received(link) == [.received(1), .received(1), .received(1)])
        #expect(try ben.store.compareWithRebuild().isEmpty)
        print("promise: gathered-runs count=\(link.engine.counts.received)")
    }

    @Test(
        "wait for what the server still has to say, until it has caught up or the connection is lost",
        arguments: [true, false])
    func waiting(isLost: Bool) throws {
        try write(1...3)
        let link = try bench.connect(ben)
        link.gathers = true
        var held: [UInt8] = []
        link.passing = { frame in
            var reader = FrameReader(limit: Limits.frame)
            reader.append(frame)
            guard let bytes = try? reader.next(), case .caughtUp = try? Message(decoding: bytes) else {
                return frame
            }
            held = frame
            return []
        }
        try bench.settle()
        try link.engine.pump(more: link.engine.awaitsMore)
        try bench.settle()
        #expect(link.engine.awaitsMore)
        #expect(try ben.value(record, "title") == .text("Version 0"))
        try #require(!held.isEmpty)
        if isLost { try link.engine.lost() } else { try link.engine.received(held[...], more: true) }
        #expect(!link.engine.awaitsMore)
        #expect(try ben.value(record, "title") == .text("Version 3"))
    }

    @Test("are indexed at once, or later by a process that stays", arguments: [false, true])
    func indexing(stays: Bool) throws {
        if stays { try ben.prepareToStay() }
        let link = try gathering()
        try write(1...3)
        try link.engine.pump()
        #expect(try ben.store.read { try $0.isIndexed() } == !stays)
        #expect(try ben.store.read { try $0.search("version 3", limit: 9) } == [record])
        #expect(try ben.catchUpIndex(forMilliseconds: 10))
        #expect(try ben.store.read { try $0.isIndexed() })
        #expect(try ben.store.read { try $0.search("version 3", limit: 9) } == [record])
    }

    @Test("are applied by the tick of the clock and by leaving, too", arguments: [true, false])
    func otherwise(byTick: Bool) throws {
        let link = try gathering()
        try write(1...2)
        if byTick { try link.engine.tick() } else { try link.engine.leave() }
        #expect(try ben.value(record, "title") == .text("Version 2"))
    }

    @Test("keep their signatures, so that a server which has lost them all is given them back")
    func signatures() throws {
        let link = try gathering()
        try write(1...3)
        try link.engine.pump()
        link.cut()
        try bench.loseServer()
        try bench.publish(ben)
        try bench.sync(ben)
        let ken = try bench.member("ken", invitedBy: olga)
        try bench.sync(ken)
        #expect(try ken.value(record, "title") == .text("Version 3"))
    }

    @Test("are taken up to the first run with a fault; the rest comes in the next session")
    func fault() throws {
        let link = try gathering()
        var runs = 0
        link.passing = { frame in
            var reader = FrameReader(limit: Limits.frame)
            reader.append(frame)
            guard let bytes = try? reader.next(), case .changesets(var run) = try? Message(decoding: bytes)
            else { return frame }
            runs += 1
            if runs == 2 { run.signatures[0].signature[0] ^= 1 }
            return Message.changesets(run).frame.encoded
        }
        try write(1...3)
        try link.engine.pump()
        #expect(runs == 3)
        #expect(try ben.value(record, "title") == .text("Version 1"))
        #expect(link.engine.isOver)
        link.cut()
        try bench.sync(ben)
        #expect(try ben.value(record, "title") == .text("Version 3"))
    }
}
