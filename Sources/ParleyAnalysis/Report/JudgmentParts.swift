import ParleyCore

/// Judgments, the drivers that carry them, and dissent.
extension Report {
    var judgments: [Block] {
        let all = inside("judgment")
        if all.isEmpty { return [] }
        return [heading("Key judgments", "judgments")] + all.flatMap(judgment)
    }

    private func judgment(_ judgment: DossierRecord) -> [Block] {
        var blocks: [Block] = [
            .heading(
                level: 3, [.own(labels[judgment.id] + "  "), .theirs(judgment.title)],
                anchor: labels.anchor(of: judgment.id)),
            .paragraph(likelihood(judgment)), .paragraph(confidence(judgment)),
        ]
        if let text = judgment.text("text") { blocks.append(.prose(text)) }
        if let basis = judgment.text("basis") { blocks.append(.prose(basis)) }
        blocks.append(.list(grounds(judgment)))
        if let chart = chart(judgment) { blocks.append(.figure(.likelihood(chart))) }
        return blocks
    }

    // MARK: Two sentences that are kept apart

    /// How likely: the agreed word, and what the analysts' numbers come to.
    func likelihood(_ judgment: DossierRecord) -> [Span] {
        let scale = assessment.scale
        let band = judgment.choice("likelihood").flatMap { scale.band(token: $0) }
        var spans: [Span] = band.map { sentence($0) } ?? ["No word for its likelihood has been agreed."]
        guard let pooled = dossier.pooled(judgment.id) else { return spans }
        let p = Int64((pooled.probability * 1_000_000).rounded())
        if pooled.analysts == 1 {
            spans += [.own(" One analyst puts it at \(percent(p)).")]
        } else {
            let (low, high) = (Int64(pooled.low * 1_000_000), Int64(pooled.high * 1_000_000))
            spans += [
                .own(
                    " The median of \(pooled.analysts) analysts is \(percent(p)), from \(percent(low)) to \(percent(high))."
                )
            ]
        }
        return spans
    }

    /// Some words are chances and some say what a thing is.
    private func sentence(_ band: WordBand) -> [Span] {
        let word = band.words[0]
        let (before, after): (String, String)
        if word.hasPrefix("almost no") {
            (before, after) = ("There is ", " of it")
        } else if word.hasSuffix("chance") {
            (before, after) = ("There is a ", " of it")
        } else if word.hasSuffix("possibility") {
            (before, after) = ("It is a ", "")
        } else {
            (before, after) = ("It is ", "")
        }
        return [.own(before), .term(word), .own("\(after) (\(band.range)).")]
    }

    func confidence(_ judgment: DossierRecord) -> [Span] {
        guard let level = judgment.choice("confidence") else { return ["No confidence has been stated."] }
        return ["Our confidence in this judgment is ", .term(level), "."]
    }

    // MARK: What it rests on

    private func grounds(_ judgment: DossierRecord) -> [[Span]] {
        var items: [[Span]] = []
        func add(_ name: String, _ records: [DossierRecord]) {
            if !records.isEmpty { items.append([.strong(name + ": ")] + list(records)) }
        }
        let needs = dossier.links(from: judgment.id, "depends_on").compactMap { dossier[$0.to] }
        add("Depends on", needs)
        let evidence = dossier.evidenceChains(of: judgment.id).compactMap { dossier[$0.evidence] }
        add("Evidence", evidence)
        add("Watched by", dossier.links(to: judgment.id, "watches").compactMap { dossier[$0.from] })
        if let criterion = judgment.text("criterion") {
            items.append([.strong("Settled when: "), .theirs(criterion)])
        }
        if let due = judgment.date("due") { items.append([.strong("Due: "), .own(Day(lastOf: due).text)]) }
        if let outcome = judgment.tuple("outcome"), let result = outcome.text("result") {
            items.append([
                .strong("Outcome: "), .own(result), .own(outcome.text("date").map { ", " + $0 } ?? ""),
            ])
        }
        return items
    }

    func chart(_ judgment: DossierRecord) -> LikelihoodChart? {
        let trajectories = dossier.trajectories(of: judgment.id)
        if trajectories.isEmpty { return nil }
        let lines = trajectories.map { analyst, estimates in
            LikelihoodChart.Line(analyst, estimates.map { .init(day: $0.madeOn.number, p: $0.p) })
        }
        let bands = assessment.scale.bands.map { band in
            LikelihoodChart.Band(band.words[0], low: Int(band.low / 10_000), high: Int(band.high / 10_000))
        }
        return LikelihoodChart(
            subject: "\(labels[judgment.id]) \(judgment.title)", bands: bands, lines: lines,
            median: Self.median(lines),
            today: dossier.today.number)
    }

    /// The median of what stood, from every day on which something changed.
    private static func median(_ lines: [LikelihoodChart.Line]) -> LikelihoodChart.Line {
        let days = Set(lines.flatMap { $0.points.map(\.day) }).sorted()
        return LikelihoodChart.Line(
            "median",
            days.compactMap { day in
                let standing = lines.compactMap { line in
                    line.points.last { $0.day <= day }.map { Double($0.p) }
                }
                return Statistics.median(standing).map { .init(day: day, p: Int64($0.rounded())) }
            })
    }

    // MARK: Drivers

    var drivers: [Block] {
        let all = inside("driver")
        if all.isEmpty { return [] }
        let rows: [[[Span]]] = all.map { driver in
            let text: [Span] = driver.text("text").map { [". ", .theirs($0)] } ?? []
            let resting = dossier.judgments(on: driver.id)
            return [
                [.own(labels[driver.id] + " "), .theirs(driver.title)] + text,
                [.own(driver.choice("effect") ?? "not said")], [.own(driver.choice("trend") ?? "not said")],
                [.own(weight(driver) ?? "not said")], resting.isEmpty ? ["nothing linked"] : list(resting),
            ]
        }
        let table = table(
            "Drivers", header: ["Driver", "Effect", "Trend", "Weight", "Carries"], rows, of: all)
        return [heading("Drivers", "drivers"), table] + (map.map { [.figure(.drivers($0))] } ?? [])
    }

    var map: DriverMap? {
        let (drivers, judgments) = (inside("driver"), inside("judgment"))
        let places = Dictionary(uniqueKeysWithValues: drivers.enumerated().map { ($1.id, $0) })
        let edges = judgments.enumerated().flatMap { index, judgment in
            dossier.links(from: judgment.id, "depends_on").compactMap { link in
                places[link.to].map { place in
                    DriverMap.Edge(
                        driver: place, judgment: index, weight: weight(drivers[place]),
                        effect: drivers[place].choice("effect"))
                }
            }
        }
        if edges.isEmpty { return nil }
        return DriverMap(
            drivers: drivers.map { driver in
                let evidence = dossier.evidenceChains(of: driver.id).count
                return .init(
                    labels[driver.id], driver.title,
                    note: evidence == 1 ? "1 item of evidence" : "\(evidence) items of evidence")
            },
            judgments: judgments.map { judgment in
                let word = judgment.choice("likelihood").flatMap { assessment.scale.band(token: $0) }?.words[
                    0]
                return .init(labels[judgment.id], judgment.title, note: word ?? "no likelihood agreed")
            }, edges: edges)
    }

    /// The analysts' middle weight; the lighter of two in the middle.
    private func weight(_ driver: DossierRecord) -> String? {
        let steps = ["low", "medium", "high"]
        let places = driver.choices("weight").compactMap { steps.firstIndex(of: $0.token) }.sorted()
        return places.isEmpty ? nil : steps[places[(places.count - 1) / 2]]
    }

    // MARK: Dissent

    var dissents: [Block] {
        let kinds = ["dissent": "Dissent", "devils_advocate": "Devil's advocate", "premortem": "Premortem"]
        let notes = contents.filter {
            $0.kind.name == "note" && !$0.flag("resolved") && kinds[$0.choice("kind") ?? ""] != nil
        }
        var items = notes.flatMap { note -> [[Span]] in
            let about =
                note.ref("about").map { $0 == assessment.id ? Span.own("the whole") : reference($0) }
                ?? "nothing"
            let kind = kinds[note.choice("kind") ?? ""] ?? ""
            return voices(note).map { [.strong(kind), " about ", about, ", "] + $0 }
        }
        for judgment in inside("judgment") {
            for stance in judgment.reasoned("stance") where stance.token.hasSuffix("disagree") {
                let degree = stance.token.hasPrefix("strongly") ? " strongly disagrees" : " disagrees"
                items.append(
                    [reference(judgment.id), ": ", .theirs(stance.analyst), .own(degree)]
                        + (stance.why.map { [": ", .theirs($0)] } ?? ["."]))
            }
        }
        return items.isEmpty ? [] : [heading("Dissent", "dissent"), .list(items)]
    }
}
