import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// Findings of lint: by record for a person, a row each for a program.
struct LintSpeech {
    static let members = [
        "rule", "level", "record", "kind", "title", "field", "message", "sentence", "requires", "ground",
        "waived",
    ]

    private let console: Console
    private let naming: Naming

    init(_ tx: ReadTransaction, _ workspace: Workspace, _ console: Console) {
        self.console = console
        naming = Naming(tx, workspace.membership)
    }

    func show(_ tally: LintTally) throws {
        let shown = tally.shown
        if console.options.json {
            return try console.json(.array(shown.map(json)))
        }
        if console.out.isTerminal { try console.page(lines(shown)) } else { try table(shown) }
        try console.finish()
        try sayCounts(tally)
    }

    private func sayCounts(_ tally: LintTally) throws {
        var sentence = "\(counted(tally.errors, "error")), \(counted(tally.warnings, "warning"))"
        sentence += tally.waived > 0 ? ", \(tally.waived) waived (--all shows them)." : "."
        if tally.count == 0 { sentence = "Nothing found." }
        if tally.hidden > 0 { sentence += " \(tally.hidden) more are not shown: --limit." }
        try console.note(sentence)
        if tally.errors + tally.warnings > 0 {
            try console.hint(
                "what the rules rest on: parley lint --rules    not here: parley lint --waive L.. --on ID")
        }
    }

    private func name(_ id: RecordID) -> String { naming.reference(id) }

    private func fullName(_ id: RecordID) -> String { naming.reference(id, whole: true) }

    private func image(of id: RecordID) -> RecordImage? {
        (try? naming.tx.find(id...id, limit: 1))?.first.flatMap { try? naming.tx.image(of: $0) }
    }

    private func mark(_ finding: Finding) -> String {
        finding.waiver != nil ? "-" : finding.level == .error ? "E" : "W"
    }

    // MARK: For a program

    private func table(_ findings: [Finding]) throws {
        for finding in findings {
            let cells = [
                mark(finding), finding.rule, fullName(finding.record),
                finding.field ?? "", finding.message.text(name), finding.excerpt ?? "",
                finding.waiver.map { "\($0.by): \($0.reason)" } ?? "",
            ]
            try console.line(cells.map { visible($0) }.joined(separator: "\t"))
        }
    }

    private func json(_ finding: Finding) -> JSON {
        let record = image(of: finding.record)
        let rule = LintRule.named(finding.rule)
        return [
            "rule": .text(finding.rule), "level": .text(finding.level.rawValue),
            "record": .text(fullName(finding.record)),
            "kind": .text(orNull: record?.name.kindName), "title": .text(record?.headline(naming) ?? ""),
            "field": .text(orNull: finding.field),
            "message": .text(finding.message.text(fullName)),
            "sentence": .text(orNull: finding.excerpt), "requires": .text(orNull: rule?.title),
            "ground": .text(orNull: rule?.ground),
            "waived": finding.waiver.map { waiver in
                [
                    "note": .text(fullName(waiver.note)),
                    "by": .text(waiver.by), "reason": .text(waiver.reason),
                ]
            } ?? .null,
        ]
    }

    // MARK: For a person

    /// The findings of a record below its title, the records as they are found first.
    private func lines(_ findings: [Finding]) -> [String] {
        var order: [RecordID] = []
        let groups = Dictionary(grouping: findings, by: \.record)
        var seen: Set<RecordID> = []
        for finding in findings where seen.insert(finding.record).inserted { order.append(finding.record) }
        return order.flatMap { id in
            let head =
                console.out.colour.paint(name(id), .strong) + "  "
                + visible(image(of: id)?.headline(naming) ?? "").cut(to: width - 8)
            return [head] + (groups[id] ?? []).flatMap(lines)
        }
    }

    private var width: Int { max(40, console.width ?? 100) }

    private func lines(_ finding: Finding) -> [String] {
        let style: Style = finding.waiver != nil ? .faint : finding.level == .error ? .failure : .attention
        let sentence = visible((finding.field.map { $0 + " " } ?? "") + finding.message.text(name))
        var lines = indented(
            sentence, by: 8,
            first: "  " + console.out.colour.paint(mark(finding) + " " + finding.rule, style) + " ")
        if let excerpt = finding.excerpt {
            lines += indented("\u{201C}" + visible(excerpt) + "\u{201D}", by: 10)
        }
        if let waiver = finding.waiver {
            lines += indented("waived by \(visible(waiver.by)): " + visible(waiver.reason), by: 10)
        }
        return lines
    }

    private func indented(_ text: String, by indent: Int, first: String? = nil) -> [String] {
        let space = String(repeating: " ", count: indent)
        return text.wrapped(to: width - indent).enumerated().map { index, line in
            (index == 0 ? first ?? space : space) + line
        }
    }
}
