package import ParleyCore

/// What a report is made of beside the dossier.
package struct ReportOptions: Sendable {
    /// Nothing stricter goes in; nil for everything.
    package var ceiling: Marking?
    /// What stood when the assessment was last published, or at another moment asked for.
    package var past: ReportPast?

    package init(ceiling: Marking? = nil, past: ReportPast? = nil) {
        (self.ceiling, self.past) = (ceiling, past)
    }
}

/// An earlier state of what a report tells of.
package struct ReportPast: Sendable {
    package var at: Instant
    /// As in `it was published`.
    package var occasion: String
    /// The records as they were; those that did not exist then are absent.
    package var images: [RecordID: RecordImage]

    package init(at: Instant, occasion: String, images: [RecordID: RecordImage]) {
        (self.at, self.occasion, self.images) = (at, occasion, images)
    }
}

extension ReportPast {
    /// Without what was stricter then, what is left out now, and what lay below that: a change would tell of it.
    fileprivate mutating func limit(to ceiling: Marking, _ whole: Dossier, _ dossier: Dossier) {
        let isOut: (RecordID) -> Bool = { whole[$0] != nil && dossier[$0] == nil }
        let old = images
        for (id, image) in old {
            let parent = image[Field.parentTag].ref
            let marking = image[Field.markingTag].text.flatMap(Marking.init) ?? .clear
            if isOut(id) || parent.map(isOut) ?? false {
                images[id] = nil
            } else if marking > ceiling {
                images[id] = dossier[id]?.image
            }
        }
    }
}

/// Makes the report of one assessment: judgments first, likelihood and confidence in separate sentences
/// (ICD 203, standards 2 and 6), and at the end what its words mean.
package struct Report: Sendable {
    let dossier: Dossier
    let assessment: DossierRecord
    let options: ReportOptions
    /// The assessment with all that belongs to it.
    let contents: [DossierRecord]
    let labels: ReportLabels
    let matrix: Matrix
    /// How many records were left out since they are stricter than the ceiling.
    package let withheld: Int

    /// - Returns: nil where the assessment is not in the dossier, or is itself stricter than the ceiling.
    package init?(_ whole: Dossier, assessment id: RecordID, options: ReportOptions = ReportOptions()) {
        let (dossier, withheld) = options.ceiling.map { whole.limited(to: $0) } ?? (whole, 0)
        var options = options
        if let ceiling = options.ceiling { options.past?.limit(to: ceiling, whole, dossier) }
        guard let assessment = dossier[id], assessment.kind.name == "assessment" else { return nil }
        (self.dossier, self.assessment, self.options, self.withheld) = (
            dossier, assessment, options, withheld
        )
        contents = dossier.contents(of: id)
        labels = ReportLabels(dossier, assessment: id, contents)
        matrix = Matrix(dossier, assessment: id)
    }

    /// The strictest marking of everything in it.
    package var marking: Marking? { dossier.marking(of: contents) }

    package var document: Document {
        let parts: [[Block]] = [
            frame, bottomLine, judgments, drivers, alternatives, analysis, assumptions, signposts, dissents,
            changes,
            evidence, sources, trackRecord, gaps, scaleNotes,
        ]
        let title = assessment.title.isEmpty ? assessment.text("question") ?? "Assessment" : assessment.title
        return Document(
            title: Inert.line(title), marking: marking?.label ?? "Not marked", blocks: parts.flatMap { $0 })
    }

    // MARK: The frame

    private var frame: [Block] {
        var facts: [[Span]] = []
        func add(_ name: String, _ text: String?) {
            if let text { facts.append([.strong(name + ": "), .theirs(text)]) }
        }
        add("Question", assessment.text("question"))
        add("About", assessment.ref("subject").flatMap { dossier[$0]?.text("title") })
        add("For", assessment.text("audience"))
        add(
            "Looks ahead to",
            assessment.text("horizon") ?? assessment.date("horizon").map { Day(lastOf: $0).text })
        add("Status", assessment.choice("status"))
        add("As of", assessment.date("asof").map { Day(lastOf: $0).text } ?? dossier.today.text)
        var blocks: [Block] = [.list(facts)]
        if withheld > 0, let ceiling = options.ceiling {
            let items = withheld == 1 ? "1 item is" : "\(withheld) items are"
            blocks.append(
                .paragraph([
                    .own("\(items) stricter than \(ceiling.label) and left out, with what hangs on them.")
                ]))
        }
        return blocks
    }

    private var bottomLine: [Block] {
        guard let bluf = assessment.text("bluf") else { return [] }
        return [heading("Bottom line", "bottom-line"), .prose(bluf)]
    }

    private var analysis: [Block] {
        let sections = inside("section").flatMap { section -> [Block] in
            let cited = dossier.links(from: section.id, "cites").compactMap { dossier[$0.to] }
            let references = cited.isEmpty ? [] : [Block.paragraph(["Cites "] + list(cited) + ["."])]
            return [.heading(level: 3, [.theirs(section.title)], anchor: labels.anchor(of: section.id))]
                + (section.text("text").map { [.prose($0)] } ?? []) + references
        }
        var blocks = sections.isEmpty ? [] : [heading("Analysis", "analysis")] + sections
        if let implications = assessment.text("implications") {
            blocks += [heading("What follows", "implications"), .prose(implications)]
        }
        return blocks
    }

    private var gaps: [Block] {
        let notes = contents.filter {
            $0.kind.name == "note" && $0.choice("kind") == "gap" && !$0.flag("resolved")
        }
        return notes.isEmpty ? [] : [heading("What we do not know", "gaps"), .list(notes.flatMap(voices))]
    }

    private var scaleNotes: [Block] {
        let scale = assessment.scale
        let rows: [[[Span]]] = scale.bands.map { band in
            [[.term(band.words.joined(separator: " / "))], [.own(band.range)]]
        }
        return [
            heading("What the words mean", "scale"),
            .paragraph(
                [
                    .own(
                        "Words for likelihood are those of \(scale.title). Confidence says how good the ground is on which"
                    )
                ] + [.own(" a judgment stands (low, moderate, high), and nothing about how likely it is.")]),
            .table(DocumentTable("Words for likelihood", header: ["Word", "Means"], rows: rows)),
        ]
    }

    // MARK: Helpers of all parts

    func heading(_ text: String, _ anchor: String) -> Block {
        .heading(level: 2, [.own(text)], anchor: anchor)
    }

    /// A table of records, a row each, to which references lead.
    func table(
        _ caption: String, header: [String], _ rows: [[[Span]]], of records: [DossierRecord]
    ) -> Block {
        .table(
            DocumentTable(
                caption, header: header, rows: rows, anchors: records.map { labels.anchor(of: $0.id) }))
    }

    /// What lies under the assessment, of one kind, in order.
    func inside(_ kind: String) -> [DossierRecord] { labels.members[kind] ?? [] }

    /// `J1`, which leads to it.
    func reference(_ id: RecordID) -> Span {
        labels.anchor(of: id).map { .reference(labels[id], anchor: $0) } ?? .own(labels[id])
    }

    /// `J1, E2`, in the order of the report.
    func list(_ records: [DossierRecord]) -> [Span] {
        var seen: Set<RecordID> = []
        let sorted = records.filter { seen.insert($0.id).inserted }.sorted {
            ($0.name.kind, labels.place(of: $0.id)) < ($1.name.kind, labels.place(of: $1.id))
        }
        return runs(of: sorted).enumerated().flatMap { index, run -> [Span] in
            let ends = run.count > 2 ? [run[0], run[run.count - 1]] : run
            let joint: Span = run.count > 2 ? " to " : ", "
            let spans = ends.enumerated().flatMap {
                $0 == 0 ? [reference($1.id)] : [joint, reference($1.id)]
            }
            return (index == 0 ? [] : [", "]) + spans
        }
    }

    /// Neighbours of one kind together: where there are many, `E1 to E9` is easier to read than nine labels.
    private func runs(of sorted: [DossierRecord]) -> [[DossierRecord]] {
        guard sorted.count > 6 else { return sorted.map { [$0] } }
        return sorted.reduce(into: []) { runs, record in
            if let last = runs.last?.last, last.name.kind == record.name.kind,
                labels.place(of: last.id) != .max,
                labels.place(of: last.id) + 1 == labels.place(of: record.id)
            {
                runs[runs.count - 1].append(record)
            } else {
                runs.append([record])
            }
        }
    }

    /// What everybody says in a note, with the writer's name.
    func voices(_ note: DossierRecord) -> [[Span]] {
        note.each("body").compactMap { entry in
            entry.value.text.map { [.theirs(entry.analyst), ": ", .theirs($0)] }
        }
    }
}

/// What the report calls each record: the letter of its kind and its number in the report; sources are [1], [2]..
struct ReportLabels: Sendable {
    private(set) var members: [String: [DossierRecord]] = [:]
    private var names: [RecordID: String] = [:]
    private var places: [RecordID: Int] = [:]

    /// Kinds of which only what lies under the assessment is told; of the others what is linked to it, too.
    private static let own: Set<String> = [
        "section", "judgment", "driver", "assumption", "hypothesis", "indicator",
    ]
    private static let shared: Set<String> = ["evidence", "source"]

    init(_ dossier: Dossier, assessment: RecordID, _ contents: [DossierRecord]) {
        let inside = dossier.tree(of: assessment).filter { Self.own.contains($0.kind.name) }
        let linked = contents.filter { Self.shared.contains($0.kind.name) }
        members = Dictionary(grouping: inside + linked, by: \.kind.name)
        for records in members.values {
            for (index, record) in records.enumerated() {
                places[record.id] = index
                names[record.id] =
                    record.kind.name == "source" ? "[\(index + 1)]" : "\(record.kind.letter)\(index + 1)"
            }
        }
    }

    subscript(id: RecordID) -> String { names[id] ?? "(not in this report)" }

    /// Within its kind, from 0.
    func place(of id: RecordID) -> Int { places[id] ?? .max }

    func anchor(of id: RecordID) -> String? {
        names[id].map { name in
            name.hasPrefix("[") ? "source-" + name.dropFirst().dropLast() : name.lowercased()
        }
    }
}

extension Dossier {
    /// Without what is stricter than a marking, what lies below that, and what is said of it; and how many
    /// records are stricter themselves.
    package func limited(to ceiling: Marking) -> (dossier: Dossier, withheld: Int) {
        let strict = records.filter { ($0.marking ?? .clear) > ceiling }
        if strict.isEmpty { return (self, 0) }
        var gone = Set(strict.flatMap { tree(of: $0.id).map(\.id) })
        var count = -1
        while gone.count != count {
            count = gone.count
            for record in records where !gone.contains(record.id) && hangs(record, on: gone) {
                gone.insert(record.id)
            }
        }
        let kept = records.filter { !gone.contains($0.id) }
        let facts = Dictionary(uniqueKeysWithValues: kept.map { ($0.id, $0.facts) })
        return (Dossier(records: kept.map(\.image), facts: facts, today: today), strict.count)
    }

    private func hangs(_ record: DossierRecord, on gone: Set<RecordID>) -> Bool {
        record.kind.bonds.contains { record.ref($0).map(gone.contains) ?? false }
    }
}
