import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct LintCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check assessments against the standards of tradecraft.",
        usage: """
            parley lint [A-..|FILTER ..] [--rule R].. [--tlp MARKING] [--all] [--exit-code] [options]
            parley lint --waive R --on ID.. -m REASON
            parley lint --rules
            """,
        discussion: """
            Examples:
              parley lint A-7K3F
              parley lint A-7K3F --tlp green
              parley lint status:review --rule L01 --rule L05
              parley lint --waive L04 --on J-88PD -m "Petrova's own hedge, kept on purpose"
              parley lint --rules

            27 mechanical rules. Those about words are English and heuristic, so each finding
            shows its sentence, and can be waived with a reason: a note (kind review, titled
            "waive L04") about the record, which syncs, is signed by its writer and ends when
            it is resolved. --all shows what is waived, by whom and why.

            Ends with 6 where an error stands; with --exit-code where a warning does, too.
            Settings: lint.stale_days, lint.off (parley config list).
            """)

    @Argument(help: "An assessment or any record, or words of a filter.", completion: .record) var filter:
        [String] = []
    @Option(help: ArgumentHelp("Only this rule; may be given again.", valueName: "L04")) var rule: [String] =
        []
    @Option(help: ArgumentHelp("The marking it is to go out under.", valueName: "marking")) var tlp: String?
    @Flag(help: "What is waived, too.") var all = false
    @Flag(help: "List the rules and what they rest on.") var rules = false
    @Option(help: ArgumentHelp("At most so many.", valueName: "n")) var limit = 1_000
    @Flag(name: .customLong("exit-code"), help: "End with 6 where a warning stands, too.") var exitCode =
        false
    @Option(help: ArgumentHelp("Let this rule not count ..", valueName: "L04")) var waive: String?
    @Option(help: ArgumentHelp(".. at this record; may be given again.", valueName: "id")) var on: [String] =
        []
    @Option(name: [.short, .long], help: ArgumentHelp("Why.", valueName: "reason")) var message: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        for name in rule + (waive.map { [$0] } ?? []) where LintRule.named(name) == nil {
            throw ValidationError("There is no rule \(name); there are L01 to L27: parley lint --rules")
        }
        if let tlp, Marking(rawValue: tlp) == nil {
            throw ValidationError("--tlp takes clear, green, amber, amber+strict or red.")
        }
        if waive == nil, !on.isEmpty || message != nil {
            throw ValidationError("--on and -m go with --waive.")
        }
        if waive != nil, on.isEmpty { throw ValidationError("--waive needs --on ID.") }
        if waive != nil, message?.trimmingSpaces().isEmpty ?? true {
            throw ValidationError("A waiver needs its reason: -m \"..\"")
        }
        if limit < 1 { throw ValidationError("--limit takes 1 or more.") }
    }

    func run(_ console: Console) throws {
        if rules { return try listRules(console) }
        if let waive { return try LintWaiving(rule: waive, reason: message ?? "").run(on, console) }
        try console.expectFields(among: LintSpeech.members)
        let workspace = try console.openToRead()
        let options = try lintOptions(console, workspace)
        let found = try workspace.store.read { tx in
            let (dossier, isWanted, root) = try scope(tx, console)
            let lint = Lint(dossier, options: options, publications: try Publications(tx, dossier).all())
            let findings = lint.findings(of: root).filter(isWanted)
            try LintSpeech(tx, workspace, console, dossier).show(findings, all: all, limit: limit)
            return findings
        }
        let standing = found.filter { $0.waiver == nil }
        if standing.contains(where: { $0.level == .error || exitCode }) { throw Exit.findings.quietly }
    }

    /// What is to be read, and which of the findings were asked for.
    private func scope(
        _ tx: ReadTransaction, _ console: Console
    ) throws -> (Dossier, (Finding) -> Bool, RecordID?) {
        let loading = DossierLoading(tx, now: console.now)
        if filter.isEmpty { return (try loading.workspace(), { _ in true }, nil) }
        if filter.count == 1, let address = try? Address(filter[0]), address.letter != nil,
            address.field == nil
        {
            let record = try Resolver(tx).record(filter[0])
            let root = try tx.assessment(of: record) ?? record
            let dossier = try loading.assessment(root)
            let isWhole = record == root
            return (
                dossier, { isWhole || $0.record == record.id }, root.kindName == "assessment" ? root.id : nil
            )
        }
        let filters = try FilterParser(tx, now: console.now).filters(filter)
        let chosen = Set(try tx.query(RecordQuery(filters)).rows.map(\.name.id))
        let dossier = try loading.workspace()
        let isWanted: (Finding) -> Bool = { finding in
            chosen.contains(finding.record)
                || dossier.assessment(of: finding.record).map { chosen.contains($0.id) } ?? false
        }
        return (dossier, isWanted, nil)
    }

    private func lintOptions(_ console: Console, _ workspace: Workspace) throws -> LintOptions {
        let configuration = try console.configuration(workspace: workspace.folder)
        let off = (configuration.text("lint.off") ?? "").split { ", ".contains($0) }.map { $0.uppercased() }
        for name in off where LintRule.named(name) == nil {
            try console.note("lint.off names \(name), and there is no such rule: parley lint --rules")
        }
        var wanted = Set(rule.map { $0.uppercased() })
        if wanted.isEmpty { wanted = Set(LintRule.all.map(\.id)).subtracting(off) }
        let silenced = off.filter { !wanted.contains($0) }
        if !silenced.isEmpty {
            try console.note("not looked at (lint.off): " + silenced.joined(separator: ", "))
        }
        return LintOptions(
            ceiling: tlp.flatMap(Marking.init), staleDays: configuration.number("lint.stale_days") ?? 30,
            rules: wanted)
    }

    private func listRules(_ console: Console) throws {
        if console.options.json {
            return try console.json(
                .array(
                    LintRule.all.map { rule in
                        [
                            "rule": .text(rule.id), "level": .text(rule.level.rawValue),
                            "title": .text(rule.title), "ground": .text(rule.ground),
                            "waivable": .bool(rule.isWaivable),
                        ]
                    }))
        }
        var table = TextTable([.init(), .init(), .init(isElastic: true, least: 40), .init()])
        for rule in LintRule.all {
            table.add([
                .init(rule.id, .strong), .init(rule.level.rawValue), .init(rule.title),
                .init(rule.ground, .faint),
            ])
        }
        try console.table(table)
    }
}

extension ReadTransaction {
    /// The assessment at or above a record; nil where there is none, or the parents go in a circle.
    func assessment(of record: RecordName) throws -> RecordName? {
        var (seen, next): (Set<RecordID>, RecordName?) = ([], record)
        while let name = next, seen.insert(name.id).inserted {
            if name.kindName == "assessment" { return name }
            guard let parent = try image(of: name)?[Field.parentTag].ref else { return nil }
            next = try find(parent...parent, limit: 1).first
        }
        return nil
    }
}
