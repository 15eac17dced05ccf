import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What other records say of one: notes about it, and links from and to it.
struct Surroundings {
    let tx: ReadTransaction
    let naming: Naming

    private struct Note {
        var record: RecordName
        var facts: Bookkeeping
        var kind: String
        var text: String
        var isResolved: Bool
    }

    private struct Link {
        var record: RecordName
        var relation: String
        /// From the record that is shown to the other; else the other way.
        var isOutward: Bool
        var other: RecordID
        var title: String
    }

    init(_ tx: ReadTransaction, _ naming: Naming) {
        self.tx = tx
        self.naming = naming
    }

    // MARK: Found

    private func images(_ kind: String, where field: String, is id: RecordID) throws -> [RecordImage] {
        guard let kind = Schema.assessments[name: kind] else { return [] }
        let query = RecordQuery(
            [.kinds([kind.tag]), .field(field, oneOf: [.ref(id)])], order: [RecordOrder(.created)])
        return try tx.query(query).rows.compactMap { try tx.image(of: $0.name) }
    }

    private func value(_ field: String, of image: RecordImage) -> Value {
        image[image.name.schema[name: field]?.tag ?? 0]
    }

    private func notes(about record: RecordName) throws -> [Note] {
        try images("note", where: "about", is: record.id).compactMap { image in
            guard let facts = try tx.bookkeeping(of: image.name) else { return nil }
            let body = image.name.schema[name: "body"]?.tag
            let bodies = image.registers.filter { $0.name.field == body }.compactMap(\.value.text)
            return Note(
                record: image.name, facts: facts, kind: value("kind", of: image).text ?? "note",
                text: bodies.isEmpty ? image.headline(naming) : bodies.joined(separator: "\n"),
                isResolved: value("resolved", of: image) == .bool(true))
        }
    }

    private func links(of record: RecordName) throws -> [Link] {
        try ["from", "to"].flatMap { end in
            try images("link", where: end, is: record.id).compactMap { image -> Link? in
                guard let other = value(end == "from" ? "to" : "from", of: image).ref else { return nil }
                let found = try tx.find(other...other, limit: 1).first
                return Link(
                    record: image.name, relation: value("rel", of: image).text ?? "?",
                    isOutward: end == "from", other: other,
                    title: try found.flatMap { try tx.image(of: $0) }?.headline(naming) ?? "")
            }
        }
    }

    // MARK: Told

    /// - Parameter fields: `--fields`, which may name `notes` and `links`.
    func lines(of record: RecordName, fields: [String]?, _ console: Console) throws -> [String] {
        var lines: [String] = []
        if RecordJSON.isWanted("notes", fields) {
            let notes = try notes(about: record)
            var table = TextTable([.init(), .init(), .init(), .init(isElastic: true, least: 16), .init()])
            for note in notes {
                let first = note.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                table.add([
                    .init(try naming.short(note.record), .strong), .init(note.kind),
                    .init(note.facts.author ?? "?", .faint), .init(first),
                    .init(note.isResolved ? "resolved" : "", .faint),
                ])
            }
            if !notes.isEmpty { lines += ["", "  notes"] + indented(table, console) }
        }
        if RecordJSON.isWanted("links", fields) {
            let links = try links(of: record)
            var table = TextTable([.init(), .init(), .init(isElastic: true, least: 16)])
            for link in links {
                table.add([
                    .init(link.isOutward ? link.relation + " →" : "← " + link.relation),
                    .init(naming.reference(link.other), .strong), .init(link.title),
                ])
            }
            if !links.isEmpty { lines += ["", "  links"] + indented(table, console) }
        }
        return lines
    }

    private func indented(_ table: TextTable, _ console: Console) -> [String] {
        table.lines(width: console.width.map { $0 - 4 }, colour: console.out.colour).map { "    " + $0 }
    }

    func json(of record: RecordName, fields: [String]?) throws -> [JSONMember] {
        var members: [JSONMember] = []
        if RecordJSON.isWanted("notes", fields) {
            members.append(JSONMember("notes", .array(try notes(about: record).map(json))))
        }
        if RecordJSON.isWanted("links", fields) {
            members.append(JSONMember("links", .array(try links(of: record).map(json))))
        }
        return members
    }

    private func json(_ note: Note) -> JSON {
        [
            "id": .text(note.record.fullAddress), "kind": .text(note.kind),
            "by": .text(orNull: note.facts.author),
            "at": .text(Instant(milliseconds: note.facts.created).text), "text": .text(note.text),
            "resolved": .bool(note.isResolved),
        ]
    }

    private func json(_ link: Link) -> JSON {
        [
            "id": .text(link.record.fullAddress), "relation": .text(link.relation),
            "direction": .text(link.isOutward ? "to" : "from"),
            "record": .text(naming.reference(link.other, whole: true)), "title": .text(link.title),
        ]
    }
}
