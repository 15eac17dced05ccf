import Crypto
import Foundation
import ParleyTransport
import ParleyTrust

/// A member's device by hand: it comes in as Protocol.md says, and then says what it likes.
final class Member {
    private let team: Team
    private let identity: Identity
    private let workspace: [UInt8]

    init(of team: Team, home: Home) throws {
        self.team = team
        guard let folder = home.folders.first else { throw Trouble("no workspace in \(home.path)") }
        identity = try IdentityFile.read(.device, inFolder: home.path + "/data/" + folder)
        let hosted = try FileManager.default.contentsOfDirectory(atPath: team.server.data + "/logs")
        guard let name = hosted.first(where: { $0.hasSuffix(".sqlite") })?.prefix(64), name.count == 64 else {
            throw Trouble("no workspace in \(hosted)")
        }
        let digits = Array(name)
        workspace = stride(from: 0, to: 64, by: 2).compactMap {
            UInt8(String(digits[$0..<$0 + 2]), radix: 16)
        }
    }

    /// Comes in, and ends with a `failure` of these words.
    func quit(saying words: String) throws {
        let connection = try SecureConnection(to: team.server, own: identity.channelSecret.bytes)
        try connection.send(Self.frame(1, hello))
        let text = [UInt8](words.utf8.prefix(500))
        let length =
            text.count < 128
            ? [UInt8(text.count)] : [UInt8(0x80 | text.count & 0x7F), UInt8(text.count >> 7)]
        try connection.send(
            Self.frame(11, [10] + length + text))
        _ = try connection.isEnded(within: .seconds(20))
    }

    private var hello: [UInt8] {
        // 2.7.2: the first 16 bytes of SHA-256 over a label and the three public keys.
        let device = SHA256.hash(data: Array("parley/1 device\0".utf8) + identity.keys.bytes).prefix(16)
        let time = UInt64(Date().timeIntervalSince1970 * 1000)
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(56 - $0 * 8)) }
        return [1, 1, 0] + workspace + device + stamp + [UInt8](repeating: 0, count: 64) + [0, 0]
    }

    private static func frame(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count + 1
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - $0 * 8)) } + [kind] + payload
    }
}
