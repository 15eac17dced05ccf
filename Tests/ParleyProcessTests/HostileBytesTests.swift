import Foundation
import Testing

@Suite("Broken and hostile bytes on the port", .enabled(if: Parley.isBuilt, "no parley executable"))
struct HostileBytesTests {
    /// Resident memory that the server may reach under all of this, in KiB: what a fresh one takes (some 25
    /// MiB) and room for the sessions.
    private static let memory = 96 * 1024

    @Test(
        "garbage, huge lengths, half frames and silence end their own connection; an honest sync works throughout"
    )
    func hostile() throws {
        let team = try Team()
        var (bare, inside): ([RawConnection], [SecureConnection]) = ([], [])
        for bytes in Self.openings {
            let connection = try RawConnection(port: team.server.port)
            connection.send(bytes)
            bare.append(connection)
            let secure = try SecureConnection(to: team.server)
            try secure.send(bytes)
            inside.append(secure)
        }
        for number in 0..<6 {
            try team.olga.importLines(Feed.judgments("h\(number)", 5), source: "s")
            try team.olga.succeed("sync")
        }
        let told = try inside.count { try $0.isEnded(within: .seconds(15)) && $0.wasToldWhy }
        #expect(told == inside.count, "\(inside.count - told) are still open, or were not told why")
        let ended = bare.count { $0.isEnded(within: .seconds(15)) }
        #expect(ended == bare.count, "\(bare.count - ended) are still open")
        try team.syncAll()
        #expect(try team.expectAgreement().lines.count == 30)
        #expect(team.server.residentKiB < Self.memory, "\(team.server.residentKiB) KiB")
        #expect(team.server.stop() == .exited(0))
        promise("hostile-openings", ended + told)
    }

    /// What a stranger may begin with.
    private static var openings: [[UInt8]] {
        var all: [[UInt8]] = [
            [], [0], [0, 0, 0, 0], [0, 0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3],
            [0, 0, 0x10, 0x01, 1], [0, 0, 0x0F, 0xFF, 1],
            [0, 0, 0, 100, 1] + [UInt8](repeating: 7, count: 50),
            [0, 0, 0, 2, 1, 1], [0, 0, 0, 1, 8], [0, 0, 0, 1, 200], [0, 0, 0, 3, 5, 0xFF, 0xFF],
            [UInt8]("GET / HTTP/1.1\r\nHost: parley\r\n\r\n".utf8), [UInt8]("SSH-2.0-OpenSSH_9.9\r\n".utf8),
            [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], [UInt8](repeating: 0xFF, count: 100_000),
        ]
        for kind in UInt8(1)...12 {
            all.append([0, 0, 0, 40, kind] + (0..<39).map { _ in .random(in: 0...255) })
        }
        for _ in 0..<20 { all.append((0..<Int.random(in: 1...5000)).map { _ in .random(in: 0...255) }) }
        return all
    }

    @Test("a hundred connections that say nothing are ended after five seconds and keep nobody out")
    func silent() throws {
        let team = try Team()
        try team.olga.importLines(Feed.judgments("quiet", 5), source: "s")
        let started = ContinuousClock.now
        let silent = try (0..<80).map { _ in try RawConnection(port: team.server.port) }
        let inside = try (0..<20).map { _ in try SecureConnection(to: team.server) }
        try team.olga.succeed("sync")
        try team.ben.succeed("sync")
        #expect(ContinuousClock.now - started < .seconds(5), "the syncs came after the silence was over")
        let told = try inside.count { try $0.isEnded(within: .seconds(15)) && $0.wasToldWhy }
        let ended = silent.count { $0.isEnded(within: .seconds(15)) }
        #expect(ended == silent.count && told == inside.count)
        let elapsed = ContinuousClock.now - started
        #expect(elapsed > .seconds(4) && elapsed < .seconds(20), "\(elapsed)")
        try team.expectAgreement()
        #expect(team.server.residentKiB < Self.memory, "\(team.server.residentKiB) KiB")
        promise("silent-connections", ended + told)
    }

    @Test("five hundred connections opened and closed at once leave no descriptor and no memory behind")
    func immediateClose() throws {
        let team = try Team()
        try team.olga.succeed("sync")
        let (before, files) = (team.server.residentKiB, try descriptors(team.server))
        for number in 0..<500 {
            let connection = try RawConnection(port: team.server.port)
            if number.isMultiple(of: 3) { connection.send([0, 48] + [UInt8](repeating: 9, count: 30)) }
            connection.close()
        }
        try team.olga.succeed("sync")
        let deadline = ContinuousClock.now + .seconds(10)
        while try descriptors(team.server) > files, ContinuousClock.now < deadline {
            try team.ben.succeed("sync")
        }
        #expect(try descriptors(team.server) <= files)
        #expect(team.server.residentKiB < before + 16 * 1024, "\(before) -> \(team.server.residentKiB) KiB")
        promise("closed-connections", 500)
    }

    private func descriptors(_ server: Server) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").count
    }
}
