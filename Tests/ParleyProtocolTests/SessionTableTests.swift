import ParleyCore
import ParleyProtocol
import Testing

/// A column of the table of states in Protocol.md, 3.4.
enum Place: Int, CaseIterable, Sendable {
    case clientGreeting, serverListening, serverJudging, clientOpen, serverOpen

    /// A session in that place, and nothing left to send.
    var session: Session {
        var link = Link()
        switch self {
        case .clientGreeting: break
        case .serverListening: break
        case .serverJudging: link.carry()
        case .clientOpen, .serverOpen: link.settle()
        }
        var session = self == .clientGreeting || self == .clientOpen ? link.client : link.server
        _ = session.takeOutgoing()
        return session
    }
}

@Suite("Which message may come when")
struct SessionTableTests {
    /// What the table says: a message's name or range, and the outcome in each place.
    private func rows() throws -> [(message: String, outcomes: [String])] {
        try Specification.load().table("| message | client, greeting |").flatMap { row in
            let names =
                row[0].hasPrefix("unknown")
                ? [row[0]] : row[0].split(separator: ",").map { $0.filter { $0 != "`" }.trimmingSpaces() }
            return names.map { ($0, Array(row.dropFirst())) }
        }
    }

    @Test("every message is allowed or refused in every place as the table says")
    func table() throws {
        var tried = 0
        var named: Set<String> = []
        for row in try rows() {
            #expect(row.outcomes.count == Place.allCases.count)
            for (place, outcome) in zip(Place.allCases, row.outcomes) {
                for frame in frames(row.message) {
                    try check(frame, of: row.message, in: place, outcome)
                    tried += 1
                }
            }
            named.insert(row.message)
        }
        #expect(named.isSuperset(of: Message.samples.map(\.name)))
        promise("session table", count: tried)
    }

    private func frames(_ name: String) -> [Frame] {
        switch name {
        case "unknown, 0 to 127":
            return ([0] + (12...127)).map { Frame(kind: $0, payload: [1]) }
        case "unknown, 128 to 255":
            return (129...255).map { Frame(kind: $0, payload: [1]) }
        default: return Message.sample(name).map { [$0.frame] } ?? []
        }
    }

    private func check(_ frame: Frame, of name: String, in place: Place, _ outcome: String) throws {
        var session = place.session
        var events = session.receive(frame.encoded, at: 1001)
        if place == .serverJudging {
            // What comes early is left unread, and taken as if it had come after the welcome.
            #expect(events.isEmpty && session.state == .judging, "\(name) in \(place)")
            session.welcome(.sample, at: 1001)
            _ = session.takeOutgoing()
            events = session.resume(at: 1001)
            if outcome.isEmpty, isTakenLater(name) { return }
        }
        let sent = session.takeOutgoing()
        switch outcome {
        case "": expectRefusal(session, events, sent, "\(name) in \(place)")
        case "judging", "open", "ended":
            #expect("\(session.state)" == outcome, "\(name) in \(place)")
            #expect(events.count == 1 && sent.isEmpty, "\(name) in \(place)")
        case "taken":
            #expect(session.state == .open || place == .clientGreeting, "\(name) in \(place)")
            #expect(events.count == (name == "ping" ? 0 : 1) && sent.isEmpty, "\(name) in \(place)")
        case "passed over":
            #expect(session.state == .open && events.isEmpty && sent.isEmpty, "\(name) in \(place)")
        default: Issue.record("the table says \(outcome)")
        }
    }

    private func isTakenLater(_ name: String) -> Bool {
        !["hello", "welcome", "stored", "refused", "unknown, 0 to 127"].contains(name)
    }

    /// It ends, says why to its owner and to the other end, and takes nothing more.
    private func expectRefusal(
        _ session: Session, _ events: [SessionEvent], _ sent: [[UInt8]], _ comment: Comment
    ) {
        #expect(session.state == .ended, comment)
        guard case .ended(let error) = events.last, events.count == 1 else {
            Issue.record("no end: \(comment)")
            return
        }
        #expect(error.code == .malformed && !error.isRemote, comment)
        #expect(sent == [Message.failure(error).frame.encoded], comment)
        var over = session
        #expect(over.receive(Message.caughtUp.frame.encoded, at: 1002).isEmpty, comment)
        over.send(.caughtUp, at: 1002)
        #expect(over.takeOutgoing().isEmpty, comment)
        #expect(over.tick(at: 1_000_000).isEmpty, comment)
    }

    @Test(
        "a message with a byte too many or too few ends the session in every place", arguments: Place.allCases
    )
    func damaged(place: Place) {
        for (name, message) in Message.samples {
            for payload in damaged(message.frame.payload) {
                var session = place.session
                let frame = Frame(kind: message.frame.kind, payload: payload)
                var events = session.receive(frame.encoded, at: 1001)
                if place == .serverJudging {
                    session.welcome(.sample, at: 1001)
                    events = session.resume(at: 1001)
                }
                if (try? Message(decoding: frame)) != nil { continue }
                guard case .ended(let error) = events.last else {
                    Issue.record("\(name) in \(place) goes on")
                    continue
                }
                #expect(error.code == .malformed, "\(name) in \(place)")
            }
        }
    }

    private func damaged(_ payload: [UInt8]) -> [[UInt8]] {
        [payload + [0], Array(payload.dropLast())].filter { $0 != payload }
    }
}
