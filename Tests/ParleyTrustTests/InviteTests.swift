import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("Invites")
struct InviteTests {
    func hosting(host: String = "127.0.0.1", port: UInt16 = 7433) throws -> Invite {
        var dice = Dice(8)
        let content = try HostingInvite(
            server: dice.bytes(32), token: Secret(dice.bytes(16)), name: WorkspaceName("Порты"),
            handle: Handle("olga"))
        return try Invite(host: host, port: port, content: .hosting(content))
    }

    func joining(keys: Int = 0) throws -> Invite {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let epochs = try (0..<keys).map { _ in
            let epoch = try #require(StatementHash(cast.dice.bytes(32)))
            return JoiningInvite.EpochKey(epoch: epoch, key: Secret(cast.dice.bytes(32)))
        }
        let content = try JoiningInvite(
            server: cast.dice.bytes(32), workspace: cast.workspace, secret: invite.secret.seed,
            grant: invite.grant, epochKeys: epochs)
        return try Invite(host: "parley.example.org", port: 65535, content: .joining(content))
    }

    @Test("an invite is read as it was printed, also lower, dashed, padded and misread")
    func roundTrip() throws {
        for invite in [try hosting(), try joining(), try joining(keys: 1), try joining(keys: 4)] {
            let text = invite.text
            #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(try Invite(text) == invite)
            #expect(try Invite(text.lowercased()) == invite)
            #expect(try Invite("  \(text)\r\n") == invite)
            let slash = try #require(text.lastIndex(of: "/"))
            let head = text[...slash]
            let word = text[text.index(after: slash)...]
            let dashed = word.enumerated().map { $0.offset % 4 == 3 ? "\($0.element)-" : "\($0.element)" }
            #expect(try Invite(head + dashed.joined()) == invite)
            let misread = String(word.map { $0 == "0" ? "O" : $0 == "1" ? "l" : $0 })
            #expect(try Invite(head + misread) == invite)
        }
    }

    @Test("a member's invite leads to an enrolment that counts")
    func use() throws {
        var cast = try Cast()
        guard case .joining(let invite) = try Invite(try joining().text).content else {
            Issue.record("not a member's invite")
            return
        }
        #expect(invite.granted?.handle.text == "ben")
        let device = try cast.identity()
        let secret = try InviteSecret(seed: invite.secret)
        let enrol = try Statement.enrol(device, invite: secret, grant: invite.grant, time: Cast.now)
        let roster = try cast.roster([cast.found, invite.grant, enrol])
        #expect(roster.workspace == invite.workspace)
        #expect(roster.role(of: device.device) == .analyst)
    }

    @Test("every changed, left-out, doubled or swapped character of the word is noticed")
    func typos() throws {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        for invite in [try hosting(), try joining()] {
            let slash = try #require(invite.text.lastIndex(of: "/"))
            let head = String(invite.text[...slash])
            let word = Array(invite.text[invite.text.index(after: slash)...].utf8)
            for at in word.indices {
                var changed = word
                let place = try #require(alphabet.firstIndex(of: word[at]))
                changed[at] = alphabet[(place + 1 + at % 31) % 32]
                try refuse(head, changed)
                var shorter = word
                shorter.remove(at: at)
                try refuse(head, shorter)
                try refuse(head, Array(word[..<at]))
                try refuse(head, Array(word[...at] + word[at...]))
                guard at > 0, word[at] != word[at - 1] else { continue }
                var swapped = word
                swapped.swapAt(at, at - 1)
                try refuse(head, swapped)
            }
        }
    }

    private func refuse(_ head: String, _ word: [UInt8]) throws {
        let text = head + String(decoding: word, as: UTF8.self)
        #expect(trustError { _ = try Invite(text) }?.code == .inviteDamaged, "\(text)")
    }

    @Test(
        "addresses that are allowed",
        arguments: [
            ("localhost", "localhost"), ("a-b.example_1.org", "a-b.example_1.org"), ("10.0.0.1", "10.0.0.1"),
            ("::1", "[::1]"), ("2001:db8::7", "[2001:db8::7]"), ("::ffff:1.2.3.4", "[::ffff:1.2.3.4]"),
        ])
    func hosts(host: String, shown: String) throws {
        let invite = try hosting(host: host, port: 1)
        #expect(invite.text.hasPrefix("parley://\(shown):1/"))
        #expect(try Invite(invite.text).host == host)
    }

    @Test(
        "what is wrong with a line has a name",
        arguments: [
            ("", TrustError.Code.inviteScheme), ("parley", .inviteScheme), ("parley://", .inviteScheme),
            ("https://a:1/W", .inviteScheme), ("parley:/a:1/W", .inviteScheme), ("é", .inviteScheme),
            ("parley://a:1", .inviteDamaged), ("parley://a/W", .invitePort), ("parley://a:/W", .invitePort),
            ("parley://a:0/W", .invitePort), ("parley://a:65536/W", .invitePort),
            ("parley://a:-1/W", .invitePort), ("parley://a:+1/W", .invitePort),
            ("parley://a:1x/W", .invitePort), ("parley://a:٣/W", .invitePort),
            ("parley://:1/W", .inviteHost), ("parley://a b:1/W", .inviteHost),
            ("parley://::1:7/W", .inviteHost),
            ("parley://[::1:7/W", .inviteHost), ("parley://[]:7/W", .inviteHost),
            ("parley://[a]:7/W", .inviteHost),
            ("parley://[::1/W", .inviteHost), ("parley://[:7/W", .inviteHost),
            ("parley://-a:1/W", .inviteHost),
            ("parley://u@a:1/W", .inviteHost), ("parley://a\u{301}:1/W", .inviteHost),
            ("parley://a:1/", .inviteDamaged), ("parley://a:1/0", .inviteDamaged),
            ("parley://a:1/---", .inviteDamaged), ("parley://a:1/U0U0", .inviteDamaged),
        ])
    func wrong(text: String, code: TrustError.Code) {
        #expect(trustError { _ = try Invite(text) }?.code == code)
    }

    @Test("a newer word is told apart from a mistyped one, and a grant must fit its secret")
    func newer() throws {
        #expect(trustError { _ = try Invite(try reword(hosting()) { $0[0] = 2 }) }?.code == .inviteTooNew)
        #expect(trustError { _ = try Invite(try reword(hosting()) { $0[1] = 9 }) }?.code == .inviteDamaged)
        #expect(trustError { _ = try Invite(try reword(hosting()) { $0.append(0) }) }?.code == .inviteDamaged)
        #expect(trustError { _ = try Invite(try reword(joining()) { $0[70] ^= 1 }) }?.code == .inviteDamaged)
        #expect(trustError { _ = try Invite(try reword(joining()) { $0[200] ^= 1 }) }?.code == .inviteDamaged)
        #expect(try Invite(try reword(joining()) { _ in }) == joining())
    }

    /// The same invite with other bytes and the checksum that belongs to them.
    private func reword(_ invite: Invite, _ change: (inout [UInt8]) -> Void) throws -> String {
        let slash = try #require(invite.text.lastIndex(of: "/"))
        let decoded = try #require(Crockford.decode(invite.text[invite.text.index(after: slash)...]))
        var bytes = Array(decoded.dropLast(4))
        change(&bytes)
        return invite.text[...slash] + Crockford.encode(bytes + checksum(bytes))
    }

    @Test("what makes no sense is not made")
    func nonsense() throws {
        var cast = try Cast()
        let invite = try cast.invite("ben")
        let other = try cast.secret()
        let wrong = trustError {
            _ = try JoiningInvite(
                server: Array(repeating: 1, count: 32), workspace: cast.workspace, secret: other.seed,
                grant: invite.grant)
        }
        #expect(wrong?.code == .wrongInvite)
        #expect(trustError { _ = try hosting(host: "a/b") }?.code == .inviteHost)
        #expect(trustError { _ = try hosting(port: 0) }?.code == .invitePort)
    }

    @Test("a printed value shows no secret, only the line does")
    func secrets() throws {
        let invite = try hosting()
        #expect("\(invite)".contains("(16 secret bytes)"))
    }
}
