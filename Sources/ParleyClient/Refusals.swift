internal import ParleyCore
package import ParleyProtocol
internal import ParleyStore

/// What the server does not take and nothing here can mend: no permission, no room, something missing there.
/// The changes stay in the log, and each session offers them anew; until they are taken it is remembered from
/// where on each chain is refused, and why.
package struct StandingRefusal: Equatable, Sendable {
    /// The first changeset of its chain that was refused.
    package var refusal: Refusal
    /// How many stand in the log from there on.
    package var count: UInt64
    /// Whose chain it is; nil where nobody knows.
    package var author: String?
    /// Is it written here?
    package var isOwn: Bool
}

extension Workspace {
    package func standingRefusals() throws -> [StandingRefusal] {
        try store.read { try standingRefusals($0.log) }
    }

    /// By chains; what has been written anew since, or taken out, is not among them.
    func standingRefusals(_ log: Log) throws -> [StandingRefusal] {
        try Refusals(log).all.compactMap { refusal in
            let change = refusal.change
            guard let head = try log.head(of: change.device), head.number >= change.number else { return nil }
            return StandingRefusal(
                refusal: refusal, count: head.number - change.number + 1,
                author: membership.analyst(of: change.device), isOwn: change.device == device)
        }
    }

    func remember(_ refusal: Refusal) throws {
        try store.write { tx in
            var refusals = try Refusals(tx.log)
            if refusals.add(refusal) { try refusals.save(to: tx.log) }
        }
    }

    /// - Parameter taken: says of a chain up to which number the server holds it.
    func forgetRefusals(_ taken: (DeviceID) -> UInt64) throws {
        try store.write { tx in
            var refusals = try Refusals(tx.log)
            if refusals.remove(taken) { try refusals.save(to: tx.log) }
        }
    }
}

/// One refusal a chain, the first.
struct Refusals {
    private(set) var all: [Refusal]

    init(_ log: Log) throws {
        all = try log.meta(Meta.refused).map { try Self.decode($0) } ?? []
    }

    subscript(device: DeviceID) -> Refusal? { all.first { $0.change.device == device } }

    /// What follows a refused changeset is refused for want of it; that is no news.
    /// - Returns: whether it is.
    mutating func add(_ refusal: Refusal) -> Bool {
        let known = self[refusal.change.device]
        if let known, known.change.number < refusal.change.number || known == refusal { return false }
        all.removeAll { $0.change.device == refusal.change.device }
        all.append(refusal)
        all.sort { $0.change < $1.change }
        return true
    }

    mutating func remove(_ taken: (DeviceID) -> UInt64) -> Bool {
        let before = all.count
        all.removeAll { taken($0.change.device) >= $0.change.number }
        return all.count < before
    }

    func save(to log: Log) throws { try log.setMeta(Meta.refused, all.isEmpty ? nil : encoded) }

    private var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for refusal in all {
            bytes.append(uint128: refusal.change.device.number)
            bytes.append(varint: refusal.change.number)
            bytes.append(varint: refusal.reason.rawValue)
            bytes.append(text: refusal.text)
        }
        return bytes
    }

    private static func decode(_ bytes: [UInt8]) throws(MalformedBytes) -> [Refusal] {
        var reader = ByteReader(bytes)
        var all: [Refusal] = []
        while !reader.isAtEnd {
            let device = DeviceID(try reader.uint128("device"))
            let change = ChangeID(device: device, number: try reader.varint())
            let reason = Refusal.Reason(rawValue: try reader.varint("reason")) ?? .unknown
            all.append(
                Refusal(change: change, reason: reason, text: try reader.text(atMost: Limits.message)))
        }
        return all
    }
}
