package import ParleyCore

/// Reads a foreign file by a mapping: bytes in as they come, records out.
package struct MappedReader {
    package typealias Sink = (Result<RecordDraft, DraftFault>) -> Void

    private enum Elements {
        case document(JSONDocumentReader)
        case lines(LineFeed, JSONElementParser)
        case rows(CSVElements)
    }

    private let mapping: Mapping
    private let me: String?
    private var elements: Elements
    private var collected = CollectedDrafts()
    /// Elements read, and those of which no rule made a record.
    package private(set) var count = 0
    package private(set) var unused = 0
    private var expected: [TreePath]

    /// - Parameter format: another one than the mapping says, as of refused rows of a JSON document.
    package init(_ mapping: Mapping, as format: Mapping.Format? = nil, me: String? = nil) {
        self.mapping = mapping
        self.me = me
        expected = mapping.records.flatMap(\.expected)
        switch format ?? mapping.format {
        case .json:
            elements = .document(JSONDocumentReader(mapping.place, capturing: mapping.documentPaths))
        case .jsonl: elements = .lines(LineFeed(), JSONElementParser())
        case .csv: elements = .rows(CSVElements(delimiter: mapping.delimiter))
        }
    }

    /// - Throws: where nothing further can be read.
    package mutating func feed(_ chunk: ArraySlice<UInt8>, into sink: Sink) throws(DraftFault) {
        var found: [Result<Element, DraftFault>] = []
        defer { take(found, sink) }
        switch elements {
        case .document(var reader):
            defer { elements = .document(reader) }
            try reader.feed(chunk) { found.append($0.map(Element.init)) }
        case .lines(var feed, var parser):
            feed.feed(chunk, to: &parser) { found.append($0) }
            elements = .lines(feed, parser)
        case .rows(var rows):
            defer { elements = .rows(rows) }
            rows.append(chunk)
            try rows.read(isLast: false) { found.append($0) }
        }
    }

    package mutating func finish(into sink: Sink) throws(DraftFault) {
        var found: [Result<Element, DraftFault>] = []
        defer {
            take(found, sink)
            for draft in collected.drafts { sink(.success(draft)) }
            collected = CollectedDrafts()
        }
        switch elements {
        case .document(var reader): try reader.finish { found.append($0.map(Element.init)) }
        case .lines(var feed, var parser): feed.finish(&parser) { found.append($0) }
        case .rows(var rows): try rows.read(isLast: true) { found.append($0) }
        }
    }

    // MARK: Records

    private mutating func take(_ found: [Result<Element, DraftFault>], _ sink: Sink) {
        let document = documentMembers
        for result in found {
            switch result {
            case .failure(let fault): sink(.failure(fault))
            case .success(let element):
                count += 1
                read(element, document, sink)
            }
        }
    }

    private var documentMembers: [[String]: JSONTree] {
        guard case .document(let reader) = elements else { return [:] }
        var members: [[String]: JSONTree] = [:]
        for path in mapping.documentPaths { members[path] = reader[captured: path] }
        return members
    }

    /// How elements of this file stand by themselves.
    package var frame: RowFrame {
        switch elements {
        case .lines: return .lines
        case .rows(let rows): return rows.frame
        case .document:
            guard case .array(let path) = mapping.place else { return RowFrame(takesReasons: false) }
            let members = documentMembers.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return .document(path, members.map { ($0.key, $0.value) })
        }
    }

    /// Paths of the mapping that led to nothing in any element: mistakes, perhaps.
    package var unseen: [String] { Set(expected.map(\.text)).sorted() }

    private mutating func read(_ element: Element, _ document: [[String]: JSONTree], _ sink: Sink) {
        var mapped = MappedElement(tree: element.tree, number: element.number)
        (mapped.document, mapped.decimalComma) = (document, mapping.decimalComma)
        mapped.absent = mapping.absent
        var isUsed = false
        expected.removeAll { element.tree.reaches($0.steps[...]) }
        // What is refused stands among the refused rows once, however many of its records are.
        var raw = element.raw
        for rule in mapping.records where !(rule.collects && collected.isFull) {
            for part in mapped.parts(rule) where rule.conditions.allSatisfy(part.meets) {
                if rule.collects, collected.isFull { break }
                isUsed = true
                do throws(MappedFault) {
                    var record = MappedRecord(rule, part, me: me, line: element.line)
                    var draft = try record.made()
                    // What is collected stands in several elements.
                    if !rule.collects { draft.raw = element.raw }
                    if rule.collects { try collected.add(draft) } else { sink(.success(draft)) }
                } catch {
                    let place = mapping.format == .json ? "element \(element.number): " : ""
                    sink(.failure(DraftFault(line: element.line, reason: place + error.reason, raw: raw)))
                    raw = []
                }
            }
        }
        if !isUsed { unused += 1 }
    }
}

extension Element {
    fileprivate init(_ element: JSONDocumentReader.Element) {
        self.init(tree: element.tree, number: element.number, line: element.line, raw: element.raw)
    }
}
