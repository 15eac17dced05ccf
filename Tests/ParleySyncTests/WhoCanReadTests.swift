import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("Who can read what a server holds")
struct WhoCanReadTests {
    let scene: Deceived

    init() throws {
        scene = try Deceived(seed: 76)
        try scene.bench.syncAll(scene.cara, scene.olga, scene.ben)
    }

    /// Everything that the server has of the workspace.
    private func serversLog() throws -> (statements: StatementSet, changesets: [[UInt8]]) {
        let folder = scene.bench.root + "/server/logs"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".sqlite")
        }
        let log = try LogFile(path: folder + "/" + (try #require(names.first)))
        return try log.read { log in
            var changesets: [[UInt8]] = []
            try log.eachRow { changesets.append($0.bytes) }
            return (try StatementSet(log.statements().map { try Statement(received: $0) }), changesets)
        }
    }

    /// How many of these bodies a ring opens, and how many it cannot.
    private func opened(_ changesets: [[UInt8]], _ ring: KeyRing) throws -> (read: Int, closed: Int) {
        var (read, closed) = (0, 0)
        for bytes in changesets {
            let (header, body) = try ChangesetHeader.decode(bytes)
            #expect(header.epoch != 0, "a plain body")
            if case .packed = ring.open(bytes, in: body, header: header) { read += 1 } else { closed += 1 }
        }
        return (read, closed)
    }

    @Test(
        "a device that was put out, with all that the server has, reads what it could and nothing written later"
    )
    func revoked() throws {
        let before = try serversLog().changesets.count
        try scene.olga.revoke(Handle("ben"))
        try scene.bench.syncAll(scene.olga, scene.cara)
        for round in 1...4 {
            try scene.olga.set(scene.record, "title", .text("Without Ben \(round)"))
            try scene.cara.set(scene.record, "text", .text("Nor for Ben \(round)"))
            try scene.bench.syncAll(scene.olga, scene.cara)
        }
        let (statements, changesets) = try serversLog()
        #expect(changesets.count == before + 8)
        var ring = scene.ben.membership.ring
        _ = ring.gather(statements, workspace: scene.ben.id, by: scene.ben.identity)
        #expect(try opened(Array(changesets[..<before]), ring) == (before, 0))
        #expect(try opened(Array(changesets[before...]), ring) == (0, 8))
        // Whoever runs the server has less than that.
        let nobody = try Identity(seed: Secret(scene.bench.clock.random(32)))
        var empty = KeyRing()
        _ = empty.gather(statements, workspace: scene.ben.id, by: nobody)
        #expect(empty.keys.isEmpty)
        #expect(try opened(changesets, empty) == (0, before + 8))
        print("promise: bodies-closed count=\(changesets.count + 8)")
    }

    @Test("a new member reads the whole history, from before and after a removal")
    func newMember() throws {
        try scene.olga.revoke(Handle("ben"))
        try scene.bench.syncAll(scene.olga, scene.cara)
        try scene.cara.set(scene.record, "text", .text("After"))
        try scene.bench.syncAll(scene.cara, scene.olga)
        let dave = try scene.bench.member("dave", invitedBy: scene.olga)
        #expect(try dave.liveRows() == scene.olga.liveRows())
        #expect(try dave.store.read { try $0.sealedCount() } == 0)
        #expect(try dave.audit().findings == [])
    }

    @Test("a copied workspace.sqlite without its identity opens no sealed body")
    func withoutIdentity() throws {
        try scene.cara.store.file.checkpoint()
        let copy = scene.bench.root + "/stolen.sqlite"
        try FileManager.default.copyItem(atPath: scene.cara.folder + "/workspace.sqlite", toPath: copy)
        let rules = StoreRules(openBody: { _, _, _ in .waiting }, analyst: { _ in nil })
        let store = try WorkspaceStore(path: copy, rules: rules)
        let (keys, statements, changesets) = try store.read { tx in
            var changesets: [[UInt8]] = []
            try tx.log.eachRow { changesets.append($0.bytes) }
            let statements = try StatementSet(tx.log.statements().map { try Statement(received: $0) })
            return (try tx.log.epochKeys(), statements, changesets)
        }
        #expect(!keys.isEmpty && changesets.count == 7)
        let thief = try Identity(seed: Secret(scene.bench.clock.random(32)))
        var stolen: [StatementHash: Secret] = [:]
        for (epoch, wrapped) in keys {
            let epoch = try #require(StatementHash(epoch))
            #expect(!scene.cara.membership.ring.keys.values.contains { contains(wrapped, $0.bytes) })
            stolen[epoch] = KeyStore.unwrap(wrapped, of: epoch, for: thief)
        }
        var ring = KeyRing(keys: stolen)
        _ = ring.gather(statements, workspace: scene.cara.id, by: thief)
        #expect(ring.keys.isEmpty)
        #expect(try opened(changesets, ring) == (0, 7))
        #expect(try opened(changesets, scene.cara.membership.ring) == (7, 0), "with it, all of them")
    }

    @Test("presence tells the server who is there, and not where")
    func presence() throws {
        var heard: [Presence] = []
        scene.bench.liar = Liar(hear: { message in
            if case .presence(let presence) = message { heard.append(presence) }
            return [message]
        })
        let olga = try scene.bench.connect(scene.olga)
        scene.bench.liar = nil
        let cara = try scene.bench.connect(scene.cara)
        try scene.bench.settle()
        let place = PresencePayload(
            .typing, record: scene.record,
            register: scene.olga.register("stance", key: "olga", of: scene.record))
        olga.engine.send(place)
        try scene.bench.settle()
        #expect(cara.engine.takeReports().contains(.presence(scene.olga.device, place)))
        let payload = try #require(heard.first).payload
        #expect(
            !contains(payload, scene.record.id.number.bigEndianBytes)
                && !contains(payload, Array("olga".utf8)))
        #expect(contains(place.encoded, scene.record.id.number.bigEndianBytes), "plain it would stand there")
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard bytes.count >= part.count else { return false }
        return (0...bytes.count - part.count).contains { bytes[$0..<$0 + part.count].elementsEqual(part) }
    }
}
