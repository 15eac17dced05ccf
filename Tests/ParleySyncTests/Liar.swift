import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

/// A server that is not honest: the real relay, whose words to a client, and a client's words to it, are
/// altered on their way. It holds what servers hold, and no member's keys.
struct Liar {
    /// What the client is told instead of one message of the relay.
    var say: (Message) -> [Message] = { [$0] }
    /// What the relay hears instead of one message of the client.
    var hear: (Message) -> [Message] = { [$0] }
    /// What the client is told at once when it says something.
    var answer: (Message) -> [Message] = { _ in [] }

    /// One that alters changesets alone.
    static func altering(_ change: @escaping (ChangesetRun) -> ChangesetRun) -> Liar {
        Liar(say: { message in
            guard case .changesets(let run) = message else { return [message] }
            return [.changesets(change(run))]
        })
    }

    /// One that says more, right behind the welcome.
    static func adding(_ messages: [Message]) -> Liar {
        Liar(say: { message in
            guard case .welcome = message else { return [message] }
            return [message] + messages
        })
    }

    /// One that says these things before it has handed over everything.
    static func closing(with messages: [Message]) -> Liar {
        Liar(say: { $0 == .caughtUp ? messages + [.caughtUp] : [$0] })
    }
}

/// A liar at work on one connection.
final class Interception {
    private let liar: Liar
    private var down = FrameReader(limit: Limits.frame)
    private var up = FrameReader(limit: Limits.frame)

    init(by liar: Liar) { self.liar = liar }

    func say(_ bytes: [UInt8]) -> [UInt8] {
        down.append(bytes)
        return Self.messages(&down).flatMap(liar.say).flatMap(\.frame.encoded)
    }

    func hear(_ bytes: [UInt8]) -> (onward: [UInt8], answer: [UInt8]) {
        up.append(bytes)
        let messages = Self.messages(&up)
        return (
            messages.flatMap(liar.hear).flatMap(\.frame.encoded),
            messages.flatMap(liar.answer).flatMap(\.frame.encoded)
        )
    }

    private static func messages(_ reader: inout FrameReader) -> [Message] {
        var messages: [Message] = []
        while let frame = try? reader.next(), let message = try? Message(decoding: frame) {
            messages.append(message)
        }
        return messages
    }
}

/// What came of one session.
struct Visit: CustomStringConvertible {
    var reports: [SyncReport]
    var isInStep: Bool

    var doubts: [Doubt.Kind] {
        reports.compactMap { if case .doubt(let doubt) = $0 { doubt.kind } else { nil } }
    }
    var end: ProtocolError? {
        reports.lazy.compactMap { if case .ended(let error) = $0 { error } else { nil } }.first
    }
    var lost: Int { reports.reduce(0) { if case .serverHadLost(let count) = $1 { $0 + count } else { $0 } } }
    var healings: [Healing] {
        reports.compactMap { if case .healed(let healing) = $0 { healing } else { nil } }
    }
    var description: String { "in step: \(isInStep), \(reports)" }
}

extension Bench {
    /// One session, which may end as it likes.
    @discardableResult
    func visit(_ workspace: Workspace, _ direction: SyncEngine.Direction = .both) throws -> Visit {
        let link = try connect(workspace, direction)
        try settle()
        let isInStep = link.engine.isInStep
        if isInStep { try link.engine.leave() }
        try settle()
        link.cut()
        _ = try turn()
        return Visit(reports: link.engine.takeReports(), isInStep: isInStep)
    }

    @discardableResult
    func visit(_ workspace: Workspace, of liar: Liar) throws -> Visit {
        self.liar = liar
        defer { self.liar = nil }
        return try visit(workspace)
    }
}

/// All that a replica holds that came, or can come, from others: the log byte by byte, the statements, what it
/// shows, what it has set apart, and who it is.
struct Holding: Equatable {
    var log: [[UInt8]]
    var statements: [[UInt8]]
    var shown: [String]
    var apart: Int
    var device: DeviceID

    init(_ workspace: Workspace) throws {
        (log, statements, apart) = try workspace.store.read { tx in
            let last = try tx.log.lastPosition()
            let log = last == 0 ? [] : try (1...last).compactMap { try tx.log.entry(at: $0)?.bytes }
            return (log, try tx.log.statements(), try tx.setApart().count)
        }
        shown = try workspace.liveRows()
        device = workspace.device
    }
}

/// Olga, Ben and Cara; of all that Olga and Ben have written in turn, resting on each other, Cara has the first
/// record alone.
struct Deceived {
    let bench: Bench
    let olga: Workspace
    let ben: Workspace
    let cara: Workspace
    let record: RecordName

    init(seed: UInt64 = 71) throws {
        bench = try Bench(seed: seed)
        olga = try bench.founder("olga")
        ben = try bench.member("ben", invitedBy: olga)
        cara = try bench.member("cara", invitedBy: olga)
        record = try olga.create("judgment", ["title": .text("Common")])
        try bench.syncAll(olga, ben, cara)
        for round in 1...3 {
            try olga.set(record, "title", .text("Olga \(round)"))
            try bench.syncAll(olga, ben)
            try ben.set(record, "basis", .text("Ben \(round)"))
            try bench.syncAll(ben, olga)
        }
    }

    /// What the honest server has for Cara.
    func news() throws -> ChangesetRun {
        var runs: [ChangesetRun] = []
        bench.liar = Liar(say: { message in
            guard case .changesets(let run) = message else { return [message] }
            runs.append(run)
            return []
        })
        defer { bench.liar = nil }
        try bench.visit(cara)
        return try #require(runs.first)
    }

    /// With an honest server everybody comes to agree, and every store is whole.
    func expectRecovery(_ comment: Comment = "", sourceLocation: SourceLocation = #_sourceLocation) throws {
        bench.liar = nil
        try cara.set(record, "confidence", .text("high"))
        try bench.syncAll(cara, olga, ben)
        for workspace in [olga, ben, cara] {
            #expect(
                try workspace.liveRows() == olga.liveRows(), comment, sourceLocation: sourceLocation)
            #expect(try workspace.verify() == [], comment, sourceLocation: sourceLocation)
            #expect(
                try workspace.value(record, "basis") == .text("Ben 3"), comment,
                sourceLocation: sourceLocation)
        }
    }
}
