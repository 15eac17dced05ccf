package import ParleyCore

/// One end of a conversation, without I/O: bytes and time go in, events and bytes come out. It knows which
/// message may come when, how long one may take, and what the other end was told; what a message means to a
/// store is its owner's business.
///
///     client                              server
///     greeting ── hello ────────────────► listening
///        │                                   │ event .hello: the owner answers by `welcome` or `fail`
///        ▼ ◄───────────────── welcome ──     ▼
///      open  ◄── statements, frontier, changesets, stored, refused, caughtUp ..──►  open
///        └──────── goodbye, failure, silence or a fault of bytes ends either ──────────┘
///
/// | message               | greeting | listening | judging | open |
/// |-----------------------|----------|-----------|---------|------|
/// | hello                 |          | server    |         |      |
/// | welcome               | client   |           |         |      |
/// | failure, goodbye      | client   | ends      | ends    | both |
/// | ping                  | client   |           | server  | both |
/// | stored, refused       |          |           |         | client |
/// | all others            |          |           |         | both |
package struct Session: Sendable {
    package enum Role: Equatable, Sendable {
        case client
        case server
    }

    package enum State: Equatable, Sendable {
        /// The client has sent its hello.
        case greeting
        /// The server waits for one.
        case listening
        /// The server's owner decides about it.
        case judging
        case open
        case ended
    }

    package let role: Role
    package private(set) var state: State
    private var reader: FrameReader
    private var outgoing: [[UInt8]] = []
    private var clock: SessionClock
    /// What a client may say; what a server says is bounded by the client's own asking.
    private var pace: Pace?

    /// The client's end. Its hello is the first thing to send.
    package init(greeting hello: Hello, at now: Int64) {
        role = .client
        state = .greeting
        reader = FrameReader(limit: Limits.frame)
        clock = SessionClock(now: now)
        send(.hello(hello), at: now)
    }

    /// The server's end.
    package init(listeningAt now: Int64) {
        role = .server
        state = .listening
        reader = FrameReader(limit: Limits.frameBeforeWelcome)
        clock = SessionClock(now: now)
        pace = Pace(at: now)
    }

    /// Bytes of a message that has begun and not ended, and when it began.
    package var unfinished: (bytes: Int, since: Int64)? {
        clock.frameBegan.map { (reader.partial, $0) }
    }

    // MARK: Out

    package mutating func send(_ message: Message, at now: Int64) {
        send(encoded: message.frame.encoded, at: now)
    }

    /// Sends a frame that was encoded once for several receivers.
    package mutating func send(encoded frame: [UInt8], at now: Int64) {
        guard state != .ended else { return }
        outgoing.append(frame)
        clock.sent(at: now)
    }

    /// The frames to write now, each once.
    package mutating func takeOutgoing() -> [[UInt8]] {
        defer { outgoing = [] }
        return outgoing
    }

    /// The server accepts the hello.
    package mutating func welcome(_ welcome: Welcome, at now: Int64) {
        guard state == .judging else { return }
        state = .open
        reader.limit = Limits.frame
        send(.welcome(welcome), at: now)
    }

    /// Tells the other end why and ends.
    package mutating func fail(_ error: ProtocolError, at now: Int64) {
        send(.failure(error), at: now)
        end(at: now)
    }

    /// Ends in good order; the other end may come back after so many seconds.
    package mutating func leave(retryAfterSeconds seconds: UInt64 = 0, at now: Int64) {
        send(.goodbye(retryAfterSeconds: seconds), at: now)
        end(at: now)
    }

    /// Nothing is read any more, and nothing of what has been is kept.
    private mutating func end(at now: Int64) {
        state = .ended
        reader = FrameReader(limit: 0)
        clock.partial(0, at: now)
    }

    // MARK: In

    /// Takes what the stream brought, in pieces of any size.
    package mutating func receive(_ bytes: some Collection<UInt8>, at now: Int64) -> [SessionEvent] {
        guard state != .ended else { return [] }
        reader.append(bytes)
        var events: [SessionEvent] = []
        do throws(ProtocolError) {
            while state != .ended, state != .judging, let frame = try reader.next() {
                clock.received(at: now)
                let message = try Message(decoding: frame)
                try pace?.count(message, at: now)
                if let event = try take(message) { events.append(event) }
            }
            guard state != .ended else { return events }
            if state == .judging, reader.partial > 4 + Limits.frameBeforeWelcome {
                throw ProtocolError(.limit, "more than a hello before the welcome")
            }
            clock.partial(reader.partial, at: now)
        } catch {
            fail(error, at: now)
            events.append(.ended(error))
        }
        return events
    }

    /// The other end is not listened to now: it is neither silent nor slow.
    package mutating func excuse(at now: Int64) { clock.begin(again: now) }

    /// Reads on after the owner has answered a hello: what came with it in one piece.
    package mutating func resume(at now: Int64) -> [SessionEvent] { receive([], at: now) }

    /// Lets time pass: heartbeats are sent, silence and slowness end the session.
    package mutating func tick(at now: Int64) -> [SessionEvent] {
        guard state != .ended else { return [] }
        if let fault = clock.fault(at: now, isOpen: state == .open) {
            fail(fault, at: now)
            return [.ended(fault)]
        }
        if state == .open, clock.heartbeatIsDue(at: now) { send(.ping(time: now), at: now) }
        return []
    }

    private mutating func take(_ message: Message) throws(ProtocolError) -> SessionEvent? {
        guard isAllowed(message) else { throw unexpected(message) }
        switch message {
        case .hello(let hello):
            guard hello.versions.overlaps(Hello.spoken) else {
                throw ProtocolError(.version, "this end speaks protocol version 1")
            }
            state = .judging
            return .hello(hello)
        case .welcome(let welcome):
            guard Hello.spoken.contains(welcome.version) else {
                throw ProtocolError(.version, "the server chose protocol version \(welcome.version)")
            }
            state = .open
            return .welcomed(welcome)
        case .failure(let error):
            state = .ended
            return .ended(error)
        case .goodbye(let seconds):
            state = .ended
            return .goodbye(retryAfterSeconds: seconds)
        case .ping, .unknown: return nil
        default: return SessionEvent(message)
        }
    }

    private func isAllowed(_ message: Message) -> Bool {
        switch message {
        case .hello: return state == .listening
        case .welcome: return state == .greeting
        case .failure, .goodbye, .ping: return state != .listening
        case .stored, .refused, .declined, .succession: return state == .open && role == .client
        case .unknown(let kind): return state == .open && kind > 127
        default: return state == .open
        }
    }

    private func unexpected(_ message: Message) -> ProtocolError {
        if case .unknown(let kind) = message {
            return ProtocolError(.malformed, "a message of unknown kind \(kind)")
        }
        return ProtocolError(
            .malformed, "a message that state \(state) does not allow (kind \(message.frame.kind))")
    }
}

/// What a session tells its owner.
package enum SessionEvent: Equatable, Sendable {
    case hello(Hello)
    case welcomed(Welcome)
    case statements([[UInt8]])
    case frontier([FrontierEntry])
    case changesets(ChangesetRun)
    case stored([ChangeID])
    case refused(Refusal)
    case declined(Declination)
    case succession(key: [UInt8])
    case caughtUp
    case presence(Presence)
    /// The other end leaves in good order.
    case goodbye(retryAfterSeconds: UInt64)
    /// Over: the other end said so (`isRemote`), or it broke a rule.
    case ended(ProtocolError)

    fileprivate init?(_ message: Message) {
        switch message {
        case .statements(let statements): self = .statements(statements)
        case .frontier(let entries): self = .frontier(entries)
        case .changesets(let run): self = .changesets(run)
        case .stored(let changes): self = .stored(changes)
        case .refused(let refusal): self = .refused(refusal)
        case .declined(let declination): self = .declined(declination)
        case .succession(let key): self = .succession(key: key)
        case .caughtUp: self = .caughtUp
        case .presence(let presence): self = .presence(presence)
        default: return nil
        }
    }
}

/// How much one client says.
private struct Pace: Sendable {
    private var messages: Allowance
    private var statementMessages: Allowance
    private var statements: Allowance

    init(at now: Int64) {
        messages = Allowance(Limits.messages, at: now)
        statementMessages = Allowance(Limits.statementMessages, at: now)
        statements = Allowance(Limits.statementsOffered, at: now)
    }

    mutating func count(_ message: Message, at now: Int64) throws(ProtocolError) {
        guard messages.take(1, at: now) else {
            throw ProtocolError(.limit, "more than \(Limits.messages.perSecond) messages a second")
        }
        guard case .statements(let offered) = message else { return }
        guard statementMessages.take(1, at: now), statements.take(offered.count, at: now) else {
            throw ProtocolError(.limit, "membership statements faster than they are welcome")
        }
    }
}

/// When something was last heard and said, and how fast a frame that has begun is coming in.
private struct SessionClock: Sendable {
    private let born: Int64
    private var heard: Int64
    private var said: Int64
    private(set) var frameBegan: Int64?
    private var partialBytes = 0

    init(now: Int64) {
        born = now
        heard = now
        said = now
    }

    mutating func sent(at now: Int64) { said = now }

    mutating func begin(again now: Int64) {
        heard = now
        frameBegan = frameBegan.map { _ in now }
    }

    mutating func received(at now: Int64) {
        heard = now
        frameBegan = nil
    }

    mutating func partial(_ bytes: Int, at now: Int64) {
        partialBytes = bytes
        frameBegan = bytes == 0 ? nil : frameBegan ?? now
    }

    func heartbeatIsDue(at now: Int64) -> Bool { now - said >= Limits.heartbeat }

    func fault(at now: Int64, isOpen: Bool) -> ProtocolError? {
        if !isOpen, now - born > Limits.firstMessage {
            return ProtocolError(.timeout, "no greeting within \(Limits.firstMessage / 1000) s")
        }
        if let frameBegan, now - frameBegan > Limits.slowGrace {
            let floor = (now - frameBegan) * Limits.slowestBytesPerSecond / 1000
            if Int64(partialBytes) < floor { return ProtocolError(.timeout, "a message slower than 1 KiB/s") }
            return nil
        }
        if now - heard > Limits.idle { return ProtocolError(.timeout, "silent for \(Limits.idle / 1000) s") }
        return nil
    }
}
