import Foundation
import Glibc
import ParleyCore
import ParleyTrust
import Testing

@Suite("Identities and their file")
struct IdentityTests {
    let seed = Secret(Array(0..<32))

    /// A folder of its own for one test, removed at its end.
    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test(
        "what is written is read again, with mode 0600 under any umask", arguments: IdentityFile.Kind.allCases
    )
    func roundTrip(kind: IdentityFile.Kind) throws {
        try inFolder { folder in
            let made = try IdentityFile.create(kind, inFolder: folder, seed: seed)
            let read = try IdentityFile.read(kind, inFolder: folder)
            #expect(made.keys == read.keys)
            #expect(read.seed == seed)
            #expect(mode(folder + "/" + kind.fileName) == 0o600)
        }
    }

    @Test("the file has the two lines of the document")
    func document() throws {
        let vector = try Vector("identity-file")
        try inFolder { folder in
            _ = try IdentityFile.create(.device, inFolder: folder, seed: Secret(try vector.bytes("seed")))
            let text = try String(contentsOfFile: folder + "/identity", encoding: .utf8)
            #expect(text == (try vector.text("first")) + "\n" + (try vector.text("second")) + "\n")
        }
    }

    @Test("an existing identity is never overwritten")
    func exists() throws {
        try inFolder { folder in
            _ = try IdentityFile.create(.device, inFolder: folder, seed: seed)
            let other = Secret(Array(repeating: 9, count: 32))
            let error = trustError { _ = try IdentityFile.create(.device, inFolder: folder, seed: other) }
            #expect(error?.code == .identityExists)
            #expect(try IdentityFile.read(.device, inFolder: folder).seed == seed)
        }
    }

    @Test(
        "an identity that others may touch is refused",
        arguments: [0o640, 0o604, 0o620, 0o601, 0o660] as [mode_t])
    func exposed(mode: mode_t) throws {
        try inFolder { folder in
            _ = try IdentityFile.create(.device, inFolder: folder, seed: seed)
            chmod(folder + "/identity", mode)
            #expect(
                trustError { _ = try IdentityFile.read(.device, inFolder: folder) }?.code == .identityExposed)
        }
    }

    @Test("a missing file and a missing folder are named")
    func missing() throws {
        try inFolder { folder in
            let error = trustError { _ = try IdentityFile.read(.device, inFolder: folder) }
            #expect(error?.code == .identityMissing)
            #expect(error?.place == folder + "/identity")
            #expect(error?.cause == .system(ENOENT))
            let nowhere = folder + "/none"
            let second = trustError { _ = try IdentityFile.create(.device, inFolder: nowhere, seed: seed) }
            #expect(second?.cause == .system(ENOENT))
        }
    }

    @Test("a folder or a pipe in place of the file is refused and nobody waits")
    func notAFile() throws {
        try inFolder { folder in
            mkfifo(folder + "/identity", 0o600)
            #expect(
                trustError { _ = try IdentityFile.read(.device, inFolder: folder) }?.code == .identityDamaged)
            mkdir(folder + "/server-identity", 0o700)
            #expect(
                trustError { _ = try IdentityFile.read(.server, inFolder: folder) }?.code == .identityDamaged)
        }
    }

    @Test("every changed byte and every cut of the file is refused")
    func damaged() throws {
        try inFolder { folder in
            _ = try IdentityFile.create(.device, inFolder: folder, seed: seed)
            let path = folder + "/identity"
            let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            var tried = 0
            for at in whole.indices {
                for flip in [1, 0x20, 0x80] as [UInt8] {
                    var bytes = whole
                    bytes[at] ^= flip
                    try replace(path, bytes)
                    let code = trustError { _ = try IdentityFile.read(.device, inFolder: folder) }?.code
                    #expect(code == .identityDamaged || (at == 16 && code == .identityTooNew), "byte \(at)")
                    tried += 1
                }
                try replace(path, Array(whole[..<at]))
                #expect(trustError { _ = try IdentityFile.read(.device, inFolder: folder) } != nil)
            }
            try replace(path, whole + [10])
            #expect(
                trustError { _ = try IdentityFile.read(.device, inFolder: folder) }?.code == .identityDamaged)
            #expect(tried >= 200)
        }
    }

    /// Keeps the file and its mode, changes what is in it.
    private func replace(_ path: String, _ bytes: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    @Test("a newer version and the other kind of identity are told apart from damage")
    func versions() throws {
        try inFolder { folder in
            _ = try IdentityFile.create(.device, inFolder: folder, seed: seed)
            rename(folder + "/identity", folder + "/server-identity")
            #expect(
                trustError { _ = try IdentityFile.read(.server, inFolder: folder) }?.code == .identityDamaged)
            rename(folder + "/server-identity", folder + "/identity")
            try replace(folder + "/identity", Array("parley identity 2\nanything\n".utf8))
            #expect(
                trustError { _ = try IdentityFile.read(.device, inFolder: folder) }?.code == .identityTooNew)
        }
    }

    @Test("no description, dump or mirror shows a secret")
    func secrets() throws {
        let identity = try Identity(seed: seed)
        var dumped = ""
        dump(identity, to: &dumped)
        dumped += "\(identity) \(String(reflecting: identity))"
        #expect(!dumped.contains("- 31"))
        #expect(!dumped.contains("30, 31"))
        #expect(dumped.contains("(32 secret bytes)"))
    }

    @Test("a seed of another size makes no identity", arguments: [0, 16, 31, 33])
    func sizes(count: Int) {
        let seed = Secret(Array(repeating: 1, count: count))
        #expect(trustError { _ = try Identity(seed: seed) }?.code == .badSeed)
        #expect(trustError { _ = try InviteSecret(seed: seed) }?.code == .badSeed)
    }
}
