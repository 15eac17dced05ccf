import Chance
import ParleyCore
import ParleyProtocol
import Testing

@Suite("Frames and hostile messages")
struct FrameTests {
    @Test("frames are cut out of a stream in pieces of any size")
    func pieces() throws {
        for seed in UInt64(1)...300 {
            var dice = Dice(seed)
            let frames = (0..<20).map { _ in
                Frame(kind: UInt8(truncatingIfNeeded: dice.next()), payload: dice.bytes(dice.below(300)))
            }
            var stream = frames.flatMap(\.encoded)
            var reader = FrameReader(limit: 1000)
            var read: [Frame] = []
            while !stream.isEmpty {
                let piece = stream.prefix(1 + dice.below(200))
                stream.removeFirst(piece.count)
                reader.append(piece)
                while let frame = try reader.next() { read.append(frame) }
            }
            #expect(read == frames, "seed \(seed)")
            #expect(reader.partial == 0)
        }
        promise("frame streams", count: 300)
    }

    @Test("a length is judged by its four bytes alone", arguments: [0, 1001, 1 << 24, UInt32.max])
    func lengths(length: UInt32) {
        var reader = FrameReader(limit: 1000)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - $0 * 8)) }
        reader.append(bytes.prefix(3))
        #expect((try? reader.next()) == .some(nil))
        reader.append(bytes.suffix(1))
        #expect(throws: ProtocolError.self) { try reader.next() }
    }

    @Test("before the welcome a server takes 4 KiB, afterwards 1 MiB")
    func limits() {
        func header(_ length: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - $0 * 8)) }
        }
        func outcome(_ place: Place, _ length: Int) -> Session.State {
            var session = place.session
            _ = session.receive(header(length), at: 1000)
            return session.state
        }
        #expect(outcome(.serverListening, 4096) == .listening)
        #expect(outcome(.serverListening, 4097) == .ended)
        #expect(outcome(.serverOpen, 1 << 20) == .open)
        #expect(outcome(.serverOpen, 1 << 20 + 1) == .ended)
        #expect(outcome(.clientGreeting, 1 << 20) == .greeting)
        #expect(outcome(.clientOpen, 1 << 20 + 1) == .ended)
        for place in Place.allCases where place != .serverJudging { #expect(outcome(place, 0) == .ended) }
    }

    @Test("the largest hello that a newcomer needs fits 4 KiB")
    func largestHello() {
        var hello = Hello.sample
        let statement = [UInt8](repeating: 1, count: 1900)
        hello.introduction = Introduction(
            token: [UInt8](repeating: 2, count: 16), statements: [statement, statement])
        var link = Link(hello: hello)
        link.settle()
        #expect(link.serverEvents == [.hello(hello)])
        #expect(link.client.state == .open)
    }

    @Test("every message reads back, and no truncation of one does")
    func truncations() throws {
        for (name, message) in Message.samples {
            let frame = message.frame
            #expect(try Message(decoding: frame) == message, "\(name)")
            for count in frame.payload.indices where name != "presence" || count < 16 {
                let cut = Frame(kind: frame.kind, payload: Array(frame.payload.prefix(count)))
                #expect(throws: ProtocolError.self, "\(name) cut at \(count)") { try Message(decoding: cut) }
            }
        }
    }

    @Test("100,000 random payloads crash no decoder, and what is read has one form")
    func random() {
        var dice = Dice(5)
        var taken = 0
        for _ in 0..<100_000 {
            let frame = randomFrame(&dice)
            guard let message = try? Message(decoding: frame) else { continue }
            taken += 1
            if case .unknown = message { continue }
            if isLossy(message) { continue }
            if message.frame != frame { Issue.record("a second form: \(frame)") }
        }
        #expect(taken > 5000)
        promise("random messages", count: 100_000)
    }

    /// Unknown codes and long delays are read as others.
    private func isLossy(_ message: Message) -> Bool {
        switch message {
        case .goodbye(let seconds): seconds == Limits.longestRetry
        case .failure(let error): error.code == .unknown
        case .refused(let refusal): refusal.reason == .unknown
        default: false
        }
    }

    private func randomFrame(_ dice: inout Dice) -> Frame {
        let sample = dice.pick(Message.samples).message.frame
        var payload = dice.one(in: 6) ? dice.bytes(dice.below(100)) : sample.payload
        for _ in 0..<dice.below(4) where !payload.isEmpty {
            let index = dice.below(payload.count)
            switch dice.below(3) {
            case 0: payload[index] = UInt8(truncatingIfNeeded: dice.next())
            case 1: payload.remove(at: index)
            default: payload.insert(dice.pick([0, 1, 0x7F, 0x80, 0xFF]), at: index)
            }
        }
        return Frame(kind: dice.one(in: 9) ? UInt8(dice.below(256)) : sample.kind, payload: payload)
    }

    @Test("random streams end a session at worst")
    func randomStreams() {
        for seed in UInt64(1)...3000 {
            var dice = Dice(seed)
            var session = dice.pick(Place.allCases).session
            for _ in 0..<6 {
                let frame = randomFrame(&dice).encoded
                _ = session.receive(dice.one(in: 9) ? dice.bytes(9) : frame, at: 1000)
                session.welcome(.sample, at: 1000)
                _ = session.resume(at: 1000)
                _ = session.tick(at: 1000 + Int64(dice.below(90_000)))
            }
        }
        promise("random streams", count: 3000)
    }

    @Test("numbers beyond a signed 64-bit number never leave the decoder")
    func hostileNumbers() {
        for number in [0, UInt64(1) << 63, .max] {
            let change = ChangeID(device: DeviceID(letter: 1), number: number)
            let hash = [UInt8](repeating: 0, count: 32)
            let signed = SignedNumber(change: change, signature: hash + hash)
            let messages: [Message] = [
                .stored([change]), .frontier([FrontierEntry(change: change, hash: hash)]),
                .refused(Refusal(change: change, reason: .gap, text: "")),
                .changesets(ChangesetRun(changesets: [], signatures: [signed])),
            ]
            for message in messages {
                #expect(throws: ProtocolError.self) { try Message(decoding: message.frame) }
            }
        }
    }

    @Test("long texts are cut at a character, so that they fit")
    func longTexts() throws {
        let error = ProtocolError(.defect, String(repeating: "й", count: 300))
        guard case .failure(let read) = try Message(decoding: Message.failure(error).frame) else {
            Issue.record("no failure")
            return
        }
        #expect(read.text == String(repeating: "й", count: 256))
    }
}
