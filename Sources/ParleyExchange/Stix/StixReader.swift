package import ParleyCore

/// Reads a STIX 2.1 bundle: bytes in as they come, records out. Each object is handed on as soon as it ends;
/// nothing is kept but the ids of the objects that hold records of ours, and a bounded number of objects that
/// refer to such a one which has not come yet.
///
/// A document that is one object alone is read as a bundle of it.
package struct StixReader {
    package typealias Sink = (Result<RecordDraft, DraftFault>) -> Void

    /// Objects that wait, and their bytes, at most.
    private static let (mostHeld, mostHeldBytes) = (10_000, 16 * 1024 * 1024)

    private let names: StixNames
    private let outside: (StixID) -> RecordName?
    private let me: String?
    private var bundle = JSONDocumentReader(.array(["objects"]))
    /// The document as one object, until it turns out to be a bundle.
    private var alone: JSONDocumentReader? = JSONDocumentReader(.document)
    private var lone: JSONDocumentReader.Element?
    private var ours: [StixID: RecordName] = [:]
    private var held: [JSONDocumentReader.Element] = []
    private var heldBytes = 0
    /// Sources that objects cite. They wait for the end: the file may bring the records themselves.
    private var cited = StixSources()
    /// Stances that came in as opinions earlier, of which the records here say what became of them.
    private var settled: Set<[UInt8]> = []
    private var parser: JSONLineParser
    /// Objects read, and those of them that say nothing: definitions and opinions that every export makes, and
    /// objects of ours without their extension.
    package private(set) var count = 0
    package private(set) var unused = 0

    /// - Parameter known: the record of the workspace that is exported under an id.
    package init(
        _ names: StixNames, me: String? = nil, known: @escaping (StixID) -> RecordName? = { _ in nil }
    ) {
        (self.names, self.me, outside) = (names, me, known)
        parser = JSONLineParser(schema: .assessments, me: me)
    }

    /// Whether a JSON document that begins so is STIX, by what every bundle and object says of itself.
    package static func isStix(_ beginning: some Collection<UInt8>) -> Bool {
        let text = String(decoding: beginning.prefix(4096), as: UTF8.self).filter { !$0.isWhitespace }
        return text.contains("\"type\":\"bundle\"") || text.contains("\"id\":\"bundle--")
            || text.contains("\"spec_version\":\"2.")
    }

    /// - Throws: where nothing further can be read.
    package mutating func feed(_ chunk: ArraySlice<UInt8>, into sink: Sink) throws(DraftFault) {
        var found: [Result<JSONDocumentReader.Element, DraftFault>] = []
        readAlone { reader, sink throws(DraftFault) in try reader.feed(chunk, into: sink) }
        defer { take(found, sink) }
        try bundle.feed(chunk) { found.append($0) }
        if !found.isEmpty { (alone, lone) = (nil, nil) }
    }

    package mutating func finish(into sink: Sink) throws(DraftFault) {
        readAlone { reader, sink throws(DraftFault) in try reader.finish(into: sink) }
        do throws(DraftFault) {
            try bundle.finish { _ in }
        } catch {
            guard alone != nil, let lone, lone.tree["type"]?.text != nil else { throw error }
            if lone.tree["type"]?.text != "bundle" { take([.success(lone)], sink) }
        }
        for element in held { read(element, sink, isLast: true) }
        held = []
        for draft in cited.drafts { sink(.success(draft)) }
        cited = StixSources()
    }

    private mutating func readAlone(
        _ read: (inout JSONDocumentReader, JSONDocumentReader.Sink) throws(DraftFault) -> Void
    ) {
        guard var reader = alone else { return }
        var whole: JSONDocumentReader.Element?
        do throws(DraftFault) {
            try read(&reader) { if case .success(let element) = $0 { whole = element } }
            (alone, lone) = (reader, whole ?? lone)
        } catch {
            (alone, lone) = (nil, nil)
        }
    }

    // MARK: Objects

    private mutating func take(_ found: [Result<JSONDocumentReader.Element, DraftFault>], _ sink: Sink) {
        for result in found {
            switch result {
            case .failure(let fault): sink(.failure(fault))
            case .success(let element):
                count += 1
                read(element, sink, isLast: false)
            }
        }
    }

    private mutating func read(_ element: JSONDocumentReader.Element, _ sink: Sink, isLast: Bool) {
        do throws(StixFault) {
            let object = try StixObject(element.tree)
            let ours = StixExtension(of: object)
            if isMade(object, ours) {
                unused += 1
            } else if let ours, ours.kind != nil {
                sink(.success(try record(object, ours, element)))
            } else if !isLast, waits(object, element) {
                held.append(element)
                heldBytes += element.raw.count
            } else {
                for draft in try foreign(object, ours, element) { sink(.success(draft)) }
            }
        } catch {
            let reason = "element \(element.number): \(error.reason)"
            sink(
                .failure(
                    DraftFault(line: element.line, column: element.column, reason: reason, raw: element.raw)))
        }
    }

    /// Whether an export makes the object by itself, or it is one of ours that lost the extension which holds
    /// the record: read as an object of others, it would be a second record under one id.
    private func isMade(_ object: StixObject, _ ours: StixExtension?) -> Bool {
        let id = object.id
        if StixMarking.isOurs(id.text) || StixExtension.isOurs(id.text) || ours?.isDerived == true {
            return true
        }
        return ours == nil && isOfOurs(id) && known(id) != nil
    }

    private func isOfOurs(_ id: StixID) -> Bool { StixOwn.types.contains(id.type) && id.isDerived }

    /// Whether the object refers to one of ours that may come later.
    private func waits(_ object: StixObject, _ element: JSONDocumentReader.Element) -> Bool {
        guard held.count < Self.mostHeld, heldBytes + element.raw.count <= Self.mostHeldBytes else {
            return false
        }
        let refs =
            [object.text("source_ref"), object.text("target_ref")] + (object["object_refs"]?.texts ?? [])
        return refs.compactMap { $0.flatMap(StixID.init) }
            .contains { isOfOurs($0) && known($0) == nil }
    }

    private func known(_ id: StixID) -> RecordName? { ours[id] ?? outside(id) }

    // MARK: Of ours

    private mutating func record(
        _ object: StixObject, _ extension: StixExtension, _ element: JSONDocumentReader.Element
    ) throws(StixFault) -> RecordDraft {
        var draft = try fields(`extension`, object, element.line)
        if !`extension`.hasID { throw StixFault(reason: "the record of Parley in it has no id") }
        for member in object.members where !StixOwn.isDerived(member, draft) {
            guard let member = StixExtension.withoutOurs(member) else { continue }
            let (register, value) = try StixCarried.own.write(member)
            draft.writes.append(DraftWrite(register, .value(value)))
        }
        if let id = draft.id { remember(draft, RecordName(kind: draft.kind, id: id), as: object.id) }
        return finished(draft, object, element)
    }

    private mutating func remember(_ draft: RecordDraft, _ record: RecordName, as id: StixID) {
        ours[id] = record
        for key in draft.keys { cited.settle(key) }
        for write in draft.writes {
            if let voice = StixOwn.voice(ofMarker: write.register) {
                settled.insert(Self.stance(record, voice))
            }
        }
    }

    private static func stance(_ judgment: RecordName, _ voice: String) -> [UInt8] {
        judgment.id.number.bigEndianBytes + Array(voice.utf8)
    }

    private mutating func fields(
        _ extension: StixExtension, _ object: StixObject, _ line: Int
    ) throws(StixFault) -> RecordDraft {
        var result: Result<RecordDraft, DraftFault>?
        `extension`.line(kind: object.type.kind.name).withUnsafeBufferPointer {
            parser.read($0, line) { result = $0 }
        }
        switch result {
        case .success(let draft)?: return draft
        case .failure(let fault)?: throw StixFault(reason: "the record of Parley in it: \(fault.reason)")
        case nil: throw StixFault(reason: "the record of Parley in it is empty")
        }
    }

    private func finished(
        _ draft: RecordDraft, _ object: StixObject, _ element: JSONDocumentReader.Element
    ) -> RecordDraft {
        var draft = draft
        draft.version = object.text("modified").flatMap(Instant.init)
        draft.raw = element.raw
        return draft
    }

    // MARK: Of others

    private mutating func foreign(
        _ object: StixObject, _ extension: StixExtension?, _ element: JSONDocumentReader.Element
    ) throws(StixFault) -> [RecordDraft] {
        let (ours, outside) = (ours, outside)
        let inbound = try StixInbound(object, names) { ours[$0] ?? outside($0) }
        if object.type.kind.name == "link" { try inbound.expectEnds() }
        var draft = inbound.draft(line: element.line)
        if let `extension` { try overlay(&draft, try fields(`extension`, object, element.line), `extension`) }
        let citations = StixCitation.all(of: object, names)
        let isEvidence = object.type.kind.name == "evidence"
        let links = citations.dropFirst(isEvidence ? 1 : 0).compactMap {
            $0.link(from: object, line: element.line)
        }
        let early = citations.compactMap { cited.add($0.draft(line: element.line)) }
        return [finished(draft, object, element)] + early + links + stances(object, element.line)
    }

    /// What people have changed here goes before what the object says.
    private func overlay(
        _ draft: inout RecordDraft, _ fields: RecordDraft, _ extension: StixExtension
    ) throws(StixFault) {
        if `extension`.hasID { draft.id = fields.id }
        let changed = Set(fields.writes.map(\.register))
        draft.writes = draft.writes.filter { !changed.contains($0.register) } + fields.writes
        draft.keys += fields.keys.filter { !draft.keys.contains($0) }
    }

    /// An opinion on a judgment of ours is also a stance on it, by a voice.
    private func stances(_ object: StixObject, _ line: Int) -> [RecordDraft] {
        guard object.type.name == "opinion", let judgment = Schema.assessments[name: "judgment"],
            let stance = judgment[name: "stance"], let opinion = object.text("opinion")
        else { return [] }
        let why = object.text("explanation").map { FittedText.text($0) }
        let value = Value.tuple([.text(opinion), why.map { .text($0) } ?? .null])
        guard stance.type.accepts(value) else { return [] }
        let voice = StixWords.voice(object)
        let refs = (object["object_refs"]?.texts ?? []).compactMap(StixID.init).compactMap(known)
        let judgments = refs.filter { $0.kind == judgment.tag && !settled.contains(Self.stance($0, voice)) }
        return judgments.map { record in
            RecordDraft(
                kind: judgment.tag, line: line, id: record.id,
                writes: [
                    DraftWrite(RegisterName(field: stance.tag, key: voice), .value(value)),
                    DraftWrite(StixOwn.marker(of: voice), .value(.text(object.id.text))),
                ])
        }
    }
}

extension RecordDraft {
    /// Without what an export says of a record's times and beginner: where the record was made, the log knows
    /// these better.
    package var withoutStatedTimes: RecordDraft {
        var draft = self
        let stated =
            ["created", "modified", "authors"].map(StixCarried.own.register)
            + [StixCarried.foreign.register("modified")]
        draft.writes.removeAll { stated.contains($0.register) }
        draft.version = nil
        return draft
    }
}
