internal import ParleyCore

/// The kinds of the wire.
private enum Kind {
    static let hello: UInt8 = 1
    static let welcome: UInt8 = 2
    static let statements: UInt8 = 3
    static let frontier: UInt8 = 4
    static let changesets: UInt8 = 5
    static let stored: UInt8 = 6
    static let refused: UInt8 = 7
    static let caughtUp: UInt8 = 8
    static let ping: UInt8 = 9
    static let goodbye: UInt8 = 10
    static let failure: UInt8 = 11
    static let declined: UInt8 = 12
    static let succession: UInt8 = 13
    static let presence: UInt8 = 128
}

// MARK: - Writing

extension Message {
    package var frame: Frame {
        var bytes: [UInt8] = []
        let kind = encode(into: &bytes)
        return Frame(kind: kind, payload: bytes)
    }

    private func encode(into bytes: inout [UInt8]) -> UInt8 {
        switch self {
        case .hello(let hello): return hello.encode(into: &bytes)
        case .welcome(let welcome): return welcome.encode(into: &bytes)
        case .statements(let statements): return bytes.append(list: statements, as: Kind.statements)
        case .frontier(let entries): return bytes.append(entries)
        case .changesets(let run): return run.encode(into: &bytes)
        case .stored(let changes): return bytes.append(changes)
        case .refused(let refusal): return refusal.encode(into: &bytes)
        case .declined(let declination): return declination.encode(into: &bytes)
        case .succession(let key):
            bytes.append(contentsOf: key)
            return Kind.succession
        case .caughtUp: return Kind.caughtUp
        case .presence(let presence): return presence.encode(into: &bytes)
        case .ping(let time):
            bytes.append(time: time)
            return Kind.ping
        case .goodbye(let seconds):
            bytes.append(varint: seconds)
            return Kind.goodbye
        case .failure(let error):
            bytes.append(varint: error.code.rawValue)
            bytes.append(text: error.text.cut(toBytes: Limits.message))
            return Kind.failure
        case .unknown(let kind): return kind
        }
    }
}

extension Hello {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.append(varint: versions.lowerBound)
        bytes.append(varint: versions.upperBound)
        bytes.append(varint: capabilities)
        bytes.append(contentsOf: workspace.bytes)
        bytes.append(uint128: device.number)
        bytes.append(time: time)
        bytes.append(contentsOf: digests.frontier + digests.statements)
        bytes.append(varint: UInt64(introduction.token.count))
        bytes.append(contentsOf: introduction.token)
        return bytes.append(list: introduction.statements, as: Kind.hello)
    }
}

extension Welcome {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.append(varint: version)
        bytes.append(varint: capabilities)
        bytes.append(time: time)
        bytes.append(contentsOf: digests.frontier + digests.statements)
        return Kind.welcome
    }
}

extension ChangesetRun {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.reserveCapacity(changesets.reduce(64) { $0 + $1.count + 4 } + signatures.count * 90)
        _ = bytes.append(list: changesets, as: Kind.changesets)
        bytes.append(varint: UInt64(signatures.count))
        for signed in signatures {
            bytes.append(signed.change)
            bytes.append(contentsOf: signed.signature)
        }
        return Kind.changesets
    }
}

extension Refusal {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.append(change)
        bytes.append(varint: reason.rawValue)
        bytes.append(text: text.cut(toBytes: Limits.message))
        return Kind.refused
    }
}

extension Declination {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.append(varint: UInt64(statements.count))
        for hash in statements { bytes.append(contentsOf: hash) }
        bytes.append(varint: reason.rawValue)
        bytes.append(text: text.cut(toBytes: Limits.message))
        return Kind.declined
    }
}

extension Presence {
    fileprivate func encode(into bytes: inout [UInt8]) -> UInt8 {
        bytes.append(uint128: device.number)
        bytes.append(contentsOf: payload)
        return Kind.presence
    }
}

extension [UInt8] {
    fileprivate mutating func append(list items: [[UInt8]], as kind: UInt8) -> UInt8 {
        append(varint: UInt64(items.count))
        for item in items {
            append(varint: UInt64(item.count))
            append(contentsOf: item)
        }
        return kind
    }

    /// A clock outside the range of times is held at its ends.
    fileprivate mutating func append(time: Int64) {
        append(uint64: Swift.min(UInt64(Swift.max(time, 0)), Limits.latest))
    }

    fileprivate mutating func append(_ change: ChangeID) {
        append(uint128: change.device.number)
        append(varint: change.number)
    }

    fileprivate mutating func append(_ changes: [ChangeID]) -> UInt8 {
        append(varint: UInt64(changes.count))
        for change in changes { append(change) }
        return Kind.stored
    }

    fileprivate mutating func append(_ entries: [FrontierEntry]) -> UInt8 {
        append(varint: UInt64(entries.count))
        for entry in entries {
            append(entry.change)
            append(contentsOf: entry.hash)
        }
        return Kind.frontier
    }
}

extension String {
    fileprivate func cut(toBytes limit: Int) -> String {
        var text = self
        while text.utf8.count > limit { text.removeLast() }
        return text
    }
}

// MARK: - Reading

extension Message {
    package init(decoding frame: Frame) throws(ProtocolError) {
        if frame.kind == Kind.hello, ByteReader(frame.payload).isOfLaterVersion {
            throw ProtocolError(.version, "this end speaks protocol version \(Hello.spoken.upperBound)")
        }
        do throws(MalformedBytes) {
            var reader = ByteReader(frame.payload)
            self = try reader.message(kind: frame.kind)
            if case .unknown = self { return }
            try reader.expectEnd("message")
        } catch {
            throw ProtocolError(error, in: "message of kind \(frame.kind)")
        }
    }
}

extension ByteReader {
    /// A hello is laid out as the lowest version that it names demands; of a later layout only that is known.
    fileprivate var isOfLaterVersion: Bool {
        var reader = self
        guard let lowest = try? reader.varint("version") else { return false }
        return lowest > Hello.spoken.upperBound
    }

    fileprivate mutating func message(kind: UInt8) throws(MalformedBytes) -> Message {
        switch kind {
        case Kind.hello: return .hello(try hello())
        case Kind.welcome: return .welcome(try welcome())
        case Kind.statements: return .statements(try list(atMost: Limits.statement))
        case Kind.frontier: return .frontier(try frontierEntries())
        case Kind.changesets: return .changesets(try run())
        case Kind.stored: return .stored(try changes())
        case Kind.refused: return .refused(try refusal())
        case Kind.declined: return .declined(try declination())
        case Kind.succession: return .succession(key: try take(32, "key"))
        case Kind.caughtUp: return .caughtUp
        case Kind.presence: return .presence(try presence())
        case Kind.ping: return .ping(time: try time())
        case Kind.goodbye: return .goodbye(retryAfterSeconds: min(try varint("retry"), Limits.longestRetry))
        case Kind.failure: return .failure(try failure())
        default: return .unknown(kind: kind)
        }
    }

    private mutating func hello() throws(MalformedBytes) -> Hello {
        let lowest = try varint("version")
        let highest = try varint("version")
        guard lowest <= highest else { throw failure(.notAllowed, "versions") }
        let capabilities = try varint("capabilities")
        guard let workspace = WorkspaceID(try take(32, "workspace")) else {
            throw failure(.truncated, "workspace")
        }
        let device = DeviceID(try uint128("device"))
        let time = try time()
        let digests = try digests()
        let token = try take(try length(atMost: 16, "token"), "token")
        guard token.isEmpty || token.count == 16 else { throw failure(.notAllowed, "token") }
        let statements = try list(atMost: Limits.statement)
        return Hello(
            versions: lowest...highest, capabilities: capabilities, workspace: workspace, device: device,
            time: time, digests: digests, introduction: Introduction(token: token, statements: statements))
    }

    private mutating func welcome() throws(MalformedBytes) -> Welcome {
        let version = try varint("version")
        let capabilities = try varint("capabilities")
        let time = try time()
        return Welcome(version: version, capabilities: capabilities, time: time, digests: try digests())
    }

    private mutating func digests() throws(MalformedBytes) -> Digests {
        let frontier = try take(32, "frontier digest")
        return Digests(frontier: frontier, statements: try take(32, "statements digest"))
    }

    private mutating func list(
        atMost limit: Int, items most: Int = .max
    ) throws(MalformedBytes) -> [[UInt8]] {
        var items: [[UInt8]] = []
        for _ in 0..<(try length(atMost: min(remaining, most), "count")) {
            items.append(try take(try length(atMost: limit, "item"), "item"))
        }
        return items
    }

    private mutating func run() throws(MalformedBytes) -> ChangesetRun {
        let changesets = try list(atMost: Limits.frame, items: Limits.changesets)
        var signatures: [SignedNumber] = []
        for _ in 0..<(try length(atMost: remaining / 81, "signature count")) {
            signatures.append(SignedNumber(change: try change(), signature: try take(64, "signature")))
        }
        return ChangesetRun(changesets: changesets, signatures: signatures)
    }

    private mutating func change() throws(MalformedBytes) -> ChangeID {
        let device = DeviceID(try uint128("device"))
        let number = try varint("number")
        guard number > 0, number <= UInt64(Int64.max) else { throw failure(.notAllowed, "number") }
        return ChangeID(device: device, number: number)
    }

    /// Bounded, so that who reckons with it cannot overflow.
    private mutating func time() throws(MalformedBytes) -> Int64 {
        let time = try uint64("time")
        guard time <= Limits.latest else { throw failure(.notAllowed, "time") }
        return Int64(time)
    }

    private mutating func changes() throws(MalformedBytes) -> [ChangeID] {
        var changes: [ChangeID] = []
        for _ in 0..<(try length(atMost: remaining / 17, "count")) { changes.append(try change()) }
        return changes
    }

    private mutating func frontierEntries() throws(MalformedBytes) -> [FrontierEntry] {
        var entries: [FrontierEntry] = []
        for _ in 0..<(try length(atMost: min(remaining / 49, Limits.devices), "count")) {
            let entry = FrontierEntry(change: try change(), hash: try take(32, "hash"))
            if let last = entries.last, last.change.device >= entry.change.device {
                throw failure(.outOfOrder, "frontier")
            }
            entries.append(entry)
        }
        return entries
    }

    private mutating func refusal() throws(MalformedBytes) -> Refusal {
        let change = try change()
        let reason = Refusal.Reason(rawValue: try varint("reason")) ?? .unknown
        return Refusal(change: change, reason: reason, text: try text(atMost: Limits.message))
    }

    private mutating func declination() throws(MalformedBytes) -> Declination {
        var hashes: [[UInt8]] = []
        for _ in 0..<(try length(atMost: remaining / 32, "count")) {
            hashes.append(try take(32, "statement"))
        }
        let reason = Declination.Reason(rawValue: try varint("reason")) ?? .unknown
        return Declination(statements: hashes, reason: reason, text: try text(atMost: Limits.message))
    }

    private mutating func presence() throws(MalformedBytes) -> Presence {
        let device = DeviceID(try uint128("device"))
        guard remaining <= Limits.presence else { throw failure(.tooLong, "presence") }
        return Presence(device: device, payload: try take(remaining))
    }

    private mutating func failure() throws(MalformedBytes) -> ProtocolError {
        let code = ProtocolError.Code(rawValue: try varint("code")) ?? .unknown
        return ProtocolError(code, try text(atMost: Limits.message), isRemote: true)
    }
}
