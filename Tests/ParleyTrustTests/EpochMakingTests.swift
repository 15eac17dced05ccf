import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("Making epochs")
struct EpochMakingTests {
    /// A workspace with `count` analysts beside the founder.
    private struct Crew {
        var cast: Cast
        var statements: [Statement]
        var members: [Identity] = []

        init(_ count: Int) throws {
            cast = try Cast()
            statements = [cast.found]
            for _ in 0..<count { try letIn() }
        }

        var set: StatementSet { get throws { try StatementSet(statements) } }
        var roster: Roster { get throws { Roster(try set, workspace: cast.workspace) } }

        mutating func letIn() throws {
            let rests = try roster.rests(for: cast.founder.device)
            let invite = try cast.invite("a\(members.count)", on: rests)
            let made = try cast.enrol(with: invite)
            statements += [invite.grant, made.enrol]
            members.append(made.device)
        }

        func ring(of identity: Identity) throws -> KeyRing {
            var ring = KeyRing()
            _ = ring.gather(try set, workspace: cast.workspace, by: identity)
            return ring
        }

        mutating func begin(by identity: Identity? = nil, time: Int64 = Cast.now) throws -> [Statement] {
            let identity = identity ?? cast.founder
            let (roster, set, ring) = (try roster, try set, try ring(of: identity))
            var dice = cast.dice
            let made = try EpochMaking.begin(roster, set, ring, by: identity, time: time) { dice.bytes($0) }
            cast.dice = dice
            statements += made
            return made
        }

        mutating func revoke(_ index: Int) throws {
            statements.append(
                try Statement.revoke(
                    by: cast.founder, on: roster.rests(for: cast.founder.device),
                    handle: Handle("a\(index)"), scope: .analyst, cuts: []))
        }
    }

    @Test(
        "a small workspace's key goes to everybody in one statement, a large one's in several",
        arguments: [3, 10, 45])
    func begin(count: Int) throws {
        var crew = try Crew(count)
        #expect(EpochMaking.need(try crew.roster, now: Cast.now) == .epoch)
        let made = try crew.begin()
        for statement in made { #expect(try Statement(received: statement.bytes) == statement) }
        #expect((made.count == 1) == (count < 10))
        let roster = try crew.roster
        #expect(roster.void.isEmpty)
        #expect(roster.newestEpoch == made[0].hash)
        #expect(EpochMaking.need(roster, now: Cast.now) == .none)
        let keys = try (crew.members + [crew.cast.founder]).map { try crew.ring(of: $0)[made[0].hash] }
        #expect(Set(keys).count == 1 && keys[0] != nil)
        #expect(try crew.ring(of: crew.cast.identity())[made[0].hash] == nil)
    }

    @Test("whoever comes in gets a new key in a small workspace, and a share of the newest in a large one")
    func newcomers() throws {
        var small = try Crew(3)
        _ = try small.begin()
        try small.letIn()
        #expect(EpochMaking.need(try small.roster, now: Cast.now) == .epoch)
        #expect(
            EpochMaking.need(try small.roster, of: small.members[0].device, now: Cast.now)
                == .share([small.members[3].device]))

        var large = try Crew(45)
        let epoch = try large.begin()[0]
        try large.letIn()
        let newcomer = large.members[45]
        let roster = try large.roster
        #expect(EpochMaking.need(roster, now: Cast.now) == .share([newcomer.device]))
        #expect(EpochMaking.need(roster, now: Cast.now + 86_400_001) == .epoch)
        #expect(EpochMaking.need(roster, of: newcomer.device, now: Cast.now) == .share([newcomer.device]))
        let member = large.members[7]
        var dice = large.cast.dice
        large.statements += try EpochMaking.share(
            with: [newcomer.device], roster, large.ring(of: member), by: member
        ) { dice.bytes($0) }
        #expect(try large.roster.void.isEmpty)
        #expect(EpochMaking.need(try large.roster, now: Cast.now) == .none)
        #expect(try large.ring(of: newcomer)[epoch.hash] == large.ring(of: member)[epoch.hash])
        let keyless = trustError {
            _ = try EpochMaking.share(
                with: [newcomer.device], large.roster, KeyRing(), by: newcomer
            ) { dice.bytes($0) }
        }
        #expect(keyless?.code == .noKey)
    }

    @Test("whoever is put out has no key of what follows, and who stays has all keys from the newest")
    func revoked() throws {
        var crew = try Crew(4)
        let first = try crew.begin()[0]
        try crew.revoke(2)
        #expect(EpochMaking.need(try crew.roster, now: Cast.now) == .epoch)
        #expect(
            EpochMaking.need(try crew.roster, of: crew.members[0].device, now: Cast.now) == .none)
        let second = try crew.begin()[0]
        #expect(EpochMaking.need(try crew.roster, now: Cast.now) == .none)
        let out = try crew.ring(of: crew.members[2])
        #expect(out[first.hash] != nil && out[second.hash] == nil)
        try crew.letIn()
        let third = try crew.begin()[0]
        let newcomer = try crew.ring(of: crew.members[4])
        for epoch in [first, second, third] {
            #expect(try newcomer[epoch.hash] == crew.ring(of: crew.cast.founder)[epoch.hash])
            #expect(newcomer[epoch.hash] != nil)
        }
        #expect(try crew.roster.epochs[third.hash]?.previous == [second.hash])
    }

    @Test("keys of epochs begun at the same time are both handed on by the next")
    func concurrent() throws {
        var crew = try Crew(1)
        let base = crew.statements
        let one = try crew.begin()
        crew.statements = base
        let two = try crew.begin()
        crew.statements = base + one + two
        let roster = try crew.roster
        #expect(roster.newestEpoch == max(one[0].hash, two[0].hash))
        #expect(roster.heads.count == 2)
        let next = try crew.begin()[0]
        #expect(try crew.roster.epochs[next.hash]?.previous == [one[0].hash, two[0].hash].sorted())
        try crew.letIn()
        _ = try crew.begin()
        let newcomer = try crew.ring(of: crew.members[1])
        #expect(newcomer[one[0].hash] != nil && newcomer[two[0].hash] != nil)
    }

    @Test("a device with a sealing key of small order is passed over, and asks for nothing")
    func smallOrder() throws {
        var crew = try Crew(2)
        let device = try crew.cast.identity()
        let zero = [UInt8](repeating: 0, count: 32)
        let keys = try #require(
            DevicePublicKeys(channel: device.keys.channel, sealing: zero, signing: device.keys.signing))
        var payload = keys.bytes
        payload.append(text: "olga")
        payload.append(varint: UInt64(Cast.now))
        crew.statements.append(
            try forge(
                tag: Statement.Tag.enrol, on: [crew.cast.found], payload, by: crew.cast.founder))
        let roster = try crew.roster
        #expect(roster.role(of: keys.device) == .admin)
        let epoch = try crew.begin()[0]
        #expect(try crew.roster.epochs[epoch.hash]?.sealedTo.contains(keys.device) == false)
        #expect(EpochMaking.need(try crew.roster, now: Cast.now) == .none)
    }

    @Test("a garbled seal gives no key, is not tried twice, and a good one afterwards does")
    func garbled() throws {
        var crew = try Crew(0)
        let key = Secret(crew.cast.dice.bytes(32))
        let garbage = DeviceSeal(
            device: crew.cast.founder.device, encapsulated: crew.cast.dice.bytes(32),
            sealed: crew.cast.dice.bytes(48))
        let epoch = try Statement.epoch(
            by: crew.cast.founder, on: [crew.cast.found.hash], keyHash: EpochKey.hash(key), time: Cast.now,
            previous: [], seals: [garbage])
        crew.statements.append(epoch)
        var ring = KeyRing()
        #expect(ring.gather(try crew.set, workspace: crew.cast.workspace, by: crew.cast.founder).isEmpty)
        let seal = try EpochSeal.seal(
            key, to: crew.cast.founder.keys, workspace: crew.cast.workspace,
            ephemeral: Secret(crew.cast.dice.bytes(32)))
        crew.statements.append(
            try Statement.share(
                by: crew.cast.founder, on: [crew.cast.found.hash, epoch.hash], epoch: epoch.hash,
                seals: [seal]))
        let new = ring.gather(try crew.set, workspace: crew.cast.workspace, by: crew.cast.founder)
        #expect(new == [epoch.hash: key])
        #expect(ring.gather(try crew.set, workspace: crew.cast.workspace, by: crew.cast.founder).isEmpty)
    }
}
