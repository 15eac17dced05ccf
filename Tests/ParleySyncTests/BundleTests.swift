import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("Bundles: a session in a file")
struct BundleTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 51)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben)
    }

    private func bundle(_ workspace: Workspace, since: Frontier = Frontier()) throws -> [UInt8] {
        try bench.bundle(of: workspace, since: since)
    }

    @discardableResult
    private func apply(
        _ bytes: [UInt8], to workspace: Workspace, isTrial: Bool = false, piece: Int = 97
    ) throws -> BundleOutcome {
        try bench.apply(bytes, to: workspace, isTrial: isTrial, piece: piece)
    }

    private func fault(_ work: () throws -> Void) -> BundleError? {
        do {
            try work()
            return nil
        } catch { return error as? BundleError }
    }

    @Test("two who never meet a server agree by bundles alone")
    func exchange() throws {
        try olga.set(record, "title", .text("Olga"))
        try ben.set(record, "basis", .text("Ben"))
        try apply(bundle(olga), to: ben)
        let outcome = try apply(bundle(ben), to: olga)
        #expect(outcome.received == 1 && outcome.known == 2)
        #expect(try olga.liveRows() == ben.liveRows())
        #expect(try olga.value(record, "basis") == .text("Ben"))
    }

    @Test("the same changes by bundle and by server, in either order, change nothing the second time")
    func twice() throws {
        for round in 0..<3 { try olga.set(record, "title", .text("Olga \(round)")) }
        let bytes = try bundle(olga)
        #expect(try apply(bytes, to: ben).received == 3)
        let rows = try ben.liveRows()
        #expect(try apply(bytes, to: ben).received == 0)
        try bench.syncAll(olga, ben)
        #expect(try ben.liveRows() == rows && ben.liveRows() == olga.liveRows())
        #expect(try apply(bytes, to: ben).received == 0)
        #expect(try ben.store.read { try $0.log.count() } == olga.store.read { try $0.log.count() })
        #expect(try ben.store.verify() == [])
    }

    @Test("a member hands a colleague's bundle on to the server, who acknowledges it to its author")
    func carried() throws {
        try ben.set(record, "basis", .text("Ben, offline for ever"))
        try apply(bundle(ben), to: olga)
        #expect(try bench.sync(olga).sent == 1)
        #expect(try bench.sync(ben).sent == 0)
        #expect(try ben.store.read { try $0.unsent(of: ben.device) } == 0)
    }

    @Test("a bundle since a frontier holds what came after, and is refused by name where that is missing")
    func since() throws {
        let first = try olga.store.read { try $0.log.heads().frontier }
        try olga.set(record, "title", .text("One"))
        let second = try olga.store.read { try $0.log.heads().frontier }
        try olga.set(record, "title", .text("Two"))
        let late = try bundle(olga, since: second)
        let rows = try ben.liveRows()
        #expect(
            fault { try apply(late, to: ben) }
                == .missing([ChangeID(device: olga.device, number: second[olga.device])]))
        #expect(try ben.liveRows() == rows)
        try apply(bundle(olga, since: first), to: ben)
        #expect(try apply(late, to: ben).received == 0 && ben.value(record, "title") == .text("Two"))
    }

    @Test("a bundle that promises less than its changes rest on is refused by naming what is missing")
    func contextGap() throws {
        let cara = try bench.member("cara", invitedBy: olga)
        try olga.set(record, "criterion", .text("not with cara"))
        try apply(bundle(olga), to: ben)
        try ben.set(record, "criterion", .text("over it"))
        let since = try olga.store.read { try $0.log.heads().frontier }
        // The second frame, which says what the reader must hold, gives way to an empty one.
        var reader = FrameReader(limit: Limits.frame)
        reader.append(try bundle(ben, since: since))
        var frames: [Frame] = []
        while let frame = try reader.next() { frames.append(frame) }
        frames[1] = Message.frontier([]).frame
        let lying = frames.flatMap(\.encoded)
        let rows = try cara.liveRows()
        #expect(
            fault { try apply(lying, to: cara) }
                == .missing([ChangeID(device: olga.device, number: 2)]))
        #expect(try cara.liveRows() == rows)
    }

    @Test("a trial says what would be shown and set aside, and changes nothing")
    func trial() throws {
        try olga.set(record, "title", .text("Olga"))
        try ben.set(record, "title", .text("Ben, later"))
        try olga.set(record, "basis", .text("only Olga"))
        let rows = try ben.liveRows()
        let outcome = try apply(bundle(olga), to: ben, isTrial: true)
        #expect(outcome.received == 2 && outcome.shown.map(\.value) == [.text("only Olga")])
        #expect(outcome.aside.map(\.value) == [.text("Olga")])
        #expect(try ben.liveRows() == rows && ben.asides() == 0)
        #expect(try ben.store.verify() == [])
        try apply(bundle(olga), to: ben)
        #expect(try ben.asides() == 1)
    }

    @Test("a bundle of a copied folder is refused by name, and changes nothing")
    func fork() throws {
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "title", .text("Olga"))
        try copy.set(record, "title", .text("The copy"))
        try bench.syncAll(olga, ben)
        let rows = try ben.liveRows()
        #expect(
            fault { try apply(bundle(copy), to: ben) }
                == .fork(ChangeID(device: olga.device, number: 2)))
        #expect(try ben.liveRows() == rows)
        // Nor does it help to leave the branch itself out and carry only what rests on it.
        let branch = try BundleWriter(copy).frontier(at: ChangeID(device: copy.device, number: 2))
        #expect(
            fault { try apply(bundle(copy, since: branch), to: ben) }
                == .fork(ChangeID(device: olga.device, number: 2)))
        // Once the copy has met the server its bundle is like any other.
        try bench.sync(copy)
        try apply(bundle(copy), to: ben)
        try bench.syncAll(ben, olga)
        #expect(try ben.liveRows() == copy.liveRows())
    }

    @Test("who took in the other branch by bundle is mended too, with what was written on it")
    func foreignBranch() throws {
        let copy = try bench.copy(olga, to: "olga-laptop")
        try olga.set(record, "title", .text("Olga"))
        try copy.set(record, "title", .text("The copy"))
        try apply(bundle(copy), to: ben)
        try ben.set(record, "title", .text("Ben, over the copy"))
        try ben.set(record, "confidence", .text("low"))
        let other = try bundle(ben)
        #expect(!other.isEmpty)
        try bench.sync(olga)
        let reports = try bench.syncReporting(ben).reports
        let healed = reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
        #expect(healed.map(\.cause) == [.foreignFork] && healed.map(\.rewritten) == [2], "\(reports)")
        try bench.syncAll(copy, olga, ben)
        for workspace in [olga, ben, copy] {
            #expect(try workspace.liveRows() == ben.liveRows() && workspace.store.verify() == [])
            #expect(try workspace.value(record, "confidence") == .text("low"))
            let detail = try workspace.store.read { try $0.detail(of: record) }
            #expect(try workspace.asides() == 2, "\(detail ?? [])")
        }
    }

    @Test("cut, altered and foreign bytes are refused and change nothing")
    func broken() throws {
        for round in 0..<4 { try olga.set(record, "title", .text("Olga \(round)")) }
        let bytes = try bundle(olga)
        let rows = try ben.liveRows()
        var refused = 0
        for length in stride(from: 0, to: bytes.count - 1, by: 3) {
            #expect(fault { try apply(Array(bytes.prefix(length)), to: ben) } != nil, "cut at \(length)")
            refused += 1
        }
        for place in stride(from: 0, to: bytes.count, by: 5) {
            var altered = bytes
            altered[place] ^= 0x41
            // A flip in a statement that ben holds already makes a bad statement, which is passed over.
            do { try apply(altered, to: ben, isTrial: true) } catch {
                refused += 1
                #expect(error is BundleError, "\(error) at \(place)")
            }
        }
        let strangers = try Bench(seed: 52)
        let foreign = try bundle(try strangers.founder("olga"))
        #expect(fault { try apply(foreign, to: ben) } == .otherWorkspace)
        #expect(fault { try apply(bytes + [0], to: ben) } != nil)
        #expect(fault { try apply(Array("id,title\nx,y\n".utf8), to: ben) } == .notABundle)
        #expect(try ben.liveRows() == rows)
        #expect(try apply(bytes, to: ben).received == 4)
        print("promise: bundles-refused count=\(refused)")
    }

    @Test("what a bundle has carried away is never encoded anew")
    func left() throws {
        try ben.set(record, "title", .text("Ben"))
        let hash = try ben.store.read { try $0.log.head(of: ben.device)?.hash }
        let bytes = try bundle(ben)
        _ = try ben.store.file.checkpoint()
        #expect(try ben.store.read { try $0.log.metaNumber(Meta.left) } == 1)
        try bench.sync(ben)
        #expect(try ben.store.read { try $0.log.head(of: ben.device)?.hash } == hash)
        #expect(try apply(bytes, to: olga).received == 1)
    }
}
