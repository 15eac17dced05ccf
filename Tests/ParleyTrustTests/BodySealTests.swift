import Chance
import Crypto
import Foundation
import ParleyCore
import ParleyTrust
import Testing

@Suite("Sealed bodies and presence")
struct BodySealTests {
    private let device = DeviceID(7)
    private let header = Array("a header".utf8)

    @Test("bodies of every size open again, in whole units")
    func sizes() throws {
        var dice = Dice(5)
        let seal = BodySeal(under: Secret(dice.bytes(32)), of: device)
        for size in Array(0...1100) + Array(4000...4200) + [16_383, 16_384, 983_043] {
            let packed = [UInt8](repeating: UInt8(size % 251), count: size)
            let body = try seal.seal(packed, header: header, nonce: dice.bytes(12))
            #expect(body.count == BodySeal.sealedSize(ofPacked: size))
            let unit = size > 4094 ? 256 : size > 510 ? 64 : 16
            #expect((body.count - 28) % unit == 0 && body.count - 28 - size < unit + 3)
            let bytes = header + body
            #expect(try seal.open(bytes, in: header.count..<bytes.count) == packed)
        }
        #expect(BodySeal.sealedSize(ofPacked: 983_043) <= ChangesetHeader.longestBody)
    }

    @Test("nothing opens with a flipped byte, another header, key or device")
    func binding() throws {
        var dice = Dice(6)
        let key = Secret(dice.bytes(32))
        let seal = BodySeal(under: key, of: device)
        let bytes = header + (try seal.seal([1, 2, 3], header: header, nonce: dice.bytes(12)))
        let body = header.count..<bytes.count
        for index in bytes.indices {
            var flipped = bytes
            flipped[index] ^= 1
            #expect(try seal.open(flipped, in: body) == nil, "byte \(index)")
        }
        for end in body { #expect(try seal.open(bytes, in: header.count..<end) == nil) }
        #expect(try BodySeal(under: key, of: DeviceID(8)).open(bytes, in: body) == nil)
        #expect(try BodySeal(under: Secret(dice.bytes(32)), of: device).open(bytes, in: body) == nil)
    }

    /// Seals any plain text as the protocol says.
    private func forge(_ plain: [UInt8], _ key: Secret) throws -> [UInt8] {
        let info = Array("parley/1 body-key\0".utf8) + device.number.bigEndianBytes
        let own = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key.bytes), info: info, outputByteCount: 32)
        let box = try ChaChaPoly.seal(plain, using: own, authenticating: header)
        return header + Array(box.combined)
    }

    @Test("what opens and has no right form is told from what does not open")
    func undecodable() throws {
        var dice = Dice(8)
        let key = Secret(dice.bytes(32))
        let seal = BodySeal(under: key, of: device)
        func open(_ plain: [UInt8]) throws -> [UInt8]? {
            let bytes = try forge(plain, key)
            return try seal.open(bytes, in: header.count..<bytes.count)
        }
        let zeros = [UInt8](repeating: 0, count: 600)
        #expect(try open([3, 9, 9, 9] + zeros.prefix(12)) == [9, 9, 9])
        let wrong: [[UInt8]] = [
            [], [3, 9, 9, 9], [3, 9, 9, 9] + zeros.prefix(28), [3, 9, 9, 9] + zeros.prefix(11) + [1],
            [16, 9] + zeros.prefix(14), [0x83, 0] + zeros.prefix(14), [0x80], zeros.prefix(15) + [],
            [0xC0, 0x84, 0x3D] + zeros.prefix(13),
        ]
        for plain in wrong {
            #expect(throws: MalformedBytes.self, "\(plain)") { try open(plain) }
        }
    }

    @Test(
        "a body padded by its unit opens, one padded as authors once did opens, and no other",
        arguments: [
            (512, [512]), (513, [576, 768]), (576, [576, 768]), (600, [640, 768]), (800, [832, 1024]),
            (4000, [4032, 4096]), (4096, [4096]), (4097, [4352]),
        ])
    func paddings(size: Int, wholes: [Int]) throws {
        let key = Secret([UInt8](repeating: 4, count: 32))
        let content = [UInt8](repeating: 9, count: size - 2)
        let length = [UInt8(content.count % 128 + 128), UInt8(content.count / 128)]
        for whole in stride(from: size / 16 * 16, through: size + 600, by: 16) where whole >= size {
            let padding = [UInt8](repeating: 0, count: whole - size)
            let bytes = try forge(length + content + padding, key)
            let seal = BodySeal(under: key, of: device)
            let opened = try? seal.open(bytes, in: header.count..<bytes.count)
            #expect(opened == (wholes.contains(whole) ? content : nil), "\(size) in \(whole)")
        }
        #expect(BodySeal.sealedSize(ofPacked: content.count) == 28 + wholes[0])
    }

    @Test("presence opens for members alone, and within its bound")
    func presence() throws {
        var cast = try Cast()
        let (ring, epoch, key) = try ring(&cast)
        let sealed = try PresenceSeal.seal(
            [1, 2, 3], under: key, epoch: epoch.hash, device: device, workspace: cast.workspace,
            nonce: cast.dice.bytes(12))
        #expect(
            PresenceSeal.open(sealed, with: ring, device: device, workspace: cast.workspace) == [1, 2, 3])
        let other = try Cast(seed: 9).workspace
        #expect(PresenceSeal.open(sealed, with: ring, device: device, workspace: other) == nil)
        #expect(
            PresenceSeal.open(sealed, with: ring, device: DeviceID(8), workspace: cast.workspace) == nil)
        #expect(
            PresenceSeal.open(sealed, with: KeyRing(), device: device, workspace: cast.workspace) == nil)
        for end in sealed.indices {
            let cut = Array(sealed[..<end])
            #expect(PresenceSeal.open(cut, with: ring, device: device, workspace: cast.workspace) == nil)
        }
        let long = trustError {
            _ = try PresenceSeal.seal(
                cast.dice.bytes(992), under: key, epoch: epoch.hash, device: device,
                workspace: cast.workspace, nonce: cast.dice.bytes(12))
        }
        #expect(long?.code == .badSeal)
    }

    /// A ring that holds the key of one epoch, sealed to the founder.
    private func ring(_ cast: inout Cast) throws -> (KeyRing, Statement, Secret) {
        let key = Secret(cast.dice.bytes(32))
        let seal = try EpochSeal.seal(
            key, to: cast.founder.keys, workspace: cast.workspace, ephemeral: Secret(cast.dice.bytes(32)))
        let epoch = try Statement.epoch(
            by: cast.founder, on: [cast.found.hash], keyHash: EpochKey.hash(key), time: Cast.now,
            previous: [], seals: [seal])
        var ring = KeyRing()
        let new = ring.gather(
            try StatementSet([cast.found, epoch]), workspace: cast.workspace, by: cast.founder)
        #expect(new == [epoch.hash: key])
        return (ring, epoch, key)
    }

    @Test("a body waits for its epoch and its key, and is void where every key is known and none opens it")
    func opening() throws {
        var cast = try Cast()
        let (ring, epoch, key) = try ring(&cast)
        let founder = cast.founder.device
        var header = ChangesetHeader(
            change: ChangeID(device: founder, number: 1), time: HybridTime(number: 9),
            epoch: epoch.hash.epochNumber, context: Frontier())
        let packed = cast.dice.bytes(40)
        let head = header.encoded(bodySize: BodySeal.sealedSize(ofPacked: packed.count))
        let bytes =
            head
            + (try BodySeal(under: key, of: founder).seal(packed, header: head, nonce: cast.dice.bytes(12)))
        let body = head.count..<bytes.count
        #expect(ring.open(bytes, in: body, header: header) == .packed(packed))
        #expect(KeyRing().open(bytes, in: body, header: header) == .waits)
        var keyless = KeyRing()
        _ = keyless.gather(
            try StatementSet([cast.found, epoch]), workspace: cast.workspace, by: try cast.identity())
        #expect(keyless.open(bytes, in: body, header: header) == .waits)
        var flipped = bytes
        flipped[bytes.count - 1] ^= 1
        #expect(ring.open(flipped, in: body, header: header) == .void)
        header.epoch += 1
        #expect(ring.open(bytes, in: body, header: header) == .waits)
    }

    /// Two epochs whose hashes begin alike: found by changing signatures, which a held statement need not have
    /// right.
    private func twins(_ cast: inout Cast, _ keys: [Secret]) throws -> [Statement] {
        let bases = try keys.map { key in
            let seal = try EpochSeal.seal(
                key, to: cast.founder.keys, workspace: cast.workspace,
                ephemeral: Secret(cast.dice.bytes(32)))
            return try Statement.epoch(
                by: cast.founder, on: [cast.found.hash], keyHash: EpochKey.hash(key), time: Cast.now,
                previous: [], seals: [seal])
        }
        var seen: [UInt64: Statement] = [:]
        for round in 0..<1_000_000 as Range<UInt32> {
            var bytes = bases[Int(round % 2)].bytes
            withUnsafeBytes(of: round) { bytes.replaceSubrange((bytes.count - 4)..., with: $0) }
            let made = try Statement(held: bytes)
            let other = seen.updateValue(made, forKey: made.hash.epochNumber)
            if let other, other.content != made.content {
                return [other, made].sorted { $0.hash < $1.hash }
            }
        }
        return []
    }

    @Test("of two epochs with one number the lesser hash is tried first, and waited for")
    func twins() throws {
        var cast = try Cast()
        let keys = [Secret(cast.dice.bytes(32)), Secret(cast.dice.bytes(32))]
        let twins = try twins(&cast, keys)
        try #require(twins.count == 2)
        let founder = cast.founder.device
        let header = ChangesetHeader(
            change: ChangeID(device: founder, number: 1), time: HybridTime(number: 9),
            epoch: twins[0].hash.epochNumber, context: Frontier())
        let head = header.encoded(bodySize: BodySeal.sealedSize(ofPacked: 3))
        func sealed(by statement: Statement) throws -> [UInt8] {
            guard case .epoch(let epoch) = statement.content,
                let key = keys.first(where: { EpochKey.hash($0) == epoch.keyHash })
            else { return [] }
            let seal = BodySeal(under: key, of: founder)
            return head + (try seal.seal([1, 2, 3], header: head, nonce: cast.dice.bytes(12)))
        }
        var both = KeyRing()
        let set = try StatementSet([cast.found] + twins)
        #expect(both.gather(set, workspace: cast.workspace, by: cast.founder).count == 2)
        for twin in twins {
            let bytes = try sealed(by: twin)
            #expect(both.open(bytes, in: head.count..<bytes.count, header: header) == .packed([1, 2, 3]))
        }
        for (known, other) in [(0, 1), (1, 0)] {
            var ring = KeyRing(keys: both.keys.filter { $0.key == twins[known].hash })
            _ = ring.gather(set, workspace: cast.workspace, by: try cast.identity())
            let bytes = try sealed(by: twins[0])
            let opened = ring.open(bytes, in: head.count..<bytes.count, header: header)
            #expect(opened == (known == 0 ? .packed([1, 2, 3]) : .waits))
            let foreign = try sealed(by: twins[other])
            #expect(ring.open(foreign, in: head.count..<foreign.count, header: header) == .waits)
        }
    }
}
