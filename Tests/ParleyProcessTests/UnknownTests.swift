import Foundation
import Testing

@Suite("What a newer version wrote", .enabled(if: Parley.isBuilt, "no parley executable"))
struct UnknownTests {
    @Test("unknown kinds, fields and values pass through two clients and the server unharmed")
    func unknown() throws {
        let team = try Team()
        let id = try team.olga.new("judgment", "title=Known")
        let lines = [
            ##"{"fields":{"#60":"of a later version","#61":{"cbor":"f93c00"},"title":"Partly known"},"id":"\##(id)","kind":"judgment"}"##,
            ##"{"fields":{"#1":"A title?","#60":7,"#61@olga":true},"key":"later:1","kind":"#99"}"##,
        ]
        let imported = try team.olga.importLines(lines.map { $0 + "\n" }.joined(), source: "later")
        try #require(imported.exit == 0, "\(imported)")
        try team.syncAll()
        let all = try team.expectAgreement()
        // What no schema describes is exported as the CBOR that it is.
        let text = ##""#60":{"cbor":"726f662061206c617465722076657273696f6e"}"##
        #expect(all.output.contains(text), "\(all.output)")
        #expect(all.output.contains(##""#61":{"cbor":"f93c00"}"##), "\(all.output)")
        let stranger = try #require(all.lines.first { $0.contains(##""kind":"#99""##) }, "\(all.output)")
        #expect(
            stranger.contains(##""#60":{"cbor":"07"}"##) && stranger.contains(##""#61@olga":{"cbor":"f5"}"##),
            "\(stranger)")
        for arguments in [
            ["list"], ["show", id], ["search", "known"], ["log"], ["status"], ["doctor", "--verify"],
        ] {
            let outcome = try team.ben.run(arguments)
            #expect(outcome.exit == 0, "\(outcome)")
        }
        try team.ben.succeed("set", id, "title=Known to Ben")
        try team.syncAll()
        #expect(try team.expectAgreement().output.contains(text))
        let copy = Home(team.scratch.path + "/copy")
        try copy.succeed("init", "copy", "--as", "olga")
        let bytes = try team.ben.export().bytes
        let again = try copy.run(["import", "-", "--format", "jsonl", "--source", "copy"], input: bytes)
        #expect(again.exit == 0, "\(again)")
        #expect(try copy.export().bytes == bytes)
        promise("unknown-records", 2)
    }
}
