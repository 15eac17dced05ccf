import Foundation
import Glibc
import Testing

@Suite("The server's folder and port", .enabled(if: Parley.isBuilt, "no parley executable"))
struct ServerFolderTests {
    let scratch: Scratch
    let server: Server

    init() throws {
        scratch = try Scratch()
        server = try Server(data: scratch.path + "/server")
    }

    private func refused(_ data: String, _ listen: String) throws -> Outcome {
        let outcome = try server.home.run(
            ["serve", "--data", data, "--listen", listen], within: .seconds(20))
        #expect(outcome.exit > 0 && !outcome.isCrash, "\(outcome)")
        #expect(outcome.errors.hasPrefix("parley: ") && outcome.output.isEmpty, "\(outcome)")
        #expect(!outcome.errors.contains("listening"))
        return outcome
    }

    @Test("a second server on one folder is refused with a sentence, and the first serves on")
    func second() throws {
        let outcome = try refused(server.data, "127.0.0.1:0")
        #expect(outcome.errors.contains(server.data), "\(outcome)")
        let olga = Home(scratch.path + "/olga")
        try olga.succeed("join", Team.hostingInvite(of: server, "ports", for: "olga"))
        try olga.succeed("sync")
    }

    @Test("after a kill -9 the folder is free again")
    func lockGoesWithItsHolder() throws {
        server.killNow()
        try server.restart()
        #expect(server.stop() == .exited(0))
        try server.restart()
    }

    @Test("other addresses than loopback are served too", arguments: ["0.0.0.0", "[::]"])
    func anyAddress(host: String) throws {
        let other = try Server(data: scratch.path + "/other", listening: host)
        let olga = Home(scratch.path + "/olga")
        try olga.succeed("join", Team.hostingInvite(of: other, "ports", for: "olga"))
        try olga.succeed("sync")
        #expect(other.stop() == .exited(0))
    }

    @Test("a port that is taken, and an address that is none, are named")
    func badListen() throws {
        let taken = try refused(scratch.path + "/other", server.address)
        #expect(taken.errors.contains("\(server.port)"), "\(taken)")
        for listen in ["127.0.0.1:99999", "127.0.0.1", "127.0.0.1:x", ""] {
            _ = try refused(scratch.path + "/other", listen)
        }
    }

    @Test("a folder that cannot be made is named")
    func badFolder() throws {
        let file = try scratch.file("file", "x")
        let outcome = try refused(file + "/below", "127.0.0.1:0")
        #expect(outcome.errors.contains(file), "\(outcome)")
    }

    @Test("an invite into a folder where no server is says that one was made, and only there")
    func mistypedFolder() throws {
        for (data, isNew) in [(server.data, false), (server.data + "x", true), (server.data + "x", false)] {
            let outcome = try server.home.succeed(
                "invite", "--data", data, "--workspace", "ports", "--for", "olga")
            #expect(outcome.errors.contains("\(data) held no server") == isNew, "\(outcome)")
            #expect(outcome.lines.count == 1)
        }
    }

    @Test("SIGINT stops it as SIGTERM does")
    func interrupted() throws {
        server.child.signal(SIGINT)
        #expect(server.child.end(within: .seconds(10)) == .exited(0))
        #expect(server.child.output.isEmpty)
    }

    @Test("one server holds several workspaces apart")
    func severalWorkspaces() throws {
        var exports: [[UInt8]] = []
        for name in ["north", "south", "east"] {
            let home = Home(scratch.path + "/" + name)
            try home.succeed("join", Team.hostingInvite(of: server, name, for: "olga"))
            try home.importLines(Feed.judgments(name, 3), source: name)
            try home.succeed("sync")
            exports.append(try home.export().bytes)
        }
        #expect(Set(exports).count == 3)
        let logs = try FileManager.default.contentsOfDirectory(atPath: server.data + "/logs")
        #expect(logs.count { $0.hasSuffix(".sqlite") } == 3)
    }
}
