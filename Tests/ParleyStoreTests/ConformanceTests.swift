import Chance
import GRDB
import ParleyCore
import ParleyStore
import Testing

@Suite struct ConformanceTests {
    /// What `FieldType.accepts` accepts stands in its column, and nothing else does; what comes back is what
    /// was written, wherever it stood.
    @Test func columnsHoldWhatTheirTypesAcceptAndNothingIsLost() throws {
        let folder = ScratchFolder()
        let store = try folder.store()
        var author = Author(0)
        var dice = Dice(11)
        var checked = 0
        for kind in Schema.assessments.kinds {
            for field in kind.plainFields {
                for value in Self.values(field.type, &dice) {
                    checked += 1
                    let record = name(kind.tag, UInt128(checked))
                    let change = author.write([RegisterWrite(record, field.tag, value)])
                    try store.write { _ = try $0.append([change.arrival]) }
                    let unfit = try store.file.read {
                        try Int.fetchOne(
                            $0, sql: "SELECT unfit FROM \"\(kind.name)\" WHERE id = ?",
                            arguments: [record.id.blob])
                    }
                    #expect(
                        (unfit == 0) == field.type.accepts(value), "\(kind.name).\(field.name) = \(value)")
                    #expect(try store.read { try $0.image(of: record)?[field.tag] } == value)
                }
            }
        }
        #expect(checked > 500)
        #expect(try store.verify() == [])
    }

    private static func values(_ type: FieldType, _ dice: inout Dice) -> [Value] {
        var values: [Value] = [
            .bool(true), .int(0), .int(1_000_001), .int(.min), .text(""), .text("plain"), .text("two\nlines"),
            .text("\u{85}"), .text("é\u{A9}"), .text(String(repeating: "я", count: 200)),
            .text(String(repeating: "a", count: 201)), .text(String(repeating: "e\u{301}", count: 150)),
            .text("2026"), .text("2026-02-29"), .text("2024-02-29"), .text("2026-1-01"), .bytes([1]),
            .ref(RecordID(UInt128(dice.next()))), .list([.text("yes")]), .text("https://a.b/c?d"),
            .text("x:"),
        ]
        if case .choice(let tokens) = type { values += tokens.map(Value.text) }
        return values
    }

    @Test func anEmptyKeyIsNoName() {
        let record = name(3, 1)
        let bytes = ChangesetBody.encode(
            act: Act(.hand), written: [RegisterWrite(record, 8, "", .bool(true))])
        #expect(throws: MalformedBytes.self) { try ChangesetBody(decoding: bytes) }
    }
}
