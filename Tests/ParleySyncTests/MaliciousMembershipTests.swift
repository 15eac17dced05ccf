import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("A malicious server: membership")
struct MaliciousMembershipTests {
    let scene: Deceived
    let bench: Bench

    init() throws {
        scene = try Deceived(seed: 72)
        bench = scene.bench
        try bench.syncAll(scene.cara, scene.olga, scene.ben)
    }

    private func identity() throws -> Identity { try Identity(seed: Secret(bench.clock.random(32))) }

    /// Statements by which a server would let its own device in, upon what the workspace has.
    private func invented(resting rests: [StatementHash], by issuer: Identity) throws -> [Statement] {
        let secret = try InviteSecret(seed: Secret(bench.clock.random(32)))
        let grant = try Statement.grant(
            by: issuer, on: rests, invite: secret.publicKey, handle: Handle("mallory"),
            purpose: .newAnalyst(.admin), until: bench.clock.now() + 1_000_000)
        let enrol = try Statement.enrol(
            try identity(), invite: secret, grant: grant, time: bench.clock.now())
        return [grant, enrol]
    }

    @Test("refused: members by statements of the server's own, and a server that says so is named")
    func invented() throws {
        let before = try Holding(scene.cara)
        let rests = scene.cara.membership.roster.heads
        let statements = try invented(resting: Array(rests.prefix(16)), by: identity())
        let visit = try bench.visit(scene.cara, of: .adding([.statements(statements.map(\.bytes))]))
        #expect(visit.doubts == [.strangeStatements, .missingStatements], "\(visit)")
        #expect(visit.isInStep)
        #expect(try Holding(scene.cara) == before)
        #expect(scene.cara.membership.roster.analysts[try Handle("mallory")] == nil)
        try scene.expectRecovery()
    }

    @Test("refused: a role, a removal, a key by somebody who has no voice")
    func seized() throws {
        let before = try Holding(scene.cara)
        let mallory = try identity()
        let rests = Array(scene.cara.membership.roster.heads.prefix(16))
        let statements = [
            try Statement.role(by: mallory, on: rests, handle: Handle("cara"), role: .admin),
            try Statement.revoke(by: mallory, on: rests, handle: Handle("olga"), scope: .analyst, cuts: []),
            try Statement.epoch(
                by: mallory, on: rests, keyHash: EpochKey.hash(Secret(bench.clock.random(32))),
                time: bench.clock.now(), previous: [],
                seals: [
                    try EpochSeal.seal(
                        Secret(bench.clock.random(32)), to: scene.cara.identity.keys,
                        workspace: scene.cara.id,
                        ephemeral: Secret(bench.clock.random(32)))
                ]),
        ]
        let visit = try bench.visit(scene.cara, of: .adding([.statements(statements.map(\.bytes))]))
        #expect(visit.reports.contains(.doubt(Doubt(.strangeStatements, 3))), "\(visit)")
        #expect(try Holding(scene.cara) == before && scene.cara.role() == .analyst)
        try scene.expectRecovery()
    }

    @Test("refused: another workspace's members and changes")
    func otherWorkspace() throws {
        let other = try Deceived(seed: 73)
        try other.bench.syncAll(other.cara)
        let statements = other.cara.membership.statements.bytes
        let run = try other.cara.handedOver()
        let before = try Holding(scene.cara)
        let visit = try bench.visit(scene.cara, of: .adding([.statements(statements), .changesets(run)]))
        #expect(visit.doubts.contains(.strangeStatements), "\(visit)")
        #expect(visit.end?.text.contains("nobody has let in") == true, "\(visit)")
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    @Test("refused: each byte of a statement, flipped")
    func flips() throws {
        let invited = try scene.olga.invite(
            handle: Handle("dave"), role: .analyst, until: bench.clock.now() + 1_000_000)
        try bench.sync(scene.olga)
        let before = try Holding(scene.cara)
        let genuine = invited.invite.grant.bytes
        var count = 0
        for index in stride(from: 0, to: genuine.count, by: 3) {
            var bytes = genuine
            bytes[index] ^= 1 << UInt8(index % 8)
            let visit = try bench.visit(
                scene.cara,
                of: Liar(say: { message in
                    guard case .statements(let all) = message else { return [message] }
                    return [.statements(all.map { $0 == genuine ? bytes : $0 })]
                }))
            #expect(!visit.doubts.isEmpty, "byte \(index)")
            count += 1
        }
        #expect(try Holding(scene.cara) == before)
        print("promise: malicious-statement-bytes-refused count=\(count)")
        try bench.sync(scene.cara)
        #expect(scene.cara.membership.statements[invited.invite.grant.hash] != nil)
        try scene.expectRecovery()
    }

    @Test("bounded: a server cannot fill a replica's set with statements of nobody's")
    func flood() throws {
        let mallory = try identity()
        let rests = Array(scene.cara.membership.roster.heads.prefix(16))
        let before = try Holding(scene.cara)
        for missing in [false, true] {
            let on = missing ? [try #require(StatementHash(bench.clock.random(32)))] : rests
            let junk = try (0..<200).map { _ in
                try Statement.grant(
                    by: mallory, on: on, invite: bench.clock.random(32), handle: Handle("junk"),
                    purpose: .newAnalyst(.admin), until: bench.clock.now()
                ).bytes
            }
            let visit = try bench.visit(scene.cara, of: .adding([.statements(junk)]))
            let kind: Doubt.Kind = missing ? .missingStatements : .strangeStatements
            #expect(visit.reports.contains(.doubt(Doubt(kind, 200))), "\(visit)")
        }
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    @Test("doubted: a second device by one invite, which only an accomplice can bring; one alone counts")
    func inviteUsedTwice() throws {
        let invited = try scene.olga.invite(
            handle: Handle("dave"), role: .analyst, until: bench.clock.now() + 1_000_000)
        let secret = try InviteSecret(seed: invited.invite.secret)
        let first = try Workspace.join(
            folder: bench.root + "/dave", invite: invited.invite, server: invited.server,
            ambient: bench.clock.ambient)
        try bench.syncAll(first, scene.olga, scene.cara)
        let second = try Statement.enrol(
            try identity(), invite: secret, grant: invited.invite.grant, time: bench.clock.now())
        let visit = try bench.visit(scene.cara, of: .adding([.statements([second.bytes])]))
        #expect(visit.reports.contains(.doubt(Doubt(.inviteUsedTwice, 1, of: "dave"))), "\(visit)")
        let roster = scene.cara.membership.roster
        #expect(roster.analysts[try Handle("dave")]?.devices.count == 1)
        #expect(roster.void.values.contains(.grantUsed))
    }

    // MARK: Hiding

    /// Says to Cara that she holds all statements there are, and hands over none.
    private func hiding(_ changesets: Bool) -> Liar {
        let digests = scene.cara.membership.statements.digest
        return Liar(say: { message in
            switch message {
            case .welcome(var welcome):
                welcome.digests.statements = digests
                return [.welcome(welcome)]
            case .statements: return []
            case .changesets: return changesets ? [] : [message]
            default: return [message]
            }
        })
    }

    private func revokeBen() throws {
        try scene.olga.revoke(Handle("ben"))
        try bench.sync(scene.olga)
    }

    @Test("undetected: a removal that the server hides, while nothing rests on it")
    func hiddenRemoval() throws {
        try revokeBen()
        let visit = try bench.visit(scene.cara, of: hiding(false))
        #expect(visit.isInStep && visit.doubts.isEmpty)
        #expect(scene.cara.membership.roster.role(of: try Handle("ben")) == .analyst)
        try bench.sync(scene.cara)
        #expect(scene.cara.membership.roster.role(of: try Handle("ben")) == nil)
    }

    @Test("doubted: a hidden removal, as soon as a change arrives whose author knew it; what it says waits")
    func hiddenRemovalShows() throws {
        try revokeBen()
        try scene.olga.set(scene.record, "title", .text("Without Ben"))
        try bench.sync(scene.olga)
        let shown = try scene.cara.liveRows()
        let visit = try bench.visit(scene.cara, of: hiding(false))
        #expect(visit.reports.contains(.doubt(Doubt(.missingStatements, 1))), "\(visit)")
        #expect(try scene.cara.liveRows() == shown)
        #expect(
            try scene.cara.store.read { try $0.sealedCount() } == 1, "sealed under the key that is hidden")
        try bench.sync(scene.cara)
        #expect(try scene.cara.value(scene.record, "title") == .text("Without Ben"))
        #expect(try scene.cara.store.verify() == [])
    }

    @Test("healed: a hidden removal comes with a colleague's bundle, all of it, whatever the server says")
    func hiddenRemovalByBundle() throws {
        try revokeBen()
        try bench.visit(scene.cara, of: hiding(false))
        try scene.cara.apply(bundleOf: scene.olga)
        #expect(scene.cara.membership.roster.role(of: try Handle("ben")) == nil)
        try bench.sync(scene.cara)
    }

    @Test("void: what the server hands out of somebody who was put out, beyond the removal")
    func laterWork() throws {
        try revokeBen()
        try bench.syncAll(scene.cara, scene.olga)
        try scene.ben.set(scene.record, "basis", .text("After the removal"))
        let run = try scene.ben.handedOver(after: 3)
        let shown = try scene.cara.liveRows()
        let visit = try bench.visit(scene.cara, of: .closing(with: [.changesets(run)]))
        #expect(visit.end == nil, "\(visit)")
        #expect(try scene.cara.liveRows() == shown)
        let voided = try scene.cara.store.read { try $0.voided(of: scene.ben.device) }
        #expect(!voided.isEmpty)
        #expect(try scene.cara.store.verify() == [])
    }

    @Test("doubted: statements that the server held are gone from it; they are given back")
    func lostStatements() throws {
        try bench.backUpServer(to: "backup")
        try revokeBen()
        try bench.syncAll(scene.cara, scene.olga)
        try bench.restoreServer(from: "backup")
        let visit = try bench.visit(scene.cara)
        #expect(visit.doubts == [.lostStatements], "\(visit)")
        #expect(try bench.visit(scene.olga).doubts == [], "Cara has given them back")
    }

    @Test("doubted: a server that drops a removal each time it is given it")
    func droppedRemoval() throws {
        try scene.olga.revoke(Handle("ben"))
        let deaf = Liar(hear: { if case .statements = $0 { [] } else { [$0] } })
        #expect(try bench.visit(scene.olga, of: deaf).doubts == [])
        for _ in 0..<2 {
            #expect(try bench.visit(scene.olga, of: deaf).doubts == [.lostStatements])
        }
        try bench.syncAll(scene.olga, scene.cara)
        #expect(scene.cara.membership.roster.role(of: try Handle("ben")) == nil)
    }
}

extension Workspace {
    /// What this replica would hand over to somebody who holds its own chain up to a number and all else.
    func handedOver(after number: UInt64 = 0) throws -> ChangesetRun {
        var since = Frontier()
        if number > 0 {
            since = try store.read { try $0.log.heads().frontier }
            since[device] = number
        }
        var run = ChangesetRun(changesets: [], signatures: [])
        try messages(since: since) {
            guard case .changesets(let more) = $0 else { return }
            run.changesets += more.changesets
            run.signatures += more.signatures
        }
        return run
    }

    private func messages(since: Frontier, _ body: (Message) -> Void) throws {
        var reader = BundleReader()
        _ = try BundleWriter(self).write(since: since) {
            for message in try reader.take($0[...]) { body(message) }
        }
    }

    func apply(bundleOf other: Workspace) throws {
        var bytes: [UInt8] = []
        _ = try BundleWriter(other).write { bytes += $0 }
        try apply(report: { _, _ in }, bundle: { try $0(bytes[...]) })
    }
}
