import Foundation
import Testing

@testable import parley

/// A real server on loopback for one test.
final class Server {
    private let process: Spawned
    let address: String

    init(_ world: World) throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        process = try Spawned(
            World.parley, ["serve", "--data", world.home + "/server", "--listen", "127.0.0.1:0"],
            environment: world.environment, folder: world.home, streams: ("/dev/null", "/dev/null", ""),
            errors: ends[1])
        close(ends[1])
        address = Self.firstLine(ends[0]).split(separator: " ").last.map(String.init) ?? ""
    }

    /// A workspace on this server, by the operator's invite.
    func found(by olga: World) throws {
        let host = try olga.parley([
            "invite", "--data", olga.home + "/server", "--workspace", "ports", "--for", "olga", "--address",
            address,
        ])
        let joined = try olga.parley(["join", host.word])
        #expect(host.exit == 0 && joined.exit == 0, "\(host.err)\(joined.err)")
    }

    /// `listening on 127.0.0.1:PORT`.
    private static func firstLine(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: how it ended.
    func stop() -> Int32 {
        kill(process.process, SIGTERM)
        return process.wait()
    }
}

@Suite("Two analysts and a server")
struct TwoAnalystsTests {
    @Test("what one writes unseen over another's write is marked, listed and kept; a later write settles it")
    func setAside() throws {
        let (olga, ken) = (try World(), try World())
        let server = try Server(olga)
        defer { #expect(server.stop() == 0) }
        try server.found(by: olga)
        let id = try olga.parley(["new", "judgment", "title=Port", "confidence=low"]).word
        #expect(try olga.parley(["sync"]).exit == 0)
        let invite = try olga.parley(["invite", "--for", "ken"])
        #expect(invite.exit == 0, "\(invite.err)")
        let joined = try ken.parley(["join", invite.word])
        #expect(joined.exit == 0, "\(joined.err)")
        #expect(try ken.parley(["show", id + ".confidence"]).word == "low")
        try olga.parley(["set", id, "confidence=moderate", "--sync"])
        try ken.parley(["set", id, "confidence=high"])
        try ken.parley(["sync"])
        try olga.parley(["sync"])
        for world in [olga, ken] { try expectOneAside(world, id) }
        #expect(try ken.parley(["set", id, "confidence=high", "-m", "agreed"]).exit == 0)
        try ken.parley(["sync"])
        try olga.parley(["delete", id])
        try olga.parley(["sync"])
        try ken.parley(["set", id, "confidence=low"])
        try ken.parley(["sync"])
        let sheet = try ken.parley(["show", id]).out
        #expect(sheet.contains("! 1 to review"), "\(sheet)")
        #expect(sheet.contains("! confidence edited by ken (@") && sheet.contains(") and deleted by olga"))
        let members = try Parsed.array(try ken.parley(["members", "--json"]).out)
        #expect(members.map { $0["handle"] as? String } == ["ken", "olga"])
    }

    private func expectOneAside(_ world: World, _ id: String) throws {
        let list = try world.parley(["list", "has:review"])
        #expect(list.out.contains("Port") && list.err.contains("1 write waits for review: parley conflicts"))
        let conflicts = try world.parley(["conflicts", "--exit-code"])
        #expect(conflicts.exit == 6)
        #expect(
            conflicts.out.contains("\tshown\thigh\tken\t")
                && conflicts.out.contains("\taside\tmoderate\tolga"))
        let asides = try Parsed.array(try world.parley(["conflicts", "--json"]).out)
        let heads = asides.first?["aside"] as? [[String: Any]]
        #expect(asides.count == 1 && heads?.first?["value"] as? String == "moderate")
        #expect(try world.parley(["show", id]).out.contains("! confidence"))
        #expect(try world.parley(["show", id]).out.contains("set aside: moderate  olga"))
        let status = try Parsed.object(try world.parley(["status", "--json"]).out)
        #expect(status["review"] as? Int == 1 && status["unsent"] as? Int == 0)
    }
}
