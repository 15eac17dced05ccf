import Foundation
import Logging
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust
import Testing

@Suite("The relay by itself")
final class RelayTests {
    let root = NSTemporaryDirectory() + "parley-relay-" + UUID().uuidString
    let folder: ServerFolder
    let relay: Relay
    let founder: Identity
    let founding: Statement
    let workspace: WorkspaceID
    let hostingToken = [UInt8](repeating: 7, count: 16)

    init() throws {
        folder = try ServerFolder(path: root, seed: [UInt8](repeating: 1, count: 32))
        relay = Relay(folder: folder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        founder = try Identity(seed: Secret([UInt8](repeating: 2, count: 32)))
        founding = try Statement.found(
            by: founder, handle: Handle("olga"), name: WorkspaceName("ports"),
            salt: [UInt8](repeating: 3, count: 16), time: 1000)
        workspace = try #require(founding.workspace)
        try folder.addToken(
            hostingToken, name: WorkspaceName("ports"), handle: Handle("olga"), expires: 100_000)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func hello(
        _ workspace: WorkspaceID, token: [UInt8] = [], statements: [[UInt8]] = []
    ) -> Message {
        let none = [UInt8](repeating: 0, count: 32)
        return .hello(
            Hello(
                workspace: workspace, device: founder.device, time: 1000,
                digests: Digests(frontier: none, statements: none),
                introduction: Introduction(token: token, statements: statements)))
    }

    /// Connects, says hello, and returns what the relay answers.
    private func greet(_ number: Int, _ message: Message, at now: Int64 = 2000) throws -> [Message] {
        try greet(number, message, at: now, by: founder.keys.channel)
    }

    private func greet(
        _ number: Int, _ message: Message, at now: Int64 = 2000, by key: [UInt8]?
    ) throws -> [Message] {
        let id = ConnectionID(number)
        relay.connected(id, from: "test", addressKey: nil, at: now)
        if let key { relay.identified(id, by: key) }
        relay.received(message.frame.encoded[...], from: id, at: now)
        return try answers(to: id, at: now)
    }

    private func answers(to id: ConnectionID, at now: Int64, backlog: Int = 0) throws -> [Message] {
        let deliveries = relay.endTurn(at: now) { _ in backlog }.deliveries
        var reader = FrameReader(limit: Limits.frame)
        for chunk in deliveries.filter({ $0.connection == id }).flatMap(\.chunks) { reader.append(chunk) }
        var messages: [Message] = []
        while let frame = try reader.next() { messages.append(try Message(decoding: frame)) }
        return messages
    }

    private func failure(in messages: [Message]) -> ProtocolError? {
        for case .failure(let error) in messages { return error }
        return nil
    }

    private func isWelcomed(_ messages: [Message]) -> Bool {
        messages.contains { if case .welcome = $0 { true } else { false } }
    }

    @Test("an unknown workspace and a forbidden one are answered with the same words")
    func alike() throws {
        #expect(isWelcomed(try greet(1, hello(workspace, token: hostingToken, statements: [founding.bytes]))))
        let unknown = try #require(WorkspaceID([UInt8](repeating: 9, count: 32)))
        let stranger = try Identity(seed: Secret([UInt8](repeating: 8, count: 32)))
        let none = [UInt8](repeating: 0, count: 32)
        let foreign = Message.hello(
            Hello(
                workspace: workspace, device: stranger.device, time: 1000,
                digests: Digests(frontier: none, statements: none)))
        let first = failure(in: try greet(2, hello(unknown)))
        let second = failure(in: try greet(3, foreign))
        #expect(first != nil && first == second && first?.code == .forbidden)
    }

    @Test("who does not hold the channel key of the device that it names gets a stranger's answer")
    func otherKey() throws {
        let unknown = try #require(WorkspaceID([UInt8](repeating: 9, count: 32)))
        let stranger = failure(in: try greet(1, hello(unknown)))
        let other = try Identity(seed: Secret([UInt8](repeating: 8, count: 32)))
        let introduction = hello(workspace, token: hostingToken, statements: [founding.bytes])
        for (number, key) in [other.keys.channel, founder.keys.sealing, [], nil].enumerated() {
            for (half, message) in [introduction, hello(workspace)].enumerated() {
                let answers = try greet(10 + 2 * number + half, message, by: key)
                #expect(failure(in: answers) == stranger && answers.count == 1)
            }
        }
        #expect(isWelcomed(try greet(2, introduction)))
        #expect(failure(in: try greet(3, hello(workspace), by: other.keys.channel)) == stranger)
        #expect(isWelcomed(try greet(4, hello(workspace))))
    }

    @Test("an admin who hosts anew what was lost is judged by the key as soon as it is known")
    func otherKeyLater() throws {
        let ben = try Identity(seed: Secret([UInt8](repeating: 5, count: 32)))
        let secret = try InviteSecret(seed: Secret([UInt8](repeating: 6, count: 32)))
        let grant = try Statement.grant(
            by: founder, on: [founding.hash], invite: secret.publicKey, handle: Handle("ben"),
            purpose: .newAnalyst(.admin), until: 100_000)
        let enrolment = try Statement.enrol(ben, invite: secret, grant: grant, time: 1500)
        let none = [UInt8](repeating: 0, count: 32)
        let message = Message.hello(
            Hello(
                workspace: workspace, device: ben.device, time: 1000,
                digests: Digests(frontier: none, statements: none),
                introduction: Introduction(token: hostingToken, statements: [founding.bytes])))
        let rest = Message.statements([grant.bytes, enrolment.bytes])
        for (number, key) in [founder.keys.channel, ben.keys.channel].enumerated() {
            let id = ConnectionID(number)
            #expect(isWelcomed(try greet(number, message, by: key)))
            relay.received(rest.frame.encoded[...], from: id, at: 2000)
            let answers = try answers(to: id, at: 2000)
            #expect((failure(in: answers)?.code == .forbidden) == (key == founder.keys.channel), "\(answers)")
        }
    }

    @Test("a token hosts one workspace, and the same one again when the answer was lost")
    func tokenOnce() throws {
        let introduction = hello(workspace, token: hostingToken, statements: [founding.bytes])
        #expect(isWelcomed(try greet(1, introduction)))
        #expect(isWelcomed(try greet(2, introduction)))
        let other = try Statement.found(
            by: founder, handle: Handle("olga"), name: WorkspaceName("other"),
            salt: [UInt8](repeating: 4, count: 16), time: 1000)
        let refused = try greet(
            3, hello(try #require(other.workspace), token: hostingToken, statements: [other.bytes]))
        #expect(failure(in: refused)?.code == .invite)
    }

    @Test("a token that has expired hosts nothing")
    func tokenExpired() throws {
        let late = try greet(
            1, hello(workspace, token: hostingToken, statements: [founding.bytes]), at: 100_001)
        #expect(failure(in: late)?.code == .invite)
    }

    @Test("who says nothing is ended after five seconds, and a member who falls silent after a minute")
    func silence() throws {
        relay.connected(ConnectionID(1), from: "silent", addressKey: nil, at: 0)
        relay.tick(at: Limits.firstMessage)
        #expect(failure(in: try answers(to: ConnectionID(1), at: Limits.firstMessage)) == nil)
        relay.tick(at: Limits.firstMessage + 1)
        #expect(failure(in: try answers(to: ConnectionID(1), at: Limits.firstMessage + 1))?.code == .timeout)
        _ = try greet(2, hello(workspace, token: hostingToken, statements: [founding.bytes]), at: 10_000)
        relay.tick(at: 10_000 + Limits.idle + 1)
        #expect(failure(in: try answers(to: ConnectionID(2), at: 80_000))?.code == .timeout)
    }

    @Test("presence goes to the others, not under another's name, and not to who does not read")
    func presence() throws {
        let introduction = hello(workspace, token: hostingToken, statements: [founding.bytes])
        _ = try greet(1, introduction)
        _ = try greet(2, introduction)
        func say(_ device: DeviceID, at now: Int64, backlog: Int) throws -> Int {
            let message = Message.presence(Presence(device: device, payload: [1]))
            relay.received(message.frame.encoded[...], from: ConnectionID(1), at: now)
            return try answers(to: ConnectionID(2), at: now, backlog: backlog).count
        }
        #expect(try say(founder.device, at: 3_000, backlog: 0) == 1)
        #expect(try say(DeviceID(5), at: 5_000, backlog: 0) == 0)
        #expect(try say(founder.device, at: 7_000, backlog: Limits.backlog) == 1, "found to be stuck now")
        #expect(try say(founder.device, at: 9_000, backlog: Limits.backlog) == 0)
    }

    @Test("a second server on the same folder is refused")
    func lock() throws {
        try folder.takeLock()
        let second = try ServerFolder(path: root, seed: [UInt8](repeating: 1, count: 32))
        #expect(throws: ServerError.self) { try second.takeLock() }
    }
}
