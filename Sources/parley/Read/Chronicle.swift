import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// One changeset as a log shows it.
struct Deed {
    struct Write {
        var record: RecordName
        var register: RegisterName
        var value: Value
        /// What its author had before its eyes; nil where the log was not read that far.
        var before: Value?
        /// It waits for review: a later write, whose author had not seen it, is shown.
        var isAside = false
    }

    var origin: Origin
    /// nil for a changeset that is void.
    var act: Act?
    var writes: [Write]

    var isAside: Bool { writes.contains(where: \.isAside) }
}

/// Reads changesets from the log, the latest first.
struct Chronicle {
    let tx: ReadTransaction
    let naming: Naming
    var record: RecordName?
    var register: RegisterName?
    var author: String?
    /// Milliseconds since 1970.
    var since: Int64?
    /// Whether to find out what each write replaced.
    var wantsBefore = false

    init(_ tx: ReadTransaction, _ naming: Naming) {
        self.tx = tx
        self.naming = naming
    }

    func deeds(limit: Int) throws -> [Deed] {
        guard let record else { return try wholeLog(limit: limit) }
        var deeds: [Deed] = []
        for entry in try tx.history(of: record) where isWanted(entry.origin) && deeds.count < limit {
            if let deed = try deed(at: entry.position, entry.origin) { deeds.append(deed) }
        }
        try complete(&deeds, record)
        return deeds
    }

    private func complete(_ deeds: inout [Deed], _ record: RecordName) throws {
        let asides = try tx.asides(of: record)
        let past = wantsBefore ? try tx.past(of: record) : nil
        for index in deeds.indices {
            let change = deeds[index].origin.change
            for place in deeds[index].writes.indices {
                let register = deeds[index].writes[place].register
                deeds[index].writes[place].before = past.map {
                    $0.heads(of: register, before: change).first?.content ?? .null
                }
                deeds[index].writes[place].isAside = asides.contains {
                    $0.register == register && $0.head.origin.change == change
                }
            }
        }
    }

    /// By position, which is the order in which this replica received them.
    private func wholeLog(limit: Int) throws -> [Deed] {
        var deeds: [Deed] = []
        var position = try tx.log.lastPosition()
        while position > 0, deeds.count < limit {
            if let entry = try tx.log.entry(at: position),
                isWanted(entry.header.origin), let deed = try deed(at: position, entry.header.origin)
            {
                deeds.append(deed)
            }
            position -= 1
        }
        return deeds
    }

    /// What was taken out of the log and stands nowhere in it, the latest taken out first.
    func apart() throws -> [(deed: Deed, apart: SetApart)] {
        try tx.setApart().compactMap { apart in
            guard isWanted(apart.origin), let deed = deed(apart.origin, apart.body) else { return nil }
            return (deed, apart)
        }
    }

    private func deed(at position: Int64, _ origin: Origin) throws -> Deed? {
        deed(origin, try tx.body(at: position))
    }

    /// nil where it writes nothing of what is asked for.
    private func deed(_ origin: Origin, _ body: ChangesetBody?) -> Deed? {
        guard let body else {
            return record == nil ? Deed(origin: origin, act: nil, writes: []) : nil
        }
        let groups = body.written.filter { record == nil || $0.name == record }
        let writes = groups.flatMap { group in
            body.writes(of: group).map { write in
                Deed.Write(
                    record: group.name, register: body.register(of: write), value: body.value(of: write))
            }
        }.filter { register == nil || $0.register == register }
        return writes.isEmpty && record != nil ? nil : Deed(origin: origin, act: body.act, writes: writes)
    }

    private func isWanted(_ origin: Origin) -> Bool {
        if let author, naming.author(of: origin.change) != author { return false }
        if let since, origin.stamp.time.milliseconds < since { return false }
        return true
    }
}

/// Deeds in words.
struct ChronicleSpeech {
    private let naming: Naming
    private let speech: ValueSpeech
    private let unfinished: [[UInt8]: UnfinishedImport]

    init(_ naming: Naming, _ unfinished: [[UInt8]: UnfinishedImport] = [:]) {
        self.naming = naming
        self.unfinished = unfinished
        speech = ValueSpeech(naming: naming)
    }

    func author(_ deed: Deed) -> String { naming.author(of: deed.origin.change) }

    func act(_ deed: Deed) -> String { Act.words(deed.act) }

    /// Why it wants a look, and the author's note.
    func remark(_ deed: Deed) -> String {
        let marks = (deed.isAside ? ["!"] : []) + (missing(deed).map { ["! " + $0] } ?? [])
        return (marks + [deed.act?[.note]?.text ?? ""]).joined(separator: " ").trimmingSpaces()
    }

    /// What there is of the rest of an import that this is a part of; nil where nothing is missing.
    private func missing(_ deed: Deed) -> String? {
        guard case .bytes(let batch) = deed.act?[.batch] else { return nil }
        return unfinished[batch].map(\.state)
    }

    /// `J-88PD.confidence, J-88PD.due`, or the records alone where there are many.
    func touched(_ deed: Deed) throws -> String {
        if deed.writes.count <= 3 {
            return try deed.writes.map { try naming.register($0.register, of: $0.record) }.joined(
                separator: ", ")
        }
        var names: [String] = []
        for write in deed.writes {
            let name = try naming.short(write.record)
            if names.last != name { names.append(name) }
            if names.count > 4 { break }
        }
        let more = names.count > 4 ? ", .." : ""
        return "\(names.prefix(4).joined(separator: ", "))\(more) (\(deed.writes.count) fields)"
    }

    func patch(_ deed: Deed, _ console: Console) throws -> [String] {
        let paint = console.out.colour
        let signs = (deed.isAside ? ["! set aside"] : []) + (missing(deed).map { ["! " + $0] } ?? [])
        let mark = signs.isEmpty ? "" : paint.paint(signs.joined(separator: "  "), .attention)
        let head = [
            paint.paint(deed.origin.change.shortAddress, .strong), TimeWords.absolute(Instant(deed.origin)),
            visible(author(deed)), visible(act(deed)), visible(deed.act?[.note]?.text ?? ""), mark,
        ]
        var lines = [head.joined(separator: "  ").trimmingSpaces()]
        for write in deed.writes {
            lines.append("  " + visible(try naming.register(write.register, of: write.record)))
            if let before = write.before, before != .null {
                lines += block("-", before, write, paint, .failure)
            }
            lines += block("+", write.value, write, paint, .good)
        }
        return lines + [""]
    }

    private func block(_ sign: String, _ value: Value, _ write: Deed.Write, _ paint: Colour, _ style: Style)
        -> [String]
    {
        visibleBlock(speech.text(value, of: write.register, in: write.record))
            .split(separator: "\n", omittingEmptySubsequences: false).map {
                paint.paint("    \(sign) \($0)", style)
            }
    }

    /// What each object has, and `--fields` may name.
    static let members = ["change", "at", "by", "device", "act", "note", "void", "incomplete", "writes"]

    func json(_ deed: Deed) -> JSON {
        [
            "change": .text(deed.origin.change.shortAddress), "at": .text(Instant(deed.origin).text),
            "by": .text(author(deed)), "device": .text(deed.origin.change.device.text),
            "act": .text(act(deed)),
            "note": .text(orNull: deed.act?[.note]?.text), "void": .bool(deed.act == nil),
            "incomplete": .text(orNull: missing(deed)),
            "writes": .array(
                deed.writes.map { write in
                    [
                        "id": .text(write.record.fullAddress),
                        "field": .text(write.record.schema.text(of: write.register)),
                        "value": speech.json(write.value, of: write.register, in: write.record),
                        "aside": .bool(write.isAside),
                    ]
                }),
        ]
    }
}
