import ParleyCore
import ParleyTrust
import Testing

@Suite("Golden vectors of Protocol.md")
struct VectorTests {
    @Test(
        "a seed gives its keys and its device id",
        arguments: [
            "identity-founder", "identity-ben", "identity-tablet", "identity-server", "identity-eve",
            "identity-dan", "identity-kim",
        ])
    func identities(name: String) throws {
        let vector = try Vector(name)
        let identity = try vector.identity()
        #expect(identity.channelSecret.bytes == (try vector.bytes("channel-secret")))
        #expect(identity.sealingSecret.bytes == (try vector.bytes("sealing-secret")))
        #expect(identity.keys.channel == (try vector.bytes("channel")))
        #expect(identity.keys.sealing == (try vector.bytes("sealing")))
        #expect(identity.keys.signing == (try vector.bytes("signing")))
        #expect(identity.device.number.bigEndianBytes == (try vector.bytes("device")))
        #expect(identity.device.text == (try vector.text("device-text")))
    }

    @Test("people compare keys by fingerprints")
    func fingerprint() throws {
        let vector = try Vector("fingerprint")
        #expect(KeyFingerprint(try vector.bytes("channel")).description == (try vector.text("text")))
        #expect(try Vector("identity-server").identity().keys.fingerprint.description == vector.text("text"))
    }

    @Test("every vector of membership is run here")
    func everyVector() throws {
        let groups: Set = [
            "identity", "fingerprint", "chain", "address", "found", "grant", "enrol", "statement", "roster",
            "invite", "law", "removals", "role", "revoke", "seal", "epoch", "share", "sealed",
            "presence",
        ]
        let run: Set = [
            "identity-founder", "identity-ben", "identity-tablet", "identity-server", "identity-file",
            "fingerprint",
            "chain", "address", "found", "grant", "enrol", "enrol-further", "roster", "roster-mixed",
            "invite-hosting", "invite-joining", "invite-typed", "identity-eve", "identity-dan",
            "identity-kim",
            "role", "revoke", "seal", "epoch", "epoch-next", "share", "sealed-body", "presence-sealed",
        ]
        let names = try Vector.names().filter { name in groups.contains(String(name.prefix { $0 != "-" })) }
        let many = ["statement-", "invite-bad-", "law-", "removals-", "sealed-5", "sealed-bad-"]
        let others = names.filter { name in many.contains { name.hasPrefix($0) } }
        #expect(Set(names).subtracting(others) == run)
        #expect(names.count == run.count + others.count)
    }

    @Test("a founding statement and the workspace's id")
    func found() throws {
        let vector = try Vector("found")
        let statement = try Statement.found(
            by: try Vector("identity-founder").identity(), handle: Handle(try vector.text("handle")),
            name: WorkspaceName(try vector.text("name")), salt: try vector.bytes("salt"),
            time: try vector.number("time"))
        #expect(statement.bytes == (try vector.bytes("statement")))
        #expect(statement.workspace?.bytes == (try vector.bytes("workspace")))
    }

    @Test("a grant")
    func grant() throws {
        let vector = try Vector("grant")
        let secret = try InviteSecret(seed: Secret(try vector.bytes("invite-seed")))
        #expect(secret.publicKey == (try vector.bytes("invite-key")))
        let found = try Statement(received: try Vector("found").bytes("statement"))
        let role = try #require(Role(name: try vector.text("role")))
        let grant = try Statement.grant(
            by: try Vector("identity-founder").identity(), on: [found.hash], invite: secret.publicKey,
            handle: Handle(try vector.text("handle")), purpose: .newAnalyst(role),
            until: try vector.number("until"))
        #expect(grant.bytes == (try vector.bytes("statement")))
        #expect(grant.hash.bytes == (try vector.bytes("hash")))
    }

    @Test("an enrolment with an invite, and one by a device")
    func enrol() throws {
        let vector = try Vector("enrol")
        let secret = try InviteSecret(seed: Secret(try Vector("grant").bytes("invite-seed")))
        let grant = try Statement(received: try Vector("grant").bytes("statement"))
        let enrol = try Statement.enrol(
            try Vector("identity-ben").identity(), invite: secret, grant: grant,
            time: try vector.number("time"))
        #expect(enrol.bytes == (try vector.bytes("statement")))
        #expect(enrol.hash.bytes == (try vector.bytes("hash")))

        let second = try Vector("enrol-further")
        let found = try Statement(received: try Vector("found").bytes("statement"))
        let further = try Statement.enrol(
            furtherDevice: try Vector("identity-tablet").identity(),
            by: try Vector("identity-founder").identity(), handle: Handle("olga"),
            on: [found.hash, enrol.hash], time: try second.number("time"))
        #expect(further.bytes == (try second.bytes("statement")))
        #expect(further.hash.bytes == (try second.bytes("hash")))
    }

    @Test("the roster of these statements")
    func roster() throws {
        let vector = try Vector("roster")
        let statements = try vector.text("statements").split(separator: " ").map {
            try Statement(received: try Vector(String($0)).bytes("statement"))
        }
        let set = try StatementSet(statements)
        let workspace = try #require(statements.first?.workspace)
        let roster = Roster(set, workspace: workspace)
        #expect(set.digest == (try vector.bytes("digest")))
        #expect(roster.newest?.bytes == (try vector.bytes("newest")))
        #expect(roster.role(of: try Handle("olga"))?.name == (try vector.text("olga")))
        #expect(roster.role(of: try Handle("ben"))?.name == (try vector.text("ben")))
        #expect(roster.devices.count == 3)
        #expect(roster.void.isEmpty)
    }

    @Test("a roster with void, unknown and waiting statements")
    func mixedRoster() throws {
        let vector = try Vector("roster-mixed")
        let names = try vector.words("statements")
        let held = try names.map { try Statement(received: try Vector($0).bytes("statement")) }
        let name = Dictionary(uniqueKeysWithValues: zip(held.map(\.hash), names))
        let workspace = try #require(held.first?.workspace)
        for turn in held.indices {
            let order = held[turn...] + held[..<turn]
            for statements in [Array(order), order.reversed()] {
                let set = try StatementSet(statements)
                let roster = Roster(set, workspace: workspace)
                #expect(set.digest == (try vector.bytes("digest")))
                #expect(roster.newest?.bytes == (try vector.bytes("newest")))
                #expect(roster.heads.map { name[$0] } == (try vector.words("heads")))
                #expect(Set(roster.void.keys.map { name[$0] }) == Set(try vector.words("void")))
                #expect(roster.unknown.map { name[$0] } == [try vector.text("unknown")])
                #expect(Set(roster.waiting.map { name[$0] }) == Set(try vector.words("waiting")))
                #expect(roster.missing.map(\.bytes) == [try vector.bytes("missing")])
                #expect(roster.role(of: try Handle("olga"))?.name == (try vector.text("olga")))
                #expect(roster.role(of: try Handle("ben"))?.name == (try vector.text("ben")))
                #expect(roster.devices.count == 3)
            }
        }
    }

    @Test("statements that count for nothing, and malformed ones")
    func otherStatements() throws {
        for name in try Vector.names() where name.hasPrefix("statement-") {
            let vector = try Vector(name)
            if name.hasPrefix("statement-bad-") {
                #expect(vector.values["of"] == "statement")
                let bytes = try vector.bytes("bytes")
                #expect(trustError { _ = try Statement(received: bytes) } != nil, "\(name) was taken")
            } else {
                let statement = try Statement(received: try vector.bytes("statement"))
                #expect(statement.hash.bytes == (try vector.bytes("hash")), "\(name)")
            }
        }
    }

    @Test("an invite as people type it, and wrong ones")
    func otherInvites() throws {
        let typed = try Vector("invite-typed")
        let like = try Vector(try typed.text("like"))
        #expect(try Invite(try typed.text("text")) == Invite(try like.text("text")))
        for name in try Vector.names() where name.hasPrefix("invite-bad-") {
            let vector = try Vector(name)
            #expect(vector.values["of"] == "invite")
            let text = try vector.text("text")
            #expect(trustError { _ = try Invite(text) } != nil, "\(name) was taken")
        }
    }

    @Test("chain hashes and the signature on a chain")
    func chain() throws {
        let vector = try Vector("chain")
        let founder = try Vector("identity-founder").identity()
        let workspace = try #require(WorkspaceID(try Vector("found").bytes("workspace")))
        let start = Chain.start(workspace: workspace, device: founder.device)
        let first = Chain.next(after: start, bytes: try vector.bytes("first"))
        let second = Chain.next(after: first, bytes: try vector.bytes("second"))
        #expect(start == (try vector.bytes("h0")))
        #expect(first == (try vector.bytes("h1")))
        #expect(second == (try vector.bytes("h2")))
        let signature = try Chain.sign(2, hash: second, workspace: workspace, by: founder)
        #expect(signature == (try vector.bytes("signature")))
    }

    @Test("the address of a change")
    func address() throws {
        let vector = try Vector("address")
        let device = try #require(UInt128(bigEndianBytes: try vector.bytes("device")))
        let number = UInt64(try vector.number("number"))
        let address = ChangeAddress(ChangeID(device: DeviceID(device), number: number))
        #expect(address.number.bigEndianBytes == (try vector.bytes("hash")))
        #expect(UInt128(address.index).bigEndianBytes.suffix(8) == (try vector.bytes("index"))[...])
        #expect(address.text() == (try vector.text("short")))
        #expect(address.text(length: 26) == (try vector.text("long")))
    }

    @Test("an operator's invite")
    func hosting() throws {
        let vector = try Vector("invite-hosting")
        let content = try HostingInvite(
            server: try vector.bytes("server"), token: Secret(try vector.bytes("token")),
            name: WorkspaceName(try vector.text("name")), handle: Handle(try vector.text("handle")))
        try check(vector, .hosting(content))
    }

    @Test("a member's invite")
    func joining() throws {
        let vector = try Vector("invite-joining")
        let workspace = try #require(WorkspaceID(try vector.bytes("workspace")))
        let content = try JoiningInvite(
            server: try vector.bytes("server"), workspace: workspace,
            secret: Secret(try vector.bytes("seed")),
            grant: try Statement(received: try vector.bytes("grant")))
        try check(vector, .joining(content))
    }

    private func check(_ vector: Vector, _ content: Invite.Content) throws {
        let port = try #require(UInt16(try vector.text("port")))
        let invite = try Invite(host: try vector.text("host"), port: port, content: content)
        #expect(invite.text == (try vector.text("text")))
        #expect(try Invite(invite.text) == invite)
    }
}
