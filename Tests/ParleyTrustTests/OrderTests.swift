import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("The roster is a function of the set")
struct OrderTests {
    /// A workspace grown by chance: honest growth, then double enrolments, stolen handles, late ones,
    /// strangers' grants, twins of invites, unknown tags and another workspace among it.
    private struct Crowd {
        var cast: Cast
        var statements: [Statement]
        var members: [(device: Identity, enrol: Statement, handle: String)]
        var invites: [(secret: InviteSecret, grant: Statement)] = []

        init(seed: UInt64) throws {
            cast = try Cast(seed: seed)
            statements = [cast.found]
            members = [(cast.founder, cast.found, "olga")]
            for _ in 0..<24 { try grow() }
            let other = try Cast(seed: ~seed)
            statements.append(other.found)
        }

        private mutating func grow() throws {
            let member = members[Int(cast.dice.next() % UInt64(members.count))]
            let handle = ["ben", "eve", "dan", "olga", "kim"][Int(cast.dice.next() % 5)]
            switch cast.dice.next() % 9 {
            case 0, 1: try invite(handle, .newAnalyst(.admin), by: member.device, on: [member.enrol])
            case 2: try invite(member.handle, .furtherDevice, by: member.device, on: [member.enrol])
            case 3, 4: try enrol(handle, late: false)
            case 5: try enrol(handle, late: cast.dice.next() % 2 == 0)
            case 6:
                let forger = cast.dice.next() % 2 == 0 ? member.device : try cast.identity()
                statements.append(try forge(tag: 9, on: [member.enrol], cast.dice.bytes(5), by: forger))
            case 7: try invite(handle, .newAnalyst(.reader), by: member.device, on: [member.enrol])
            default: try invite(handle, .newAnalyst(.reader), by: try cast.identity(), on: [member.enrol])
            }
        }

        private mutating func invite(
            _ handle: String, _ purpose: Grant.Purpose, by issuer: Identity, on rests: [Statement]
        ) throws {
            let causes = rests + (cast.dice.next() % 2 == 0 ? [statements[statements.count - 1]] : [])
            let invite = try cast.invite(handle, purpose, by: issuer, on: causes.map(\.hash))
            invites.append(invite)
            statements.append(invite.grant)
        }

        private mutating func enrol(_ handle: String, late: Bool) throws {
            guard !invites.isEmpty else { return }
            let invite = invites[Int(cast.dice.next() % UInt64(invites.count))]
            guard case .grant(let grant) = invite.grant.content else { return }
            let made = try cast.enrol(with: invite, time: late ? Cast.until + 1 : Cast.now)
            statements.append(made.enrol)
            members.append((made.device, made.enrol, grant.handle.text))
        }
    }

    @Test("any order and any number of times give the same roster, over thousands of shuffles")
    func shuffles() throws {
        var shuffles = 0
        var reasons: [Roster.VoidReason] = []
        var unknown = 0
        for seed in 0..<150 as Range<UInt64> {
            var crowd = try Crowd(seed: seed)
            let expected = try crowd.cast.roster(crowd.statements)
            let digest = try StatementSet(crowd.statements).digest
            reasons += expected.void.values
            unknown += expected.unknown.count
            for _ in 0..<20 {
                let twice = crowd.statements + crowd.statements.filter { $0.bytes[40] & 1 == 0 }
                let set = try StatementSet(twice.shuffled(using: &crowd.cast.dice))
                #expect(set.digest == digest, "seed \(seed)")
                #expect(Roster(set, workspace: crowd.cast.workspace) == expected, "seed \(seed)")
                shuffles += 1
            }
        }
        #expect(shuffles >= 3000)
        #expect(unknown >= 100)
        let planted: [Roster.VoidReason] = [
            .otherWorkspace, .noAuthority, .authorityVoid, .notAdmin, .handleTaken, .grantUsed, .grantExpired,
        ]
        for reason in planted {
            #expect(reasons.count { $0 == reason } >= 10, "\(reason) was hardly ever tried")
        }
    }

    @Test("the roster agrees with a naive reading of the law")
    func naive() throws {
        for seed in 1000..<1300 as Range<UInt64> {
            let crowd = try Crowd(seed: seed)
            let dropped = crowd.statements.enumerated().filter { $0.offset % 11 != 7 }.map(\.element)
            for statements in [crowd.statements, dropped] {
                let roster = try crowd.cast.roster(statements)
                let model = NaiveRoster(statements, crowd.cast.workspace)
                #expect(
                    roster.devices.mapValues(\.handle) == model.devices.mapValues(\.handle), "seed \(seed)")
                for (handle, analyst) in roster.analysts {
                    let role = model.role(of: handle, within: Set(model.order.indices))
                    #expect(analyst.role == role, "seed \(seed)")
                }
                #expect(Set(roster.waiting) == model.waiting, "seed \(seed)")
                let counting = model.counting.sorted().map { model.order[$0] }
                #expect(roster.newest == counting.last { $0.tag <= 7 }?.hash, "seed \(seed)")
            }
        }
    }
}

extension Statement {
    var tag: UInt8 { bytes[1] }
}
