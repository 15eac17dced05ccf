import ParleyCore
import ParleyProtocol
import Testing

// How the things that vectors describe are read from their lines.

extension DeviceID {
    init(hex text: String) throws {
        self.init(try #require(UInt128(bigEndianBytes: [UInt8](hex: text) ?? []), "device \(text)"))
    }

    /// Sixteen times the same byte: short to read.
    init(letter byte: UInt8) { self.init(UInt128(bigEndianBytes: [UInt8](repeating: byte, count: 16)) ?? 0) }
}

extension ChangeID {
    init(_ words: [String]) throws {
        try self.init(device: DeviceID(hex: words[0]), number: #require(UInt64(words[1])))
    }
}

extension Vector {
    func attributes() throws -> [UInt64: Value] {
        var attributes: [UInt64: Value] = [:]
        for words in words("attribute") {
            attributes[try #require(UInt64(words[0]))] = try Value(decoding: [UInt8](hex: words[1]) ?? [])
        }
        return attributes
    }

    /// Kind, id, field, key and value.
    func writes(_ key: String) throws -> [RegisterWrite] {
        try words(key).map { words in
            let id = try #require(Value.bytes([UInt8](hex: words[1]) ?? []).ref)
            let key = words[3] == "-" ? nil : String(decoding: [UInt8](hex: words[3]) ?? [], as: UTF8.self)
            return RegisterWrite(
                RecordName(kind: try #require(UInt32(words[0])), id: id),
                RegisterName(field: try #require(UInt32(words[2])), key: key),
                try Value(decoding: [UInt8](hex: words[4]) ?? []))
        }
    }

    func entries(_ key: String) throws -> [FrontierEntry] {
        try words(key).map {
            FrontierEntry(change: try ChangeID($0), hash: try #require([UInt8](hex: $0[2])))
        }
    }

    fileprivate func lists(_ key: String) -> [[UInt8]] { all(key).map { [UInt8](hex: $0) ?? [] } }

    fileprivate func digests() throws -> Digests {
        Digests(frontier: try bytes("frontier-digest"), statements: try bytes("statement-digest"))
    }

    fileprivate func change() throws -> ChangeID { try ChangeID(try #require(words("change").first)) }
}

extension ChangesetHeader {
    init(_ vector: Vector) throws {
        var context = Frontier()
        for words in vector.words("context") {
            let change = try ChangeID(words)
            context[change.device] = change.number
        }
        let number = UInt64(try vector.number("milliseconds")) << 16 | (try vector.number("counter"))
        self.init(
            change: ChangeID(
                device: try DeviceID(hex: vector.text("device")), number: try vector.number("number")),
            time: HybridTime(number: number), epoch: try vector.number("epoch"), context: context,
            statement: vector.optional("statement").flatMap { [UInt8](hex: $0) })
    }
}

extension Message {
    init(_ vector: Vector) throws {
        switch try vector.text("message") {
        case "hello": self = .hello(try Hello(vector))
        case "welcome":
            self = .welcome(
                Welcome(
                    version: try vector.number("version"), capabilities: try vector.number("capabilities"),
                    time: try vector.signed("time"), digests: try vector.digests()))
        case "statements": self = .statements(vector.lists("statement"))
        case "frontier": self = .frontier(try vector.entries("entry"))
        case "changesets":
            let signatures = try vector.words("signature").map {
                SignedNumber(change: try ChangeID($0), signature: [UInt8](hex: $0[2]) ?? [])
            }
            self = .changesets(ChangesetRun(changesets: vector.lists("changeset"), signatures: signatures))
        case "stored": self = .stored(try vector.words("change").map(ChangeID.init))
        case "refused":
            let reason = try #require(Refusal.Reason(rawValue: try vector.number("reason")))
            self = .refused(
                Refusal(change: try vector.change(), reason: reason, text: try vector.text("text")))
        case "declined":
            let reason = try #require(Declination.Reason(rawValue: try vector.number("reason")))
            self = .declined(
                Declination(
                    statements: vector.lists("statement"), reason: reason, text: try vector.text("text")))
        case "succession": self = .succession(key: try vector.bytes("key"))
        case "caughtUp": self = .caughtUp
        case "ping": self = .ping(time: try vector.signed("time"))
        case "goodbye": self = .goodbye(retryAfterSeconds: try vector.number("seconds"))
        case "failure":
            let code = try #require(ProtocolError.Code(rawValue: try vector.number("code")))
            self = .failure(ProtocolError(code, try vector.text("text"), isRemote: true))
        case "presence":
            let device = try DeviceID(hex: vector.text("device"))
            self = .presence(Presence(device: device, payload: try vector.bytes("payload")))
        case let other:
            Issue.record("\(vector.name): message \(other)")
            self = .caughtUp
        }
    }
}

extension Hello {
    fileprivate init(_ vector: Vector) throws {
        let versions = try vector.number("lowest")...(try vector.number("highest"))
        self.init(
            versions: versions, capabilities: try vector.number("capabilities"),
            workspace: try #require(WorkspaceID(try vector.bytes("workspace"))),
            device: try DeviceID(hex: vector.text("device")), time: try vector.signed("time"),
            digests: try vector.digests(),
            introduction: Introduction(
                token: try vector.bytes("token"), statements: vector.lists("statement")))
    }
}

/// Writes of one register by devices that are letters.
struct MergeVector {
    private struct Write {
        var origin: Origin
        var context: Frontier
        var value: String
    }
    private var writes: [Write] = []
    let expected: [String]
    let aside: [String]

    init(_ vector: Vector) throws {
        expected = vector.words("heads").flatMap { $0 }
        aside = vector.words("aside").flatMap { $0 }.filter { $0 != "-" }
        for words in vector.words("write") {
            let device = try Self.device(words[0])
            let number = try #require(UInt64(words[1]))
            let time = HybridTime(milliseconds: try #require(Int64(words[2])))
            // What the previous changeset of the chain had, what this one lists, and the previous itself.
            let previous = writes.last { $0.origin.stamp.device == device }
            var context = previous?.context ?? Frontier()
            context.merge(try Self.context(words[3]))
            context[device] = number - 1
            let origin = Origin(stamp: Stamp(time: time, device: device), number: number)
            writes.append(Write(origin: origin, context: context, value: words[4]))
        }
    }

    private static func device(_ letter: String) throws -> DeviceID {
        DeviceID(letter: try #require(UInt8(letter, radix: 16)))
    }

    private static func context(_ text: String) throws -> Frontier {
        var frontier = Frontier()
        for entry in text.split(separator: ",") where entry != "-" {
            let parts = entry.split(separator: ":").map(String.init)
            frontier[try device(parts[0])] = try #require(UInt64(parts[1]))
        }
        return frontier
    }

    /// All orders of arrival that causality allows, as indices.
    var orders: [[Int]] { orders(after: [], held: Frontier()) }

    private func orders(after prefix: [Int], held: Frontier) -> [[Int]] {
        if prefix.count == writes.count { return [prefix] }
        return writes.indices.filter { !prefix.contains($0) }.flatMap { index -> [[Int]] in
            let write = writes[index]
            guard write.context.sorted.allSatisfy(held.covers) else { return [] }
            var now = held
            now[write.origin.stamp.device] = write.origin.number
            return orders(after: prefix + [index], held: now)
        }
    }

    func heads(after order: [Int]) -> [Head<String>] {
        order.reduce([]) { heads, index in
            let write = writes[index]
            let head = Head(origin: write.origin, content: write.value)
            return merged(heads, with: head) { write.context.covers($0) }
        }
    }

    func name(of head: Head<String>) -> String {
        let letter = String(UInt8(truncatingIfNeeded: head.origin.stamp.device.number), radix: 16)
        return "\(letter):\(head.origin.number)"
    }
}
