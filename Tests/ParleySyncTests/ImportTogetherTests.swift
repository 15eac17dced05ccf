import GRDB
import ParleyClient
import ParleyCore
import ParleyStore
import Testing

@Suite("Changesets of an import in one transaction")
struct ImportTogetherTests {
    /// Two copies of one workspace whose clocks stand still, so that what they write can be equal bytes.
    private struct Twins {
        let bench: Bench
        let single: Workspace
        let together: Workspace

        init(seed: UInt64) throws {
            bench = try Bench(seed: seed)
            let olga = try bench.founder("olga")
            _ = try olga.create("evidence", ["title": .text("By hand")])
            single = try Self.copy(olga, to: "single", bench, seed)
            together = try Self.copy(olga, to: "together", bench, seed)
        }

        private static func copy(_ olga: Workspace, to name: String, _ bench: Bench, _ seed: UInt64) throws
            -> Workspace
        {
            let chance = TestClock(seed: seed)
            let ambient = Ambient(now: { 1_796_000_000_000 }, random: { chance.random($0) })
            return try bench.copy(olga, to: name, ambient: ambient)
        }
    }

    @Test("by chance: log, tables and reports are those of one transaction a changeset, byte for byte")
    func equalBytes() throws {
        var changesets = 0
        for seed in UInt64(1)...25 {
            let twins = try Twins(seed: seed)
            let dice = FileDice(seed: seed)
            for _ in 0..<3 {
                let (file, chunk, together) = (dice.file(), 1 + dice.below(4), 2 + dice.below(7))
                let overwrites = dice.below(5) == 0
                let first = try report(twins.single, file, chunk, together: 1, overwrites)
                let second = try report(twins.together, file, chunk, together: together, overwrites)
                #expect(first == second, "seed \(seed)")
                for workspace in [twins.single, twins.together] { try dice.editByHand(workspace, seed) }
            }
            let rows = try [twins.single, twins.together].map(allRows)
            #expect(rows[0] == rows[1], "seed \(seed)")
            #expect(try twins.together.store.compareWithRebuild().isEmpty, "seed \(seed)")
            changesets += try Int(twins.together.position())
        }
        print("promise: imports-together count=\(changesets)")
    }

    @Test("by chance: rows that refer to later ones become the same records")
    func equalRecords() throws {
        for seed in UInt64(101)...115 {
            let twins = try Twins(seed: seed)
            let dice = FileDice(seed: seed)
            for _ in 0..<3 {
                let (file, chunk) = (dice.file(refersAhead: true), 1 + dice.below(4))
                let first = try report(twins.single, file, chunk, together: 1, false)
                let second = try report(twins.together, file, chunk, together: 8, false)
                #expect(first.tally == second.tally, "seed \(seed)")
                #expect(first.refused == second.refused, "seed \(seed)")
            }
            let images = try [twins.single, twins.together].map(allImages)
            #expect(images[0] == images[1], "seed \(seed)")
            #expect(try twins.together.store.compareWithRebuild().isEmpty, "seed \(seed)")
        }
    }

    @Test("nobody else's writes between two transactions are overlooked")
    func othersWrite() throws {
        let bench = try Bench(seed: 3)
        let olga = try bench.founder("olga")
        let other = try Workspace(folder: olga.folder, ambient: bench.clock.ambient)
        var options = Importer.Options(source: "feed")
        (options.chunk, options.together) = (1, 1)
        let importer = Importer(olga, options)
        try importer.add(draft("row:1", 1, "one"))
        try importer.add(draft("row:2", 2, "two"))
        // The first is stored now; the third is made by another process, under the id that its key gives.
        let theirs = Importer(other, options)
        try theirs.add(draft("row:3", 1, "theirs"))
        try theirs.finish()
        try importer.add(draft("row:3", 3, "three"))
        try importer.add(draft("row:4", 4, "four"))
        try importer.finish()
        #expect(importer.total.created == 3)
        #expect(importer.total.changed == 1)
        #expect(try olga.store.compareWithRebuild().isEmpty)
    }

    @Test(
        "a failure in a transaction leaves the transactions before it, whole changesets all, and their count")
    func failure() throws {
        let bench = try Bench(seed: 4)
        let olga = try bench.founder("olga")
        var options = Importer.Options(source: "feed")
        (options.chunk, options.together) = (1, 2)
        let importer = Importer(olga, options)
        for line in 1...4 { try importer.add(draft("row:\(line)", line, "text")) }
        let before = (try olga.position(), importer.total)
        // One changeset, then two.
        #expect(importer.total.created == 3)
        let long = [UInt8](repeating: 1, count: ChangesetBody.longest)
        try importer.add(
            RecordDraft(
                kind: 8, line: 5, keys: ["row:5"],
                writes: [
                    DraftWrite(RegisterName(field: 1), .value(.bytes(long)))
                ]))
        #expect(throws: (any Error).self) { try importer.finish() }
        #expect(importer.total.created == before.1.created && importer.total.changed == 0)
        #expect(try olga.position() == before.0)
        #expect(try olga.store.compareWithRebuild().isEmpty)
    }

    @Test("a part that is too large for one changeset becomes two, and the numbers of all parts go on")
    func splitPart() throws {
        let bench = try Bench(seed: 5)
        let olga = try bench.founder("olga")
        var options = Importer.Options(source: "feed")
        (options.chunk, options.together) = (2, 4)
        let importer = Importer(olga, options)
        let half = [UInt8](repeating: 7, count: ChangesetBody.longest * 5 / 8)
        for line in 1...8 {
            var draft = draft("row:\(line)", line, "text")
            if line == 5 || line == 6 {
                let register = RegisterName(field: Field.columnsTag, key: "much")
                draft.writes.append(DraftWrite(register, .value(.bytes(half))))
            }
            try importer.add(draft)
        }
        try importer.finish()
        let acts = try olga.store.read { tx in
            try importer.changes.map { change in
                let entry = try #require(try tx.log.entry(of: change))
                return try #require(try olga.store.rules.open(entry).readable).act
            }
        }
        #expect(acts.compactMap { $0[.part]?.int } == Array(1...Int64(acts.count)))
        #expect(acts.count > 4)
        #expect(acts.map { $0[.last] == .bool(true) } == acts.indices.map { $0 == acts.count - 1 })
        #expect(importer.total.created == 8)
        #expect(try olga.store.compareWithRebuild().isEmpty)
    }

    private func draft(_ key: String, _ line: Int, _ title: String) -> RecordDraft {
        RecordDraft(
            kind: 8, line: line, keys: [key], writes: [DraftWrite(RegisterName(field: 1), .text(title))])
    }

    private struct Outcome: Equatable {
        var tally: ImportTally
        var findings: [ImportFinding]
        var changes: [ChangeID]

        var refused: Set<Int> { Set(findings.filter { $0.what == .refused }.map(\.line)) }
    }

    private func report(
        _ workspace: Workspace, _ file: [RecordDraft], _ chunk: Int, together: Int, _ overwrites: Bool
    ) throws -> Outcome {
        var options = Importer.Options(source: "feed")
        (options.chunk, options.together, options.overwrites) = (chunk, together, overwrites)
        let importer = Importer(workspace, options)
        var findings: [ImportFinding] = []
        importer.tell = { findings.append($0) }
        for draft in file { try importer.add(draft) }
        try importer.finish()
        return Outcome(tally: importer.total, findings: findings, changes: importer.changes)
    }

    private func allImages(_ workspace: Workspace) throws -> [RecordImage] {
        var images: [RecordImage] = []
        try workspace.store.read { tx in
            try tx.eachRecord(of: try tx.kinds()) { image in
                images.append(image)
                return true
            }
        }
        return images
    }

    private func allRows(_ workspace: Workspace) throws -> [String] {
        let rest = try workspace.store.file.read { db in
            try ["changeset", "touched", "act", "void", "chain"].flatMap { table in
                try Row.fetchAll(db, sql: LiveTables.comparison(of: table)).map { "\(table) \($0)" }.sorted()
            }
        }
        return try workspace.liveRows() + rest
    }
}

/// Files of sources, evidence from them and links between, some of it twice, some out of order, some wrong.
private struct FileDice {
    private let clock: TestClock

    init(seed: UInt64) { clock = TestClock(seed: seed &+ 77) }

    func below(_ limit: Int) -> Int { Int(clock.next() >> 33) % limit }

    /// - Parameter refersAhead: sources may stand behind what refers to them, and then no record stands twice: of
    ///   two lines that contradict each other, which one is refused hangs on which waits for a source.
    func file(refersAhead: Bool = false) -> [RecordDraft] {
        if refersAhead {
            let sources = 10 + below(30)
            return (1...sources + 4).map { line in
                line > sources ? source(line, line - sources - 1) : evidence(line, key: line)
            }
        }
        return (1...(10 + below(30))).map { line in
            switch line <= 4 ? 0 : 1 + below(8) {
            case 0: source(line, line - 1)
            case 1: link(line)
            default: evidence(line, key: below(25), isOdd: true)
            }
        }
    }

    private func source(_ line: Int, _ number: Int) -> RecordDraft {
        RecordDraft(
            kind: 9, line: line, keys: ["src:\(number)"], writes: [DraftWrite(name(1), text("Source"))])
    }

    private func evidence(_ line: Int, key: Int, isOdd: Bool = false) -> RecordDraft {
        var draft = RecordDraft(kind: 8, line: line, keys: ["row:\(key)"])
        if isOdd, below(8) == 0 { draft.keys.append("other:\(below(5))") }
        if below(6) > 0 { draft.writes.append(DraftWrite(name(1), text("Title"))) }
        if below(2) == 0 { draft.writes.append(DraftWrite(name(17), .text("2026-11-0\(1 + below(9))"))) }
        if below(3) == 0 { draft.writes.append(DraftWrite(name(21), .text("src:\(below(5))"))) }
        if below(3) == 0 { draft.writes.append(DraftWrite(name(8, "tag\(below(3))"), .value(.bool(true)))) }
        if below(4) == 0 { draft.writes.append(DraftWrite(name(23, "ken"), .text("\(1 + below(8))"))) }
        draft.mustExist = isOdd && below(12) == 0
        return draft
    }

    private func link(_ line: Int) -> RecordDraft {
        RecordDraft(
            kind: 13, line: line,
            writes: [
                DraftWrite(name(16), .record(key: "row:\(below(25))", kind: 8)),
                DraftWrite(name(17), .text("supports")),
                DraftWrite(name(18), .record(key: "row:\(below(25))", kind: 8)),
            ])
    }

    private func name(_ field: UInt32, _ key: String? = nil) -> RegisterName {
        RegisterName(field: field, key: key)
    }

    private func text(_ text: String) -> DraftContent { .text("\(text) \(below(2))") }

    /// People change some of what the file has said.
    func editByHand(_ workspace: Workspace, _ seed: UInt64) throws {
        var records: [RecordName] = []
        try workspace.store.read {
            try $0.eachRecord(of: [8]) {
                records.append($0.name); return true
            }
        }
        for (place, record) in records.enumerated() where (UInt64(place) + seed).isMultiple(of: 3) {
            try workspace.set(record, "title", .text("By hand \(seed)"))
        }
    }
}
