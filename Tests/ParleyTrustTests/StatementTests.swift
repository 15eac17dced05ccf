import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("Statements")
struct StatementTests {
    /// One of each kind, and one of a later version.
    func oneOfEach() throws -> [Statement] {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let (_, enrol) = try cast.enrol(with: invite)
        let own = try cast.invite("olga", .furtherDevice, on: [cast.found.hash, enrol.hash])
        let tablet = try cast.identity()
        let further = try Statement.enrol(
            furtherDevice: tablet, by: cast.founder, handle: Handle("olga"), on: [cast.found.hash],
            time: Cast.now)
        let later = try forge(tag: 9, on: [cast.found], [1, 2, 3], by: cast.founder)
        return [cast.found, invite.grant, enrol, own.grant, further, later]
            + (try oneOfEachRemoval(&cast, tablet)) + (try oneOfEachKey(&cast, tablet))
    }

    private func oneOfEachRemoval(_ cast: inout Cast, _ tablet: Identity) throws -> [Statement] {
        let cuts = [
            Cut(device: cast.founder.device, number: 0), Cut(device: tablet.device, number: 300),
        ]
        let (founder, rests, olga) = (cast.founder, [cast.found.hash], try Handle("olga"))
        return [
            try Statement.role(by: founder, on: rests, handle: olga, role: .analyst),
            try Statement.role(by: founder, on: rests, handle: olga, role: .reader, cuts: cuts),
            try Statement.revoke(by: founder, on: rests, handle: olga, scope: .analyst, cuts: []),
            try Statement.revoke(by: founder, on: rests, handle: olga, scope: .devices, cuts: cuts),
        ]
    }

    private func oneOfEachKey(_ cast: inout Cast, _ tablet: Identity) throws -> [Statement] {
        let key = Secret(cast.dice.bytes(32))
        let seal = try EpochSeal.seal(
            key, to: tablet.keys, workspace: cast.workspace, ephemeral: Secret(cast.dice.bytes(32)))
        let previous = try EpochWrap.wrap(Secret(cast.dice.bytes(32)), of: cast.found.hash, under: key)
        let epoch = try Statement.epoch(
            by: cast.founder, on: [cast.found.hash], keyHash: EpochKey.hash(key), time: Cast.now,
            previous: [previous], seals: [seal])
        let share = try Statement.share(
            by: cast.founder, on: [cast.found.hash, epoch.hash], epoch: epoch.hash, seals: [seal])
        return [epoch, share]
    }

    @Test("a payload that breaks a rule of its tag is refused")
    func badPayloads() throws {
        let cast = try Cast()
        let olga: [UInt8] = [4] + Array("olga".utf8)
        let (low, high) = ([UInt8](repeating: 1, count: 16), [UInt8](repeating: 2, count: 16))
        let seal = [UInt8](repeating: 5, count: 80)
        let wrap = [UInt8](repeating: 6, count: 48)
        let hash = [UInt8](repeating: 7, count: 32)
        let payloads: [(UInt8, [UInt8], Bool)] = [
            (4, olga + [1, 2] + low + [0] + high + [9], true),
            (4, olga + [0, 0], false),
            (4, olga + [4, 0], false),
            (4, olga + [2, 1] + low + [0], false),
            (4, olga + [1, 2] + high + [0] + low + [9], false),
            (4, olga + [1, 2] + low + [0] + low + [9], false),
            (4, olga + [1, 65], false),
            (4, olga + [1, 1] + low + Array(repeating: 0xFF, count: 9) + [1], false),
            (4, olga + [1, 1] + low + [0x80, 0], false),
            (5, olga + [0, 0], true),
            (5, olga + [1, 0], false),
            (5, olga + [2, 0], false),
            (5, olga + [1, 1] + low + [0], true),
            (6, hash + [0, 0, 0], true),
            (6, hash + [0, 2] + hash + wrap + hash + wrap + [0], false),
            (6, hash + [0, 1] + hash + wrap + [1] + low + seal, true),
            (6, hash + [0, 9], false),
            (6, hash + [0, 0, 2] + low + seal + low + seal, false),
            (6, hash + [0, 0, 2] + low + seal + high + seal, true),
            (6, hash + [0, 0, 1] + low, false),
            (7, hash + [0], false),
            (7, hash + [1] + low + seal, true),
            (7, hash + [1] + low + seal + [0], false),
        ]
        for (tag, payload, isGood) in payloads {
            let error = trustError { _ = try forge(tag: tag, on: [cast.found], payload, by: cast.founder) }
            #expect(error?.code == (isGood ? nil : .statementMalformed), "\(tag) \(payload)")
        }
    }

    @Test("makers refuse what a reader would")
    func badMaking() throws {
        let cast = try Cast()
        let (founder, rests, olga) = (cast.founder, [cast.found.hash], try Handle("olga"))
        let cut = Cut(device: founder.device, number: 1)
        let wrong: [() throws -> Statement] = [
            { try .role(by: founder, on: rests, handle: olga, role: .admin, cuts: [cut]) },
            { try .role(by: founder, on: rests, handle: olga, role: .reader, cuts: [cut, cut]) },
            { try .revoke(by: founder, on: rests, handle: olga, scope: .devices, cuts: []) },
            {
                let beyond = Cut(device: founder.device, number: .max)
                return try .revoke(by: founder, on: rests, handle: olga, scope: .analyst, cuts: [beyond])
            },
            {
                let many = (0..<65).map { Cut(device: DeviceID(UInt128($0)), number: 0) }
                return try .revoke(by: founder, on: rests, handle: olga, scope: .analyst, cuts: many)
            },
        ]
        for make in wrong {
            #expect(trustError { _ = try make() }?.code == .badCut)
        }
        #expect(
            trustError {
                _ = try Statement.share(by: founder, on: rests, epoch: cast.found.hash, seals: [])
            }?.code == .badSeal)
    }

    @Test("what is made is received again as the same statement")
    func roundTrip() throws {
        for statement in try oneOfEach() {
            let received = try Statement(received: statement.bytes)
            #expect(received.hash == statement.hash)
            #expect(received.content == statement.content)
            #expect(received.restsOn == statement.restsOn)
            #expect(received.signer == statement.signer)
            #expect(statement.bytes.count < 500)
        }
    }

    @Test("every flipped bit of every byte is refused")
    func flips() throws {
        for statement in try oneOfEach() {
            for at in statement.bytes.indices {
                for flip in [1, 0x80, UInt8(1 << (at % 6 + 1))] {
                    var bytes = statement.bytes
                    bytes[at] ^= flip
                    #expect(trustError { _ = try Statement(received: bytes) } != nil, "byte \(at)")
                }
            }
        }
    }

    @Test("every cut and every addition is refused, even unverified")
    func cuts() throws {
        for statement in try oneOfEach() {
            for end in statement.bytes.indices {
                let cut = Array(statement.bytes[..<end])
                #expect(
                    trustError { _ = try Statement(held: cut) }?.code == .statementMalformed, "cut at \(end)")
            }
            let longer = statement.bytes + [0]
            #expect(trustError { _ = try Statement(held: longer) }?.code == .statementMalformed)
        }
    }

    @Test("bytes of no meaning never trap")
    func noise() {
        var dice = Dice(3)
        for round in 0..<20_000 {
            var bytes = dice.bytes(Int(dice.next() % 300))
            if round % 2 == 0, bytes.count > 2 {
                bytes[0] = 1
                bytes[1] = UInt8(dice.next() % 9)
                bytes[2] = UInt8(dice.next() % 3)
            }
            #expect(trustError { _ = try Statement(received: bytes) } != nil, "round \(round)")
        }
    }

    @Test("a newer format is told apart from damage")
    func newer() throws {
        var bytes = try Cast().found.bytes
        bytes[0] = 2
        #expect(trustError { _ = try Statement(received: bytes) }?.code == .statementTooNew)
    }

    @Test("an unknown tag keeps its bytes")
    func unknown() throws {
        let cast = try Cast()
        for tag in [0, 8, 9, 200, 255] as [UInt8] {
            let statement = try forge(tag: tag, on: [cast.found], Array("later".utf8), by: cast.founder)
            let received = try Statement(received: statement.bytes)
            #expect(received.content == .unknown(tag: tag, payload: Array("later".utf8)))
        }
    }

    @Test("hashes rested on must ascend, be distinct and be there")
    func rests() throws {
        let cast = try Cast()
        let low = try #require(StatementHash(Array(repeating: 1, count: 32)))
        let high = try #require(StatementHash(Array(repeating: 2, count: 32)))
        #expect(try forge(tag: 9, rests: [low, high], [], by: cast.founder).restsOn == [low, high])
        for wrong in [[high, low], [low, low], []] {
            let error = trustError { _ = try forge(tag: 9, rests: wrong, [], by: cast.founder) }
            #expect(error?.code == .statementMalformed)
        }
        let many = (0..<17).compactMap { StatementHash(Array(repeating: UInt8($0), count: 32)) }
        #expect(trustError { _ = try forge(tag: 9, rests: many, [], by: cast.founder) } != nil)
        #expect(try forge(tag: 9, rests: Array(many.prefix(16)), [], by: cast.founder).restsOn.count == 16)
    }

    @Test("a statement has at most 2,048 bytes")
    func long() throws {
        let cast = try Cast()
        let around = 2 + 1 + 32 + 32 + 2 + 64
        let most = [UInt8](repeating: 7, count: Statement.longest - around)
        #expect(try forge(tag: 9, on: [cast.found], most, by: cast.founder).bytes.count == Statement.longest)
        let error = trustError { _ = try forge(tag: 9, on: [cast.found], most + [7], by: cast.founder) }
        #expect(error?.code == .statementTooLong)
    }

    @Test("a founding by another key than its device's is refused")
    func foundBySomebodyElse() throws {
        var cast = try Cast()
        let other = try cast.identity()
        let signed = cast.found.bytes.dropLast(64)
        let payload = Array(signed.suffix(from: 3 + 32 + 2))
        let forged = try forge(tag: Statement.Tag.found, rests: [], payload, by: other)
        #expect(trustError { _ = try Statement(received: forged.bytes) }?.code == .badSignature)
    }

    @Test("nobody enrols a signing key that is not theirs")
    func possession() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let (_, enrol) = try cast.enrol(with: invite)
        let victim = try cast.identity()
        var payload = Array(enrol.bytes[(3 + 32 + 32 + 2)...].dropLast(128))
        payload.replaceSubrange(0..<96, with: victim.keys.bytes)
        let forged = try forge(tag: Statement.Tag.enrol, rests: enrol.restsOn, payload, by: cast.founder)
        #expect(trustError { _ = try Statement(received: forged.bytes) }?.code == .badPossession)
    }

    @Test(
        "handles that are allowed",
        arguments: ["a", "ben", "b-e_n", "x9", "a2345678901234567890123456789012"])
    func handles(text: String) throws {
        #expect(try Handle(text).text == text)
    }

    @Test(
        "handles that are refused",
        arguments: [
            "", "~ben", "Ben", "9ben", "-b", "_b", "be n", "ben\n", "bén", "b.n", "a\u{301}",
            "a23456789012345678901234567890123",
        ])
    func noHandles(text: String) {
        #expect(trustError { _ = try Handle(text) }?.code == .badHandle)
    }

    @Test("workspace names that are allowed", arguments: ["a", "baltic-ports", "Порты 2026", "a.b", "~x"])
    func names(text: String) throws {
        #expect(try WorkspaceName(text).text == text)
    }

    @Test(
        "workspace names that are refused",
        arguments: [
            "", ".", "..", ".hidden", "a/b", "a\nb", "a\u{0}", "a\u{7F}", "a\u{85}", "a\u{2028}b", "/",
            String(repeating: "x", count: 65), String(repeating: "é", count: 33), ".\u{301}x",
        ])
    func noNames(text: String) {
        #expect(trustError { _ = try WorkspaceName(text) }?.code == .badName)
    }

    @Test("what makes no sense is not made")
    func nonsense() throws {
        var cast = try Cast()
        let (olga, ports) = (try Handle("olga"), try WorkspaceName("ports"))
        for time in [-1, 1 << 48, Int64.min, Int64.max] {
            let error = trustError {
                _ = try Statement.found(
                    by: cast.founder, handle: olga, name: ports, salt: Array(repeating: 0, count: 16),
                    time: time)
            }
            #expect(error?.code == .badTime)
        }
        let salt = trustError {
            _ = try Statement.found(by: cast.founder, handle: olga, name: ports, salt: [1], time: 0)
        }
        #expect(salt?.code == .badSalt)
        let invite = try cast.invite("ben")
        let stranger = try cast.secret()
        let device = try cast.identity()
        let wrong = trustError {
            _ = try Statement.enrol(device, invite: stranger, grant: invite.grant, time: 0)
        }
        #expect(wrong?.code == .wrongInvite)
    }

    @Test("every error says what is wrong and where", arguments: TrustError.Code.allCases)
    func sentences(code: TrustError.Code) {
        let text = TrustError(code, at: "here").description
        #expect(text.hasPrefix("here: "))
        #expect(text.count > 15)
        #expect(TrustError(code, at: "here", cause: .system(13)).description.hasSuffix("(errno 13)"))
    }
}
