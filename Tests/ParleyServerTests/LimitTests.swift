import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust
import Testing

@Suite("What one peer, and many, may take up")
struct LimitTests {
    private func failure(_ messages: [Message]) -> ProtocolError.Code? {
        for case .failure(let error) in messages { return error.code }
        return nil
    }

    private func stored(_ messages: [Message]) -> Bool {
        messages.contains { if case .stored = $0 { true } else { false } }
    }

    private func refusals(_ messages: [Message]) -> [Refusal.Reason] {
        messages.compactMap { if case .refused(let refusal) = $0 { refusal.reason } else { nil } }
    }

    @Test("a thousand messages a second are welcome for ever, and five thousand are not")
    func messageRate() throws {
        let stage = try Stage()
        let olga = try stage.host()
        for _ in 0..<30 {
            for _ in 0..<10 {
                let pings = (0..<100).flatMap { _ in Message.ping(time: 1).frame.encoded }
                stage.relay.received(pings[...], from: olga, at: stage.now)
                stage.pass(100)
            }
            #expect(try failure(stage.say(.ping(time: 1), olga)) == nil)
        }
        let second = (0..<5_000).flatMap { _ in Message.ping(time: 1).frame.encoded }
        var seconds = 0
        while !stage.isEnded(olga), seconds < 100 {
            stage.relay.received(second[...], from: olga, at: stage.now)
            try stage.turn()
            stage.pass(1_000)
            seconds += 1
        }
        #expect(stage.isEnded(olga) && failure(stage.hears(olga)) == .limit)
        #expect(seconds > 3, "what was saved up in a quiet time is used up first")
    }

    @Test("statements beyond all that a workspace may have are not looked at")
    func statementRate() throws {
        let stage = try Stage()
        let olga = try stage.host()
        let junk = Message.statements([[UInt8]](repeating: [1], count: Limits.statementsOffered.atOnce))
        #expect(try failure(stage.say(junk, olga)) == nil)
        #expect(try failure(stage.say(.statements([[1]]), olga)) == .limit)
    }

    @Test("of one member who is no admin so many statements are kept, and an admin's are kept beyond")
    func statementQuota() throws {
        var quota = Quota()
        quota.statementsPerAnalyst = 5
        let stage = try Stage(quota: quota)
        let olga = try stage.host()
        let ben = try stage.invited("ben", .analyst)
        let session = stage.connect(as: ben.identity.keys.channel)
        _ = try stage.say(stage.hello(ben.identity.device, [ben.grant, ben.enrolment]), session)
        var kept = 0
        for _ in 0..<9 {
            let tablet = try Statement.enrol(
                furtherDevice: stage.identity(), by: ben.identity, handle: Handle("ben"),
                on: [ben.enrolment.hash], time: 1_600)
            _ = try stage.say(.statements([tablet.bytes]), session)
            kept += stage.hears(olga).count
        }
        #expect(kept == 5, "his own enrolment goes on the account of who granted it")
        for number in 0..<9 {
            let eva = try stage.invited("eva\(number)", .reader)
            _ = try stage.say(.statements([eva.grant.bytes]), olga)
            #expect(stage.hears(session).count == 1)
        }
    }

    @Test(
        "a full workspace takes nothing new of the pusher's own, takes what is handed on, and far above it nothing"
    )
    func changesetQuota() throws {
        var quota = Quota()
        quota.changesets = 1
        let stage = try Stage(quota: quota)
        let olga = try stage.host()
        let ben = try stage.invited("ben", .analyst)
        let session = stage.connect(as: ben.identity.keys.channel)
        _ = try stage.say(stage.hello(ben.identity.device, [ben.grant, ben.enrolment]), session)
        let (hers, his) = try (stage.changeset(of: stage.founder), stage.changeset(of: ben.identity))
        #expect(try stored(stage.say(hers, olga)))
        #expect(try refusals(stage.say(his, session)) == [.quota])
        #expect(try stored(stage.say(his, olga)), "a colleague hands it on")
        let eva = try stage.invited("eva", .analyst)
        let third = try stage.changeset(of: eva.identity)
        _ = try stage.say(.statements([eva.grant.bytes, eva.enrolment.bytes]), olga)
        #expect(try failure(stage.say(third, olga)) == .limit)
    }

    @Test("a device has so many sessions, and the oldest goes")
    func sessions() throws {
        let stage = try Stage()
        let first = try stage.host()
        for _ in 1..<Limits.sessionsPerDevice {
            #expect(
                try failure(
                    stage.say(
                        stage.hello(stage.founder.device), stage.connect(as: stage.founder.keys.channel)))
                    == nil)
        }
        #expect(!stage.isEnded(first))
        _ = try stage.say(stage.hello(stage.founder.device), stage.connect(as: stage.founder.keys.channel))
        #expect(stage.isEnded(first) && failure(stage.hears(first)) == .busy)
    }

    @Test("who takes less than 1 KiB/s of what waits for a minute is ended, and who takes more is not")
    func slowReceivers() throws {
        for bytesPerSecond in [0, 500, 2_000] {
            let stage = try Stage()
            let olga = try stage.host()
            var pending = 900_000
            for _ in 0..<70 where !stage.isEnded(olga) {
                stage.pass(1_000)
                pending -= bytesPerSecond
                stage.relay.received(Message.ping(time: 1).frame.encoded[...], from: olga, at: stage.now)
                stage.relay.tick(at: stage.now) { _ in pending }
                try stage.turn { _ in pending }
            }
            #expect(stage.isEnded(olga) == (bytesPerSecond < 1_024), "\(bytesPerSecond) bytes a second")
        }
    }

    @Test("who is not listened to for being slow is not taken for silent while it takes what waits")
    func slowIsNotSilent() throws {
        let stage = try Stage()
        let olga = try stage.host()
        var pending = Limits.backlog
        for _ in 0..<180 where !stage.isEnded(olga) {
            stage.pass(1_000)
            pending -= 4_000
            stage.relay.tick(at: stage.now) { _ in pending }
            try stage.turn { _ in pending }
        }
        #expect(!stage.isEnded(olga), "three minutes without a message from it")
    }

    @Test("messages that never end go when they are too many, first those of the device that has most")
    func unfinished() throws {
        let stage = try Stage()
        let honest = try stage.host()
        let ben = try stage.invited("ben", .reader)
        let half = [0, 0x10, 0, 0, 5] + [UInt8](repeating: 0, count: 1_000_000)
        stage.relay.received(half[...], from: honest, at: stage.now)
        var sessions: [ConnectionID] = []
        for _ in 0..<Limits.sessionsPerDevice {
            let id = stage.connect(as: ben.identity.keys.channel)
            _ = try stage.say(stage.hello(ben.identity.device, [ben.grant, ben.enrolment]), id)
            sessions.append(id)
        }
        for _ in 0..<3 {
            for id in sessions where !stage.isEnded(id) {
                stage.relay.received(half[...], from: id, at: stage.now)
            }
        }
        try stage.turn()
        let left = sessions.count { !stage.isEnded($0) }
        #expect(!stage.isEnded(honest))
        #expect(left < sessions.count && left * 1_000_000 <= Limits.buffered, "\(left) are left")
    }

    @Test("a storm of connections that say nothing sends nobody away in the middle of a handshake")
    func storm() throws {
        let stage = try Stage()
        let begun = stage.connect(as: nil)
        stage.relay.known(begun)
        let silent = (0..<500).map { _ in stage.connect(as: nil) }
        try stage.turn()
        #expect(!stage.isEnded(begun))
        #expect(silent.count { stage.isEnded($0) } == 501 - Limits.connectionsBeforeWelcome)
        #expect(
            silent.firstIndex { !stage.isEnded($0) } == 501 - Limits.connectionsBeforeWelcome,
            "the oldest went")
    }

    @Test("of a flood of small messages a turn stores a few of each session, in order, and goes on")
    func runs() throws {
        let stage = try Stage()
        let olga = try stage.host()
        let ben = try stage.invited("ben", .analyst)
        let session = stage.connect(as: ben.identity.keys.channel)
        _ = try stage.say(stage.hello(ben.identity.device, [ben.grant, ben.enrolment]), session)
        let flood = try stage.chain(of: ben.identity, 3 * Limits.runsPerTurn).flatMap(\.frame.encoded)
        stage.relay.received(flood[...], from: session, at: stage.now)
        let hers = try stage.changeset(of: stage.founder).frame.encoded
        stage.relay.received(hers[...], from: olga, at: stage.now)
        let first = stage.relay.endTurn(at: stage.now) { _ in 0 }
        #expect(first.wantsTurn && stage.relay.overfull == [session])
        #expect(first.deliveries.contains { $0.connection == olga }, "she is answered in the first turn")
        try stage.turn()
        #expect(stage.relay.overfull.isEmpty)
        let numbers = stage.hears(session).compactMap { message -> UInt64? in
            if case .stored(let changes) = message { changes.first?.number } else { nil }
        }
        #expect(numbers.last == UInt64(3 * Limits.runsPerTurn) && numbers == numbers.sorted())
    }

    @Test("of a message full of what is no changeset one is refused")
    func junk() throws {
        let stage = try Stage()
        let olga = try stage.host()
        let run = ChangesetRun(changesets: [[UInt8]](repeating: [], count: 30_000), signatures: [])
        #expect(try refusals(stage.say(.changesets(run), olga)) == [.malformed])
        let more = ChangesetRun(
            changesets: [[UInt8]](repeating: [], count: Limits.changesets + 1), signatures: [])
        #expect(try failure(stage.say(.changesets(more), olga)) == .malformed)
    }

    @Test("a bucket fills by the clock, up to its brim, and never by a clock that goes back")
    func allowance() {
        var allowance = Allowance(Rate(perSecond: 10, atOnce: 20), at: 1_000)
        let steps: [(count: Int, at: Int64, isWelcome: Bool)] = [
            (20, 1_000, true), (1, 1_000, false), (1, 1_100, true), (1, 1_100, false), (1, 0, false),
            (1, 100, true), (21, 900_000, false), (20, 900_000, true), (1, .min, false), (20, .max, true),
        ]
        for step in steps {
            let isTaken = allowance.take(step.count, at: step.at)
            #expect(isTaken == step.isWelcome, "\(step)")
        }
    }
}
