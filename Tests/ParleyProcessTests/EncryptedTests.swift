import Foundation
import Testing

@Suite("Nothing readable on the wire", .enabled(if: Parley.isBuilt, "no parley executable"))
struct EncryptedTests {
    let team: Team

    init() throws { team = try Team() }

    /// Syncs through somebody in between.
    private func sync(
        _ home: Home, change: (inout [UInt8], _ isCallers: Bool, _ before: Int) -> Void = { _, _, _ in }
    ) throws -> (outcome: Outcome, heard: [UInt8]) {
        let between = try ForeignListener()
        let sync = try home.start(["sync", "--timeout", "5", "--server", "127.0.0.1:\(between.port)"])
        let caller = try between.accept(within: .seconds(20))
        let server = try RawConnection(port: team.server.port)
        let heard = RawConnection.join(caller, server, change: change)
        caller.close()
        server.close()
        return (try #require(sync.outcome(["sync"], within: .seconds(30))), heard)
    }

    @Test("whoever listens hears no word, no handle and no name of a workspace")
    func listening() throws {
        let words = ["zanzibar", "olga", "ports"]
        try team.olga.succeed("new", "judgment", "title=Zanzibar zanzibar zanzibar", "text=zanzibar")
        let (outcome, heard) = try sync(team.olga)
        #expect(outcome.exit == 0 && heard.count > 500, "\(outcome)")
        let text = String(decoding: heard, as: UTF8.self).lowercased()
        for word in words { #expect(!text.contains(word), "\(word)") }
        let back = try sync(team.ben)
        #expect(back.outcome.exit == 0, "\(back.outcome)")
        try team.expectAgreement()
        #expect(!String(decoding: back.heard, as: UTF8.self).lowercased().contains("zanzibar"))
        promise("wire-words", words.count * 2)
    }

    @Test("one bit changed at any place ends that sync with a sentence and harms nothing")
    func disturbing() throws {
        var disturbed = 0
        for (isCallers, places) in [
            (true, [0, 1, 20, 49, 50, 51, 90, 115, 116, 130, 300]), (false, [0, 1, 30, 49, 50, 70, 100]),
        ] {
            for place in places {
                try team.olga.importLines(Feed.judgments("d\(isCallers)\(place)", 1), source: "s")
                let (outcome, _) = try sync(team.olga) { bytes, side, before in
                    guard side == isCallers, before <= place, place < before + bytes.count else { return }
                    bytes[place - before] ^= 4
                }
                #expect(outcome.exit > 0 && !outcome.isCrash, "\(isCallers) \(place): \(outcome)")
                #expect(outcome.errors.hasPrefix("parley: "), "\(outcome)")
                disturbed += 1
            }
        }
        try team.olga.succeed("sync", "--server", team.server.address)
        try team.ben.succeed("sync", "--server", team.server.address)
        #expect(try team.expectAgreement().lines.count == disturbed)
        try team.olga.expectHealth()
        promise("wire-disturbed", disturbed)
    }

    @Test("a conversation said a second time word for word is refused")
    func replayed() throws {
        try team.olga.importLines(Feed.judgments("r", 3), source: "s")
        var said: [UInt8] = []
        let (outcome, _) = try sync(team.olga) { bytes, isCallers, _ in if isCallers { said += bytes } }
        #expect(outcome.exit == 0 && said.count > 116, "\(outcome)")
        let again = try RawConnection(port: team.server.port)
        again.send(said)
        #expect(again.isEnded(within: .seconds(10)))
        // The second message of the handshake is all the answer there is.
        #expect(again.received.count <= 50)
    }

    // MARK: A server with another key

    /// The fingerprint that a running server has printed.
    private func printedKey() -> String {
        team.server.child.wait(.seconds(10)) { $0.errorText.contains("server key ") }
        let line = team.server.child.errorText.split(separator: "\n").first { $0.hasPrefix("server key ") }
        return String(line?.dropFirst("server key ".count) ?? "")
    }

    @Test("the server prints its fingerprint, and doctor and status the one they know it by")
    func fingerprints() throws {
        let key = printedKey()
        #expect(key.count == 24)
        #expect(try team.olga.succeed("doctor", "--json").json["serverKey"] as? String == key)
        #expect(try team.ben.succeed("status", "--json").json["serverKey"] as? String == key)
    }

    @Test("a server with another key stops the client hard, until somebody takes the new key from an invite")
    func changedKey() throws {
        let (known, late) = (printedKey(), try team.invite(for: "late"))
        #expect(team.server.stop() == .exited(0))
        try FileManager.default.removeItem(atPath: team.server.data + "/server-identity")
        try team.server.restart()
        let id = try team.olga.new("judgment", "title=Not for strangers")
        for command in [["sync"], ["watch"], ["who"]] {
            let outcome = try team.olga.run(command)
            #expect(outcome.exit == 4 && outcome.errors.contains(known), "\(outcome)")
        }
        let newcomer = Home(team.scratch.path + "/late")
        let refused = try newcomer.run("join", late)
        #expect(refused.exit == 4 && newcomer.folders.isEmpty, "\(refused)")
        #expect(printedKey() != known && printedKey().count == 24)
        let invite = try Team.hostingInvite(of: team.server, "unused", for: "olga")
        for home in [team.olga, team.ben] { try home.succeed("sync", "--server", invite) }
        #expect(try team.ben.records()[id] != nil)
        try newcomer.succeed("join", try team.invite(for: "late"))
    }
}
