import Chance
import Crypto
import Foundation
import ParleyCore
import ParleyTrust
import Testing

@Suite("Sealing")
struct SealingTests {
    private var suite: HPKE.Ciphersuite { .Curve25519_SHA256_ChachaPoly }

    private func info(_ workspace: WorkspaceID, _ key: Secret, _ device: DeviceID) -> Data {
        Data(
            Array("parley/1 epoch-seal\0".utf8) + workspace.bytes + EpochKey.hash(key)
                + device.number.bigEndianBytes)
    }

    @Test("what we seal, the library's HPKE opens, and the other way round")
    func likeTheLibrary() throws {
        var cast = try Cast()
        for _ in 0..<50 {
            let device = try cast.identity()
            let key = Secret(cast.dice.bytes(32))
            let seal = try EpochSeal.seal(
                key, to: device.keys, workspace: cast.workspace, ephemeral: Secret(cast.dice.bytes(32)))
            let info = info(cast.workspace, key, device.device)
            let secret = try Curve25519.KeyAgreement.PrivateKey(
                rawRepresentation: device.sealingSecret.bytes)
            var recipient = try HPKE.Recipient(
                privateKey: secret, ciphersuite: suite, info: info,
                encapsulatedKey: Data(seal.encapsulated))
            #expect(Array(try recipient.open(seal.sealed)) == key.bytes)

            var sender = try HPKE.Sender(recipientKey: secret.publicKey, ciphersuite: suite, info: info)
            let theirs = DeviceSeal(
                device: device.device, encapsulated: Array(sender.encapsulatedKey),
                sealed: Array(try sender.seal(key.bytes)))
            let opened = EpochSeal.open(
                theirs, keyHash: EpochKey.hash(key), workspace: cast.workspace, by: device)
            #expect(opened == key)
        }
    }

    @Test("a seal opens for its device, workspace and key hash alone")
    func binding() throws {
        var cast = try Cast()
        let (device, other) = (try cast.identity(), try cast.identity())
        let key = Secret(cast.dice.bytes(32))
        let seal = try EpochSeal.seal(
            key, to: device.keys, workspace: cast.workspace, ephemeral: Secret(cast.dice.bytes(32)))
        let hash = EpochKey.hash(key)
        let elsewhere = try #require(WorkspaceID(cast.dice.bytes(32)))
        #expect(EpochSeal.open(seal, keyHash: hash, workspace: cast.workspace, by: device) == key)
        #expect(EpochSeal.open(seal, keyHash: hash, workspace: cast.workspace, by: other) == nil)
        #expect(EpochSeal.open(seal, keyHash: hash, workspace: elsewhere, by: device) == nil)
        let wrong = EpochKey.hash(Secret(cast.dice.bytes(32)))
        #expect(EpochSeal.open(seal, keyHash: wrong, workspace: cast.workspace, by: device) == nil)
        for index in 0..<48 {
            var sealed = seal.sealed
            sealed[index] ^= 1
            let flipped = DeviceSeal(
                device: seal.device, encapsulated: seal.encapsulated, sealed: sealed)
            #expect(
                EpochSeal.open(flipped, keyHash: hash, workspace: cast.workspace, by: device) == nil)
        }
    }

    @Test("nothing is sealed to a key of small order")
    func smallOrder() throws {
        var cast = try Cast()
        let device = try cast.identity()
        let zero = [UInt8](repeating: 0, count: 32)
        for point in [zero, [1] + zero.dropLast()] {
            let keys = try #require(
                DevicePublicKeys(
                    channel: device.keys.channel, sealing: point, signing: device.keys.signing))
            #expect(!EpochSeal.takes(keys))
            let failure = trustError {
                _ = try EpochSeal.seal(
                    Secret(cast.dice.bytes(32)), to: keys, workspace: cast.workspace,
                    ephemeral: Secret(cast.dice.bytes(32)))
            }
            #expect(failure?.code == .badSeal)
        }
        #expect(EpochSeal.takes(device.keys))
    }

    @Test("a wrapped key unwraps under its key and to its hash alone")
    func wrapping() throws {
        var cast = try Cast()
        let (earlier, later) = (Secret(cast.dice.bytes(32)), Secret(cast.dice.bytes(32)))
        let epoch = try #require(StatementHash(cast.dice.bytes(32)))
        let wrapped = try EpochWrap.wrap(earlier, of: epoch, under: later)
        #expect(wrapped.wrapped.count == 48)
        #expect(EpochWrap.unwrap(wrapped, keyHash: EpochKey.hash(earlier), under: later) == earlier)
        #expect(EpochWrap.unwrap(wrapped, keyHash: EpochKey.hash(later), under: later) == nil)
        #expect(EpochWrap.unwrap(wrapped, keyHash: EpochKey.hash(earlier), under: earlier) == nil)
    }

    @Test("a stored key opens with its device's secret and under its epoch's name alone")
    func keyStore() throws {
        var cast = try Cast()
        let (device, other) = (try cast.identity(), try cast.identity())
        let key = Secret(cast.dice.bytes(32))
        let epoch = try #require(StatementHash(cast.dice.bytes(32)))
        let stored = try KeyStore.wrap(key, of: epoch, for: device, nonce: cast.dice.bytes(12))
        #expect(stored.count == 60)
        #expect(KeyStore.unwrap(stored, of: epoch, for: device) == key)
        #expect(KeyStore.unwrap(stored, of: epoch, for: other) == nil)
        let another = try #require(StatementHash(cast.dice.bytes(32)))
        #expect(KeyStore.unwrap(stored, of: another, for: device) == nil)
        #expect(KeyStore.unwrap(Array(stored.prefix(11)), of: epoch, for: device) == nil)
    }
}
