import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

/// Who has gone writes nothing that counts and reads nothing that is new; and nobody loses what was
/// acknowledged.
@Suite("Promise 5: members come, change and go")
final class RemovalTests {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let ken: Workspace
    let record: RecordName

    init() throws {
        bench = try Bench(seed: 31)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        ken = try bench.member("ken", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Talks restate positions")])
        try bench.syncAll(olga, ben, ken)
    }

    private func isUnset(_ workspace: Workspace, _ field: String) throws -> Bool {
        [nil, .null].contains(try workspace.value(record, field))
    }

    private func handle(_ text: String) throws -> Handle { try Handle(text) }

    private func ended(_ workspace: Workspace) throws -> ProtocolError.Code? {
        try bench.refusal(of: workspace)?.code
    }

    @Test("who is put out is let in no more, and what the server held of theirs stays")
    func putOut() throws {
        try ben.set(record, "confidence", .text("low"))
        try bench.syncAll(olga, ben, ken)
        try ben.set(record, "criterion", .text("unsent"))
        try olga.revoke(handle("ben"))
        try bench.syncAll(olga, ken)
        #expect(try ended(ben) == .revoked)
        #expect(try ben.facts().isOut && ben.facts().unsent == 1)
        #expect(try ben.value(record, "criterion") == .text("unsent"), "it stays before their eyes")
        for workspace in [olga, ken] {
            #expect(workspace.membership.roster.role(of: ben.device) == nil)
            #expect(try workspace.value(record, "confidence") == .text("low"))
            #expect(try isUnset(workspace, "criterion"))
        }
    }

    @Test("a session that is open when its device is put out ends at once")
    func closesSessions() throws {
        let link = try bench.connect(ben)
        try bench.settle()
        #expect(link.engine.isOpen)
        try olga.revoke(handle("ben"))
        try bench.sync(olga)
        try bench.settle()
        #expect(link.engine.isOver)
    }

    @Test("what is written after a removal is sealed with a key that the removed does not get")
    func newKey() throws {
        let before = try #require(olga.membership.roster.newestEpoch)
        try olga.revoke(handle("ben"))
        let after = try #require(olga.membership.roster.newestEpoch)
        #expect(before != after && olga.membership.ring[after] != nil)
        try bench.sync(olga)
        try bench.sync(ken)
        #expect(ken.membership.ring[after] != nil)
        // Whatever the server may hand ben: statements and all.
        var ring = ben.membership.ring
        let found = ring.gather(olga.membership.statements, workspace: olga.id, by: ben.identity)
        #expect(found.isEmpty && ring[before] != nil && ring[after] == nil)
        try olga.set(record, "basis", .text("not for ben"))
        let entry = try #require(
            try olga.store.read { tx in
                let head = try tx.log.heads()[olga.device]?.number ?? 0
                return try tx.log.entry(of: ChangeID(device: olga.device, number: head))
            })
        let (header, body) = try ChangesetHeader.decode(entry.bytes)
        #expect(ring.open(entry.bytes, in: body, header: header) == .waits)
        #expect(header.epoch == after.epochNumber)
    }

    @Test("what was written offline before a removal leaves under the new key")
    func sealedAnew() throws {
        try ken.set(record, "basis", .text("written before"))
        let old = try #require(ken.membership.roster.newestEpoch)
        try olga.revoke(handle("ben"))
        try bench.sync(olga)
        try bench.sync(ken)
        let head = try #require(try ken.store.read { try $0.log.heads()[ken.device] })
        let header = try ken.store.read {
            try $0.log.header(of: ChangeID(device: ken.device, number: head.number))
        }
        #expect(header?.epoch != old.epochNumber)
        try bench.sync(olga)
        #expect(try olga.value(record, "basis") == .text("written before"))
        #expect(try ken.verify() == [] && olga.verify() == [])
    }

    @Test("a removal that would void what the server has acknowledged is declined, and signed again")
    func cutBehind() throws {
        try ben.set(record, "criterion", .text("acknowledged"))
        try bench.sync(ben)
        // Olga does not have it yet.
        try olga.revoke(handle("ben"))
        #expect(try isUnset(olga, "criterion"))
        try bench.sync(olga)
        try bench.sync(olga)
        try bench.sync(ken)
        for workspace in [olga, ken] {
            #expect(try workspace.value(record, "criterion") == .text("acknowledged"))
            #expect(workspace.membership.roster.isRevoked(ben.device))
        }
        #expect(try ended(ben) == .revoked)
    }

    @Test("what a removed analyst's bundle brings beyond the cut is kept and counts for nothing")
    func bundleBeyondCut() throws {
        try ben.set(record, "criterion", .text("beyond the cut"))
        let bundle = try bench.bundle(of: ben)
        try olga.revoke(handle("ben"))
        try bench.sync(olga)
        try bench.sync(ken)
        try bench.apply(bundle, to: ken)
        #expect(try isUnset(ken, "criterion"))
        #expect(try ken.store.read { try $0.voidCounts() } == [.cut: 1])
        // It blocks nobody: ken's own work rests on it and is taken.
        try ken.set(record, "basis", .text("after the bundle"))
        try bench.syncAll(ken, olga)
        #expect(try olga.value(record, "basis") == .text("after the bundle"))
        #expect(try isUnset(olga, "criterion"))
        #expect(try olga.liveRows() == ken.liveRows() && ken.verify() == [])
    }

    @Test("a bundle that came before the removal is judged anew when the removal comes")
    func judgedAnew() throws {
        try ben.set(record, "criterion", .text("beyond the cut"))
        try bench.apply(try bench.bundle(of: ben), to: ken)
        #expect(try ken.value(record, "criterion") == .text("beyond the cut"))
        try olga.revoke(handle("ben"))
        try bench.sync(olga)
        try bench.sync(ken)
        #expect(try isUnset(ken, "criterion"))
        try bench.sync(olga)
        #expect(try olga.liveRows() == ken.liveRows())
    }

    @Test("a reader writes nothing, and an analyst again does")
    func roles() throws {
        try olga.setRole(handle("ben"), .reader)
        try bench.syncAll(olga, ben)
        #expect(throws: ClientError.notMember) { try ben.set(record, "criterion", .text("no")) }
        try olga.setRole(handle("ben"), .analyst)
        try bench.syncAll(olga, ben)
        try ben.set(record, "criterion", .text("yes"))
        try bench.syncAll(ben, olga, ken)
        #expect(try ken.value(record, "criterion") == .text("yes"))
    }

    @Test("the last admin cannot go, nor become less; nobody else may remove")
    func lastAdmin() throws {
        #expect(throws: ClientError.lastAdmin) { try olga.revoke(handle("olga")) }
        #expect(throws: ClientError.lastAdmin) { try olga.setRole(handle("olga"), .analyst) }
        #expect(throws: ClientError.notAdmin) { try ben.revoke(handle("ken")) }
        #expect(throws: ClientError.unknownMember("mia")) { try olga.revoke(handle("mia")) }
        try olga.setRole(handle("ben"), .admin)
        try bench.syncAll(olga, ben)
        try ben.setRole(handle("olga"), .reader)
        try bench.syncAll(ben, olga)
        #expect(olga.role() == .reader && ben.role() == .admin)
    }

    @Test("an invite that was not used yet dies with its revocation")
    func uninvited() throws {
        let invited = try olga.invite(
            handle: handle("mia"), role: .analyst, until: bench.clock.now() + 1_000_000)
        try olga.revoke(handle("mia"))
        try bench.sync(olga)
        let mia = try Workspace.join(
            folder: bench.root + "/mia", invite: invited.invite, server: invited.server,
            ambient: bench.clock.ambient)
        #expect(try ended(mia) != nil)
        try bench.sync(olga)
        #expect(olga.membership.roster.role(of: mia.device) == nil)
    }

    @Test("one device goes, the analyst's other one stays")
    func oneDevice() throws {
        let laptop = try bench.member("ben", at: "laptop", invitedBy: ben)
        try bench.syncAll(olga, ben, laptop)
        try olga.revoke(handle("ben"), devices: [laptop.device])
        try bench.syncAll(olga, ben)
        #expect(try ended(laptop) == .revoked)
        try ben.set(record, "criterion", .text("still here"))
        try bench.syncAll(ben, olga)
        #expect(try olga.value(record, "criterion") == .text("still here"))
    }

    @Test("a newcomer with an old invite waits for the key, and claims to have seen nothing meanwhile")
    func waitsForKey() throws {
        let invited = try olga.invite(
            handle: handle("mia"), role: .analyst, until: bench.clock.now() + 1_000_000)
        try olga.revoke(handle("ben"))
        try olga.set(record, "basis", .text("under the newer key"))
        try bench.sync(olga)
        let mia = try Workspace.join(
            folder: bench.root + "/mia", invite: invited.invite, server: invited.server,
            ambient: bench.clock.ambient)
        try bench.sync(mia)
        #expect(try mia.facts().counts.sealed == 1)
        #expect(try mia.value(record, "title") == .text("Talks restate positions"), "the history is readable")
        // What mia has not read she does not claim to have seen.
        try mia.set(record, "basis", .text("mia's own"))
        try bench.syncAll(mia, olga)
        #expect(try olga.asides() == 1)
        try bench.sync(mia)
        #expect(try mia.facts().counts.sealed == 0)
        #expect(try mia.liveRows() == olga.liveRows() && mia.verify() == [] && mia.asides() == 1)
    }
}
