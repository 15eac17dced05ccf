import Crypto
import ParleyCore
import ParleyTrust

extension FuzzTarget {
    /// Input: statements of a small cast, right ones and forged ones, resting on each other as the bytes say.
    /// The roster is a function of the set: any order and any repetition gives the same one.
    static let rosters = FuzzTarget(
        "rosters",
        seeds: {
            // Who grants what to whom resting on what; who comes in by it; and a further device by either way.
            let ben: [UInt8] = [0, 0, 1, 2, 1, 200, 0, 0] + [1, 1, 1, 1, 0, 1]
            let tablet: [UInt8] = [0, 1, 2, 0, 1, 200, 0, 2] + [1, 2, 2, 1, 0, 3] + [3, 7, 3, 1, 0, 2]
            let admin: [UInt8] =
                [0, 0, 3, 3, 2, 200, 1, 0, 2] + [1, 3, 4, 2, 0, 3] + [2, 4, 0, 1, 3, 90, 0, 4]
            return [ben, ben + ben, ben + tablet, ben + admin, ben + [4, 1, 0, 3, 9, 9, 9, 0, 2] + tablet]
        },
        check: { input in
            var feed = Feed(input)
            var play = try Play()
            while !feed.isAtEnd, play.statements.count < 20 { try play.step(&feed) }
            return try play.judge()
        })
}

private struct Play {
    private(set) var statements: [Statement] = []
    private let cast: [Identity]
    private let workspace: WorkspaceID
    private static let handles = ["olga", "ben", "ida", "max"]
    private static let now: UInt64 = 1_795_000_000_000

    init() throws {
        cast = try Forge.cast.get()
        let found = try Statement.found(
            by: cast[0], handle: Handle("olga"), name: WorkspaceName("ports"),
            salt: [UInt8](repeating: 3, count: 16), time: Int64(Self.now))
        guard let id = found.workspace else { throw Violation("a founding statement without a workspace") }
        (statements, workspace) = ([found], id)
    }

    mutating func step(_ feed: inout Feed) throws {
        let choice = feed.byte()
        let signer = try signer(feed.byte(), isInvite: choice & 1 == 1)
        switch choice % 5 {
        case 0, 2:
            let invite = try invite(feed.byte())
            var payload = Array(invite.publicKey.rawRepresentation) + [feed.byte() % 4]
            payload.append(text: Self.handles[feed.below(4)])
            payload.append(varint: Self.now &+ UInt64(feed.byte()) * 1000 &- 20_000)
            try add(2, payload, signer, rests(&feed))
        case 1, 3:
            let device = cast[feed.below(cast.count)]
            var payload = device.keys.bytes
            payload.append(text: Self.handles[feed.below(4)])
            payload.append(varint: Self.now)
            try add(3, payload, signer, rests(&feed), device: device)
        default: try addLaw(&feed, signer)
        }
    }

    /// Roles, removals, keys, and a statement of a later version.
    private mutating func addLaw(_ feed: inout Feed, _ signer: Curve25519.Signing.PrivateKey) throws {
        let tag = 4 + feed.byte() % 5
        var payload: [UInt8] = []
        switch tag {
        case 4:
            let role = 1 + feed.byte() % 3
            payload.append(text: Self.handles[feed.below(4)])
            payload += [role] + (role == 1 ? cuts(&feed, atLeast: 0) : [0])
        case 5:
            let scope = feed.byte() % 2
            payload.append(text: Self.handles[feed.below(4)])
            payload += [scope] + cuts(&feed, atLeast: Int(scope))
        case 6:
            payload = [UInt8](repeating: feed.byte(), count: 32)
            payload.append(varint: Self.now)
            payload += [0, 0]
        case 7:
            payload = statements[feed.below(statements.count)].hash.bytes + [1]
            payload += cast[feed.below(cast.count)].device.number.bigEndianBytes
            payload += [UInt8](repeating: 7, count: 80)
        default: payload = feed.take(feed.below(9))
        }
        try add(tag, payload, signer, rests(&feed))
    }

    private func cuts(_ feed: inout Feed, atLeast least: Int) -> [UInt8] {
        let devices = Set((0..<max(least, feed.below(3))).map { _ in cast[feed.below(cast.count)].device })
        var bytes: [UInt8] = [UInt8(devices.count)]
        for device in devices.sorted() { bytes += device.number.bigEndianBytes + [feed.byte() % 4] }
        return bytes
    }

    private mutating func add(
        _ tag: UInt8, _ payload: [UInt8], _ signer: Curve25519.Signing.PrivateKey, _ rests: [StatementHash],
        device: Identity? = nil
    ) throws {
        let parts = Forge.Parts(tag: tag, rests: rests.map(\.bytes), payload: payload)
        let statement = try Statement(held: Forge.statement(parts, signer: signer, device: device))
        statements.append(statement)
    }

    private func signer(_ choice: UInt8, isInvite: Bool) throws -> Curve25519.Signing.PrivateKey {
        isInvite && choice & 4 == 0
            ? try invite(choice) : try Forge.secret(of: cast[Int(choice) % cast.count])
    }

    private func invite(_ choice: UInt8) throws -> Curve25519.Signing.PrivateKey {
        try Forge.key("invite-key", [UInt8](repeating: 100 + choice % 4, count: 32))
    }

    /// One to three of those there are; or, rarely, one that nobody holds.
    private func rests(_ feed: inout Feed) -> [StatementHash] {
        let choice = feed.byte()
        var found: Set<StatementHash> = []
        for _ in 0...Int(choice % 3) {
            let index = Int(feed.byte())
            let missing = StatementHash([UInt8](repeating: 0xEE, count: 32))
            if index > 250, let missing {
                found.insert(missing)
            } else {
                found.insert(statements[index % statements.count].hash)
            }
        }
        return found.sorted()
    }

    /// - Returns: whether anybody but the founder came in.
    func judge() throws -> Bool {
        let set = try StatementSet(statements)
        let roster = Roster(set, workspace: workspace)
        for order in orders {
            let other = try StatementSet(order)
            try hold(other.digest == set.digest && other == set, "the set depends on the order")
            try hold(Roster(other, workspace: workspace) == roster, "the roster depends on the order")
        }
        try holdPeople(roster)
        try holdJudgement(roster, set)
        return roster.devices.count > 1
    }

    private var orders: [[Statement]] {
        let half = statements.count / 2
        return [
            statements.reversed(), statements[half...] + statements[..<half] + statements,
            statements.sorted { $0.hash < $1.hash },
        ]
    }

    private func holdPeople(_ roster: Roster) throws {
        try hold(roster.role(of: cast[0].device) == .admin, "the founder is no admin")
        for (id, device) in roster.devices {
            try hold(device.keys.device == id, "a device under another name")
            let analyst = roster.analysts[device.handle]
            try hold(analyst?.devices.contains(id) == true, "a device without an analyst")
            try hold(roster.void[device.statement] == nil, "enrolled by a void statement")
        }
        let devices = roster.analysts.values.flatMap(\.devices)
        try hold(
            Set(devices) == Set(roster.devices.keys) && devices.count == roster.devices.count, "devices twice"
        )
        try hold(Set(roster.devices.values.map(\.keys.signing)).count == roster.devices.count, "a key twice")
    }

    /// Every statement is judged, waits, or is foreign; what is said of one that joins comes true.
    private func holdJudgement(_ roster: Roster, _ set: StatementSet) throws {
        let waiting = Set(roster.waiting)
        for hash in set.hashes {
            try hold(waiting.contains(hash) != (roster.depths[hash] != nil), "a statement is not judged")
        }
        try hold(roster.missing.allSatisfy { set[$0] == nil }, "missing, and held")
        guard let last = statements.last, statements.count > 1 else { return }
        let before = try StatementSet(statements.dropLast().filter { $0 != last })
        guard try Roster.refusal(of: last, joining: before, workspace: workspace) == nil else { return }
        let counted = Roster(before, workspace: workspace)
        let fallen = counted.depths.keys.filter { counted.void[$0] == nil && roster.void[$0] != nil }
        try hold(fallen.isEmpty, "a statement that may join has made another one fall")
    }
}
