import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust
import Testing

/// Every kind of message, in every role, in every relation to the workspace: what the server does with it.
@Suite("Who may say what")
struct PermissionTests {
    /// What somebody is to the workspace that the hello names.
    enum Relation: CaseIterable {
        case member
        /// Hosts by the operator's token what the server has lost, and is not known as a member yet.
        case guest
        /// Never heard of.
        case stranger
        /// Has an invite, and does not show it.
        case invited
        /// Names a member's device, and holds another channel key.
        case impostor
        /// Was a member, until another enrolment on the same grant turned out to be the one that counts.
        case expelled
        /// A member elsewhere.
        case elsewhere
        /// Was put out while the session was open.
        case revoked

        var isLetIn: Bool { self == .member || self == .guest }
    }

    /// What comes of it. `told` and `shown` are heard by a colleague.
    enum Outcome: Equatable {
        case nothing
        case stored
        case refused(Refusal.Reason)
        case told
        case shown
        case log
        case letIn
        case failure(ProtocolError.Code)
        case ended
    }

    struct Row {
        var kind: String
        var reader: Outcome
        var analyst: Outcome
        var admin: Outcome
        var guest: Outcome

        init(_ kind: String, _ reader: Outcome, _ analyst: Outcome, _ admin: Outcome, guest: Outcome) {
            (self.kind, self.reader, self.analyst, self.admin, self.guest) =
                (kind, reader, analyst, admin, guest)
        }

        init(_ kind: String, all: Outcome, guest: Outcome? = nil) {
            self.init(kind, all, all, all, guest: guest ?? all)
        }

        func outcome(_ relation: Relation, _ role: Role) -> Outcome {
            if relation == .guest { return guest }
            return switch role {
            case .reader: reader
            case .analyst: analyst
            case .admin: admin
            }
        }
    }

    static let table = [
        Row("hello", all: .failure(.malformed)),
        Row("welcome", all: .failure(.malformed)),
        Row("statements", all: .told, guest: .letIn),
        Row("frontier", all: .log, guest: .failure(.forbidden)),
        Row("own changesets", .refused(.permission), .stored, .stored, guest: .failure(.forbidden)),
        Row("others' changesets", all: .stored, guest: .failure(.forbidden)),
        Row("stored", all: .failure(.malformed)),
        Row("refused", all: .failure(.malformed)),
        Row("declined", all: .failure(.malformed)),
        Row("succession", all: .failure(.malformed)),
        Row("caughtUp", all: .nothing),
        Row("presence", all: .shown, guest: .failure(.forbidden)),
        Row("ping", all: .nothing),
        Row("goodbye", all: .ended),
        Row("failure", all: .ended),
        Row("unknown, 0 to 127", all: .failure(.malformed)),
        Row("unknown, 128 to 255", all: .nothing),
    ]

    @Test("who is let in may do what the table says, and nothing else", arguments: [Relation.member, .guest])
    func letIn(relation: Relation) throws {
        var count = 0
        for role in Role.allCases {
            for row in Self.table {
                var scene = try Scene(relation, role)
                let outcome = try scene.outcome(of: scene.message(row.kind))
                let expected = row.outcome(relation, role)
                #expect(outcome == expected, "\(row.kind) of a \(role), \(relation)")
                count += 1
            }
        }
        print("promise: permissions count=\(count)")
    }

    @Test(
        "all others hear the same bytes, whatever they say after it or instead of it",
        arguments: Relation.allCases.filter { !$0.isLetIn && $0 != .revoked })
    func keptOut(relation: Relation) throws {
        let unknown = Message.failure(
            ProtocolError(.forbidden, "no such workspace here, or this device is not a member of it"))
        var count = 0
        for role in Role.allCases {
            for row in Self.table {
                var scene = try Scene(relation, role)
                let message = try scene.message(row.kind)
                #expect(scene.greeting == [unknown.frame], "\(relation) \(role)")
                #expect(try scene.outcome(of: message) == .nothing, "\(row.kind) after it")
                #expect(scene.colleagueHears.isEmpty, "\(row.kind) of a \(role), \(relation)")
                let first = try scene.sayFirst(message)
                #expect(
                    row.kind == "hello" ? first == [unknown.frame] : first.count == 1, "\(row.kind) first")
                #expect(scene.colleagueHears.isEmpty, "\(row.kind) instead of a hello")
                count += 1
            }
        }
        print("promise: permissions count=\(count)")
    }

    @Test(
        "who was put out is told so once, on their own channel alone, and whatever they say after it is nothing"
    )
    func revoked() throws {
        var count = 0
        for role in Role.allCases {
            for row in Self.table {
                var scene = try Scene(.revoked, role)
                #expect(scene.greeting.map(\.kind).contains(2), "it had been let in")
                #expect(scene.farewell.map(\.code) == [.revoked], "\(role)")
                #expect(
                    try scene.outcome(of: scene.message(row.kind)) == .nothing, "\(row.kind) of a \(role)")
                #expect(scene.colleagueHears.isEmpty, "\(row.kind) of a \(role)")
                #expect(try scene.comesBack() == [.revoked], "\(role)")
                #expect(try scene.comesBack(as: scene.stage.identity().keys.channel) == [.forbidden])
                count += 1
            }
        }
        print("promise: permissions count=\(count)")
    }

    @Test("whoever is no member any more is sent away in the same turn, and nothing of theirs is taken")
    func expelledLive() throws {
        for role in Role.allCases {
            let stage = try Stage()
            let olga = try stage.host()
            let (victim, rival) = try stage.rivals(role)
            let session = stage.connect(as: victim.identity.keys.channel)
            _ = try stage.say(stage.hello(victim.identity.device, [victim.grant, victim.enrolment]), session)
            let own = try stage.changeset(of: victim.identity)
            let news = Message.statements([rival.bytes])
            stage.relay.received(news.frame.encoded[...], from: olga, at: stage.now)
            let heard = try stage.say(own, session)
            #expect(heard.count == 1 && stage.isEnded(session), "\(role): \(heard)")
            guard case .failure(let error) = heard.first else { continue }
            #expect(error.code == .forbidden)
            #expect(stage.hears(olga).isEmpty, "what came in the same turn is not forwarded")
        }
    }
}

/// Somebody in a relation to the workspace, who has said hello, and a colleague who hears what happens.
private struct Scene {
    let stage: Stage
    let actor: Stage.Invited
    let role: Role
    let relation: PermissionTests.Relation
    private let colleague: ConnectionID?
    private let session: ConnectionID
    private let key: [UInt8]
    private let hello: Message
    let greeting: [Frame]
    /// How the session was ended by the removal.
    private(set) var farewell: [ProtocolError] = []

    init(_ relation: PermissionTests.Relation, _ role: Role) throws {
        stage = try Stage()
        (self.relation, self.role) = (relation, role)
        colleague = relation == .guest ? nil : try stage.host()
        if relation == .expelled {
            let (victim, rival) = try stage.rivals(role)
            actor = victim
            try stage.join(victim)
            if let colleague { _ = try stage.say(.statements([rival.bytes]), colleague) }
        } else {
            actor = try stage.invited("ben", role)
        }
        if relation == .impostor || relation == .elsewhere { try stage.join(actor) }
        key = relation == .impostor ? try stage.identity().keys.channel : actor.identity.keys.channel
        hello = Self.hello(stage, actor, relation)
        session = stage.connect(as: key)
        greeting = try stage.say(hello, session).map(\.frame)
        if relation == .revoked, let colleague {
            let removal = try Statement.revoke(
                by: stage.founder, on: [stage.founding.hash, actor.enrolment.hash].sorted(),
                handle: Handle("ben"), scope: .analyst, cuts: [])
            _ = try stage.say(.statements([removal.bytes]), colleague)
            farewell = stage.hears(session).compactMap {
                if case .failure(let error) = $0 { error } else { nil }
            }
        }
    }

    /// A new connection of the same device.
    func comesBack(as key: [UInt8]? = nil) throws -> [ProtocolError.Code] {
        let again = stage.connect(as: key ?? self.key)
        return try stage.say(stage.hello(actor.identity.device), again).compactMap {
            if case .failure(let error) = $0 { error.code } else { nil }
        }
    }

    private static func hello(
        _ stage: Stage, _ actor: Stage.Invited, _ relation: PermissionTests.Relation
    ) -> Message {
        let device = actor.identity.device
        switch relation {
        case .member, .revoked: return stage.hello(device, [actor.grant, actor.enrolment])
        case .guest: return stage.hello(device, token: Stage.token, [stage.founding])
        case .elsewhere:
            let elsewhere = WorkspaceID([UInt8](repeating: 9, count: 32)) ?? stage.workspace
            return stage.hello(device, in: elsewhere)
        case .stranger, .invited, .impostor, .expelled: return stage.hello(device)
        }
    }

    func message(_ kind: String) throws -> Message {
        let device = actor.identity.device
        switch kind {
        case "hello": return hello
        case "welcome":
            let none = [UInt8](repeating: 0, count: 32)
            return .welcome(Welcome(time: 1, digests: Digests(frontier: none, statements: none)))
        case "statements":
            if relation == .guest { return .statements([actor.grant.bytes, actor.enrolment.bytes]) }
            let tablet = try Statement.enrol(
                furtherDevice: stage.identity(), by: actor.identity, handle: Handle("ben"),
                on: [actor.enrolment.hash], time: 1_600)
            return .statements([tablet.bytes])
        case "frontier": return .frontier([])
        case "own changesets": return try stage.changeset(of: actor.identity)
        case "others' changesets": return try stage.changeset(of: stage.founder)
        case "stored": return .stored([])
        case "refused":
            return .refused(Refusal(change: ChangeID(device: device, number: 1), reason: .gap, text: ""))
        case "declined": return .declined(Declination(statements: [], reason: .cut, text: ""))
        case "succession": return .succession(key: [UInt8](repeating: 1, count: 32))
        case "caughtUp": return .caughtUp
        case "presence": return .presence(Presence(device: device, payload: [1]))
        case "ping": return .ping(time: 1)
        case "goodbye": return .goodbye(retryAfterSeconds: 0)
        case "failure": return .failure(ProtocolError(.defect, "leaving"))
        default: return .unknown(kind: kind == "unknown, 0 to 127" ? 77 : 200)
        }
    }

    private(set) var colleagueHears: [Message] = []

    /// Says it after the hello.
    mutating func outcome(of message: Message) throws -> PermissionTests.Outcome {
        let answers = try stage.say(message, session)
        colleagueHears = colleague.map { stage.hears($0) } ?? []
        for answer in answers {
            switch answer {
            case .failure(let error): return .failure(error.code)
            case .refused(let refusal): return .refused(refusal.reason)
            case .stored: return .stored
            case .caughtUp: return .log
            case .frontier: return .letIn
            default: continue
            }
        }
        for news in colleagueHears {
            switch news {
            case .statements: return .told
            case .presence: return .shown
            default: continue
            }
        }
        return relation.isLetIn && stage.isEnded(session) ? .ended : .nothing
    }

    /// Says it on a connection of its own, before any hello.
    mutating func sayFirst(_ message: Message) throws -> [Frame] {
        let heard = try stage.say(message, stage.connect(as: key))
        colleagueHears = colleague.map { stage.hears($0) } ?? []
        return heard.map(\.frame)
    }
}

extension Stage {
    fileprivate func join(_ invited: Invited) throws {
        let id = connect(as: invited.identity.keys.channel)
        _ = try say(hello(invited.identity.device, [invited.grant, invited.enrolment]), id)
        _ = try say(.goodbye(retryAfterSeconds: 0), id)
        relay.disconnected(id)
    }

    /// Somebody enrolled, and another enrolment on the same grant, which counts in its place once it is held.
    fileprivate func rivals(_ role: Role) throws -> (victim: Invited, rival: Statement) {
        let victim = try invited("ben", role)
        while true {
            let rival = try Statement.enrol(
                identity(), invite: victim.secret, grant: victim.grant, time: 1_500)
            if rival.hash < victim.enrolment.hash { return (victim, rival) }
        }
    }
}
