import ParleyProtocol

extension FuzzTarget {
    /// Input: a place of Protocol.md's table of states, which pieces, then what happens: frames, valid
    /// messages, bare bytes, time, and what the owner does. Bytes go to one session whole and to its twin in
    /// pieces; an independent table says what each whole frame must do.
    static let sessions = FuzzTarget(
        "sessions", seeds: { try SessionRun.seeds() },
        check: { input in
            var feed = Feed(input)
            var run = try SessionRun(place: feed.below(5), pattern: feed.byte())
            while !feed.isAtEnd { try run.step(&feed) }
            return run.taken > 0
        })
}

private struct SessionRun {
    private(set) var taken = 0
    private var session: Session
    private var twin: Session
    private var now: Int64 = 1000
    private var isWhole = true
    private let pattern: UInt8
    private let messages: [Frame]

    static func seeds() throws -> [[UInt8]] {
        let count = UInt8(try Self.samples().count)
        var places: [[UInt8]] = []
        for place in UInt8(0)..<5 {
            for number in 0..<count { places.append([place, 5, 3, number, 3, number ^ 1, 7, 0]) }
        }
        let short = try Golden.vectors("message").filter { $0.count > 4 && $0.count < 2000 }
        let frames = short.map { (frame: [UInt8]) -> [UInt8] in
            let size = frame.count - 5
            return [3, 1, 0, frame[4], UInt8(size >> 8), UInt8(size & 255)] + frame.dropFirst(5)
        }
        return places + frames
    }

    static func samples() throws -> [Frame] {
        try Golden.vectors("message").filter { $0.count > 4 }.map {
            Frame(kind: $0[4], payload: Array($0.dropFirst(5)))
        }
    }

    init(place: Int, pattern: UInt8) throws {
        self.pattern = pattern
        messages = try Self.cached.get()
        let hello = messages.first { $0.kind == 1 }
        let welcome = messages.first { $0.kind == 2 }
        guard let hello, let welcome, case .hello(let greeting) = try Message(decoding: hello),
            case .welcome(let answer) = try Message(decoding: welcome)
        else { throw Violation("no samples") }
        session =
            place == 0 || place == 3
            ? Session(greeting: greeting, at: now) : Session(listeningAt: now)
        if place == 2 || place == 4 { _ = session.receive(hello.encoded, at: now) }
        if place == 3 { _ = session.receive(welcome.encoded, at: now) }
        if place == 4 { session.welcome(answer, at: now) }
        _ = session.takeOutgoing()
        twin = session
    }

    private static let cached = Result { try samples() }

    mutating func step(_ feed: inout Feed) throws {
        switch feed.byte() & 7 {
        case 0, 1, 2:
            let kind = feed.byte()
            try deliver(Frame(kind: kind, payload: feed.take(feed.number())))
        case 3, 4: try deliver(messages[feed.below(messages.count)])
        case 5:
            isWhole = false
            _ = try receive(feed.take(feed.below(256)))
        case 6: try tick(Int64(feed.number()) * 2)
        default: act(feed.byte())
        }
        let (sent, others) = (session.takeOutgoing(), twin.takeOutgoing())
        try compare(sent, others, "sent")
    }

    /// A whole frame where a whole frame may begin: the table says what becomes of it.
    private mutating func deliver(_ frame: Frame) throws {
        let before = session.state
        let events = try receive(frame.encoded)
        guard isWhole, before != .judging else {
            isWhole = isWhole && session.state != .judging
            return
        }
        let limit = before == .listening ? Limits.frameBeforeWelcome : Limits.frame
        let outcome = Table.outcome(of: frame, role: session.role, state: before, limit: limit)
        try hold(
            session.state == outcome, "kind \(frame.kind) in \(before): \(session.state), not \(outcome)")
        if session.state != .ended { taken += 1 }
        if before == .ended { try hold(events.isEmpty, "an event after the end") }
    }

    private mutating func receive(_ bytes: [UInt8]) throws -> [SessionEvent] {
        let events = session.receive(bytes, at: now)
        let others = bytes.pieces(pattern).flatMap { twin.receive($0, at: now) }
        try compare(events, others, "events")
        try holdEnd(events)
        return events
    }

    private mutating func tick(_ passed: Int64) throws {
        now += passed
        let events = session.tick(at: now)
        let others = twin.tick(at: now)
        try compare(events, others, "events of time")
        try holdEnd(events)
    }

    private func holdEnd(_ events: [SessionEvent]) throws {
        for (index, event) in events.enumerated() {
            guard case .ended = event else { continue }
            try hold(index == events.count - 1 && session.state == .ended, "something after the end")
        }
    }

    private func compare<T: Equatable>(_ one: T, _ other: T, _ what: String) throws {
        try hold(one == other, "pieces differ from the whole: \(what)")
        try hold(session.state == twin.state, "pieces lead to another state")
    }

    /// What an owner may do at any time; nothing is sent after the end.
    private mutating func act(_ choice: UInt8) {
        let answer = Welcome(time: now, digests: Digests(frontier: Self.filler, statements: Self.filler))
        switch choice & 3 {
        case 0:
            session.welcome(answer, at: now)
            twin.welcome(answer, at: now)
        case 1:
            session.send(.caughtUp, at: now)
            twin.send(.caughtUp, at: now)
        case 2:
            _ = session.resume(at: now)
            _ = twin.resume(at: now)
        default:
            guard choice > 250 else { return }
            session.leave(at: now)
            twin.leave(at: now)
        }
    }

    private static let filler = [UInt8](repeating: 7, count: 32)
}

/// The table of Protocol.md 3.4, written once more.
private enum Table {
    static func outcome(of frame: Frame, role: Session.Role, state: Session.State, limit: Int)
        -> Session.State
    {
        if state == .ended || frame.payload.count >= limit { return .ended }
        guard let message = try? Message(decoding: frame) else { return .ended }
        switch (frame.kind, state) {
        case (1, .listening):
            guard case .hello(let hello) = message else { return .ended }
            return hello.versions.contains(1) ? .judging : .ended
        case (2, .greeting):
            guard case .welcome(let welcome) = message else { return .ended }
            return welcome.version == 1 ? .open : .ended
        case (9, .greeting), (9, .open): return state
        case (6, .open), (7, .open), (12, .open), (13, .open): return role == .client ? .open : .ended
        case (3, .open), (4, .open), (5, .open), (8, .open), (128..., .open): return .open
        default: return .ended
        }
    }
}
