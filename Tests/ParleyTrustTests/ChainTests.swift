import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("Chains and addresses")
struct ChainTests {
    @Test("a signature holds for its workspace, device, number and hash alone")
    func signature() throws {
        var cast = try Cast()
        let other = try cast.identity()
        let elsewhere = try Cast(seed: 2).workspace
        let hash = Chain.start(workspace: cast.workspace, device: cast.founder.device)
        let signature = try Chain.sign(7, hash: hash, workspace: cast.workspace, by: cast.founder)
        func verify(
            _ signature: [UInt8], number: UInt64 = 7, of workspace: WorkspaceID = cast.workspace,
            by keys: DevicePublicKeys = cast.founder.keys, hash: [UInt8] = hash
        ) -> Bool {
            Chain.verify(signature, number, hash: hash, workspace: workspace, by: keys)
        }
        #expect(verify(signature))
        #expect(!verify(signature, number: 8))
        #expect(!verify(signature, of: elsewhere))
        #expect(!verify(signature, by: other.keys))
        #expect(!verify(signature, hash: Chain.next(after: hash, bytes: [])))
        #expect(!verify([]))
        #expect(!verify(signature + [0]))
        for at in signature.indices {
            var changed = signature
            changed[at] ^= 1
            #expect(!verify(changed), "byte \(at)")
        }
    }

    @Test("keys that share a signing key but not the rest are another device, and its chain another")
    func sharedKey() throws {
        var cast = try Cast()
        let other = try cast.identity()
        let mixed = try #require(
            DevicePublicKeys(
                channel: other.keys.channel, sealing: other.keys.sealing, signing: cast.founder.keys.signing))
        let hash = Chain.start(workspace: cast.workspace, device: cast.founder.device)
        let signature = try Chain.sign(1, hash: hash, workspace: cast.workspace, by: cast.founder)
        #expect(!Chain.verify(signature, 1, hash: hash, workspace: cast.workspace, by: mixed))
    }

    @Test("a part of a buffer hashes like the same bytes by themselves")
    func ranges() {
        let bytes = Array(0..<200 as Range<UInt8>)
        let start = [UInt8](repeating: 1, count: 32)
        let part = Chain.next(after: start, bytes: bytes, in: 50..<120)
        #expect(part == Chain.next(after: start, bytes: Array(bytes[50..<120])))
        #expect(part != Chain.next(after: start, bytes: Array(bytes[50..<121])))
        #expect(Chain.next(after: start, bytes: bytes, in: 9..<9) == Chain.next(after: start, bytes: []))
    }

    @Test("every beginning of an address finds its change, in capitals too, and only where it should")
    func addresses() throws {
        var dice = Dice(5)
        for _ in 0..<500 {
            let device = DeviceID(UInt128(dice.next()) << 64 | UInt128(dice.next()))
            let address = ChangeAddress(ChangeID(device: device, number: dice.next() >> 40))
            for length in 4...26 {
                let text = address.text(length: length)
                let range = try #require(ChangeAddress.range(of: text))
                #expect(text.utf8.count == length + 1)
                #expect(range == ChangeAddress.range(of: text.uppercased()))
                #expect(range.contains(address.number))
                #expect(ChangeAddress.indexRange(of: range).contains(address.index))
            }
            #expect(ChangeAddress.range(of: address.text(length: 26))?.count == 1)
        }
    }

    @Test("what is no address has no range", arguments: ["", "@", "3kq7", "@3k!7", "@3kqu", "A-88PD"])
    func noAddress(text: String) {
        #expect(ChangeAddress.range(of: text) == nil)
    }
}
