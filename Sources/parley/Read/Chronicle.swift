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
        /// What stood there before, by stamp; nil where the log was not read that far.
        var before: Value?
    }

    var origin: Origin
    /// nil for a changeset that is void.
    var act: Act?
    var writes: [Write]
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

    init(_ tx: ReadTransaction, _ naming: Naming) {
        self.tx = tx
        self.naming = naming
    }

    func deeds(limit: Int) throws -> [Deed] {
        guard let record else { return try wholeLog(limit: limit) }
        var deeds = try tx.history(of: record).compactMap { try deed(at: $0.position, $0.origin) }
        fillBefore(&deeds)
        return Array(deeds.filter(isWanted).prefix(limit))
    }

    /// By position, which is the order in which this replica received them.
    private func wholeLog(limit: Int) throws -> [Deed] {
        var deeds: [Deed] = []
        var position = try tx.log.lastPosition()
        while position > 0, deeds.count < limit {
            if let entry = try tx.log.entry(at: position),
                let deed = try deed(at: position, entry.header.origin),
                isWanted(deed)
            {
                deeds.append(deed)
            }
            position -= 1
        }
        return deeds
    }

    /// nil where it writes nothing of what is asked for.
    private func deed(at position: Int64, _ origin: Origin) throws -> Deed? {
        guard let body = try tx.body(at: position) else {
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

    private func fillBefore(_ deeds: inout [Deed]) {
        var last: [RegisterName: Value] = [:]
        for index in deeds.indices.reversed() {
            for place in deeds[index].writes.indices {
                let write = deeds[index].writes[place]
                deeds[index].writes[place].before = last[write.register] ?? .null
                last[write.register] = write.value
            }
        }
    }

    private func isWanted(_ deed: Deed) -> Bool {
        if let author, naming.author(of: deed.origin.change) != author { return false }
        if let since, deed.origin.stamp.time.milliseconds < since { return false }
        return true
    }
}

/// Deeds in words.
struct ChronicleSpeech {
    private let naming: Naming
    private let speech: ValueSpeech

    init(_ naming: Naming) {
        self.naming = naming
        speech = ValueSpeech(naming: naming)
    }

    func author(_ deed: Deed) -> String { naming.author(of: deed.origin.change) }

    func act(_ deed: Deed) -> String { Act.words(deed.act) }

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
        let head = [
            paint.paint(deed.origin.change.shortAddress, .strong), TimeWords.absolute(Instant(deed.origin)),
            visible(author(deed)), visible(act(deed)), visible(deed.act?[.note]?.text ?? ""),
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
    static let members = ["change", "at", "by", "device", "act", "note", "void", "writes"]

    func json(_ deed: Deed) -> JSON {
        [
            "change": .text(deed.origin.change.shortAddress), "at": .text(Instant(deed.origin).text),
            "by": .text(author(deed)), "device": .text(deed.origin.change.device.text),
            "act": .text(act(deed)),
            "note": .text(orNull: deed.act?[.note]?.text), "void": .bool(deed.act == nil),
            "writes": .array(
                deed.writes.map { write in
                    [
                        "id": .text(write.record.fullAddress),
                        "field": .text(write.record.schema.text(of: write.register)),
                        "value": speech.json(write.value, of: write.register, in: write.record),
                    ]
                }),
        ]
    }
}
