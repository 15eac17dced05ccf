import Chance
import ParleyCore
import ParleyTrust

/// A workspace grown by chance in which admins remove each other. Whoever acts knows all, or only part of what
/// there is: so many statements are concurrent, and those of people who are out look backdated.
struct RemovalCrowd {
    typealias Member = (device: Identity, enrol: StatementHash, handle: Handle)
    typealias Invite = (secret: InviteSecret, grant: Statement)

    var cast: Cast
    private(set) var statements: [Statement]
    private(set) var members: [Member]
    private var invites: [Invite] = []
    private var past: [StatementHash: Set<StatementHash>] = [:]
    private let handles: [Handle]

    init(seed: UInt64, statements count: Int) throws {
        cast = try Cast(seed: seed)
        handles = try ["olga", "ben", "eve", "dan", "kim"].map { try Handle($0) }
        statements = [cast.found]
        past[cast.found.hash] = []
        members = [(cast.founder, cast.found.hash, handles[0])]
        for _ in 0..<4 { try bringIn() }
        while statements.count < count { try act() }
    }

    private mutating func pick<T>(_ list: [T]) -> T { list[Int(cast.dice.next() % UInt64(list.count))] }

    private mutating func add(_ statement: Statement) {
        past[statement.hash] = statement.restsOn.reduce(into: Set(statement.restsOn)) {
            $0.formUnion(past[$1] ?? [])
        }
        statements.append(statement)
    }

    /// What a member's statement rests on: all there is, or one to three older statements.
    private mutating func rests(for member: Member) -> [StatementHash] {
        var known = statements.map(\.hash)
        if cast.dice.next() % 2 == 0 {
            known = (0...Int(cast.dice.next() % 3)).map { _ in pick(statements).hash }
        }
        let all = Set(known)
        let heads = all.filter { hash in !all.contains { past[$0]?.contains(hash) ?? false } }
        return Array(([member.enrol] + heads.sorted().filter { $0 != member.enrol }).prefix(16))
    }

    /// Honest growth to begin with: two further admins or analysts, each with a device.
    private mutating func bringIn() throws {
        let role: Role = cast.dice.next() % 3 == 0 ? .analyst : .admin
        try invite(handles[min(members.count, 4)], .newAnalyst(role), by: members[0])
        try enrol(with: invites[invites.count - 1], time: Cast.now)
    }

    private mutating func act() throws {
        let member = pick(members)
        let handle = pick(handles)
        switch cast.dice.next() % 16 {
        case 0, 1: try invite(handle, .newAnalyst(pick(Role.allCases)), by: member)
        case 2: try invite(member.handle, .furtherDevice, by: member)
        case 3, 4: if !invites.isEmpty { try enrol(with: pick(invites), time: Cast.now) }
        case 5: try further(by: member)
        case 6, 7, 8, 9: try role(handle, by: member)
        case 10, 11, 12: try revoke(handle, by: member)
        case 13: try epoch(by: member)
        case 14: try share(by: member)
        default: try oddity(by: member)
        }
    }

    private mutating func invite(_ handle: Handle, _ purpose: Grant.Purpose, by member: Member) throws {
        let rests = rests(for: member)
        let invite = try cast.invite(handle.text, purpose, by: member.device, on: rests)
        invites.append(invite)
        add(invite.grant)
    }

    private mutating func enrol(with invite: Invite, time: Int64) throws {
        guard case .grant(let grant) = invite.grant.content else { return }
        let made = try cast.enrol(with: invite, time: time)
        add(made.enrol)
        members.append((made.device, made.enrol.hash, grant.handle))
    }

    private mutating func further(by member: Member) throws {
        let device = cast.dice.next() % 8 == 0 ? pick(members).device : try cast.identity()
        let enrol = try Statement.enrol(
            furtherDevice: device, by: member.device, handle: member.handle, on: rests(for: member),
            time: Cast.now)
        add(enrol)
        members.append((device, enrol.hash, member.handle))
    }

    private mutating func cuts() -> [Cut] {
        members.filter { _ in cast.dice.next() % 3 > 0 }.reduce(into: [DeviceID: Cut]()) {
            $0[$1.device.device] = Cut(device: $1.device.device, number: cast.dice.next() % 5)
        }.map(\.value)
    }

    private mutating func role(_ handle: Handle, by member: Member) throws {
        let role = pick(Role.allCases)
        add(
            try Statement.role(
                by: member.device, on: rests(for: member), handle: handle, role: role,
                cuts: role == .reader ? cuts() : []))
    }

    private mutating func revoke(_ handle: Handle, by member: Member) throws {
        let cuts = cuts()
        let scope: Revocation.Scope = cuts.isEmpty || cast.dice.next() % 2 == 0 ? .analyst : .devices
        add(
            try Statement.revoke(
                by: member.device, on: rests(for: member), handle: handle, scope: scope, cuts: cuts))
    }

    private mutating func seals() -> [DeviceSeal] {
        [
            DeviceSeal(
                device: pick(members).device.device, encapsulated: cast.dice.bytes(32),
                sealed: cast.dice.bytes(48))
        ]
    }

    private mutating func epoch(by member: Member) throws {
        add(
            try Statement.epoch(
                by: member.device, on: rests(for: member), keyHash: cast.dice.bytes(32), time: Cast.now,
                previous: [], seals: seals()))
    }

    private mutating func share(by member: Member) throws {
        let named = pick(statements).hash
        let rests = Array(Set(rests(for: member).prefix(15) + [named]))
        add(try Statement.share(by: member.device, on: rests, epoch: named, seals: seals()))
    }

    private mutating func oddity(by member: Member) throws {
        switch cast.dice.next() % 4 {
        case 0:
            if !invites.isEmpty { try enrol(with: pick(invites), time: Cast.until + 1) }
            try invite(pick(handles), .furtherDevice, by: member)
        case 1:
            add(try forge(tag: 9, rests: rests(for: member).sorted(), cast.dice.bytes(3), by: member.device))
        case 2: try role(pick(handles), by: (try cast.identity(), member.enrol, member.handle))
        default: add(try Cast(seed: cast.dice.next()).found)
        }
    }
}
