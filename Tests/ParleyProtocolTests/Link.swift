import ParleyCore
import ParleyProtocol

/// Two ends and a fake link between them: bytes go over it in pieces, and may stop at any of them.
struct Link {
    var client: Session
    var server: Session
    private(set) var clientEvents: [SessionEvent] = []
    private(set) var serverEvents: [SessionEvent] = []
    private(set) var toServer: [UInt8] = []
    private(set) var toClient: [UInt8] = []
    var now: Int64

    init(hello: Hello = .sample, at now: Int64 = 1000) {
        client = Session(greeting: hello, at: now)
        server = Session(listeningAt: now)
        self.now = now
    }

    /// Takes what the ends have to say onto the wires.
    mutating func load() {
        toServer += client.takeOutgoing().flatMap { $0 }
        toClient += server.takeOutgoing().flatMap { $0 }
    }

    /// Hands over at most so many bytes each way.
    /// - Returns: how many went to the server and to the client.
    @discardableResult
    mutating func carry(toServer most: Int = .max, toClient other: Int = .max) -> (Int, Int) {
        load()
        let (up, down) = (toServer.prefix(most), toClient.prefix(other))
        toServer.removeFirst(up.count)
        toClient.removeFirst(down.count)
        if !up.isEmpty { serverEvents += server.receive(up, at: now) }
        if !down.isEmpty { clientEvents += client.receive(down, at: now) }
        return (up.count, down.count)
    }

    /// Is nothing on the wires? (What the ends have not handed over yet does not count.)
    var isQuiet: Bool { toServer.isEmpty && toClient.isEmpty }

    /// Lets both speak until there is nothing left to carry; the server welcomes whoever greets.
    mutating func settle() {
        while carry() != (0, 0) { answer() }
    }

    mutating func answer(_ welcome: Welcome = .sample) {
        guard server.state == .judging else { return }
        server.welcome(welcome, at: now)
        serverEvents += server.resume(at: now)
    }

    mutating func tick() {
        clientEvents += client.tick(at: now)
        serverEvents += server.tick(at: now)
    }

    /// A link whose ends are open.
    static func open(at now: Int64 = 1000) -> Link {
        var link = Link(at: now)
        link.settle()
        link.clientEvents = []
        link.serverEvents = []
        return link
    }
}

extension Hello {
    static let sample = Hello(
        workspace: WorkspaceID([UInt8](repeating: 7, count: 32))!, device: DeviceID(letter: 1), time: 1000,
        digests: .sample)
}

extension Digests {
    static let sample = Digests(
        frontier: [UInt8](repeating: 2, count: 32), statements: [UInt8](repeating: 3, count: 32))
}

extension Welcome {
    static let sample = Welcome(time: 2000, digests: .sample)
}

extension Message {
    /// One of every kind, those of Protocol.md's names first.
    static let samples: [(name: String, message: Message)] = [
        ("hello", .hello(.sample)), ("welcome", .welcome(.sample)),
        ("statements", .statements([[1, 2], []])),
        ("frontier", .frontier([FrontierEntry(change: change, hash: [UInt8](repeating: 4, count: 32))])),
        ("changesets", .changesets(ChangesetRun(changesets: [[1, 2, 3]], signatures: [signed]))),
        ("stored", .stored([change])),
        ("refused", .refused(Refusal(change: change, reason: .context, text: "not held"))),
        ("caughtUp", .caughtUp), ("presence", .presence(Presence(device: DeviceID(letter: 1), payload: [9]))),
        ("ping", .ping(time: 5)), ("goodbye", .goodbye(retryAfterSeconds: 3)),
        ("failure", .failure(ProtocolError(.busy, "later", isRemote: true))),
    ]

    private static let change = ChangeID(device: DeviceID(letter: 1), number: 300)
    private static let signed = SignedNumber(change: change, signature: [UInt8](repeating: 6, count: 64))

    static func sample(_ name: String) -> Message? { samples.first { $0.name == name }?.message }
}
