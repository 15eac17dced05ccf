import ParleyCore
import ParleyTrust
import Testing

@Suite("Golden vectors of removals and keys")
struct RemovalVectorTests {
    private func statement(_ name: String) throws -> Statement {
        try Statement(received: Vector(name).bytes("statement"))
    }

    private func rests(_ vector: Vector) throws -> [StatementHash] {
        try vector.words("on").map { try statement($0).hash }
    }

    private func identity(_ name: String) throws -> Identity { try Vector(name).identity() }

    private var workspace: WorkspaceID {
        get throws { try #require(WorkspaceID(try Vector("found").bytes("workspace"))) }
    }

    private func cuts(_ vector: Vector) throws -> [Cut] {
        try vector.all("cut").map { words in
            Cut(device: try identity(words[0]).device, number: try #require(UInt64(words[1])))
        }
    }

    @Test("a role and a revocation")
    func removals() throws {
        let role = try Vector("role")
        let made = try Statement.role(
            by: identity(role.text("by")), on: rests(role), handle: Handle(role.text("handle")),
            role: try #require(Role(name: role.text("role"))), cuts: cuts(role))
        #expect(made.bytes == (try role.bytes("statement")))
        #expect(made.hash.bytes == (try role.bytes("hash")))

        let revoke = try Vector("revoke")
        let scope = try #require(Revocation.Scope(rawValue: UInt8(try revoke.number("scope"))))
        let revoked = try Statement.revoke(
            by: identity(revoke.text("by")), on: rests(revoke), handle: Handle(revoke.text("handle")),
            scope: scope, cuts: cuts(revoke))
        #expect(revoked.bytes == (try revoke.bytes("statement")))
        #expect(revoked.hash.bytes == (try revoke.bytes("hash")))
    }

    @Test("the seal of an epoch's key")
    func seal() throws {
        let vector = try Vector("seal")
        let key = Secret(try vector.bytes("key"))
        let device = try identity(vector.text("device"))
        #expect(EpochKey.hash(key) == (try vector.bytes("key-hash")))
        let seal = try EpochSeal.seal(
            key, to: device.keys, workspace: workspace, ephemeral: Secret(vector.bytes("ephemeral")))
        #expect(seal.encapsulated == (try vector.bytes("encapsulated")))
        #expect(seal.sealed == (try vector.bytes("sealed")))
        #expect(
            try EpochSeal.open(seal, keyHash: EpochKey.hash(key), workspace: workspace, by: device) == key)
    }

    private func seals(_ vector: Vector) throws -> [DeviceSeal] {
        try vector.all("seal").map { words in
            let number = try #require(UInt128(bigEndianBytes: Vector.bytes(ofHex: words[0])))
            return DeviceSeal(
                device: DeviceID(number), encapsulated: try Vector.bytes(ofHex: words[1]),
                sealed: try Vector.bytes(ofHex: words[2]))
        }
    }

    @Test("epochs and a share", arguments: ["epoch", "epoch-next"])
    func epoch(name: String) throws {
        let vector = try Vector(name)
        let key = Secret(try vector.bytes("key"))
        let previous = try vector.all("previous").map { words in
            let epoch = try #require(StatementHash(try Vector.bytes(ofHex: words[0])))
            let earlier = Secret(try vector.bytes("previous-key"))
            let wrapped = try EpochWrap.wrap(earlier, of: epoch, under: key)
            #expect(wrapped.wrapped == (try Vector.bytes(ofHex: words[1])))
            return wrapped
        }
        let epoch = try Statement.epoch(
            by: identity(vector.text("by")), on: rests(vector), keyHash: EpochKey.hash(key),
            time: vector.number("time"), previous: previous, seals: seals(vector))
        #expect(epoch.bytes == (try vector.bytes("statement")))
        #expect(epoch.hash.bytes == (try vector.bytes("hash")))
        #expect(epoch.hash.epochNumber == UInt64(try vector.number("number")))

        let shared = try Vector("share")
        let share = try Statement.share(
            by: identity(shared.text("by")), on: rests(shared), epoch: statement("epoch").hash,
            seals: seals(shared))
        #expect(share.bytes == (try shared.bytes("statement")))
    }

    @Test("members have the keys of epochs from their seals, from shares and from later keys")
    func ring() throws {
        let set = try StatementSet(
            ["found", "epoch", "share", "epoch-next"].map { try statement($0) })
        let (first, second) = (try Vector("epoch"), try Vector("epoch-next"))
        for (name, count) in [("identity-founder", 2), ("identity-dan", 1), ("identity-kim", 0)] {
            var ring = KeyRing()
            let keys = ring.gather(set, workspace: try workspace, by: try identity(name))
            #expect(keys.count == count, "\(name)")
            for (epoch, key) in keys {
                let vector = epoch.bytes == (try first.bytes("hash")) ? first : second
                #expect(key.bytes == (try vector.bytes("key")))
            }
        }
        var late = KeyRing()
        let without = try StatementSet(["found", "epoch-next"].map { try statement($0) })
        #expect(late.gather(without, workspace: try workspace, by: try identity("identity-ben")).count == 1)
        #expect(late.gather(set, workspace: try workspace, by: try identity("identity-tablet")).count == 1)
    }

    @Test("a sealed body")
    func sealedBody() throws {
        let vector = try Vector("sealed-body")
        let device = try identity(vector.text("device")).device
        let packed = try vector.bytes("packed")
        let header = ChangesetHeader(
            change: ChangeID(device: device, number: UInt64(try vector.number("number"))),
            time: HybridTime(number: UInt64(try vector.number("time"))),
            epoch: UInt64(try vector.number("epoch")), context: Frontier())
        let head = header.encoded(bodySize: BodySeal.sealedSize(ofPacked: packed.count))
        #expect(head == (try vector.bytes("header")))
    }

    @Test("sealed bodies open, and those that are void do not")
    func sealedBodies() throws {
        for name in try Vector.names() where name.hasPrefix("sealed-") {
            let vector = try Vector(name)
            let device = try identity(vector.text("device")).device
            let seal = BodySeal(under: Secret(try vector.bytes("epoch-key")), of: device)
            let bytes = try vector.bytes("sealed")
            let body = try ChangesetHeader.decode(bytes).body
            let opened = try? seal.open(bytes, in: body)
            #expect(
                opened == (vector.values["expect"] == "void" ? nil : try vector.bytes("packed")), "\(name)")
            guard vector.values["expect"] == nil else { continue }
            let head = Array(bytes[..<body.lowerBound])
            #expect(head == (try vector.bytes("header")))
            guard vector.values["nonce"] != nil else { continue }
            let made = try seal.seal(try vector.bytes("packed"), header: head, nonce: vector.bytes("nonce"))
            #expect(head + made == bytes, "\(name)")
        }
    }

    @Test("sealed presence")
    func presence() throws {
        let vector = try Vector("presence-sealed")
        let device = try identity(vector.text("device")).device
        let epoch = try statement("epoch")
        let made = try PresenceSeal.seal(
            vector.bytes("payload"), under: Secret(vector.bytes("epoch-key")), epoch: epoch.hash,
            device: device, workspace: workspace, nonce: vector.bytes("nonce"))
        #expect(made == (try vector.bytes("bytes")))
        #expect(epoch.hash.epochNumber == UInt64(try vector.number("epoch")))
        var ring = KeyRing()
        _ = ring.gather(
            try StatementSet([epoch]), workspace: try workspace, by: try identity("identity-ben"))
        let opened = PresenceSeal.open(made, with: ring, device: device, workspace: try workspace)
        #expect(opened == (try vector.bytes("payload")))
    }
}

@Suite("Golden vectors of the law of removals")
struct LawVectorTests {
    private static let reasons: [String: Roster.VoidReason] = [
        "not-admin": .notAdmin, "revoked": .revoked, "grant-revoked": .grantRevoked,
        "last-admin": .lastAdmin, "authority-void": .authorityVoid,
    ]

    private func statement(_ name: String) throws -> Statement {
        try Statement(received: Vector(name).bytes("statement"))
    }

    @Test("rosters with removals, in any order")
    func rosters() throws {
        let names = try Vector.names().filter { $0.hasPrefix("removals-") }
        #expect(names.count == 12)
        for name in names {
            let vector = try Vector(name)
            let held = try vector.words("statements").map { try statement($0) }
            for turn in held.indices {
                let set = try StatementSet((held[turn...] + held[..<turn]).reversed())
                #expect(set.digest == (try vector.bytes("digest")))
                let roster = Roster(set, workspace: try #require(held[0].workspace))
                try check(roster, vector)
                try checkEpochs(roster, vector)
                try checkStandings(roster, vector)
            }
        }
    }

    private func check(_ roster: Roster, _ vector: Vector) throws {
        let note: Comment = "\(vector.name)"
        #expect(roster.newest?.bytes == (try vector.bytes("newest")), note)
        #expect(roster.heads == (try vector.words("heads").map { try statement($0).hash }), note)
        let void = try vector.all("void").map { (try statement($0[0]).hash, Self.reasons[$0[1]]) }
        #expect(roster.void.count == void.count, note)
        for (hash, reason) in void { #expect(reason != nil && roster.void[hash] == reason, note) }
        let roles = vector.all("role")
        #expect(roster.analysts.count == roles.count, note)
        for words in roles {
            #expect(roster.role(of: try Handle(words[0]))?.name ?? "out" == words[1], note)
        }
        let out = try vector.all("out").map { try Vector($0[0]).identity().device }
        #expect(Set(roster.devices.keys.filter(roster.isRevoked)) == Set(out), note)
    }

    private func checkEpochs(_ roster: Roster, _ vector: Vector) throws {
        let sealed = vector.all("sealed-to")
        #expect(roster.epochs.count == sealed.count)
        for words in sealed {
            let devices = try words.dropFirst().map { try Vector($0).identity().device }
            #expect(roster.epochs[try statement(words[0]).hash]?.sealedTo == Set(devices))
        }
        let newest = try vector.values["newest-epoch"].map { try statement($0).hash }
        #expect(roster.newestEpoch == newest)
    }

    private func checkStandings(_ roster: Roster, _ vector: Vector) throws {
        for words in vector.all("standing") {
            let device = try Vector(words[0]).identity().device
            let change = ChangeID(device: device, number: try #require(UInt64(words[1])))
            let named = words[2] == "nothing" ? nil : try statement(words[2]).hash
            let answer =
                switch roster.standing(of: change, naming: named) {
                case .counts: "counts"
                case .void(.role, _): "role"
                case .void(.cut, _): "cut"
                }
            #expect(answer == words[3], "\(vector.name) \(words)")
        }
        for words in vector.all("plain") {
            let device = try Vector(words[0]).identity().device
            let named = words[1] == "nothing" ? nil : try statement(words[1]).hash
            let isVoid = roster.sealsPlain(naming: named, of: device)
            #expect(isVoid == (words[2] == "void"), "\(vector.name) \(words)")
        }
    }
}
