import ParleyCore
import ParleyProtocol
import Testing

/// The tables of Protocol.md say what the code says.
@Suite("The tables of Protocol.md")
struct TablesTests {
    @Test("the kinds are those of the schema")
    func kinds() throws {
        let rows = try Specification.load().table("| kind tag | kind | letter |")
        let kinds = Schema.assessments.kinds.map { [String($0.tag), $0.name, String($0.letter)] }
        #expect(rows == kinds)
    }

    @Test("the fields are those of the schema")
    func fields() throws {
        let rows = try Specification.load().table("| kind | tag | field | type | class |")
        let base = Field.base.map { row("every kind", $0) }
        let own = Schema.assessments.kinds.flatMap { kind in
            kind.fields.dropFirst(Field.base.count).map { row(kind.name, $0) }
        }
        #expect(rows == base + own)
        promise("schema rows", count: rows.count)
    }

    private func row(_ kind: String, _ field: Field) -> [String] {
        [kind, String(field.tag), field.name, name(of: field.type), "\(field.merge)"]
    }

    private func name(of type: FieldType) -> String {
        switch type {
        case .choice(let tokens): "choice: " + tokens.joined(separator: ", ")
        case .tuple(let components):
            "tuple: "
                + components.map { "\($0.name) (\(name(of: $0.type)))" }.joined(separator: "; ")
        default: "\(type)"
        }
    }

    @Test("the codes of a failure are those of the code")
    func failures() throws {
        let rows = try Specification.load().table("| code | name |")
        let codes = ProtocolError.Code.allCases.sorted { $0.rawValue < $1.rawValue }
        #expect(rows.map { Array($0.prefix(2)) } == codes.map { [String($0.rawValue), "\($0)"] })
    }

    @Test("the reasons of a refusal are those of the code")
    func refusals() throws {
        let rows = try Specification.load().table("| reason | name |")
        let reasons = Refusal.Reason.allCases.sorted { $0.rawValue < $1.rawValue }
        #expect(rows.map { Array($0.prefix(2)) } == reasons.map { [String($0.rawValue), "\($0)"] })
    }

    @Test("the reasons of malformed bytes are those of the code")
    func malformed() throws {
        let rows = try Specification.load().table("| reason | meaning |")
        let reasons: [MalformedBytes.Reason] = [
            .truncated, .trailing, .notMinimal, .notUTF8, .tooDeep, .tooLong, .outOfOrder, .notAllowed,
        ]
        #expect(rows.compactMap(\.first) == reasons.map { "`\($0.word)`" })
    }

    @Test("the limits are those of the code")
    func limits() throws {
        let rows = try Specification.load().table("| limit | value |")
        let values = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        #expect(values["a statement"] == "2,048 bytes" && Limits.statement == 2048)
        #expect(values["entries of a `frontier`"] == "20,000" && Limits.devices == 20_000)
        #expect(values["a key"] == "512 bytes" && RegisterName.longestKey == 512)
        #expect(values["a presence payload"] == "1,024 bytes" && Limits.presence == 1024)
        #expect(values["own chain ahead of the server"] == "60 s" && Limits.clockAhead == 60_000)
        #expect(values["the text of `failure` and `refused`"] == "512 bytes" && Limits.message == 512)
        #expect(values["nesting of a value"] == "8")
        #expect(
            values["a frame from a client before the welcome; any other frame"] == "4,096 bytes; 1 MiB"
                && Limits.frameBeforeWelcome == 4096 && Limits.frame == 1 << 20)
        #expect(
            values["a header; a packed (and sealed) body; a plain body; the window of a packed one"]
                == "60 KiB; 961 KiB; 960 KiB; 8 MiB" && Limits.window == 8 << 20
                && ChangesetHeader.longest == 60 << 10 && ChangesetHeader.longestBody == 961 << 10
                && ChangesetBody.longest == 960 << 10)
        #expect(values.count == 9)
    }
}
