import GRDB
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

/// One way of spoiling a workspace's file behind everybody's back, and the words by which it is found.
private struct Spoiling: CustomTestStringConvertible, Sendable {
    let sql: String
    let words: String

    init(_ sql: String, _ words: String) {
        self.sql = sql
        self.words = words
    }

    var testDescription: String { sql }
}

private let spoilings = [
    Spoiling(
        "UPDATE changeset SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE position = 3",
        "not those that were written"),
    Spoiling("UPDATE changeset SET hash = zeroblob(32) WHERE position = 3", "not those that were written"),
    Spoiling("UPDATE changeset SET stamp = stamp + 1 WHERE position = 3", "another name or time"),
    Spoiling("UPDATE changeset SET address = address + 1 WHERE position = 3", "another name or time"),
    Spoiling("DELETE FROM changeset WHERE position = 2", "not those that were written"),
    Spoiling("UPDATE changeset SET position = 99 WHERE position = 1", "does not stand before it"),
    Spoiling("UPDATE signature SET signature = zeroblob(64)", "signature at change"),
    Spoiling(
        "UPDATE statement SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00'", "not what was signed"),
    Spoiling("UPDATE judgment SET title = 'Forged'", "judgment: "),
    Spoiling("UPDATE chain SET number = number + 1", "chain: "),
    Spoiling(
        "INSERT INTO void (position, record, field, key, reason) VALUES (2, x'', 0, '', 'cut')", "void: "),
    Spoiling("INSERT INTO waiting (position) VALUES (2)", "waiting: "),
]

@Suite("doctor --verify says what it proved")
struct AuditTests {
    let scene: Deceived

    init() throws {
        scene = try Deceived(seed: 75)
        try scene.bench.syncAll(scene.cara, scene.olga, scene.ben)
    }

    @Test("everything is counted: changes, devices, signatures, bodies, statements")
    func counts() throws {
        try scene.cara.set(scene.record, "confidence", .text("high"))
        let audit = try scene.cara.audit()
        #expect(audit.findings == [] && audit.tablesCompared)
        #expect(audit.changesets == 8 && audit.devices == 3, "\(audit)")
        #expect(audit.sealed + audit.plain == 8 && audit.plain == 0 && audit.waiting == 0, "\(audit)")
        #expect(audit.signatures >= 2 && audit.unsigned == 1, "Cara's own has not left: \(audit)")
        #expect(audit.void.isEmpty && audit.unknowing == 0 && audit.waitingStatements == 0)
        #expect(audit.statements == scene.cara.membership.statements.count)
        try scene.bench.sync(scene.cara)
        #expect(try scene.cara.audit().unsigned == 0)
    }

    @Test("what waits for a key, and who knew more than is here, is counted and is no fault")
    func waiting() throws {
        try scene.olga.revoke(Handle("ben"))
        try scene.olga.set(scene.record, "title", .text("Without Ben"))
        try scene.bench.sync(scene.olga)
        let digests = scene.cara.membership.statements.digest
        try scene.bench.visit(
            scene.cara,
            of: Liar(say: { message in
                switch message {
                case .welcome(var welcome):
                    welcome.digests.statements = digests
                    return [.welcome(welcome)]
                case .statements: return []
                default: return [message]
                }
            }))
        let audit = try scene.cara.audit()
        #expect(audit.findings == [] && audit.waiting == 1 && audit.unknowing == 1, "\(audit)")
        try scene.bench.sync(scene.cara)
        let after = try scene.cara.audit()
        #expect(after.findings == [] && after.waiting == 0 && after.unknowing == 0, "\(after)")
    }

    @Test("void statements are counted by their reason")
    func voidStatements() throws {
        let mallory = scene.cara.identity
        let grant = try Statement.grant(
            by: mallory, on: scene.cara.membership.roster.rests(for: mallory.device),
            invite: scene.bench.clock.random(32), handle: Handle("dave"), purpose: .newAnalyst(.analyst),
            until: scene.bench.clock.now())
        try scene.bench.visit(scene.olga, of: .adding([.statements([grant.bytes])]))
        let audit = try scene.olga.audit()
        #expect(audit.findings == [] && audit.voidStatements == [.notAdmin: 1], "\(audit)")
    }

    @Test("whatever is altered in the file is found", arguments: spoilings)
    private func spoiled(_ spoiling: Spoiling) throws {
        try scene.cara.store.file.write { try $0.execute(sql: spoiling.sql) }
        // As another process opens it, which has read nothing before.
        try scene.bench.store(scene.cara, as: "again")
        let fresh = try Workspace(folder: scene.bench.root + "/again", ambient: scene.bench.clock.ambient)
        let audit = try fresh.audit()
        #expect(!audit.findings.isEmpty)
        #expect(audit.findings.contains { $0.contains(spoiling.words) }, "\(audit.findings)")
        print("promise: spoilings-found count=1")
    }
}
