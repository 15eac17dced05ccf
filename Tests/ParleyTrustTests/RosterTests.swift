import ParleyCore
import ParleyTrust
import Testing

@Suite("The roster")
struct RosterTests {
    @Test("the founder is admin, and an invited analyst has the role of the grant", arguments: Role.allCases)
    func roles(role: Role) throws {
        var cast = try Cast()
        let invite = try cast.invite("ben", .newAnalyst(role))
        let (ben, enrol) = try cast.enrol(with: invite)
        let roster = try cast.roster([cast.found, invite.grant, enrol])
        #expect(roster.name?.text == "ports")
        #expect(roster.role(of: cast.founder.device) == .admin)
        #expect(roster.role(of: ben.device) == role)
        #expect(roster.analyst(of: ben.device)?.text == "ben")
        #expect(roster.keys(of: ben.device) == ben.keys)
        #expect(roster.devices(withChannelKey: ben.keys.channel) == [ben.device])
        #expect(roster.newest == enrol.hash)
        #expect(roster.heads == [enrol.hash])
        #expect(roster.void.isEmpty && roster.waiting.isEmpty && roster.missing.isEmpty)
    }

    @Test("a stranger has no role, no keys and no handle")
    func stranger() throws {
        var cast = try Cast()
        let device = try cast.identity().device
        let roster = try cast.roster([cast.found])
        #expect(roster.role(of: device) == nil)
        #expect(roster.keys(of: device) == nil)
        #expect(roster.analyst(of: device) == nil)
        #expect(roster.rests(for: device).isEmpty)
    }

    @Test("of two enrolments on one grant the lesser counts")
    func twoOnOneGrant() throws {
        for seed in 0..<20 as Range<UInt64> {
            var cast = try Cast(seed: seed)
            let invite = try cast.invite("ben")
            let pair = [try cast.enrol(with: invite).enrol, try cast.enrol(with: invite).enrol]
            let roster = try cast.roster([cast.found, invite.grant] + pair)
            let (low, high) = (pair.map(\.hash).min(), pair.map(\.hash).max())
            #expect(roster.void == [try #require(high): .grantUsed], "seed \(seed)")
            #expect(roster.newest == low)
            #expect(roster.devices.count == 2)
        }
    }

    @Test("a handle belongs to the analyst first enrolled with it")
    func handleTheft() throws {
        var cast = try Cast()
        let first = try cast.invite("ben")
        let (ben, enrol) = try cast.enrol(with: first)
        let known = try cast.roster([cast.found, first.grant, enrol])
        let second = try cast.invite("ben", .newAnalyst(.admin), on: known.rests(for: cast.founder.device))
        let (thief, theft) = try cast.enrol(with: second)
        let roster = try cast.roster([cast.found, first.grant, enrol, second.grant, theft])
        #expect(roster.void == [theft.hash: .handleTaken])
        #expect(roster.role(of: ben.device) == .analyst)
        #expect(roster.role(of: thief.device) == nil)

        let founders = try cast.invite("olga")
        let (_, usurper) = try cast.enrol(with: founders)
        #expect(try cast.roster([cast.found, founders.grant, usurper]).void == [usurper.hash: .handleTaken])
    }

    @Test("the last moment of a grant is within it")
    func expiry() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let (_, early) = try cast.enrol(with: invite, time: Cast.until)
        let (_, late) = try cast.enrol(with: invite, time: Cast.until + 1)
        #expect(try cast.roster([cast.found, invite.grant, early]).void.isEmpty)
        #expect(try cast.roster([cast.found, invite.grant, late]).void == [late.hash: .grantExpired])
        #expect(try cast.roster([cast.found, invite.grant, late, early]).void == [late.hash: .grantExpired])
    }

    @Test("only an admin grants a new analyst", arguments: [Role.reader, .analyst])
    func notAdmin(role: Role) throws {
        var cast = try Cast()
        let invite = try cast.invite("ben", .newAnalyst(role))
        let (ben, enrol) = try cast.enrol(with: invite)
        let next = try cast.invite("eve", by: ben, on: [enrol.hash])
        let (eve, eveIn) = try cast.enrol(with: next)
        let roster = try cast.roster([cast.found, invite.grant, enrol, next.grant, eveIn])
        #expect(roster.void == [next.grant.hash: .notAdmin, eveIn.hash: .authorityVoid])
        #expect(roster.role(of: eve.device) == nil)
    }

    @Test("every member brings in further devices, of their own alone")
    func furtherDevices() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben", .newAnalyst(.reader))
        let (ben, enrol) = try cast.enrol(with: invite)
        let own = try cast.invite("ben", .furtherDevice, by: ben, on: [enrol.hash])
        let (phone, phoneIn) = try cast.enrol(with: own)
        let foreign = try cast.invite("olga", .furtherDevice, by: ben, on: [enrol.hash])
        let fresh = try cast.identity()
        let freshIn = try Statement.enrol(
            furtherDevice: fresh, by: phone, handle: Handle("ben"), on: [phoneIn.hash], time: Cast.now)
        let roster = try cast.roster(
            [cast.found, invite.grant, enrol, own.grant, phoneIn, foreign.grant, freshIn])
        #expect(roster.void == [foreign.grant.hash: .wrongHandle])
        #expect(
            roster.analysts[try Handle("ben")]?.devices == [ben.device, phone.device, fresh.device].sorted())
        #expect(roster.role(of: fresh.device) == .reader)
    }

    @Test("a device cannot come in twice, nor its signing key")
    func deviceTaken() throws {
        var cast = try Cast()
        let first = try cast.invite("ben")
        let (ben, enrol) = try cast.enrol(with: first)
        let second = try cast.invite("eve", on: [cast.found.hash, enrol.hash])
        let again = try Statement.enrol(ben, invite: second.secret, grant: second.grant, time: Cast.now)
        let roster = try cast.roster([cast.found, first.grant, enrol, second.grant, again])
        #expect(roster.void == [again.hash: .deviceTaken])
        #expect(roster.analysts[try Handle("eve")] == nil)
    }

    @Test("an authority must be rested on, once, and of the right kind")
    func authority() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let (ben, enrol) = try cast.enrol(with: invite)
        let stranger = try cast.identity()
        let byStranger = try cast.invite("eve", by: stranger)
        let notRestedOn = try cast.invite("eve", by: ben)
        let twin = try Statement.grant(
            by: cast.founder, on: [cast.found.hash], invite: invite.secret.publicKey, handle: Handle("dan"),
            purpose: .newAnalyst(.admin), until: Cast.until)
        let statements = [cast.found, invite.grant, enrol, byStranger.grant, notRestedOn.grant, twin]
        let roster = try cast.roster(statements)
        #expect(
            roster.void == [
                byStranger.grant.hash: .noAuthority, notRestedOn.grant.hash: .noAuthority,
            ])
        let payload = Array(invite.grant.bytes[(3 + 32 + 32 + 1)...].dropLast(64))
        let unsigned = try forge(tag: Statement.Tag.grant, on: [invite.grant], payload, by: cast.founder)
        #expect(try cast.roster(statements + [unsigned]).void[unsigned.hash] == .noAuthority)
    }

    @Test("an enrolment under another handle than granted is void")
    func wrongHandle() throws {
        var cast = try Cast()
        let tablet = try cast.identity()
        let enrol = try Statement.enrol(
            furtherDevice: tablet, by: cast.founder, handle: Handle("ben"), on: [cast.found.hash], time: 0)
        #expect(try cast.roster([cast.found, enrol]).void == [enrol.hash: .wrongHandle])
    }

    @Test("another workspace's statements count for nothing")
    func otherWorkspace() throws {
        let cast = try Cast()
        var other = try Cast(seed: 99)
        let invite = try other.invite("ben")
        let (_, enrol) = try other.enrol(with: invite)
        let roster = try cast.roster([cast.found, other.found, invite.grant, enrol])
        #expect(
            roster.void == [
                other.found.hash: .otherWorkspace, invite.grant.hash: .authorityVoid,
                enrol.hash: .authorityVoid,
            ])
        #expect(roster.devices.count == 1)
        #expect(roster.newest == cast.found.hash)
    }

    @Test("statements wait for what they rest on, and the roster says what is missing")
    func waiting() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let (_, enrol) = try cast.enrol(with: invite)
        let roster = try cast.roster([cast.found, enrol])
        #expect(roster.waiting == [enrol.hash])
        #expect(roster.missing == [invite.grant.hash])
        #expect(roster.devices.count == 1)
        let nothing = try cast.roster([])
        #expect(nothing.name == nil && nothing.newest == nil && nothing.heads.isEmpty)
        let headless = try cast.roster([invite.grant, enrol])
        #expect(headless.missing == [cast.found.hash])
        #expect(headless.waiting == [invite.grant.hash, enrol.hash].sorted())
    }

    @Test("what a later version says is kept, counts for nothing and is rested on")
    func unknown() throws {
        var cast = try Cast()
        let stranger = try cast.identity()
        let later = try forge(tag: 9, on: [cast.found], [1], by: cast.founder)
        let junk = try forge(tag: 9, on: [cast.found], [2], by: stranger)
        let roster = try cast.roster([cast.found, later, junk])
        #expect(roster.unknown == [later.hash])
        #expect(roster.void == [junk.hash: .noAuthority])
        #expect(roster.newest == cast.found.hash)
        #expect(roster.heads == [later.hash])
        #expect(roster.rests(for: cast.founder.device) == [cast.found.hash, later.hash].sorted())
    }

    @Test("an invite does not rest on another that nobody has used, but on all that claims something")
    func restsOfInvites() throws {
        var cast = try Cast()
        let used = try cast.invite("ben")
        let ben = try cast.enrol(with: used)
        let first = try cast.invite("cara", on: [cast.found.hash, ben.enrol.hash])
        let second = try cast.invite("dora", on: [cast.found.hash, first.grant.hash])
        let set = try StatementSet([cast.found, used.grant, ben.enrol, first.grant, second.grant])
        let roster = Roster(set, workspace: cast.workspace)
        #expect(roster.heads == [second.grant.hash])
        let rests = roster.rests(forInviteBy: cast.founder.device, in: set)
        #expect(rests == [cast.found.hash, ben.enrol.hash].sorted())
        let third = try cast.invite("eva", on: rests)
        let eva = try cast.enrol(with: third)
        let server = try StatementSet([cast.found, used.grant, ben.enrol, third.grant])
        #expect(try Roster.refusal(of: eva.enrol, joining: server, workspace: cast.workspace) == nil)
    }

    @Test("a device that names a colleague's channel key takes nothing from the colleague")
    func sharedChannelKey() throws {
        var cast = try Cast()
        let mallory = try cast.identity()
        var payload = cast.founder.keys.channel + mallory.keys.sealing + mallory.keys.signing
        payload.append(text: "mallory")
        payload.append(varint: UInt64(Cast.now))
        let invite = try Statement.grant(
            by: cast.founder, on: [cast.found.hash], invite: mallory.keys.signing, handle: Handle("mallory"),
            purpose: .newAnalyst(.reader), until: Cast.until)
        let enrol = try forge(tag: Statement.Tag.enrol, on: [invite], payload, by: mallory)
        let roster = try cast.roster([cast.found, invite, try Statement(received: enrol.bytes)])
        #expect(roster.void.isEmpty)
        #expect(roster.devices(withChannelKey: cast.founder.keys.channel).count == 2)
        #expect(roster.keys(of: cast.founder.device) == cast.founder.keys)
    }

    @Test("a server refuses what is void, what lacks something, and what would make others void")
    func refusals() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        var pair = [try cast.enrol(with: invite).enrol, try cast.enrol(with: invite).enrol]
        pair.sort { $0.hash < $1.hash }
        func refusal(_ statement: Statement, _ held: [Statement]) throws -> Roster.Refusal? {
            try Roster.refusal(of: statement, joining: StatementSet(held), workspace: cast.workspace)
        }
        let held = [cast.found, invite.grant]
        #expect(try StatementSet(held).grant(usedBy: pair[0])?.until == Cast.until)
        #expect(try StatementSet([cast.found]).grant(usedBy: pair[0]) == nil)
        #expect(try refusal(pair[0], held) == nil)
        #expect(try refusal(pair[0], held + [pair[0]]) == nil)
        #expect(try refusal(pair[1], held + [pair[0]]) == .void(.grantUsed))
        #expect(try refusal(pair[0], held + [pair[1]]) == .displaces([pair[1].hash]))
        #expect(try refusal(pair[0], [cast.found]) == .restsOnMissing([invite.grant.hash]))
    }

    @Test("a statement rests on the greatest heads and always on its author's own enrolment")
    func rests() throws {
        var cast = try Cast()
        var statements = [cast.found]
        for number in 0..<30 { statements.append(try cast.invite("h\(number)").grant) }
        let rests = try cast.roster(statements).rests(for: cast.founder.device)
        let greatest = statements.dropFirst().map(\.hash).sorted().suffix(15)
        #expect(rests == ([cast.found.hash] + greatest).sorted())
        let next = try cast.invite("ben", on: rests)
        #expect(try cast.roster(statements + [next.grant]).depths[next.grant.hash] == 2)
    }
}
