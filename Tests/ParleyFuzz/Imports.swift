import ParleyCore
import ParleyExchange

extension FuzzTarget {
    /// Input: kind, delimiter, way of keys, which pieces, then a CSV file.
    static let csv = FuzzTarget(
        "csv",
        seeds: {
            let example = try Golden.example("evidence.csv")
            let rows: [String] = [
                "id,title,x.a\r\nJ-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8,'=1+1,\"a\r\nb\"\r\n", "key;p\n1;0,8\n",
                "key\ttags\na:1\ta | b\n",
                "\u{FEFF}key,stance@olga\n a:1 ,agree | because\n", "key,'=x,text\n+1,-5,\"''@a\"\n",
            ]
            return [[7, 0, 1, 9] + example.prefix(1500)] + Seeds.all(rows, after: [2, 0, 1, 5])
        },
        check: { input in
            var feed = Feed(input)
            let kinds = Schema.assessments.kinds
            let kind = kinds[feed.below(kinds.count)]
            let options = Tables.options(&feed)
            let pattern = feed.byte()
            let file = feed.rest()
            let reading = Tables.read([file[...]], kind, options)
            try hold(reading == Tables.read(file.pieces(pattern), kind, options), "pieces give other records")
            let taken = try Drafts.judge(reading.results, of: file)
            for draft in taken { try Tables.goThrough(draft, kind) }
            return !taken.isEmpty
        })

    /// Input: which pieces, then lines of JSON.
    static let jsonLines = FuzzTarget(
        "jsonlines",
        seeds: {
            let id = "3KQ7F9QX2M3KQ7F9QX2M3KQ7F8"
            let lines: [String] = [
                #"{"fields":{"title":"\ud83d\ude80\u0000\u202e","x.a":[1.5e-3,{"b":null}]},"id":"J-\#(id)","kind":"judgment"}"#,
                ##"{"kind":"#14","id":"\##(id)","fields":{"#37":{"cbor":"f97e00"},"#1000@k":true}}"##,
                #"{"kind":"estimate","key":"a:1","fields":{"value@~desk":[0.25,"low",null,"w"]}}"#,
            ]
            let example = try Golden.example("judgments.jsonl")
            return [[9] + example.prefix(1500)] + Seeds.all(lines, after: [5])
        },
        check: { input in
            guard let pattern = input.first else { return false }
            let file = Array(input.dropFirst())
            let results = Lines.read([file[...]])
            try hold(results == Lines.read(file.pieces(pattern)), "pieces give other records")
            let taken = try Drafts.judge(results, of: file)
            for draft in taken { try Lines.goThrough(draft) }
            return !taken.isEmpty
        })

    /// Input: a Markdown file. What is read of it, under ids of its own, is written and read again without loss.
    static let markdown = FuzzTarget(
        "markdown",
        seeds: {
            let texts: [String] = [
                "---\nid: A-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8\ntags: [a, b]\nx.c: {a: [1, ~]}\n---\n# T\n\ntext\n",
                "# T\n\n## Judgments\n\n### J1: one\n\n- due: 2026\n- stance@olga: agree | so\n- depends_on: D1\n\nwhy\n\n## Drivers\n\n### D1: two\n",
                "## Notes\n\n### N1: n\n\n- by: ben\n- about: A1\n\nbody\n\n<!-- N-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8 0001 -->\n",
                "---\na: &a [x, x]\nb: &b [*a, *a]\nx.c: [*b, *b]\n---\n# T\n", "---\n? [a]\n: b\n---\n",
            ]
            return [try Golden.example("moscow-posture.md")] + Seeds.all(texts, after: [])
        },
        check: { input in
            let results = MarkdownReader(me: "olga").read(input)
            try hold(results == MarkdownReader(me: "olga").read(input), "two readings differ")
            _ = MarkdownReader.exported(input)
            let taken = try Drafts.judge(results, of: input, isOrdered: false)
            if !results.contains(where: \.isFault) { try Pages.goThrough(taken) }
            return taken.count > 1
        })
}

private enum Seeds {
    static func all(_ texts: [String], after head: [UInt8]) -> [[UInt8]] {
        texts.map { head + Array($0.utf8) }
    }
}

extension Result {
    fileprivate var isFault: Bool { if case .failure = self { true } else { false } }
}

typealias Reading = Result<RecordDraft, DraftFault>

enum Drafts {
    /// Places lie within the file, what is refused says why, and nothing is larger than what it came from.
    static func judge(_ results: [Reading], of file: [UInt8], isOrdered: Bool = true) throws -> [RecordDraft]
    {
        let lines = file.reduce(1) { $0 + ($1 == 0x0A || $1 == 0x0D ? 1 : 0) }
        var taken: [RecordDraft] = []
        var previous = 1
        for result in results {
            switch result {
            case .success(let draft):
                try hold((1...lines).contains(draft.line), "line \(draft.line) of \(lines)")
                try hold(!isOrdered || draft.line >= previous, "lines go back")
                previous = draft.line
                taken.append(draft)
            case .failure(let fault):
                try hold(
                    (0...lines + 1).contains(fault.line) && fault.column >= 0,
                    "line \(fault.line) of \(lines)")
                try hold(!fault.reason.isEmpty, "refused without a reason")
                try hold(fault.raw.count <= file.count + 64, "a fault larger than its file")
            }
        }
        let size = taken.reduce(0) { $0 + $1.writes.count + $1.keys.count }
        try hold(size <= 8 * file.count + 64, "\(size) writes from \(file.count) bytes")
        return taken
    }

    /// The record that a draft makes where nothing is held; nil while a value waits for a reference.
    static func image(_ draft: RecordDraft, _ id: RecordID) -> RecordImage? {
        var registers: [RegisterName: Value] = [:]
        for write in draft.writes {
            guard case .value(let value) = write.content else { return nil }
            registers[write.register] = value
        }
        let images = registers.map { RegisterImage($0.key, $0.value) }.sorted { $0.name < $1.name }
        return RecordImage(name: RecordName(kind: draft.kind, id: id), registers: images)
    }

    /// Values as bytes, since equal texts can have different ones.
    static func print(_ image: RecordImage) -> [[UInt8]] {
        image.registers.map { Array("\($0.name.field) \($0.name.key ?? "-")=".utf8) + $0.value.encoded }
    }
}

enum Tables {
    struct Outcome: Equatable {
        var results: [Reading] = []
        var fault: DraftFault?
    }

    static func options(_ feed: inout Feed) -> CSVOptions {
        let choice = feed.byte()
        var options = CSVOptions(source: "feed")
        options.delimiter = [nil, UInt8(ascii: ","), UInt8(ascii: ";"), 9][Int(choice & 3)]
        options.decimalComma = choice & 4 != 0
        options.key = [nil, .row, .column("key"), .row][feed.below(4)]
        options.me = choice & 8 == 0 ? "olga" : nil
        return options
    }

    static func read(_ pieces: [ArraySlice<UInt8>], _ kind: Kind, _ options: CSVOptions) -> Outcome {
        var reader = CSVReader(kind: kind, options: options)
        var outcome = Outcome()
        do throws(DraftFault) {
            for piece in pieces { try reader.feed(piece) { outcome.results.append($0) } }
            try reader.finish { outcome.results.append($0) }
        } catch { outcome.fault = error }
        return outcome
    }

    /// A record as a table writes it and reads it again, and no cell of it calculates.
    static func goThrough(_ draft: RecordDraft, _ kind: Kind) throws {
        guard var image = Drafts.image(draft, draft.id ?? RecordID(1)) else { return }
        image.registers.removeAll { kind[tag: $0.name.field] == nil }
        let columns = CSVWriter.columns(of: image.registers.map(\.name), in: kind)
        let writer = CSVWriter(kind: kind, columns: columns)
        let file = writer.header + writer.row(image)
        try Cells.holdHarmless(file)
        var options = CSVOptions(source: "feed")
        options.delimiter = UInt8(ascii: ",")
        let outcome = read([file[...]], kind, options)
        let text = String(decoding: file, as: UTF8.self)
        guard case .success(let again)? = outcome.results.first, outcome.results.count == 1 else {
            throw Violation("a table that is not read: \(text) \(outcome)")
        }
        let read = Drafts.image(again, image.name.id)
        try hold(read.map(Drafts.print) == Drafts.print(image), "read as another record: \(text)")
    }
}

/// A reader of CSV as a spreadsheet has one, knowing nothing of ours.
enum Cells {
    static func holdHarmless(_ file: [UInt8]) throws {
        for cell in cells(file) where isFormula(cell) {
            throw Violation("a cell that calculates: \(String(decoding: cell, as: UTF8.self))")
        }
    }

    private static func isFormula(_ cell: [UInt8]) -> Bool {
        guard let sign = cell.first, "=+-@".utf8.contains(sign) else { return false }
        let isNumber =
            sign == UInt8(ascii: "-") && cell.count > 1
            && cell.dropFirst().allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
        return !isNumber
    }

    static func cells(_ file: [UInt8]) -> [[UInt8]] {
        var cells: [[UInt8]] = [[]]
        var (isQuoted, previous): (Bool, UInt8) = (false, 0)
        for byte in file {
            let isQuote = byte == UInt8(ascii: "\"")
            // Of two quotes within quotes the second one is the cell's.
            if isQuote, !isQuoted, previous == byte { cells[cells.count - 1].append(byte) }
            if isQuote { isQuoted.toggle() }
            previous = byte
            if isQuote { continue }
            if !isQuoted, [UInt8(ascii: ","), 0x0A, 0x0D].contains(byte) {
                cells.append([])
            } else {
                cells[cells.count - 1].append(byte)
            }
        }
        return cells
    }
}

enum Lines {
    static func read(_ pieces: [ArraySlice<UInt8>]) -> [Reading] {
        var reader = JSONLinesReader(me: "olga")
        var results: [Reading] = []
        for piece in pieces { reader.feed(piece) { results.append($0) } }
        reader.finish { results.append($0) }
        return results
    }

    /// A record as a line writes it and reads it again.
    static func goThrough(_ draft: RecordDraft) throws {
        guard let image = Drafts.image(draft, draft.id ?? RecordID(1)) else { return }
        try goThrough(image)
    }

    static func goThrough(_ image: RecordImage) throws {
        let line = JSONLinesWriter().line(image)
        let text = String(decoding: line, as: UTF8.self)
        try hold(line.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control in a line: \(text)")
        let results = read([line[...]])
        guard case .success(let draft)? = results.first, results.count == 1 else {
            throw Violation("a line that is not read: \(text) \(results)")
        }
        let again = draft.id.flatMap { Drafts.image(draft, $0) }
        try hold(again?.name == image.name, "read as another record: \(text)")
        try hold(again.map(Drafts.print) == Drafts.print(image), "read as other values: \(text)")
        try hold(again.map { JSONLinesWriter().line($0) } == line, "written as another line: \(text)")
    }
}

/// Markdown files as a whole.
private enum Pages {
    static func goThrough(_ drafts: [RecordDraft]) throws {
        guard let records = images(drafts, ids(drafts, 64)), let assessment = records.first else { return }
        var file: [UInt8] = []
        MarkdownWriter().write(assessment, records: Array(records.dropFirst())) { file += $0 }
        let text = String(decoding: file, as: UTF8.self)
        var again: [RecordDraft] = []
        for result in MarkdownReader(me: "olga").read(file) {
            do { again.append(try result.get()) } catch { throw Violation("not read: \(error) in\n\(text)") }
        }
        let named = ids(again, 96)
        guard let read = images(again, named) else { throw Violation("references are lost in\n\(text)") }
        let known = Dictionary(read.map { ($0.name, $0) }) { first, _ in first }
        for record in records where !isLink(record) {
            let found = known[record.name].map(Drafts.print)
            try hold(
                found == Drafts.print(record),
                "\(record) is read as \(known[record.name] as Any) from\n\(text)")
        }
        try hold(joins(records) == joins(read), "links are lost in\n\(text)")
    }

    private static func isLink(_ record: RecordImage) -> Bool { record.name.kind == 13 }

    /// What links say, whatever their ids.
    private static func joins(_ records: [RecordImage]) -> Set<[[UInt8]]> {
        Set(records.filter(isLink).map(Drafts.print))
    }

    /// Ids that the file says, or else invented ones.
    private static func ids(_ drafts: [RecordDraft], _ shift: Int) -> [RecordID] {
        drafts.enumerated().map { $1.id ?? RecordID(UInt128(1 + $0) << shift) }
    }

    private static func images(_ drafts: [RecordDraft], _ ids: [RecordID]) -> [RecordImage]? {
        guard Set(ids).count == ids.count else { return nil }
        var labels: [String: RecordID] = [:]
        for (draft, id) in zip(drafts, ids) { if let label = draft.label { labels[label] = id } }
        var images: [RecordImage] = []
        for (draft, id) in zip(drafts, ids) {
            guard let resolved = resolve(draft, labels), let image = Drafts.image(resolved, id) else {
                return nil
            }
            images.append(image)
        }
        return images
    }

    private static func resolve(_ draft: RecordDraft, _ labels: [String: RecordID]) -> RecordDraft? {
        var resolved = draft
        for (index, write) in draft.writes.enumerated() {
            guard case .text(let text) = write.content else { continue }
            guard let type = Schema.assessments[tag: draft.kind]?[tag: write.register.field]?.type else {
                return nil
            }
            let value = try? type.value(of: text) { name throws(ValueFault) in
                guard
                    let id = labels[name] ?? Crockford.range(ofPrefix: name).map({ RecordID($0.lowerBound) })
                else { throw ValueFault(given: name, allowed: "a label of this file") }
                return id
            }
            guard let value else { return nil }
            resolved.writes[index].content = .value(value)
        }
        for key in draft.keys {
            let register = RegisterName(field: Field.keysTag, key: key)
            if !resolved.writes.contains(where: { $0.register == register }) {
                resolved.writes.append(DraftWrite(register, .value(.bool(true))))
            }
        }
        return resolved
    }
}
