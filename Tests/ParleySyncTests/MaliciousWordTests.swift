import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

@Suite("A malicious server: what it claims, acknowledges, refuses and announces")
struct MaliciousWordTests {
    let scene: Deceived
    let bench: Bench

    init() throws {
        scene = try Deceived(seed: 74)
        bench = scene.bench
    }

    // MARK: Withholding and rolling back

    /// Hands over no changesets; what it says of its frontier is `frontier`, or nothing at all.
    private func withholding(_ frontier: @escaping ([FrontierEntry]) -> [FrontierEntry]) -> Liar {
        Liar(say: { message in
            switch message {
            case .changesets: []
            case .frontier(let entries): [.frontier(frontier(entries))]
            default: [message]
            }
        })
    }

    @Test("undetected: changes that the server keeps back and never speaks of")
    func withheld() throws {
        let before = try Holding(scene.cara)
        let frontier = try scene.cara.frontier()
        let visit = try bench.visit(scene.cara, of: withholding { _ in frontier })
        #expect(visit.isInStep && visit.doubts.isEmpty && visit.lost == 0, "\(visit)")
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    @Test("healed: a colleague's bundle brings what the server keeps from one of two clients")
    func splitView() throws {
        let frontier = try scene.cara.frontier()
        try bench.visit(scene.cara, of: withholding { _ in frontier })
        try scene.cara.apply(bundleOf: scene.olga)
        #expect(try scene.cara.liveRows() == scene.olga.liveRows())
        try scene.expectRecovery()
    }

    @Test("doubted: changes that the server says it holds and does not hand over")
    func claimed() throws {
        let visit = try bench.visit(scene.cara, of: withholding { $0 })
        #expect(visit.reports.contains(.doubt(Doubt(.missingChanges, 3, of: "ben"))), "\(visit)")
        #expect(visit.reports.contains(.doubt(Doubt(.missingChanges, 3, of: "olga"))), "\(visit)")
        try scene.expectRecovery()
    }

    @Test("doubted: another hash of what comes than of what the server says it holds; what is signed stands")
    func otherHash() throws {
        let visit = try bench.visit(
            scene.cara,
            of: Liar(say: { message in
                guard case .frontier(var entries) = message else { return [message] }
                for index in entries.indices { entries[index].hash[0] ^= 1 }
                return [.frontier(entries)]
            }))
        #expect(visit.doubts.contains(.otherChanges), "\(visit)")
        #expect(try scene.cara.value(scene.record, "basis") == .text("Ben 3"))
        try scene.expectRecovery()
    }

    @Test("detected: a server that goes back to an old state has lost what it once held; it is given back")
    func rolledBack() throws {
        try bench.backUpServer(to: "backup")
        try bench.syncAll(scene.cara, scene.olga, scene.ben)
        try scene.olga.set(scene.record, "title", .text("Late"))
        try bench.syncAll(scene.olga, scene.cara)
        try bench.restoreServer(from: "backup")
        let visit = try bench.visit(scene.cara)
        #expect(visit.lost == 1, "\(visit)")
        try scene.expectRecovery()
    }

    @Test("detected: an old session played back is a server that has lost what it held since")
    func replayed() throws {
        var recorded: [Message] = []
        try bench.visit(
            scene.cara,
            of: Liar(say: {
                recorded.append($0); return [$0]
            }))
        try scene.olga.set(scene.record, "title", .text("Late"))
        try bench.syncAll(scene.olga, scene.cara)
        let before = try Holding(scene.cara)
        var isFirst = true
        let visit = try bench.visit(
            scene.cara,
            of: Liar(
                say: { _ in
                    defer { isFirst = false }
                    return isFirst ? recorded : []
                }, hear: { if case .hello = $0 { [$0] } else { [] } }))
        #expect(visit.lost == 1 && !visit.isInStep, "\(visit)")
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    @Test(
        "refused: two branches of one device shown to two clients; neither takes the other's, by a bundle either"
    )
    func twoBranches() throws {
        try bench.syncAll(scene.cara)
        let copy = try bench.copy(scene.ben, to: "ben-copy")
        try scene.ben.set(scene.record, "basis", .text("To Olga"))
        try copy.set(scene.record, "basis", .text("To Cara"))
        try bench.visit(scene.olga, of: .closing(with: [.changesets(try scene.ben.handedOver(after: 3))]))
        try bench.visit(
            scene.cara,
            of: Liar(
                say: { $0 == .caughtUp ? [.changesets(copy.branch), .caughtUp] : [$0] },
                hear: { if case .changesets = $0 { [] } else { [$0] } }))
        #expect(try scene.olga.value(scene.record, "basis") == .text("To Olga"))
        #expect(try scene.cara.value(scene.record, "basis") == .text("To Cara"))
        let before = try Holding(scene.cara)
        let fork = ChangeID(device: scene.ben.device, number: 4)
        #expect(throws: BundleError.fork(fork)) { try scene.cara.apply(bundleOf: scene.olga) }
        #expect(try Holding(scene.cara) == before)
    }

    // MARK: Acknowledging

    @Test("detected: acknowledged without being stored shows at the next session, and is given back")
    func acknowledgedAlone() throws {
        try bench.sync(scene.cara)
        try scene.cara.set(scene.record, "confidence", .text("low"))
        let own = ChangeID(device: scene.cara.device, number: 1)
        let visit = try bench.visit(
            scene.cara,
            of: Liar(
                hear: { if case .changesets = $0 { [] } else { [$0] } },
                answer: { if case .changesets = $0 { [.stored([own])] } else { [] } }))
        #expect(visit.isInStep && visit.reports.contains(.stored(through: 1)))
        #expect(try scene.cara.unsentCount() == 0)
        let next = try bench.visit(scene.cara)
        #expect(next.lost == 1, "\(next)")
        try bench.sync(scene.olga)
        #expect(try scene.olga.value(scene.record, "confidence") == .text("low"))
        try scene.expectRecovery()
    }

    @Test("not believed: an acknowledgement of what was never sent")
    func acknowledgedTooMuch() throws {
        try bench.sync(scene.cara)
        try scene.cara.set(scene.record, "confidence", .text("low"))
        let own = scene.cara.device
        for number in [UInt64(2), UInt64(Int64.max)] {
            let said = Message.stored([
                ChangeID(device: own, number: number), ChangeID(device: DeviceID(7), number: 1),
            ])
            let visit = try bench.visit(
                scene.cara,
                of: Liar(
                    hear: { if case .changesets = $0 { [] } else { [$0] } },
                    answer: { if case .changesets = $0 { [said] } else { [] } }))
            #expect(visit.reports.contains(.doubt(Doubt(.falseAcknowledgement, 2))), "\(visit)")
            #expect(!visit.isInStep)
            #expect(try scene.cara.unsentCount() == 1)
        }
        try scene.expectRecovery()
    }

    // MARK: Refusing

    /// Refuses what the client sends of its own chain.
    private func refusing(_ reason: Refusal.Reason, number: UInt64 = 1) -> Liar {
        let change = ChangeID(device: scene.cara.device, number: number)
        return Liar(
            hear: { if case .changesets = $0 { [] } else { [$0] } },
            answer: {
                guard case .changesets = $0 else { return [] }
                return [.refused(Refusal(change: change, reason: reason, text: "no"))]
            })
    }

    @Test(
        "kept: whatever reason a refusal gives, the change stays as it is and goes on to an honest server",
        arguments: Refusal.Reason.allCases.filter { $0 != .fork })
    func refused(_ reason: Refusal.Reason) throws {
        try bench.sync(scene.cara)
        try scene.cara.set(scene.record, "confidence", .text("low"))
        let before = try Holding(scene.cara)
        let visit = try bench.visit(scene.cara, of: refusing(reason))
        #expect(try Holding(scene.cara) == before)
        #expect(visit.healings.isEmpty, "\(visit)")
        #expect(try scene.cara.standingRefusals().map(\.refusal.reason) == [reason])
        let isFalse = reason == .clock || reason == .stamp
        #expect(visit.doubts == (isFalse ? [.falseRefusal] : []), "\(visit)")
        try bench.syncAll(scene.cara, scene.olga)
        #expect(try scene.cara.standingRefusals() == [])
        #expect(try scene.olga.value(scene.record, "confidence") == .text("low"))
        try scene.expectRecovery()
        print("promise: malicious-refusals count=1")
    }

    @Test("passed over: refusals of what was never sent, which nobody remembers")
    func refusedUnsent() throws {
        try bench.sync(scene.cara)
        let refusals: [Message] = (1...50).map {
            let device = $0 % 2 == 0 ? scene.cara.device : DeviceID(UInt128($0))
            return .refused(
                Refusal(
                    change: ChangeID(device: device, number: UInt64(900 + $0)),
                    reason: Refusal.Reason(rawValue: UInt64($0 % 10)) ?? .unknown, text: "no"))
        }
        let before = try Holding(scene.cara)
        let visit = try bench.visit(scene.cara, of: .adding(refusals))
        #expect(visit.doubts.count == 50 && Set(visit.doubts) == [.refusalOfNothing], "\(visit)")
        #expect(visit.isInStep)
        #expect(try Holding(scene.cara) == before)
        #expect(try scene.cara.standingRefusals() == [])
        try scene.expectRecovery()
    }

    @Test("kept and told: a fork that is no fork costs the device its name, and nobody a word")
    func falseFork() throws {
        try bench.sync(scene.cara)
        try scene.cara.set(scene.record, "confidence", .text("low"))
        let former = scene.cara.device
        let visit = try bench.visit(scene.cara, of: refusing(.fork))
        #expect(visit.healings.map(\.cause) == [.fork] && visit.healings.map(\.rewritten) == [1], "\(visit)")
        #expect(scene.cara.device != former)
        #expect(try scene.cara.value(scene.record, "confidence") == .text("low"))
        let next = try bench.visit(scene.cara)
        #expect(next.reports.contains(.doubt(Doubt(.claimedFork, 1, of: "cara"))), "\(next)")
        try bench.syncAll(scene.cara, scene.olga)
        #expect(try scene.olga.value(scene.record, "confidence") == .text("low"))
        try scene.expectRecovery()
    }

    @Test("doubted: a colleague's fork that is none hides that work until somebody else hands it over")
    func falseForeignFork() throws {
        try bench.sync(scene.cara)
        let change = ChangeID(device: scene.ben.device, number: 1)
        let refusal = Message.refused(Refusal(change: change, reason: .fork, text: "no"))
        // Whatever Cara sends of Ben's chain to find where it parts, the first of it is refused.
        let liar = Liar(
            say: { message in
                guard case .frontier(var entries) = message else { return [message] }
                for index in entries.indices where entries[index].change.device == change.device {
                    entries[index].hash[0] ^= 1
                }
                return [.frontier(entries), refusal]
            },
            hear: { if case .changesets = $0 { [] } else { [$0] } },
            answer: { if case .changesets = $0 { [refusal] } else { [] } })
        try scene.olga.set(scene.record, "title", .text("Makes the frontiers differ"))
        try bench.sync(scene.olga)
        let visit = try bench.visit(scene.cara, of: liar)
        #expect(visit.healings.map(\.cause) == [.foreignFork], "\(visit)")
        #expect(try scene.cara.value(scene.record, "basis") == .null, "kept apart, as the protocol has it")
        let silent = Liar(say: { if case .changesets = $0 { [] } else { [$0] } })
        let next = try bench.visit(scene.cara, of: silent)
        #expect(next.reports.contains(.doubt(Doubt(.claimedFork, 1, of: "ben"))), "\(next)")
        try scene.cara.apply(bundleOf: scene.olga)
        #expect(try scene.cara.liveRows() == scene.olga.liveRows())
        try scene.expectRecovery()
    }

    @Test("no doubt where a fork is real: the server shows the other branch")
    func realFork() throws {
        try bench.sync(scene.cara)
        let copy = try bench.copy(scene.cara, to: "cara-copy")
        try scene.cara.set(scene.record, "confidence", .text("low"))
        try copy.set(scene.record, "likelihood", .text("likely"))
        try bench.sync(scene.cara)
        let outcome = try bench.syncReporting(copy)
        #expect(outcome.reports.contains { if case .healed = $0 { true } else { false } })
        #expect(
            !outcome.reports.contains { if case .doubt = $0 { true } else { false } }, "\(outcome.reports)")
        try bench.syncAll(scene.cara, copy, scene.olga)
        #expect(try copy.liveRows() == scene.olga.liveRows())
    }

    @Test(
        "told: a server that declines a removal gets it signed again, and the admin hears what that lets stand"
    )
    func declinedRemoval() throws {
        try bench.syncAll(scene.cara, scene.olga)
        try scene.ben.set(scene.record, "basis", .text("Written before anybody was told"))
        try bench.sync(scene.ben)
        try scene.olga.revoke(Handle("ben"))
        let visit = try bench.visit(scene.olga)
        #expect(visit.reports.contains(.removalSignedAgain(["ben"])), "\(visit)")
        try bench.syncAll(scene.olga, scene.cara)
        #expect(try scene.cara.value(scene.record, "basis") == .text("Written before anybody was told"))
        #expect(try bench.visit(scene.cara).doubts == [])
    }

    @Test("declined removals, announced keys and farewells change nothing but what they may")
    func announcements() throws {
        try bench.sync(scene.cara)
        let before = try Holding(scene.cara)
        let key = bench.clock.random(32)
        let pinned = try scene.cara.serverKey()
        let visit = try bench.visit(
            scene.cara,
            of: .adding([
                .declined(Declination(statements: [bench.clock.random(32)], reason: .cut, text: "no")),
                .declined(Declination(statements: [], reason: .unknown, text: "")),
                .succession(key: key), .succession(key: key), .stored([]),
                .presence(Presence(device: scene.olga.device, payload: bench.clock.random(400))),
                .unknown(kind: 200),
            ]))
        #expect(visit.isInStep && visit.end == nil && visit.doubts.isEmpty, "\(visit)")
        #expect(try Holding(scene.cara) == before)
        #expect(try scene.cara.serverKey() == pinned)
        #expect(try scene.cara.announcedServerKey() == key, "taken only from who shows it")
        let left = try bench.visit(scene.cara, of: .adding([.goodbye(retryAfterSeconds: UInt64.max)]))
        #expect(left.reports.contains(.goodbye(retryAfterSeconds: Limits.longestRetry)), "\(left)")
        for code in ProtocolError.Code.allCases {
            let ended = try bench.visit(scene.cara, of: .adding([.failure(ProtocolError(code, "no"))]))
            let isTold = ended.end?.code == code && ended.end?.isRemote == true
            // A device that is forgotten introduces itself again, by statements that prove themselves.
            #expect(isTold || (code == .forbidden && ended.reports.contains(.forgotten)), "\(ended)")
        }
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    @Test("not taken: messages that only clients send, a second welcome, words before it")
    func outOfPlace() throws {
        try bench.sync(scene.cara)
        let before = try Holding(scene.cara)
        let welcome = Welcome(
            time: bench.clock.now(),
            digests: Digests(frontier: bench.clock.random(32), statements: bench.clock.random(32)))
        for message in [Message.welcome(welcome), .unknown(kind: 77)] {
            let visit = try bench.visit(scene.cara, of: .adding([message]))
            #expect(visit.end?.code == .malformed, "\(visit)")
        }
        let early = Liar(say: { message in
            guard case .welcome = message else { return [message] }
            return [.caughtUp, message]
        })
        #expect(try bench.visit(scene.cara, of: early).end?.code == .malformed)
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
    }

    // MARK: Time

    private func dating(_ change: @escaping (Int64) -> Int64) -> Liar {
        Liar(say: { message in
            guard case .welcome(var welcome) = message else { return [message] }
            welcome.time = change(welcome.time)
            return [.welcome(welcome)]
        })
    }

    @Test(
        "not believed: a time that no clock shows, which would be the last that anybody could stamp",
        arguments: [0, 900_000_000_000, 5_000_000_000_000, Int64(Limits.latest)])
    func impossibleTime(_ time: Int64) throws {
        try bench.sync(scene.cara)
        let visit = try bench.visit(scene.cara, of: dating { _ in time })
        #expect(visit.doubts == [.strangeTime] && visit.isInStep, "\(visit)")
        try scene.cara.set(scene.record, "confidence", .text("low"))
        let stamp = try scene.cara.store.read { try $0.log.head(of: scene.cara.device)?.time }
        #expect(abs((stamp?.milliseconds ?? 0) - bench.clock.now()) < 60_000)
        try scene.expectRecovery()
    }

    @Test(
        "told, not prevented: a server's clock that is years off dates what is written until it is right",
        arguments: [Int64(10), -10])
    func yearsOff(_ years: Int64) throws {
        try bench.sync(scene.cara)
        let year: Int64 = 365 * 86_400_000
        let visit = try bench.visit(scene.cara, of: dating { $0 + years * year })
        #expect(visit.doubts == [.clocksApart], "\(visit)")
        try scene.cara.set(scene.record, "confidence", .text("low"))
        try bench.syncAll(scene.cara, scene.olga)
        #expect(try scene.olga.value(scene.record, "confidence") == .text("low"))
        let stamp = try scene.cara.store.read { try $0.log.head(of: scene.cara.device)?.time }
        #expect(abs((stamp?.milliseconds ?? 0) - bench.clock.now()) < year, "an honest server restamps it")
        try scene.expectRecovery()
    }
}

extension Workspace {
    /// What this replica holds, as a server could say it.
    fileprivate func frontier() throws -> [FrontierEntry] {
        try store.read { tx in
            let heads = try tx.log.heads()
            return heads.frontier.sorted.map { FrontierEntry(change: $0, hash: heads[$0.device]?.hash ?? []) }
        }
    }

    /// The own chain's fourth changeset.
    fileprivate var branch: ChangesetRun {
        (try? handedOver(after: 3)) ?? ChangesetRun(changesets: [], signatures: [])
    }
}
