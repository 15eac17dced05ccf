import Chance
import ParleyCore
import ParleyProtocol
import Testing

@Suite("Sessions over a link")
struct SessionTests {
    /// A conversation with every message that open ends may send; what each end hears of it.
    private func conversation(_ link: inout Link) {
        for (name, message) in Message.samples
        where !["hello", "welcome", "goodbye", "failure"].contains(name) {
            link.server.send(message, at: link.now)
            if !["stored", "refused"].contains(name) { link.client.send(message, at: link.now) }
        }
    }

    private var whole: (client: [SessionEvent], server: [SessionEvent]) {
        var link = Link()
        link.settle()
        conversation(&link)
        link.settle()
        return (link.clientEvents, link.serverEvents)
    }

    @Test("with nothing new there is one round trip of fewer than 300 bytes")
    func nothingNew() {
        var link = Link()
        link.load()
        var bytes = link.toServer.count
        link.carry()
        link.answer()
        link.server.send(.caughtUp, at: 1000)
        link.load()
        bytes += link.toClient.count
        link.carry()
        #expect(link.clientEvents == [.welcomed(.sample), .caughtUp])
        #expect(link.serverEvents == [.hello(.sample)])
        #expect(link.client.state == .open && link.server.state == .open)
        #expect(bytes <= 300)
    }

    @Test("what was said is heard, in order")
    func everything() {
        let (client, server) = whole
        #expect(server.first == .hello(.sample))
        #expect(client.first == .welcomed(.sample))
        #expect(client.count == 1 + 7)
        #expect(server.count == 1 + 5)
        #expect(!client.contains { if case .ended = $0 { true } else { false } })
    }

    @Test("pieces of any size change nothing")
    func pieces() {
        let expected = whole
        for seed in UInt64(1)...500 {
            var dice = Dice(seed)
            var link = Link()
            var hasSpoken = false
            while !hasSpoken || !link.isQuiet {
                let most = 1 + dice.below(dice.one(in: 2) ? 3 : 200)
                link.carry(toServer: dice.one(in: 3) ? 0 : most, toClient: most)
                link.answer()
                if !hasSpoken, link.client.state == .open, link.server.state == .open {
                    conversation(&link)
                    link.load()
                    hasSpoken = true
                }
            }
            if link.clientEvents != expected.client || link.serverEvents != expected.server {
                Issue.record("seed \(seed): \(link.clientEvents) and \(link.serverEvents)")
                return
            }
        }
        promise("session pieces", count: 500)
    }

    @Test("a link cut at any byte leaves each end with a beginning of what was said, and both notice")
    func cuts() {
        let expected = whole
        var cut = 0
        while true {
            var link = Link()
            var (up, down) = (cut, cut)
            var isSpeaking = false
            while true {
                let carried = link.carry(toServer: up, toClient: down)
                (up, down) = (up - carried.0, down - carried.1)
                link.answer()
                if !isSpeaking, link.client.state == .open {
                    isSpeaking = true
                    conversation(&link)
                } else if carried == (0, 0) {
                    break
                }
            }
            #expect(expected.client.starts(with: link.clientEvents), "cut at \(cut)")
            #expect(expected.server.starts(with: link.serverEvents), "cut at \(cut)")
            let isWhole = link.clientEvents == expected.client && link.serverEvents == expected.server
            link.now += Limits.idle + 1
            link.tick()
            #expect(link.client.state == .ended && link.server.state == .ended, "cut at \(cut)")
            if isWhole { break }
            cut += 1
        }
        #expect(cut > 300)
        promise("session cuts", count: cut)
    }

    @Test("a hello and more in one piece is read on after the welcome")
    func earlyMessages() {
        var server = Session(listeningAt: 0)
        let early = Message.hello(.sample).frame.encoded + Message.ping(time: 1).frame.encoded
        #expect(server.receive(early, at: 0) == [.hello(.sample)])
        #expect(server.state == .judging)
        #expect(server.resume(at: 0).isEmpty)
        server.welcome(.sample, at: 0)
        #expect(server.resume(at: 0).isEmpty)
        #expect(server.state == .open)
    }

    @Test("a judging server keeps no more than a hello's worth")
    func judgingBacklog() {
        var server = Session(listeningAt: 0)
        #expect(server.receive(Message.hello(.sample).frame.encoded, at: 0).count == 1)
        #expect(server.receive([UInt8](repeating: 0, count: 4 + Limits.frameBeforeWelcome), at: 0).isEmpty)
        let events = server.receive([0], at: 0)
        #expect(events.count == 1 && server.state == .ended)
    }

    @Test("whoever is not welcome hears why")
    func refusedHello() {
        var link = Link()
        link.carry()
        let error = ProtocolError(.forbidden, "no such workspace, or not yours")
        link.server.fail(error, at: 1000)
        link.settle()
        #expect(link.clientEvents == [.ended(ProtocolError(.forbidden, error.text, isRemote: true))])
        #expect(link.client.state == .ended)
        link.server.welcome(.sample, at: 1000)
        #expect(link.server.state == .ended)
        #expect(link.server.takeOutgoing().isEmpty)
    }

    @Test("an end that leaves says when to come back")
    func goodbye() {
        var link = Link.open()
        link.server.leave(retryAfterSeconds: 30, at: 1000)
        link.client.send(.caughtUp, at: 1000)
        link.settle()
        #expect(link.clientEvents == [.goodbye(retryAfterSeconds: 30)])
        #expect(link.serverEvents.isEmpty)
        #expect(link.client.state == .ended && link.server.state == .ended)
    }

    @Test(
        "versions that both speak are found, others are refused", arguments: [(1, 1), (0, 5), (0, 0), (2, 9)])
    func versions(lowest: UInt64, highest: UInt64) {
        var hello = Hello.sample
        hello.versions = lowest...highest
        var link = Link(hello: hello)
        link.settle()
        if hello.versions.contains(1) {
            #expect(link.serverEvents == [.hello(hello)])
            #expect(link.client.state == .open)
        } else {
            #expect(link.client.state == .ended)
            guard case .ended(let error) = link.clientEvents.last else {
                Issue.record("no end")
                return
            }
            #expect(error.code == .version && error.isRemote)
        }
    }

    @Test("a hello of a later layout is answered by version, whatever follows")
    func laterLayout() {
        for rest in [[], [2], [9, 1, 2, 3], [UInt8](repeating: 7, count: 300)] as [[UInt8]] {
            var server = Place.serverListening.session
            let events = server.receive(Frame(kind: 1, payload: [2] + rest).encoded, at: 1000)
            guard case .ended(let error) = events.last else {
                Issue.record("no end")
                continue
            }
            #expect(error.code == .version)
        }
    }

    @Test("a server that chooses a version nobody speaks is left")
    func chosenVersion() {
        var link = Link()
        link.carry()
        link.answer(Welcome(version: 2, time: 0, digests: .sample))
        link.settle()
        #expect(link.client.state == .ended)
        guard case .ended(let error) = link.serverEvents.last else {
            Issue.record("the server does not hear of it")
            return
        }
        #expect(error.code == .version && error.isRemote)
    }

    @Test("a client's offset can be reckoned from any time that a message carries")
    func times() throws {
        for time in [Int64.min, -1, 0, 1, Int64(Limits.latest), .max] {
            for message in [Message.ping(time: time), .welcome(Welcome(time: time, digests: .sample))] {
                let read = try Message(decoding: message.frame)
                switch read {
                case .ping(let time): #expect((0...Int64(Limits.latest)).contains(time))
                case .welcome(let welcome): #expect((0...Int64(Limits.latest)).contains(welcome.time))
                default: Issue.record("\(read)")
                }
            }
        }
    }
}
