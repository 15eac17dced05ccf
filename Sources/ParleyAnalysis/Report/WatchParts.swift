import ParleyCore

/// Assumptions, signposts, and what has changed.
extension Report {
    var assumptions: [Block] {
        let all =
            inside("assumption").filter { $0.flag("linchpin") }
            + inside("assumption").filter { !$0.flag("linchpin") }
        if all.isEmpty { return [] }
        let rows: [[[Span]]] = all.map { assumption in
            let resting = dossier.judgments(on: assumption.id)
            return [
                [.own(labels[assumption.id] + " "), .theirs(assumption.title)],
                [.own(assumption.flag("linchpin") ? "yes" : "no")], [.own(support(assumption))],
                assumption.text("if_wrong").map { [.theirs($0)] } ?? ["not said"],
                resting.isEmpty ? ["nothing linked"] : list(resting),
            ]
        }
        return [
            heading("Assumptions", "assumptions"),
            table(
                "Assumptions, linchpins first",
                header: ["Assumption", "Linchpin", "Support", "If wrong", "Carries"], rows, of: all),
        ]
    }

    private func support(_ assumption: DossierRecord) -> String {
        let all = assumption.reasoned("support")
        return all.isEmpty ? "not rated" : all.map { "\($0.token) (\($0.analyst))" }.joined(separator: ", ")
    }

    var signposts: [Block] {
        let all = inside("indicator")
        if all.isEmpty { return [] }
        let rows: [[[Span]]] = all.map { indicator in
            let watched = dossier.links(from: indicator.id, "watches").compactMap { dossier[$0.to] }
            let threshold: [Span] =
                indicator.text("threshold").map { [" Threshold: ", .theirs($0), "."] } ?? []
            return [
                [.own(labels[indicator.id] + " "), .theirs(indicator.title)],
                (indicator.text("observable").map { [.theirs($0)] } ?? ["not said"]) + threshold,
                [.own(state(indicator))], [.own(indicator.value("window").text ?? "no end")],
                watched.isEmpty ? ["nothing"] : list(watched),
            ]
        }
        return [
            heading("Signposts", "signposts"),
            table(
                "What would change these judgments",
                header: ["Indicator", "What to see", "State", "Until", "Watches"], rows, of: all),
        ]
    }

    private func state(_ indicator: DossierRecord) -> String {
        let words = ["not_seen": "not seen", "ambiguous": "ambiguous", "seen": "seen", "retired": "retired"]
        let state = words[indicator.choice("state") ?? "not_seen"] ?? "not seen"
        if let date = indicator.tuple("seen")?.text("date") { return "\(state), \(date)" }
        return state + (indicator.value("checked").text.map { ", looked at \($0)" } ?? "")
    }

    // MARK: What has changed

    /// The fields whose change a reader must hear of, and how they are called.
    private static let told: [(kind: String, fields: [(field: String, name: String)])] = [
        (
            "judgment",
            [
                ("title", "wording"), ("likelihood", "likelihood"), ("confidence", "confidence"),
                ("outcome", "outcome"),
            ]
        ),
        ("driver", [("effect", "effect"), ("trend", "trend")]), ("hypothesis", [("standing", "standing")]),
        ("indicator", [("state", "state")]), ("assumption", [("linchpin", "linchpin")]),
    ]

    var changes: [Block] {
        var blocks: [Block] = []
        if let text = assessment.text("change") { blocks.append(.prose(text)) }
        if let past = options.past {
            let items = changed(since: past)
            let when = Day(past.at).text
            blocks.append(
                .paragraph([
                    .own(
                        items.isEmpty
                            ? "Nothing that is told here has changed since \(past.occasion) on \(when)."
                            : "Since \(past.occasion) on \(when):")
                ]))
            if !items.isEmpty { blocks.append(.list(items)) }
            let notes = contents.filter {
                $0.kind.name == "note" && $0.choice("kind") == "change" && $0.facts.created > past.at
            }
            if !notes.isEmpty { blocks.append(.list(notes.flatMap(voices))) }
        }
        return blocks.isEmpty ? [] : [heading("What has changed", "changes")] + blocks
    }

    private func changed(since past: ReportPast) -> [[Span]] {
        var items: [[Span]] = []
        for (kind, fields) in Self.told {
            for record in inside(kind) {
                guard let image = past.images[record.id] else {
                    items.append(["New: ", reference(record.id), " ", .theirs(record.title)])
                    continue
                }
                for (field, name) in fields {
                    guard let tag = record.kind[name: field]?.tag, record.image[tag] != image[tag] else {
                        continue
                    }
                    let (then, now) = (
                        said(image[tag], record, field), said(record.image[tag], record, field)
                    )
                    items.append([
                        reference(record.id), .own(": \(name) was "), .theirs(then), ", is ", .theirs(now),
                        ".",
                    ])
                }
            }
        }
        let evidence = inside("evidence").filter { $0.facts.created > past.at }
        if !evidence.isEmpty { items.append([.own("New evidence: ")] + list(evidence) + ["."]) }
        let known = Set(Self.told.flatMap { inside($0.kind).map(\.id) })
        for (_, image) in past.images.filter({ !known.contains($0.key) }).sorted(by: { $0.key < $1.key }) {
            let title = image[Field.titleTag].text ?? ""
            items.append([
                .own("Gone: \(Schema.assessments[tag: image.name.kind]?.name ?? "record") "), .theirs(title),
            ])
        }
        return items
    }

    private func said(_ value: Value, _ record: DossierRecord, _ field: String) -> String {
        if field == "likelihood", let band = value.text.flatMap({ assessment.scale.band(token: $0) }) {
            return band.words[0]
        }
        switch value {
        case .null: return "not said"
        case .bool(let truth): return truth ? "yes" : "no"
        case .list(let items): return items.first?.text ?? "not said"
        default: return value.text ?? "not said"
        }
    }
}
