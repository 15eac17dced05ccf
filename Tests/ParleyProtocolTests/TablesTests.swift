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

    @Test("what a server does by itself is what the code says")
    func tuning() throws {
        let rows = try Specification.load().table("| time | value | what happens |")
        let values = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        #expect(
            values["sessions of one device in one workspace"] == "64" && Limits.sessionsPerDevice == 64)
        #expect(
            values["messages from one session"] == "4,096 a second, 16,384 at once"
                && Limits.messages.perSecond == 4_096 && Limits.messages.atOnce == 16_384)
        #expect(
            values["messages of statements from one session"] == "8 a second, 64 at once"
                && Limits.statementMessages.perSecond == 8 && Limits.statementMessages.atOnce == 64)
        #expect(
            values["statements from one session"] == "64 a second, 20,000 at once"
                && Limits.statementsOffered.perSecond == 64 && Limits.statementsOffered.atOnce == 20_000)
        #expect(
            values["bytes of unfinished messages, of all sessions"] == "64 MiB" && Limits.buffered == 64 << 20
        )
        #expect(
            values["quota of a workspace: changesets; bytes"] == "4,194,304; 16 GiB"
                && Limits.quota.changesets == 4_194_304 && Limits.quota.bytes == 16 << 30)
        #expect(
            values["statements of a workspace; of one analyst in it who is no admin"] == "16,384; 1,024"
                && Limits.quota.statementsPerAnalyst == 1_024)
        #expect(
            values["connections before the welcome: in all; from one address"] == "64; 16"
                && Limits.connectionsBeforeWelcome == 64 && Limits.connectionsPerAddress == 16)
    }

    @Test("the limits are those of the code")
    func limits() throws {
        let rows = try Specification.load().table("| limit | value |")
        let values = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        #expect(values["a statement"] == "2,048 bytes" && Limits.statement == 2048)
        #expect(values["entries of a `frontier`"] == "20,000" && Limits.devices == 20_000)
        #expect(values["changesets in one message"] == "34,000" && Limits.changesets == 34_000)
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
        #expect(values.count == 10)
    }
}
