import Chance
import ParleyCore
import ParleyTrust
import Testing

/// Olga founded the workspace, then let in ben and eve as admins and dan as an analyst, one after the other.
private struct House {
    var cast: Cast
    var statements: [Statement]
    let (olga, ben, eve, dan): (Identity, Identity, Identity, Identity)
    private var enrolments: [DeviceID: StatementHash]

    init() throws {
        cast = try Cast()
        statements = [cast.found]
        enrolments = [cast.founder.device: cast.found.hash]
        olga = cast.founder
        ben = try cast.identity()
        eve = try cast.identity()
        dan = try cast.identity()
        for (device, handle, role) in [
            (ben, "ben", Role.admin), (eve, "eve", .admin), (dan, "dan", .analyst),
        ] {
            try letIn(device, handle, role)
        }
    }

    private mutating func letIn(_ device: Identity, _ handle: String, _ role: Role) throws {
        let invite = try cast.invite(handle, .newAnalyst(role), on: heads(olga))
        statements.append(invite.grant)
        statements.append(
            try Statement.enrol(device, invite: invite.secret, grant: invite.grant, time: Cast.now))
        enrolments[device.device] = statements[statements.count - 1].hash
    }

    var roster: Roster { get throws { try cast.roster(statements) } }

    /// What somebody's statement rests on who has seen everything so far.
    func heads(_ device: Identity) throws -> [StatementHash] {
        Array(Set([try #require(enrolments[device.device]), statements[statements.count - 1].hash]))
    }

    mutating func add(_ statement: Statement) -> Statement {
        statements.append(statement)
        return statement
    }

    /// - Parameter rests: what its author knew; everything so far unless said.
    mutating func revoke(
        _ handle: String, by device: Identity, on rests: [StatementHash]? = nil,
        scope: Revocation.Scope = .analyst, cuts: [Cut] = []
    ) throws -> Statement {
        add(
            try Statement.revoke(
                by: device, on: rests ?? heads(device), handle: Handle(handle), scope: scope, cuts: cuts))
    }

    mutating func role(
        _ handle: String, _ role: Role, by device: Identity, on rests: [StatementHash]? = nil,
        cuts: [Cut] = []
    ) throws -> Statement {
        add(
            try Statement.role(
                by: device, on: rests ?? heads(device), handle: Handle(handle), role: role, cuts: cuts))
    }

    mutating func grant(
        _ handle: String, _ purpose: Grant.Purpose = .newAnalyst(.analyst), by device: Identity,
        on rests: [StatementHash]? = nil
    ) throws -> (secret: InviteSecret, grant: Statement) {
        let rests = try rests ?? heads(device)
        let invite = try cast.invite(handle, purpose, by: device, on: rests)
        statements.append(invite.grant)
        return invite
    }

    mutating func enrol(_ invite: (secret: InviteSecret, grant: Statement)) throws -> (
        device: Identity, enrol: Statement
    ) {
        let made = try cast.enrol(with: invite)
        statements.append(made.enrol)
        enrolments[made.device.device] = made.enrol.hash
        return made
    }

    func standing(_ device: Identity, _ number: UInt64, _ named: StatementHash?) throws -> Standing {
        try roster.standing(of: ChangeID(device: device.device, number: number), naming: named)
    }
}

@Suite("Removals")
struct RemovalTests {
    @Test("of two admins who remove each other the one let in first stays")
    func mutualRemoval() throws {
        var house = try House()
        let (benKnew, eveKnew) = (try house.heads(house.ben), try house.heads(house.eve))
        let bens = try house.revoke("eve", by: house.ben, on: benKnew)
        let eves = try house.revoke("ben", by: house.eve, on: eveKnew)
        let roster = try house.roster
        #expect(roster.role(of: try Handle("ben")) == .admin)
        #expect(roster.role(of: house.eve.device) == nil)
        #expect(roster.isRevoked(house.eve.device))
        #expect(roster.analysts[try Handle("eve")]?.isRevoked == true)
        #expect(roster.void == [eves.hash: .revoked])
        #expect(roster.removal(of: house.eve.device) == bens.hash)
        #expect(roster.signer(of: bens.hash)?.text == "ben")
        #expect(roster.keys(of: house.eve.device) == house.eve.keys)
        #expect(roster.devices(withChannelKey: house.eve.keys.channel).isEmpty)
        #expect(roster.members == [house.olga, house.ben, house.dan].map(\.device).sorted())
    }

    @Test("an admin who was put out cannot backdate a removal of whoever let them in")
    func backdated() throws {
        var house = try House()
        let early = try house.heads(house.eve)
        _ = try house.role("dan", .reader, by: house.ben)
        _ = try house.revoke("eve", by: house.olga)
        let backdated = try [
            house.revoke("olga", by: house.eve, on: early), house.revoke("ben", by: house.eve, on: early),
            house.role("olga", .reader, by: house.eve, on: early),
        ]
        let roster = try house.roster
        for statement in backdated { #expect(roster.void[statement.hash] == .revoked) }
        #expect(roster.role(of: try Handle("olga")) == .admin)
        #expect(roster.role(of: try Handle("ben")) == .admin)
    }

    @Test("a removal that rests on a junior's is decided after it and still before other juniors' ones")
    func inheritedPlace() throws {
        var house = try House()
        let early = try house.heads(house.ben)
        let eves = try house.role("dan", .reader, by: house.eve)
        let olgas = try house.revoke("ben", by: house.olga)
        let bens = try house.revoke("olga", by: house.ben, on: early)
        let roster = try house.roster
        #expect(roster.void == [bens.hash: .revoked])
        #expect(roster.role(of: try Handle("dan")) == .reader)
        #expect(roster.removal(of: house.ben.device) == olgas.hash)
        #expect(olgas.restsOn.contains(eves.hash))
    }

    @Test("the unused invites of an admin who was put out are dead, the used ones stand")
    func unusedInvite() throws {
        var house = try House()
        let used = try house.grant("kim", by: house.eve)
        let kim = try house.enrol(used)
        let unused = try house.grant("lea", by: house.eve)
        let own = try house.grant("eve", .furtherDevice, by: house.eve)
        _ = try house.revoke("eve", by: house.olga)
        let lea = try house.enrol(unused)
        let tablet = try house.enrol(own)
        let roster = try house.roster
        #expect(roster.role(of: kim.device.device) == .analyst)
        #expect(roster.void == [lea.enrol.hash: .grantRevoked, tablet.enrol.hash: .grantRevoked])
        #expect(roster.keys(of: lea.device.device) == lea.device.keys)
        #expect(roster.role(of: lea.device.device) == nil && roster.devices[lea.device.device] == nil)
        #expect(roster.analyst(of: lea.device.device)?.text == "lea")
    }

    @Test("what an admin granted while being demoted is void, and what is granted to own devices is not")
    func demotedWhileGranting() throws {
        var house = try House()
        let early = try house.heads(house.eve)
        _ = try house.role("eve", .analyst, by: house.olga)
        let kims = try house.grant("kim", by: house.eve, on: early)
        let own = try house.grant("eve", .furtherDevice, by: house.eve, on: early)
        let kim = try house.enrol(kims)
        let tablet = try house.enrol(own)
        let roster = try house.roster
        #expect(roster.void == [kims.grant.hash: .notAdmin, kim.enrol.hash: .authorityVoid])
        #expect(roster.role(of: tablet.device.device) == .analyst)
        #expect(roster.analyst(of: kim.device.device) == nil)
    }

    @Test("the last admin cannot leave, be demoted, or lose the last device")
    func lastAdmin() throws {
        var house = try House()
        _ = try house.role("ben", .analyst, by: house.olga)
        _ = try house.revoke("eve", by: house.olga)
        let cut = Cut(device: house.olga.device, number: 9)
        let tries = [
            try house.revoke("olga", by: house.olga), try house.role("olga", .analyst, by: house.olga),
            try house.revoke("olga", by: house.olga, scope: .devices, cuts: [cut]),
        ]
        let roster = try house.roster
        #expect(roster.void == Dictionary(uniqueKeysWithValues: tries.map { ($0.hash, .lastAdmin) }))
        #expect(roster.role(of: house.olga.device) == .admin)
        _ = try house.role("dan", .admin, by: house.olga)
        let leaving = try house.revoke("olga", by: house.olga)
        #expect(try house.roster.void[leaving.hash] == nil)
        #expect(try house.roster.role(of: Handle("dan")) == .admin)
    }

    @Test(
        "an admin may leave to somebody whom a junior has raised, though that is decided by the junior's place"
    )
    func leavingToRaised() throws {
        var house = try House()
        _ = try house.revoke("eve", by: house.olga)
        _ = try house.role("dan", .admin, by: house.ben)
        _ = try house.revoke("ben", by: house.olga)
        _ = try house.revoke("olga", by: house.olga)
        let roster = try house.roster
        #expect(roster.void.isEmpty)
        #expect(roster.members == [house.dan.device])
    }

    @Test("somebody raised again writes again, and what lay beyond the cut stays void")
    func raisedAgain() throws {
        var house = try House()
        let before = house.statements[house.statements.count - 1].hash
        let cut = Cut(device: house.dan.device, number: 3)
        let lowered = try house.role("dan", .reader, by: house.olga, cuts: [cut])
        #expect(try house.standing(house.dan, 3, before) == .counts)
        #expect(try house.standing(house.dan, 4, before) == .void(.cut, by: lowered.hash))
        #expect(try house.standing(house.dan, 5, lowered.hash) == .void(.role, by: lowered.hash))
        let raised = try house.role("dan", .analyst, by: house.ben)
        #expect(try house.roster.role(of: house.dan.device) == .analyst)
        #expect(try house.standing(house.dan, 4, before) == .void(.cut, by: lowered.hash))
        #expect(try house.standing(house.dan, 5, raised.hash) == .counts)
        #expect(try house.roster.judgesByNumber(house.dan.device))
        #expect(try !house.roster.judgesByNumber(house.olga.device))
    }

    @Test("a removal after somebody was raised again brings nothing back that an earlier cut made void")
    func removedAfterRaising() throws {
        var house = try House()
        let before = house.statements[house.statements.count - 1].hash
        let cut = Cut(device: house.dan.device, number: 3)
        let lowered = try house.role("dan", .reader, by: house.olga, cuts: [cut])
        let raised = try house.role("dan", .analyst, by: house.ben)
        let dan = try Handle("dan")
        let cuts = try house.roster.cuts(of: dan) { _ in 10 }
        #expect(cuts == [Cut(device: house.dan.device, number: 10)])
        let out = try house.revoke("dan", by: house.olga, cuts: cuts)
        #expect(try house.standing(house.dan, 4, before) == .void(.cut, by: lowered.hash))
        #expect(try house.standing(house.dan, 10, raised.hash) == .counts)
        #expect(try house.standing(house.dan, 11, raised.hash) == .void(.cut, by: out.hash))
    }

    @Test("who is cut already is cut there again, unless somebody says otherwise")
    func sameCut() throws {
        var house = try House()
        let before = house.statements[house.statements.count - 1].hash
        let cut = Cut(device: house.dan.device, number: 3)
        _ = try house.role("dan", .reader, by: house.olga, cuts: [cut])
        let cuts = try house.roster.cuts(of: Handle("dan")) { _ in 10 }
        #expect(cuts == [cut])
        let out = try house.revoke("dan", by: house.olga, cuts: cuts)
        #expect(try house.standing(house.dan, 3, before) == .counts)
        #expect(try house.standing(house.dan, 4, before) == .void(.cut, by: out.hash))
        #expect(try house.roster.cuts(of: Handle("eve")) { _ in 7 }.map(\.number) == [7])
    }

    @Test("of two roles given at the same time the lower holds, until a third rests on both")
    func concurrentRoles() throws {
        var house = try House()
        let known = try house.heads(house.dan)
        let up = try house.role("dan", .admin, by: house.olga, on: [house.cast.found.hash] + known)
        let down = try house.role("dan", .reader, by: house.ben)
        #expect(try house.roster.role(of: house.dan.device) == .reader)
        let apart = try house.role("ben", .reader, by: house.eve, on: house.heads(house.eve) + [up.hash])
        #expect(apart.restsOn.count == 3)
        #expect(try house.roster.void.isEmpty)
        _ = try house.role("dan", .analyst, by: house.olga, on: [house.cast.found.hash, up.hash, down.hash])
        #expect(try house.roster.role(of: house.dan.device) == .analyst)
    }

    @Test("a cut is corrected by a further removal that rests on the first, upwards and downwards")
    func correctedCut() throws {
        var house = try House()
        let known = house.statements[house.statements.count - 1].hash
        let first = try house.revoke("dan", by: house.olga, cuts: [Cut(device: house.dan.device, number: 3)])
        #expect(try house.standing(house.dan, 5, known) == .void(.cut, by: first.hash))
        let higher = try house.revoke("dan", by: house.ben, cuts: [Cut(device: house.dan.device, number: 5)])
        #expect(try house.standing(house.dan, 5, known) == .counts)
        #expect(try house.standing(house.dan, 6, known) == .void(.cut, by: higher.hash))
        let lower = try house.revoke("dan", by: house.olga, cuts: [])
        #expect(try house.standing(house.dan, 1, known) == .void(.cut, by: lower.hash))
        #expect(try house.roster.removal(of: house.dan.device) == first.hash)
    }

    @Test("of two concurrent cuts the lower holds")
    func concurrentCuts() throws {
        var house = try House()
        let known = try house.heads(house.olga)
        let named = house.statements[house.statements.count - 1].hash
        let device = house.dan.device
        _ = try house.revoke("dan", by: house.olga, on: known, cuts: [Cut(device: device, number: 5)])
        let bens = try house.heads(house.ben).filter {
            $0 != house.statements[house.statements.count - 1].hash
        }
        let lower = try house.revoke(
            "dan", by: house.ben, on: bens + [named], cuts: [Cut(device: device, number: 2)])
        #expect(try house.standing(house.dan, 2, named) == .counts)
        #expect(try house.standing(house.dan, 3, named) == .void(.cut, by: lower.hash))
    }

    @Test("a lost device goes out alone, and its analyst goes on with the other")
    func deviceOnly() throws {
        var house = try House()
        let tablet = try house.enrol(try house.grant("dan", .furtherDevice, by: house.dan))
        let named = house.statements[house.statements.count - 1].hash
        let cut = Cut(device: house.dan.device, number: 7)
        let revoked = try house.revoke("dan", by: house.olga, scope: .devices, cuts: [cut])
        let roster = try house.roster
        #expect(roster.role(of: house.dan.device) == nil && roster.isRevoked(house.dan.device))
        #expect(roster.role(of: tablet.device.device) == .analyst)
        #expect(roster.analysts[try Handle("dan")]?.isRevoked == false)
        #expect(try house.standing(house.dan, 7, named) == .counts)
        #expect(try house.standing(house.dan, 8, named) == .void(.cut, by: revoked.hash))
        #expect(try house.standing(tablet.device, 8, named) == .counts)
        #expect(!roster.judgesByNumber(tablet.device.device))
        let byLost = try house.grant("dan", .furtherDevice, by: house.dan)
        let byOther = try house.grant("dan", .furtherDevice, by: tablet.device)
        #expect(try house.roster.void == [byLost.grant.hash: .revoked])
        #expect(byOther.grant.restsOn.contains(byLost.grant.hash))
    }

    @Test("somebody who is only invited is barred by a revocation, and the handle is not given again")
    func invitedOnly() throws {
        var house = try House()
        let invite = try house.grant("kim", by: house.olga)
        _ = try house.revoke("kim", by: house.olga)
        let kim = try house.enrol(invite)
        let again = try house.grant("kim", by: house.olga)
        let second = try house.enrol(again)
        let roster = try house.roster
        #expect(roster.void == [kim.enrol.hash: .revoked, second.enrol.hash: .revoked])
        #expect(roster.analysts[try Handle("kim")] == nil)
    }

    @Test("a further device that comes in while its analyst is put out falls with the analyst")
    func concurrentFurtherDevice() throws {
        var house = try House()
        let known = try house.heads(house.dan)
        let invite = try house.grant("dan", .furtherDevice, by: house.dan)
        _ = try house.revoke(
            "dan", by: house.olga, on: [house.cast.found.hash, known[0], known[known.count - 1]])
        let tablet = try house.enrol(invite)
        let direct = house.add(
            try Statement.enrol(
                furtherDevice: try house.cast.identity(), by: house.dan, handle: Handle("dan"), on: known,
                time: Cast.now))
        let roster = try house.roster
        #expect(
            roster.void == [
                invite.grant.hash: .revoked, tablet.enrol.hash: .authorityVoid, direct.hash: .revoked,
            ])
        #expect(try house.standing(tablet.device, 1, invite.grant.hash) == .void(.role, by: nil))
    }

    @Test("nobody gets a role who is not in")
    func unknownAnalyst() throws {
        var house = try House()
        let role = try house.role("kim", .admin, by: house.olga)
        let byAnalyst = try house.role("ben", .reader, by: house.dan)
        let stranger = try house.revoke("ben", by: try house.cast.identity(), on: house.heads(house.olga))
        #expect(
            try house.roster.void == [
                role.hash: .unknownAnalyst, byAnalyst.hash: .notAdmin, stranger.hash: .noAuthority,
            ])
    }

    @Test("a changeset that names a statement not held is judged as if its author knew nothing")
    func namingNothing() throws {
        var house = try House()
        let cut = Cut(device: house.dan.device, number: 2)
        let lowered = try house.role("dan", .reader, by: house.olga, cuts: [cut])
        let raised = try house.role("dan", .analyst, by: house.olga)
        let whole = house.statements
        house.statements.removeLast()
        #expect(try house.standing(house.dan, 3, raised.hash) == .void(.cut, by: lowered.hash))
        #expect(try house.standing(house.dan, 2, nil) == .counts)
        house.statements = whole
        #expect(try house.standing(house.dan, 3, raised.hash) == .counts)
    }

    @Test("a reader's changesets are void, whatever their number and whatever they name")
    func reader() throws {
        var house = try House()
        let made = try house.enrol(try house.grant("rob", .newAnalyst(.reader), by: house.olga))
        #expect(try !house.roster.judgesByNumber(made.device.device))
        #expect(try house.standing(made.device, 1, nil) == .void(.role, by: made.enrol.hash))
        let raised = try house.role("rob", .analyst, by: house.olga)
        #expect(try house.roster.judgesByNumber(made.device.device))
        #expect(try house.standing(made.device, 1, nil) == .void(.role, by: made.enrol.hash))
        #expect(try house.standing(made.device, 1, raised.hash) == .counts)
    }

    @Test("a device enrolled after its analyst was raised again is not cut by what came before")
    func enrolledAfterRaising() throws {
        var house = try House()
        _ = try house.role("dan", .reader, by: house.olga)
        _ = try house.role("dan", .analyst, by: house.olga)
        let tablet = try house.enrol(try house.grant("dan", .furtherDevice, by: house.dan))
        #expect(try house.standing(tablet.device, 1, nil) == .counts)
    }

    @Test("plain bodies are void once their author knew of an epoch, or came in after one")
    func plain() throws {
        var house = try House()
        let before = house.statements[house.statements.count - 1].hash
        let byDan = house.add(
            try Statement.epoch(
                by: house.dan, on: house.heads(house.dan), keyHash: house.cast.dice.bytes(32), time: Cast.now,
                previous: [], seals: []))
        let epoch = house.add(
            try Statement.epoch(
                by: house.olga, on: house.heads(house.olga), keyHash: house.cast.dice.bytes(32),
                time: Cast.now, previous: [], seals: []))
        let later = try house.enrol(try house.grant("kim", by: house.olga))
        let roster = try house.roster
        #expect(roster.void == [byDan.hash: .notAdmin])
        #expect(roster.newestEpoch == epoch.hash)
        #expect(roster.epochs[byDan.hash]?.counts == false && roster.epochs[epoch.hash]?.counts == true)
        #expect(!roster.sealsPlain(naming: before, of: house.dan.device))
        #expect(!roster.sealsPlain(naming: byDan.hash, of: house.dan.device))
        #expect(!roster.sealsPlain(naming: nil, of: house.dan.device))
        #expect(roster.sealsPlain(naming: epoch.hash, of: house.dan.device))
        #expect(roster.sealsPlain(naming: nil, of: later.device.device))
    }
}
