import ParleyCore
import ParleyExchange
import Testing

func readMarkdown(_ text: String, me: String = "me") -> [Result<RecordDraft, DraftFault>] {
    MarkdownReader(me: me).read(Array(text.utf8))
}

/// An assessment with everything under it, as an empty workspace would import a file.
struct ImportedFile {
    var records: [RecordImage] = []

    /// - Parameter linkIDs: the ids that links had, by what they join.
    init(_ drafts: [RecordDraft], linkIDs: [String: RecordID]) throws {
        var ids: [String: RecordID] = [:]
        for draft in drafts { if let label = draft.label, let id = draft.id { ids[label] = id } }
        for draft in drafts {
            let kind = try #require(Schema.assessments[tag: draft.kind])
            var registers = try draft.writes.map { RegisterImage($0.register, try Self.value($0, kind, ids)) }
            let keys = draft.keys.map {
                RegisterImage(RegisterName(field: Field.keysTag, key: $0), .bool(true))
            }
            registers += keys.filter { key in
                !registers.contains {
                    $0.name.field == key.name.field
                        && $0.name.key?.utf8.elementsEqual(key.name.key?.utf8 ?? "".utf8) == true
                }
            }
            registers.sort { $0.name < $1.name }
            var image = RecordImage(
                name: RecordName(kind: draft.kind, id: draft.id ?? RecordID(0)), registers: registers)
            if draft.id == nil { image.name.id = try #require(linkIDs[Self.ends(image)]) }
            records.append(image)
        }
    }

    static func ends(_ link: RecordImage) -> String { "\(link[16]) \(link[17]) \(link[18])" }

    private static func value(_ write: DraftWrite, _ kind: Kind, _ ids: [String: RecordID]) throws -> Value {
        switch write.content {
        case .value(let value): return value
        case .text(let text), .record(let text, _):
            let type = try #require(kind[tag: write.register.field]?.type)
            return try type.value(of: text) { name throws(ValueFault) in
                guard let id = ids[name] ?? Crockford.range(ofPrefix: name).map({ RecordID($0.lowerBound) })
                else {
                    throw ValueFault(given: name, allowed: "a label of this file")
                }
                return id
            }
        }
    }
}

@Suite struct MarkdownTests {
    @Test("an assessment, what is under it and its links come back, and are written as the same bytes")
    func roundTrip() throws {
        for seed in 0..<400 {
            var invention = Invention(seed: seed)
            let (assessment, records) = try Self.assessment(&invention)
            let file = MarkdownWriter().file(assessment, records)
            let drafts = try MarkdownReader(me: "me").read(file).map { result throws -> RecordDraft in
                do { return try result.get() } catch {
                    Issue.record("seed \(seed): \(error)")
                    throw error
                }
            }
            let links = Dictionary(records.map { (ImportedFile.ends($0), $0.name.id) }) { first, _ in first }
            let imported = try ImportedFile(drafts, linkIDs: links)
            let expected = [assessment] + records
            #expect(imported.records.count == expected.count, "seed \(seed)")
            for image in expected {
                let again = imported.records.first { $0.name == image.name }
                #expect(again?.fingerprint == image.fingerprint, "seed \(seed): \(image.name)")
            }
            let again = MarkdownWriter().file(
                imported.records[0], Array(imported.records.dropFirst()))
            #expect(again == file, "seed \(seed)")
        }
    }

    /// Values that fit; an order key in most, links among records and to elsewhere.
    private static func assessment(_ invention: inout Invention) throws -> (RecordImage, [RecordImage]) {
        let schema = Schema.assessments
        var assessment = invention.image(try #require(schema[name: "assessment"]), isTame: true)
        assessment.registers.removeAll { $0.value == .null }
        var records: [RecordImage] = []
        for _ in 0..<invention.below(12) {
            let kind = invention.pick(schema.kinds.filter { $0.name != "assessment" && $0.name != "link" })
            var image = invention.image(kind, isTame: true)
            image.registers.removeAll { $0.name.field == 4 || $0.name.field == 3 || $0.value == .null }
            if invention.chance(80) {
                image.registers.append(RegisterImage(RegisterName(field: 3), .text(invention.order())))
            }
            if invention.chance(90) {
                let parent = invention.chance(80) ? assessment.name.id : invention.id()
                image.registers.append(RegisterImage(RegisterName(field: 4), .ref(parent)))
            }
            image.registers.sort { $0.name < $1.name }
            records.append(image)
        }
        records += invention.links(among: [assessment] + records, kind: try #require(schema[name: "link"]))
        return (assessment, records)
    }

    static let file = """
        ---
        key: example:a
        question: "Will it hold: yes or no?"
        subject: C1
        status: draft
        tags: [one, two]
        x.note: {"a": 1.5}
        cites: S1
        ---

        # A title

        Some text.

        ## Bottom line

        It holds.

        ## judgments

        ### J1: First

        - key: example:j1
        - stance: agree | because
          of this

          and that
        - depends_on: D1, D2
        - x.n: 5

        Body of it.

        \\## not a heading

        ### Second, unlabelled

        - supports: J1

        ### F16 is not a label
        <!-- J-00000000000000000000000004 b5 -->

        ## Notes

        ### N1

        - kind: dissent
        - about: J1

        What I think.

        ### N2

        - by: olga

        \\- a list
        """

    @Test("a file written by hand is read")
    func byHand() throws {
        let drafts = try readMarkdown(Self.file).map { try $0.get() }
        #expect(drafts.map(\.kind) == [1, 13, 3, 13, 13, 3, 13, 3, 12, 12])
        let assessment = drafts[0]
        #expect(assessment.label == "assessment" && assessment.keys == ["example:a"])
        let values = Dictionary(uniqueKeysWithValues: assessment.writes.map { ($0.register, $0.content) })
        #expect(values[RegisterName(field: 1)] == .value(.text("A title")))
        #expect(values[RegisterName(field: 2)] == .value(.text("Some text.")))
        #expect(values[RegisterName(field: 19)] == .value(.text("It holds.")))
        #expect(values[RegisterName(field: 17)] == .text("C1"))
        #expect(values[RegisterName(field: 8, key: "two")] == .value(.bool(true)))
        #expect(
            values[RegisterName(field: 10, key: "note")]
                == .value(.other([0xA1, 0x61, 0x61, 0xC4, 0x82, 0x20, 0x0F])))
        let first = Dictionary(uniqueKeysWithValues: drafts[2].writes.map { ($0.register, $0.content) })
        #expect(
            first[RegisterName(field: 22, key: "me")]
                == .value(.list([.text("agree"), .text("because\nof this\n\nand that")])))
        #expect(first[RegisterName(field: 2)] == .value(.text("Body of it.\n\n## not a heading")))
        #expect(first[RegisterName(field: 4)] == .text("assessment"))
        #expect(drafts[4].writes.map(\.content) == [.text("J1"), .value(.text("depends_on")), .text("D2")])
        #expect(drafts[6].writes[0].content == .text(drafts[5].label ?? ""))
        #expect(
            drafts[8].writes.contains(
                DraftWrite(RegisterName(field: 19, key: "me"), .value(.text("What I think.")))))
        #expect(
            drafts[9].writes.contains(
                DraftWrite(RegisterName(field: 19, key: "olga"), .value(.text("- a list")))))
    }

    @Test("new items stand between their neighbours and those that were moved get a new place")
    func order() {
        let id = { (number: Int) in "<!-- D-" + RecordID(UInt128(number)).text }
        let file = """
            # T
            ## Drivers
            ### new
            ### one
            \(id(1)) b -->
            ### new
            ### new
            ### two
            \(id(2)) d -->
            ### moved
            \(id(3)) a -->
            ### last
            """
        let orders = readMarkdown(file).dropFirst().compactMap {
            try? $0.get().writes.first { $0.register.field == 3 }?.content
        }
        let keys = orders.compactMap { if case .value(let value) = $0 { value.text } else { nil } }
        #expect(keys.count == 7 && keys == keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(keys[1] == "b" && keys[4] == "d" && Set(keys).count == 7)
    }

    @Test("a key stands between any two, where there is room")
    func orderKeys() {
        for seed in 0..<2000 {
            var invention = Invention(seed: seed)
            let pair = [invention.order(), invention.order()].sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            let key = OrderKey.between(pair[0], pair[1])
            #expect(pair[0].utf8.lexicographicallyPrecedes(key.utf8), "seed \(seed)")
        }
        #expect(OrderKey.between("a", "b") == "aV" && OrderKey.between("0001", nil) == "0002")
    }

    @Test(
        "what cannot be read is refused by its line, item by item",
        arguments: [
            ("# T\n## Judgement\n", 2, "no section is called \"Judgement\""),
            ("# T\n## Drivers\ntext\n", 2, "text before the first item"),
            (
                "# T\n## Judgments\n### J1: x\n- confidense: high\n", 4,
                "judgment has no field \"confidense\"; near: confidence"
            ),
            ("# T\n## Judgments\n### J1: x\n\n- due: 4O May\n", 5, "judgment.due: \"4O May\" is not a date"),
            ("# T\n## Judgments\n### J1: x\n### J1: y\n", 4, "two items are called J1"),
            ("# T\n## Judgments\n### J1: x\n- due: 2026\n- due: 2027\n", 5, "judgment.due stands twice"),
            ("# T\n### J1: x\n", 2, "an item before the first section"), ("# T\n# U\n", 2, "a second title"),
            ("# T\n## Judgments\n### J1: x\n<!-- E-00000000000000000000000004 -->\n", 3, "id: "),
        ])
    func faults(_ text: String, _ line: Int, _ reason: String) {
        let results = readMarkdown(text)
        let faults = results.compactMap { if case .failure(let fault) = $0 { fault } else { nil } }
        #expect(
            faults.count == 1 && faults[0].line == line && faults[0].reason.hasPrefix(reason), "\(faults)")
        #expect((try? results[0].get().kind) == 1)
    }

    @Test(
        "front matter that cannot be read refuses the assessment and says where",
        arguments: [
            ("---\nquestion: a: b\n---\n# T", 2), ("---\nhorizon: May\n---\n", 2),
            ("---\nstatus: draft\n", 1),
            ("---\n- a\n---\n", 1), ("---\n\nstatus: [draft]\n---\n", 3), ("---\ntlp: a\n...\n", 1),
        ])
    func frontMatterFaults(_ text: String, _ line: Int) {
        guard case .failure(let fault)? = readMarkdown(text).first else {
            return #expect(Bool(false), "it was read")
        }
        #expect(fault.line == line, "\(fault.reason)")
    }

    @Test("an alias that multiplies itself is stopped")
    func aliases() {
        let levels = (1...30).map { "x.l\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1), *l\($0 - 1)]" }
        let text = "---\nx.l0: &l0 [a, b]\n" + levels.joined(separator: "\n") + "\n---\n# T"
        guard case .failure? = readMarkdown(text).first else { return #expect(Bool(false), "it was read") }
    }

    @Test("nothing in a file clears a value")
    func nothingClears() throws {
        let text =
            "---\nquestion:\nhorizon: ~\nx.a:\nx.b: null\n---\n## Judgments\n### J1\n- due:\n- x.c: null\n- title:\n"
        for result in readMarkdown(text) {
            #expect(try result.get().writes.filter { $0.content == .value(.null) }.isEmpty)
        }
    }

    @Test("no bytes at all make the reader fail otherwise than by a fault")
    func mutations() {
        var count = 0
        for seed in 0..<3000 {
            var invention = Invention(seed: seed)
            var bytes = Array(Self.file.utf8)
            for _ in 0...invention.below(6) {
                let index = invention.below(bytes.count)
                if invention.chance(40) {
                    bytes.remove(at: index)
                } else {
                    bytes[index] = UInt8(invention.below(256))
                }
            }
            count += MarkdownReader(me: "me").read(bytes).count
        }
        #expect(count >= 3000)
    }
}

extension Invention {
    mutating func order() -> String {
        String((0...below(4)).map { _ in pick(Array("0123456789ABYZabyz")) })
    }

    fileprivate mutating func links(among records: [RecordImage], kind: Kind) -> [RecordImage] {
        guard case .choice(let relations)? = kind[name: "rel"]?.type else { return [] }
        var joined: Set<[String]> = []
        var links: [RecordImage] = []
        for _ in 0..<below(10) {
            let to = chance(80) ? pick(records).name.id : id()
            let from = chance(90) ? pick(records).name.id : id()
            let relation = pick(relations)
            guard joined.insert([from.text, relation, to.text]).inserted else { continue }
            var registers = [
                RegisterImage(RegisterName(field: 16), .ref(from)),
                RegisterImage(RegisterName(field: 17), .text(relation)),
                RegisterImage(RegisterName(field: 18), .ref(to)),
            ]
            if chance(40) {
                registers.append(
                    RegisterImage(RegisterName(field: 19, key: "olga"), .list([.text("CC"), .text(line())])))
            }
            links.append(RecordImage(name: RecordName(kind: kind.tag, id: id()), registers: registers))
        }
        return links
    }
}

extension MarkdownWriter {
    fileprivate func file(_ assessment: RecordImage, _ records: [RecordImage]) -> [UInt8] {
        var file: [UInt8] = []
        write(assessment, records: records) { file += $0 }
        return file
    }
}
