import ParleyCore
import ParleyProtocol
import Testing

/// Time is passed in: nothing here waits.
@Suite("Sessions and time")
struct SessionTimeTests {
    private func code(_ events: [SessionEvent]) -> ProtocolError.Code? {
        guard case .ended(let error) = events.last else { return nil }
        return error.code
    }

    @Test("nobody waits longer than 5 s for a greeting or its answer")
    func firstMessage() {
        for place in [Place.clientGreeting, .serverListening, .serverJudging] {
            var session = place.session
            #expect(session.tick(at: 1000 + Limits.firstMessage).isEmpty, "\(place)")
            #expect(code(session.tick(at: 1001 + Limits.firstMessage)) == .timeout, "\(place)")
            #expect(session.takeOutgoing().count == 1, "\(place)")
            #expect(session.tick(at: 1002 + Limits.firstMessage).isEmpty, "\(place)")
        }
    }

    @Test("pings do not keep an unanswered greeting alive")
    func pingsBeforeWelcome() {
        var client = Place.clientGreeting.session
        for now in stride(from: Int64(1000), through: 6000, by: 500) {
            #expect(client.receive(Message.ping(time: 1).frame.encoded, at: now).isEmpty)
            #expect(client.tick(at: now).isEmpty)
        }
        #expect(code(client.tick(at: 6001)) == .timeout)
    }

    @Test("an end that has said nothing for 20 s sends a ping, and again after the next 20 s")
    func heartbeat() throws {
        var session = Place.clientOpen.session
        #expect(session.tick(at: 1000 + Limits.heartbeat - 1).isEmpty)
        #expect(session.takeOutgoing().isEmpty)
        #expect(session.tick(at: 1000 + Limits.heartbeat).isEmpty)
        #expect(session.takeOutgoing() == [Message.ping(time: 1000 + Limits.heartbeat).frame.encoded])
        _ = session.tick(at: 1000 + Limits.heartbeat * 2 - 1)
        #expect(session.takeOutgoing().isEmpty)
        session.send(.caughtUp, at: 1000 + Limits.heartbeat * 2 - 1)
        _ = session.tick(at: 1000 + Limits.heartbeat * 2)
        #expect(session.takeOutgoing() == [Message.caughtUp.frame.encoded])
    }

    @Test("two ends that have nothing to say stay together for a day")
    func idleDay() {
        var link = Link.open()
        for _ in 0..<86_400 / 10 {
            link.now += 10_000
            link.tick()
            link.carry()
        }
        #expect(link.client.state == .open && link.server.state == .open)
        #expect(link.clientEvents.isEmpty && link.serverEvents.isEmpty)
    }

    @Test("an end that has been silent for 60 s is given up")
    func silence() {
        for place in [Place.clientOpen, .serverOpen] {
            var session = place.session
            #expect(session.tick(at: 1000 + Limits.idle).isEmpty)
            #expect(code(session.tick(at: 1001 + Limits.idle)) == .timeout)
            session = place.session
            _ = session.receive(Message.ping(time: 1).frame.encoded, at: 50_000)
            #expect(session.tick(at: 50_000 + Limits.idle).isEmpty)
            #expect(code(session.tick(at: 50_001 + Limits.idle)) == .timeout)
        }
    }

    @Test("a slow loris is given up: bytes without a message do not count as speaking")
    func slowLoris() {
        var session = Place.serverOpen.session
        let frame = Frame(kind: 5, payload: [UInt8](repeating: 0, count: 100_000)).encoded
        var now: Int64 = 1000
        var ended: Int64?
        for byte in frame.prefix(200) {
            _ = session.receive([byte], at: now)
            if code(session.tick(at: now)) == .timeout {
                ended = now
                break
            }
            now += 100
        }
        #expect(ended.map { $0 <= 1000 + Limits.slowGrace + 200 } == true)
    }

    @Test("a slow loris before the welcome has 5 s in all")
    func slowHello() {
        var session = Place.serverListening.session
        var now: Int64 = 1000
        for byte in Message.hello(.sample).frame.encoded {
            _ = session.receive([byte], at: now)
            if code(session.tick(at: now)) == .timeout { break }
            now += 100
        }
        #expect(session.state == .ended && now <= 1000 + Limits.firstMessage + 100)
    }

    @Test("a large message over a slow but steady line arrives", arguments: [2000, 1100])
    func slowLine(bytesPerSecond: Int) {
        var session = Place.clientOpen.session
        let statements = [[UInt8]](repeating: [UInt8](repeating: 1, count: 2000), count: 450)
        let frame = Message.statements(statements).frame.encoded
        var now: Int64 = 1000
        var events: [SessionEvent] = []
        for start in stride(from: 0, to: frame.count, by: bytesPerSecond) {
            now += 1000
            events += session.receive(frame[start..<min(frame.count, start + bytesPerSecond)], at: now)
            events += session.tick(at: now)
        }
        #expect(events == [.statements(statements)])
        #expect(session.state == .open)
    }

    @Test("a line just below the floor is given up")
    func belowTheFloor() {
        var session = Place.clientOpen.session
        let frame = Frame(kind: 3, payload: [UInt8](repeating: 0, count: 900_000)).encoded
        var now: Int64 = 1000
        var end: ProtocolError.Code?
        for start in stride(from: 0, to: 60_000, by: 1000) where end == nil {
            end = code(session.receive(frame[start..<start + 1000], at: now)) ?? code(session.tick(at: now))
            now += 1000
        }
        #expect(end == .timeout)
    }
}
