import Foundation
import Glibc
import Testing

@Suite("A full disk", .enabled(if: Parley.isBuilt, "no parley executable"))
struct DiskFullTests {
    @Test("an import that does not fit ends with 9 and leaves the store as it was; with room it works")
    func full() throws {
        let scratch = try Scratch()
        guard let disk = SmallDisk(at: scratch.path + "/disk", megabytes: 3) else {
            return print("full disk: skipped, this user cannot mount a small file system")
        }
        let olga = Home(disk.path)
        try olga.succeed("init", "small", "--as", "olga")
        try olga.importLines(Feed.judgments("first", 50), source: "s")
        let before = try olga.export().bytes
        let changesets = try olga.status("changesets")
        let large = Self.sections(900)
        let refused = try olga.importLines(large, source: "large", "--on-error", "stop")
        #expect(refused.exit == 9 && refused.errors.contains("full"), "\(refused)")
        #expect(try olga.export().bytes == before && olga.status("changesets") == changesets)
        try olga.expectHealth("while full")
        let skipped = try olga.importLines(large, source: "large")
        #expect(skipped.exit == 9 && skipped.errors.contains("full"), "\(skipped)")
        let arrived = try olga.export().lines.count - 50
        #expect(arrived == 0 || skipped.errors.contains("\(arrived) new"), "\(arrived): \(skipped)")
        try olga.expectHealth("after an import in parts")
        try disk.grow(megabytes: 64)
        let again = try olga.importLines(large, source: "large")
        #expect(again.exit == 0, "\(again)")
        #expect(try olga.export().lines.count == 950)
        try olga.expectHealth("with room again")
        promise("disk-full", 2)
    }

    /// About 4 KB each: random words do not compress.
    private static func sections(_ count: Int) -> String {
        (0..<count).map { number in
            let text = (0..<350).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined(
                separator: " ")
            return
                #"{"fields":{"text":"\#(text)","title":"L \#(number)"},"key":"large:\#(number)","kind":"section"}"#
                + "\n"
        }.joined()
    }

    @Test("a client whose disk fills up while it takes in keeps a whole store, and takes the rest with room")
    func pull() throws {
        let team = try Team()
        guard let disk = SmallDisk(at: team.scratch.path + "/disk", megabytes: 3) else {
            return print("full disk: skipped, this user cannot mount a small file system")
        }
        let cara = Home(disk.path)
        try cara.succeed("join", team.invite(for: "cara"))
        try team.olga.importLines(Self.sections(1200), source: "large")
        try team.olga.succeed("sync")
        let own = try cara.new("judgment", "title=Mine")
        let refused = try cara.run("sync")
        #expect(refused.exit == 9 && refused.errors.contains("full"), "\(refused)")
        try cara.expectHealth("while full")
        #expect(try cara.value(own, "title") == "Mine")
        #expect(try cara.export().lines.count < 1201)
        try disk.grow(megabytes: 64)
        try cara.succeed("sync")
        try team.syncAll()
        try team.expectAgreement(cara)
        #expect(try cara.export().lines.count == 1201)
        promise("disk-full", 1)
    }

    /// Needs no right to mount anything: beyond the limit a write fails, as on a disk that is failing.
    @Test("an import beyond the size that files may have ends with 9 and leaves the store as it was")
    func limited() throws {
        let scratch = try Scratch()
        let olga = Home(scratch.path + "/olga")
        try olga.succeed("init", "small", "--as", "olga")
        try olga.importLines(Feed.judgments("first", 50), source: "s")
        let before = try olga.export().bytes
        let large = Self.sections(900)
        let arguments = ["import", "-", "--format", "jsonl", "--source", "large"]
        for blocks in [200, 700, 1500] {
            let child = try olga.start(
                arguments + ["--on-error", "stop"], input: [UInt8](large.utf8), fileBlocks: blocks)
            let refused = try #require(child.outcome(arguments, within: .seconds(60)))
            #expect(refused.exit == 9 && refused.errors.contains("workspace.sqlite"), "\(refused)")
            #expect(try olga.export().bytes == before)
            try olga.expectHealth("after a refusal at \(blocks) blocks")
        }
        #expect(try olga.importLines(large, source: "large").exit == 0)
        #expect(try olga.export().lines.count == 950)
        promise("file-limits", 3)
    }

    @Test(
        "a server whose disk is full refuses by name, keeps what it has, and takes the rest when there is room"
    )
    func server() throws {
        let scratch = try Scratch()
        guard let disk = SmallDisk(at: scratch.path + "/disk", megabytes: 2) else {
            return print("full disk: skipped, this user cannot mount a small file system")
        }
        let server = try Server(data: disk.path + "/server")
        let olga = Home(scratch.path + "/olga")
        try olga.succeed("join", Team.hostingInvite(of: server, "ports", for: "olga"))
        for part in 0..<8 {
            let text = (0..<100).map { number in
                let words = (0..<300).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined()
                return Feed.judgment("p\(part):\(number)", "x").replacingOccurrences(
                    of: #""title":"x""#, with: #""basis":"\#(words)","title":"x""#)
            }.joined()
            try olga.importLines(text, source: "s")
        }
        let refused = try olga.run("sync")
        #expect(refused.exit == 8 && !refused.isCrash, "\(refused)")
        #expect(try olga.status("unsent") > 0)
        try disk.grow(megabytes: 64)
        try olga.succeed("sync")
        #expect(try olga.status("unsent") == 0)
        let ben = Home(scratch.path + "/ben")
        try ben.succeed(
            "join", olga.succeed("invite", "--for", "ben").output.trimmingCharacters(in: .newlines))
        #expect(try ben.export().bytes == olga.export().bytes)
        #expect(server.stop() == .exited(0))
        promise("disk-full", 1)
    }
}

/// A file system of a few megabytes in memory; it goes with this object.
final class SmallDisk {
    let path: String

    init?(at path: String, megabytes: Int) {
        self.path = path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("parley-small", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { return nil }
    }

    deinit { umount2(path, 2 /* MNT_DETACH */) }

    func grow(megabytes: Int) throws {
        guard mount("parley-small", path, "tmpfs", UInt(32 /* MS_REMOUNT */), "size=\(megabytes)m") == 0
        else {
            throw Trouble("cannot grow: \(errno)")
        }
    }
}
