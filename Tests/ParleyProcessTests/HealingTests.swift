import Foundation
import Glibc
import Testing

@Suite("Accidents, with real processes", .enabled(if: Parley.isBuilt, "no parley executable"))
struct HealingTests {
    let team: Team
    let id: String

    init() throws {
        team = try Team()
        id = try team.olga.new("judgment", "title=Common")
        try team.syncAll()
    }

    private func copy(_ home: Home, to name: String) throws -> Home {
        let path = team.scratch.path + "/" + name
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: home.path, toPath: path)
        return Home(path)
    }

    private func store(_ home: Home) -> String { home.path + "/data/ports/workspace.sqlite" }

    private func sql(_ home: Home, _ text: String) throws {
        let child = try Child(
            ["/usr/bin/env", "sqlite3", store(home), text], environment: Parley.environment(home: home.path))
        try #require(child.end(within: .seconds(20)) == .exited(0), "\(child.errorText)")
    }

    @Test("a copied folder: the second machine says so in one sentence, and nobody's work is missing")
    func copiedFolder() throws {
        let laptop = try copy(team.olga, to: "laptop")
        try team.olga.succeed("set", id, "title=By the first", "confidence=high")
        try laptop.succeed("set", id, "title=By the copy")
        try laptop.succeed("set", id, "likelihood=likely")
        try team.olga.succeed("sync")
        let healed = try laptop.succeed("sync")
        #expect(healed.errors.contains("This folder was copied, or restored from a backup"), "\(healed)")
        #expect(healed.errors.contains("2 changes of yours were written again under a new device name"))
        #expect(try laptop.succeed("sync").errors.contains("copied") == false, "it is said once")
        try team.syncAll(laptop)
        try team.syncAll(laptop)
        try team.expectAgreement(laptop)
        #expect(
            try team.ben.value(id, "likelihood") == "likely" && team.ben.value(id, "confidence") == "high")
        #expect(try team.ben.status("review") == 1)
        for home in [team.olga, team.ben, laptop] { try home.expectHealth() }
        promise("accidents", 1)
    }

    @Test("a healing that is killed at any moment has happened or not, and the next sync completes it")
    func killed() throws {
        let laptop = try copy(team.olga, to: "laptop")
        try team.olga.succeed("set", id, "title=By the first")
        try team.olga.succeed("sync")
        try laptop.succeed("set", id, "basis=By the copy", "confidence=low")
        let span = try ContinuousClock().measure {
            _ = try copy(laptop, to: "measure").succeed("sync")
        }
        var sayings = 0
        for round in 0..<15 {
            let victim = try copy(laptop, to: "victim")
            try victim.succeed("set", id, "criterion=round \(round)")
            let child = try victim.start(["sync"])
            child.wait(span * .random(in: 0...1.1)) { _ in false }
            child.killNow()
            sayings += child.errorText.contains("copied") ? 1 : 0
            try victim.succeed("sync")
            try victim.expectHealth("round \(round)")
            #expect(try victim.status("unsent") == 0)
            try team.ben.succeed("sync")
            #expect(try team.ben.value(id, "criterion") == "round \(round)")
            #expect(try victim.export().bytes == team.ben.export().bytes)
        }
        promise("healing-kills", 15)
        print("said before the kill: \(sayings)")
    }

    @Test("a watching copy heals by itself and says so")
    func watching() throws {
        let laptop = try copy(team.olga, to: "laptop")
        try team.olga.succeed("set", id, "title=By the first")
        try laptop.succeed("set", id, "basis=By the copy")
        try team.olga.succeed("sync")
        let watch = try laptop.start(["watch"])
        #expect(watch.wait(.seconds(30)) { String(decoding: $0.errors, as: UTF8.self).contains("copied") })
        #expect(
            watch.wait(.seconds(30)) { String(decoding: $0.output, as: UTF8.self).contains("By the first") })
        watch.signal(SIGTERM)
        #expect(watch.end(within: .seconds(10)) != nil)
        try team.syncAll(laptop)
        try team.expectAgreement(laptop)
    }

    @Test("a server restored from a backup is given back what it lost, by a reader too")
    func restoredServer() throws {
        let rita = Home(team.scratch.path + "/rita")
        try rita.succeed("join", team.invite(for: "rita", "--role", "reader"))
        #expect(team.server.stop() == .exited(0))
        try FileManager.default.copyItem(atPath: team.server.data, toPath: team.server.data + "-backup")
        try team.server.restart()
        try team.olga.succeed("set", id, "title=After the backup")
        try team.ben.succeed("set", id, "basis=Ben, after the backup")
        try team.syncAll(rita)
        try rita.succeed("sync")
        #expect(team.server.stop() == .exited(0))
        try FileManager.default.removeItem(atPath: team.server.data)
        try FileManager.default.moveItem(atPath: team.server.data + "-backup", toPath: team.server.data)
        try team.server.restart()
        let giving = try rita.succeed("sync")
        #expect(giving.errors.contains("The server had lost 2 changes; given back."), "\(giving)")
        try team.syncAll(rita)
        let fresh = try team.member("cara")
        try team.expectAgreement(fresh, rita)
        #expect(try fresh.value(id, "basis") == "Ben, after the backup")
        promise("accidents", 1)
    }

    @Test("a server whose data is gone is filled again by its clients", arguments: [true, false])
    func lostServer(keepsKey: Bool) throws {
        try team.ben.succeed("set", id, "basis=Ben, unsent")
        #expect(team.server.stop() == .exited(0))
        let (place, key) = (team.server.data + "/server-identity", team.scratch.path + "/server-identity")
        try FileManager.default.moveItem(atPath: place, toPath: key)
        try FileManager.default.removeItem(atPath: team.server.data)
        if keepsKey {
            try FileManager.default.createDirectory(
                atPath: team.server.data, withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: key, toPath: place)
        }
        try team.server.restart()
        let refused = try team.ben.run("sync")
        let word = keepsKey ? "publish" : "--server INVITE"
        #expect(refused.exit == 4 && refused.errors.contains(word), "\(refused)")
        let invite = try Team.hostingInvite(of: team.server, "ports", for: "olga")
        try team.olga.succeed("publish", invite)
        if !keepsKey { try team.ben.succeed("sync", "--server", team.invite(for: "dora")) }
        #expect(try team.olga.status("unsent") == 0)
        try team.syncAll()
        let fresh = try team.member("cara")
        try team.expectAgreement(fresh)
        #expect(try fresh.value(id, "basis") == "Ben, unsent")
        promise("accidents", 1)
    }

    @Test("a client restored from an old backup gets its own later work back, and goes on under its name")
    func restoredClient() throws {
        let backup = try copy(team.olga, to: "backup")
        for round in 0..<4 { try team.olga.succeed("set", id, "title=Round \(round)") }
        try team.syncAll()
        let device = try backup.succeed("status", "--json").json["device"] as? String
        let pulled = try backup.succeed("sync", "--json")
        #expect(pulled.json["received"] as? Int == 4 && pulled.json["rewritten"] as? Int == 0, "\(pulled)")
        #expect(try backup.succeed("status", "--json").json["device"] as? String == device)
        try backup.succeed("set", id, "title=Goes on")
        try backup.succeed("sync")
        try team.ben.succeed("sync")
        #expect(try team.ben.value(id, "title") == "Goes on" && team.ben.status("review") == 0)
        #expect(try backup.status("unsent") == 0)
        promise("accidents", 1)
    }

    @Test("what a clock days ahead has stamped goes out with the time of now")
    func clockAhead() throws {
        // The same to every writer as a clock that is five days ahead.
        try sql(team.ben, "INSERT OR REPLACE INTO meta VALUES ('clock_offset', CAST('432000000' AS BLOB))")
        try team.ben.succeed("set", id, "title=By a clock days ahead")
        let outcome = try team.ben.succeed("sync")
        #expect(outcome.errors.contains("clock was ahead: 1 change"), "\(outcome)")
        try team.olga.succeed("sync")
        try team.olga.succeed("set", id, "title=Later")
        try team.syncAll()
        #expect(try team.ben.value(id, "title") == "Later" && team.ben.status("review") == 0)
        // And what had left before its time was found wrong.
        try sql(team.ben, "INSERT OR REPLACE INTO meta VALUES ('clock_offset', CAST('432000000' AS BLOB))")
        try team.ben.succeed("set", id, "title=Days ahead, in a bundle")
        try team.ben.succeed("bundle", "create", team.scratch.path + "/ahead.parley")
        let healed = try team.ben.succeed("sync")
        #expect(healed.errors.contains("under a new device name"), "\(healed)")
        try team.olga.succeed("sync")
        try team.olga.succeed("set", id, "title=Later still")
        try team.syncAll()
        try team.expectAgreement()
        #expect(try team.ben.value(id, "title") == "Later still")
        promise("accidents", 2)
    }

    @Test("bundles: made, tried, taken in twice, piped, and refused by name")
    func bundles() throws {
        #expect(team.server.stop() == .exited(0))
        let (first, second) = (team.scratch.path + "/first.parley", team.scratch.path + "/second.parley")
        try team.olga.succeed("set", id, "title=Olga")
        try team.olga.succeed("bundle", "create", first)
        try team.olga.succeed("set", id, "basis=Olga, later")
        try team.olga.succeed("bundle", "create", second, "--since", first)
        try team.ben.succeed("set", id, "title=Ben, later")
        let gap = try team.ben.run("bundle", "apply", second)
        #expect(gap.exit == 1 && gap.errors.contains("rests on changes that are not here: @"), "\(gap)")
        let trial = try team.ben.succeed("bundle", "apply", first, "-n")
        #expect(trial.output.contains("set aside") && trial.output.contains("Olga"), "\(trial)")
        #expect(try team.ben.status("review") == 0)
        try team.ben.succeed("bundle", "apply", first)
        try team.ben.succeed("bundle", "apply", second)
        let again = try team.ben.succeed("bundle", "apply", second, "--json")
        #expect(again.json["received"] as? Int == 0 && again.json["known"] as? Int == 1, "\(again)")
        #expect(try team.ben.status("review") == 1)
        let piped = try team.ben.succeed("bundle", "create", "-")
        let taken = try team.olga.run(["bundle", "apply", "-"], input: piped.bytes)
        #expect(taken.exit == 0, "\(taken)")
        try team.expectAgreement()
        let noBundle = try team.olga.run("bundle", "apply", Parley.example("judgments.jsonl"))
        #expect(noBundle.exit == 1 && noBundle.errors.contains("not a bundle"), "\(noBundle)")
        let cut = try team.scratch.file("cut.parley", Array(piped.bytes.dropLast(9)))
        #expect(try team.olga.run("bundle", "apply", cut).errors.contains("ends too early"))
        try team.server.restart()
        try team.syncAll()
        try team.expectAgreement()
        promise("accidents", 1)
    }

    @Test("a corrupted page: doctor finds it, mends it, and the server gives back what was lost")
    func corruptedPage() throws {
        try team.olga.importLines(Feed.judgments("many", 200), source: "s")
        try team.olga.succeed("sync")
        try team.olga.succeed("set", id, "criterion=unsent")
        let whole = try team.olga.export().bytes
        try sql(team.olga, "PRAGMA wal_checkpoint(TRUNCATE)")
        let size = try Data(contentsOf: URL(fileURLWithPath: store(team.olga))).count
        var found = 0
        for page in stride(from: 5, to: size / 4096, by: max(1, size / 4096 / 6)) {
            let victim = try copy(team.olga, to: "victim")
            let file = try #require(FileHandle(forUpdatingAtPath: store(victim)))
            try file.seek(toOffset: UInt64(page * 4096))
            try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            try file.close()
            let verdict = try victim.run("doctor", "--verify")
            #expect(!verdict.isCrash, "\(verdict)")
            guard verdict.exit == 9 else { continue }
            found += 1
            #expect(verdict.errors.contains("doctor --rebuild"), "\(verdict)")
            let mended = try victim.succeed("doctor", "--rebuild")
            #expect(mended.errors.contains("kept as") || mended.errors.contains("made anew"), "\(mended)")
            try victim.succeed("sync", "--pull")
            try victim.expectHealth("page \(page)")
            #expect(try victim.export().bytes == whole, "page \(page)")
        }
        #expect(found > 2)
        promise("corrupted-pages", found)
    }

    @Test("a disk that fills up during a sync: 9, the store as before, and it goes on with room")
    func fullDiskAtClient() throws {
        guard let disk = SmallDisk(at: team.scratch.path + "/disk", megabytes: 3) else {
            return print("full disk: skipped, this user cannot mount a small file system")
        }
        let cara = Home(disk.path)
        try cara.succeed("join", team.invite(for: "cara"))
        let before = try cara.export().bytes
        let large = (0..<900).map { number in
            let words = (0..<300).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined()
            return Feed.judgment("l:\(number)", "x").replacingOccurrences(
                of: #""title":"x""#, with: #""basis":"\#(words)","title":"x""#)
        }.joined()
        try team.olga.importLines(large, source: "s")
        try team.olga.succeed("sync")
        let refused = try cara.run("sync")
        #expect(refused.exit == 9 && refused.errors.contains("full"), "\(refused)")
        try cara.expectHealth("while full")
        #expect(try cara.run("export").bytes.count >= before.count)
        try disk.grow(megabytes: 96)
        try cara.succeed("sync")
        #expect(try cara.export().bytes == team.olga.export().bytes)
        promise("disk-full", 1)
    }
}
