import Foundation
import Logging
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust

/// A relay in memory with one workspace, its people, and connections that speak and hear whole messages.
final class Stage {
    let root = NSTemporaryDirectory() + "parley-stage-" + UUID().uuidString
    let relay: Relay
    let workspace: WorkspaceID
    let founder: Identity
    let founding: Statement
    static let token = [UInt8](repeating: 7, count: 16)
    private static let none = [UInt8](repeating: 0, count: 32)
    private var seeds = 99
    private(set) var now: Int64 = 2_000
    private var next = 0
    private var heard: [ConnectionID: [Message]] = [:]
    private var ended: Set<ConnectionID> = []
    /// Who was told something in the last turn, in that order.
    private(set) var told: [ConnectionID] = []

    init(quota: Quota = Quota()) throws {
        let folder = try ServerFolder(path: root, seed: [UInt8](repeating: 1, count: 32))
        relay = Relay(
            folder: folder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, quota: quota)
        founder = try Identity(seed: Secret([UInt8](repeating: 2, count: 32)))
        founding = try Statement.found(
            by: founder, handle: Handle("olga"), name: WorkspaceName("ports"),
            salt: [UInt8](repeating: 3, count: 16), time: 1_000)
        guard let workspace = founding.workspace else { throw TrustError(.badName, at: "stage") }
        self.workspace = workspace
        try folder.addToken(
            Self.token, name: WorkspaceName("ports"), handle: Handle("olga"), expires: 100_000)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    // MARK: People

    private func newSeed() -> [UInt8] {
        seeds += 1
        return (0..<32).map { UInt8(truncatingIfNeeded: seeds >> (8 * ($0 % 2))) }
    }

    func identity() throws -> Identity { try Identity(seed: Secret(newSeed())) }

    struct Invited {
        var identity: Identity
        var secret: InviteSecret
        var grant: Statement
        var enrolment: Statement
    }

    func invited(_ handle: String, _ role: Role) throws -> Invited {
        let secret = try InviteSecret(seed: Secret(newSeed()))
        let grant = try Statement.grant(
            by: founder, on: [founding.hash], invite: secret.publicKey, handle: Handle(handle),
            purpose: .newAnalyst(role), until: 100_000)
        let identity = try identity()
        let enrolment = try Statement.enrol(identity, invite: secret, grant: grant, time: 1_500)
        return Invited(identity: identity, secret: secret, grant: grant, enrolment: enrolment)
    }

    // MARK: Connections

    func connect(as key: [UInt8]?) -> ConnectionID {
        next += 1
        let id = ConnectionID(next)
        relay.connected(id, from: "stage", addressKey: nil, at: now)
        if let key { relay.identified(id, by: key) }
        return id
    }

    func hello(
        _ device: DeviceID, in workspace: WorkspaceID? = nil, token: [UInt8] = [],
        _ statements: [Statement] = []
    ) -> Message {
        .hello(
            Hello(
                workspace: workspace ?? self.workspace, device: device, time: now,
                digests: Digests(frontier: Self.none, statements: Self.none),
                introduction: Introduction(token: token, statements: statements.map(\.bytes))))
    }

    /// Hosts the workspace, and returns a session of the founder's that has said that it holds nothing.
    func host() throws -> ConnectionID {
        let id = connect(as: founder.keys.channel)
        _ = try say(hello(founder.device, token: Self.token, [founding]), id)
        _ = try say(.frontier([]), id)
        return id
    }

    /// Says one message, and returns what this connection hears in that turn.
    func say(_ message: Message, _ id: ConnectionID) throws -> [Message] {
        heard = [:]
        relay.received(message.frame.encoded[...], from: id, at: now)
        try turn()
        return heard[id] ?? []
    }

    /// What another connection heard in the last turn.
    func hears(_ id: ConnectionID) -> [Message] { heard[id] ?? [] }

    func isEnded(_ id: ConnectionID) -> Bool { ended.contains(id) }

    func pass(_ milliseconds: Int64) { now += milliseconds }

    /// Turns until nothing is left to say.
    func turn(backlog: (ConnectionID) -> Int = { _ in 0 }) throws {
        var wantsTurn = true
        told = []
        while wantsTurn {
            let turn = relay.endTurn(at: now, backlog: backlog)
            wantsTurn = turn.wantsTurn
            told += turn.deliveries.map(\.connection)
            for delivery in turn.deliveries {
                var reader = FrameReader(limit: Limits.frame)
                for chunk in delivery.chunks { reader.append(chunk) }
                while let frame = try reader.next() {
                    heard[delivery.connection, default: []].append(try Message(decoding: frame))
                }
                if delivery.ends { ended.insert(delivery.connection) }
            }
        }
    }

    // MARK: Changesets

    /// The first changesets of a chain, each in a message of its own.
    func chain(of author: Identity, _ count: Int) throws -> [Message] {
        var head: ChainHead?
        return try (0..<count).map { number in
            let message = try changeset(of: author, after: head, time: now + Int64(number))
            guard case .changesets(let run) = message, let signed = run.signatures.first else {
                return message
            }
            let before = head?.hash ?? Chain.start(workspace: workspace, device: author.device)
            head = ChainHead(
                number: signed.change.number, time: HybridTime(number: 0),
                hash: Chain.next(after: before, bytes: run.changesets[0]), context: Frontier())
            return message
        }
    }

    /// The next changeset of a chain that holds `after`, alone in a message.
    func changeset(
        of author: Identity, after: ChainHead? = nil, time: Int64? = nil, body: [UInt8] = [0, 1, 0, 0, 0]
    ) throws -> Message {
        let change = ChangeID(device: author.device, number: (after?.number ?? 0) + 1)
        let header = ChangesetHeader(
            change: change, time: HybridTime(milliseconds: time ?? now), context: Frontier())
        let bytes = header.encoded(bodySize: body.count) + body
        let before = after?.hash ?? Chain.start(workspace: workspace, device: author.device)
        let hash = Chain.next(after: before, bytes: bytes)
        let signature = try Chain.sign(change.number, hash: hash, workspace: workspace, by: author)
        return .changesets(
            ChangesetRun(
                changesets: [bytes], signatures: [SignedNumber(change: change, signature: signature)]))
    }
}
