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
    private let dossier: Dossier
    private let naming: Naming

    init(_ tx: ReadTransaction, _ workspace: Workspace, _ console: Console, _ dossier: Dossier) {
        self.console = console
        self.dossier = dossier
        naming = Naming(tx, workspace.membership)
    }

    func show(_ findings: [Finding], all: Bool, limit: Int) throws {
        let chosen = findings.filter { all || $0.waiver == nil }
        let shown = Array(chosen.prefix(limit))
        if console.options.json {
            return try console.json(.array(shown.map(json)))
        }
        if console.out.isTerminal { try console.page(lines(shown)) } else { try table(shown) }
        try console.finish()
        try sayCounts(findings, hidden: chosen.count - shown.count)
    }

    private func sayCounts(_ findings: [Finding], hidden: Int) throws {
        let standing = findings.filter { $0.waiver == nil }
        let errors = standing.filter { $0.level == .error }.count
        let waived = findings.count - standing.count
        var sentence = "\(counted(errors, "error")), \(counted(standing.count - errors, "warning"))"
        sentence += waived > 0 ? ", \(waived) waived (--all shows them)." : "."
        if findings.isEmpty { sentence = "Nothing found." }
        if hidden > 0 { sentence += " \(hidden) more are not shown: --limit." }
        try console.note(sentence)
        if !standing.isEmpty {
            try console.hint(
                "what the rules rest on: parley lint --rules    not here: parley lint --waive L.. --on ID")
        }
    }

    private func name(_ id: RecordID) -> String { naming.reference(id) }

    private func title(of id: RecordID) -> String { dossier[id]?.image.headline(naming) ?? "" }

    private func mark(_ finding: Finding) -> String {
        finding.waiver != nil ? "-" : finding.level == .error ? "E" : "W"
    }

    // MARK: For a program

    private func table(_ findings: [Finding]) throws {
        for finding in findings {
            let cells = [
                mark(finding), finding.rule, dossier[finding.record]?.name.fullAddress ?? finding.record.text,
                finding.field ?? "", finding.message.text(name), finding.excerpt ?? "",
                finding.waiver.map { "\($0.by): \($0.reason)" } ?? "",
            ]
            try console.line(cells.map { visible($0) }.joined(separator: "\t"))
        }
    }

    private func json(_ finding: Finding) -> JSON {
        let record = dossier[finding.record]
        let rule = LintRule.named(finding.rule)
        return [
            "rule": .text(finding.rule), "level": .text(finding.level.rawValue),
            "record": .text(record?.name.fullAddress ?? finding.record.text),
            "kind": .text(orNull: record?.kind.name), "title": .text(title(of: finding.record)),
            "field": .text(orNull: finding.field),
            "message": .text(finding.message.text { dossier[$0]?.name.fullAddress ?? $0.text }),
            "sentence": .text(orNull: finding.excerpt), "requires": .text(orNull: rule?.title),
            "ground": .text(orNull: rule?.ground),
            "waived": finding.waiver.map { waiver in
                [
                    "note": .text(dossier[waiver.note]?.name.fullAddress ?? waiver.note.text),
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
                console.out.colour.paint(name(id), .strong) + "  " + visible(title(of: id)).cut(to: width - 8)
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
