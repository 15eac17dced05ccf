import Foundation
import Logging
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust

extension FuzzTarget {
    /// Input: who connects to a server that hosts a workspace (a stranger, an admin, an analyst, a reader, or an
    /// analyst under the founder's name), whether with a hello that suits, and what it then does: frames,
    /// changesets signed as they should be or not, statements, bare bytes, time. An honest member beside it gets
    /// its acknowledgement whatever the other does, and the log holds nothing that this one had no right to write.
    static let relays = FuzzTarget(
        "relays",
        seeds: {
            var seeds: [[UInt8]] = []
            for who in UInt8(0)..<5 {
                seeds.append([who, 1, 0, 0, 5, 1, 2, 3, 4, 5, 6, 1, 9, 6])
                seeds.append([who, 1, 0, 0, 5, 1, 2, 3, 4, 5, 0, 1, 0, 5, 1, 2, 3, 4, 5, 6, 3, 0, 9, 6])
                seeds.append([who, 1, 2, 5, 0, 1, 8, 4, 1, 2, 3, 4, 6, 1, 3, 6, 1, 4, 6, 5, 200])
                seeds.append([who, 0, 1, 1, 1, 2, 6])
            }
            return seeds
        },
        check: { input in
            var feed = Feed(input)
            let visit = try Visit(who: feed.below(5), greets: feed.byte() & 1 == 1)
            while !feed.isAtEnd { try visit.step(&feed) }
            return try visit.judge()
        })
}

/// A server's folder with one workspace, made once and written anew for every input.
private struct HostedTemplate {
    static let shared = Result { try HostedTemplate() }
    static let now: Int64 = 1_795_000_000_000

    /// Its files, by their names within the folder.
    private let files: [String: Data]
    let workspace: WorkspaceID
    /// The founder, an analyst, a reader, and the analyst who is honest throughout.
    let cast: [Identity]

    /// On a memory file system where there is one.
    static func scratch() -> String {
        let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        return base + "/parley-fuzz-" + UUID().uuidString
    }

    private init() throws {
        let path = Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: path) }
        cast = Array(try Forge.cast.get().prefix(4))
        let found = try Statement.found(
            by: cast[0], handle: Handle("olga"), name: WorkspaceName("ports"),
            salt: [UInt8](repeating: 3, count: 16), time: Self.now)
        guard let id = found.workspace else { throw Violation("a founding statement without a workspace") }
        workspace = id
        var statements = [found.bytes]
        for (index, role) in [Role.analyst, .reader, .analyst].enumerated() {
            let secret = try InviteSecret(seed: Secret([UInt8](repeating: UInt8(50 + index), count: 32)))
            let grant = try Statement.grant(
                by: cast[0], on: [found.hash], invite: secret.publicKey, handle: Handle("m\(index)"),
                purpose: .newAnalyst(role), until: Self.now + 1_000_000)
            let enrol = try Statement.enrol(cast[index + 1], invite: secret, grant: grant, time: Self.now)
            statements += [grant.bytes, enrol.bytes]
        }
        try Self.host(statements, by: cast[0], in: path)
        files = try Self.contents(of: path)
    }

    private static func host(_ statements: [[UInt8]], by founder: Identity, in path: String) throws {
        let folder = try ServerFolder(path: path, seed: [UInt8](repeating: 1, count: 32))
        let token = [UInt8](repeating: 7, count: 16)
        try folder.addToken(token, name: WorkspaceName("ports"), handle: Handle("olga"), expires: now + 1000)
        let end = RelayEnd(Relay(folder: folder, logger: RelayEnd.silent), ConnectionID(1))
        guard let id = try Statement(received: statements[0]).workspace else {
            throw Violation("no workspace")
        }
        end.greet(id, founder, Introduction(token: token, statements: [statements[0]]))
        end.say(.statements(Array(statements.dropFirst())))
        let answers = try end.hear()
        guard case .welcome? = answers.first else { throw Violation("the template was refused: \(answers)") }
    }

    private static func contents(of path: String) throws -> [String: Data] {
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return names.reduce(into: [:]) { $0[$1] = FileManager.default.contents(atPath: path + "/" + $1) }
    }

    /// Writes the folder.
    func write(to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/logs", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, content) in files {
            let isWritten = FileManager.default.createFile(
                atPath: path + "/" + name, contents: content, attributes: [.posixPermissions: 0o600])
            try hold(isWritten, "the folder could not be written")
        }
    }
}

/// One connection to a relay, as a client that keeps to the rules, or not.
private final class RelayEnd {
    static let silent = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    let relay: Relay
    let id: ConnectionID
    var now = HostedTemplate.now
    private var reader = FrameReader(limit: Limits.frame)

    init(_ relay: Relay, _ id: ConnectionID) { (self.relay, self.id) = (relay, id) }

    func greet(
        _ workspace: WorkspaceID, _ device: Identity, _ introduction: Introduction = Introduction(),
        key: [UInt8]? = nil
    ) {
        relay.connected(id, from: "fuzz", addressKey: nil, at: now)
        relay.identified(id, by: key ?? device.keys.channel)
        let none = [UInt8](repeating: 0, count: 32)
        let hello = Hello(
            workspace: workspace, device: device.device, time: now,
            digests: Digests(frontier: none, statements: none), introduction: introduction)
        say(.hello(hello))
        say(.frontier([]))
    }

    func say(_ message: Message) { say(message.frame.encoded) }
    func say(_ bytes: [UInt8]) { relay.received(bytes[...], from: id, at: now) }

    /// Turns until there is nothing more to do; what came for this end, each a whole message.
    func hear(from all: [RelayEnd] = []) throws -> [Message] {
        var turns = 0
        var wantsTurn = true
        while wantsTurn {
            let turn = relay.endTurn(at: now) { _ in 0 }
            for delivery in turn.deliveries {
                for end in all + [self] where end.id == delivery.connection {
                    for chunk in delivery.chunks { end.reader.append(chunk) }
                }
            }
            wantsTurn = turn.wantsTurn
            turns += 1
            try hold(turns < 1000, "a server that never has done")
        }
        var messages: [Message] = []
        while let frame = try reader.next() { messages.append(try Message(decoding: frame)) }
        return messages
    }
}

private final class Visit {
    private let template: HostedTemplate
    private let path: String
    private let visitor: RelayEnd
    private let honest: RelayEnd
    private let who: Int
    /// The device in whose name the visitor writes.
    private let device: Identity
    private var heads: [DeviceID: (number: UInt64, hash: [UInt8])] = [:]

    init(who: Int, greets: Bool) throws {
        template = try HostedTemplate.shared.get()
        path = HostedTemplate.scratch()
        try template.write(to: path)
        let folder = try ServerFolder(path: path, seed: [UInt8](repeating: 1, count: 32))
        let relay = Relay(folder: folder, logger: RelayEnd.silent)
        visitor = RelayEnd(relay, ConnectionID(2))
        honest = RelayEnd(relay, ConnectionID(1))
        self.who = who
        let stranger = try Forge.identity(99)
        device = [stranger, template.cast[0], template.cast[1], template.cast[2], template.cast[0]][who]
        honest.greet(template.workspace, template.cast[3])
        _ = try honest.hear()
        if greets {
            visitor.greet(template.workspace, device, key: who == 4 ? stranger.keys.channel : nil)
        } else {
            relay.connected(visitor.id, from: "fuzz", addressKey: nil, at: visitor.now)
            relay.identified(visitor.id, by: device.keys.channel)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func step(_ feed: inout Feed) throws {
        switch feed.byte() % 7 {
        case 0: try write(&feed)
        case 1:
            let kind = feed.byte()
            visitor.say(Frame(kind: kind, payload: feed.take(feed.below(200))).encoded)
        case 2: try vouch(&feed)
        case 3: visitor.say(feed.take(feed.below(64)))
        case 4: visitor.say(.presence(Presence(device: device.device, payload: feed.take(feed.below(40)))))
        case 5:
            let passed = Int64(feed.byte()) * 100
            for end in [visitor, honest] { end.now += passed }
            honest.say(.ping(time: honest.now))
            visitor.relay.tick(at: visitor.now)
        default: _ = try visitor.hear(from: [honest])
        }
    }

    /// A changeset of the visitor's, or in another's name; with the next number and a right signature, or not.
    private func write(_ feed: inout Feed) throws {
        let choice = feed.byte()
        let author = choice & 16 == 0 ? device : template.cast[Int(choice) % 4]
        let start = Chain.start(workspace: template.workspace, device: author.device)
        let head = heads[author.device] ?? (0, start)
        let number = choice & 32 == 0 ? head.number + 1 : UInt64(feed.byte())
        let ahead = Int64(feed.byte()) * (choice & 64 == 0 ? 10 : 10_000)
        var context = Frontier()
        if choice & 128 != 0 { context[template.cast[feed.below(4)].device] = UInt64(feed.byte()) }
        context[author.device] = 0
        let header = ChangesetHeader(
            change: ChangeID(device: author.device, number: max(number, 1)),
            time: HybridTime(milliseconds: visitor.now + ahead), context: context)
        let body = feed.take(feed.below(40))
        let bytes = header.encoded(bodySize: body.count) + body
        let hash = Chain.next(after: head.hash, bytes: bytes)
        heads[author.device] = (number, hash)
        let signer = choice & 8 == 0 ? author : template.cast[1]
        var signature = try Chain.sign(number, hash: hash, workspace: template.workspace, by: signer)
        if choice & 4 != 0 { signature[0] ^= 1 }
        let signed = SignedNumber(change: header.change, signature: signature)
        visitor.say(.changesets(ChangesetRun(changesets: [bytes], signatures: [signed])))
    }

    /// A statement by the visitor.
    private func vouch(_ feed: inout Feed) throws {
        let tag = 2 + feed.byte() % 6
        var payload = feed.take(32 + feed.below(60))
        payload.append(text: "new")
        payload.append(varint: UInt64(visitor.now))
        let parts = Forge.Parts(tag: tag, rests: [template.workspace.bytes], payload: payload)
        let enrols = tag == 3 ? try Forge.identity(80) : nil
        visitor.say(
            .statements([try Forge.statement(parts, signer: Forge.secret(of: device), device: enrols)]))
    }

    /// - Returns: whether the visitor has left something in the log.
    func judge() throws -> Bool {
        _ = try visitor.hear(from: [honest])
        let honestly = try holdHonest()
        let reader = RelayEnd(visitor.relay, ConnectionID(3))
        reader.now = visitor.now
        reader.greet(template.workspace, template.cast[0])
        var authors: [DeviceID] = []
        for case .changesets(let run) in try reader.hear() {
            authors += try run.changesets.map { try ChangesetHeader.decode($0).header.change.device }
        }
        switch who {
        case 0, 4: try hold(authors.count == honestly, "a stranger has written: \(authors)")
        case 3: try hold(!authors.contains(device.device), "a reader has written")
        default: break
        }
        return authors.count > honestly
    }

    /// The honest member writes, and is told that it is stored.
    /// - Returns: how many changesets it wrote: none where the visitor has its keys.
    private func holdHonest() throws -> Int {
        let author = template.cast[3]
        honest.say(.ping(time: honest.now))
        guard heads[author.device] == nil else { return 0 }
        let change = ChangeID(device: author.device, number: 1)
        let header = ChangesetHeader(
            change: change, time: HybridTime(milliseconds: HostedTemplate.now), context: Frontier())
        let bytes = header.encoded(bodySize: 2) + [0, 1]
        let start = Chain.start(workspace: template.workspace, device: author.device)
        let hash = Chain.next(after: start, bytes: bytes)
        let signature = try Chain.sign(1, hash: hash, workspace: template.workspace, by: author)
        let signed = SignedNumber(change: change, signature: signature)
        honest.say(.changesets(ChangesetRun(changesets: [bytes], signatures: [signed])))
        let answers = try honest.hear(from: [visitor])
        try hold(answers.contains(.stored([change])), "an honest member was not served: \(answers)")
        return 1
    }
}
