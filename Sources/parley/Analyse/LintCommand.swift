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
            let found = try tally(tx, console, options)
            try LintSpeech(tx, workspace, console).show(found)
            return found
        }
        if found.errors > 0 || (exitCode && found.warnings > 0) { throw Exit.findings.quietly }
    }

    /// Looks at what the words ask for: one assessment, or record by record where there may be very many.
    private func tally(
        _ tx: ReadTransaction, _ console: Console, _ options: LintOptions
    ) throws -> LintTally {
        let loading = DossierLoading(tx, now: console.now)
        var tally = LintTally(most: limit, withWaived: all)
        if let record = try named(tx) {
            let root = try tx.assessment(of: record) ?? record
            let dossier = try loading.assessment(root)
            let found = try lint(tx, dossier, options).findings(
                of: root.kindName == "assessment" ? root.id : nil)
            tally.add(found.filter { record == root || $0.record == record.id })
            return tally
        }
        let chosen = try chosen(tx, console)
        let (dossier, strays) = try loading.connected()
        tally.add(
            try lint(tx, dossier, options).findings().filter { finding in
                guard let chosen, !chosen.contains(finding.record) else { return true }
                return dossier.assessment(of: finding.record).map { chosen.contains($0.id) } ?? false
            })
        try loading.eachPiece(of: strays, beside: dossier) { dossier, records in
            let asked = records.filter { chosen?.contains($0.id) ?? true }
            tally.add(strays: Lint(dossier, options: options).findings(at: asked))
        }
        return tally
    }

    private func lint(_ tx: ReadTransaction, _ dossier: Dossier, _ options: LintOptions) throws -> Lint {
        Lint(dossier, options: options, publications: try Publications(tx, dossier).all())
    }

    /// The one record that is named by its address.
    private func named(_ tx: ReadTransaction) throws -> RecordName? {
        guard filter.count == 1, let address = try? Address(filter[0]), address.letter != nil,
            address.field == nil
        else { return nil }
        return try Resolver(tx).record(filter[0])
    }

    /// The records that a filter means; nil for all.
    private func chosen(_ tx: ReadTransaction, _ console: Console) throws -> Set<RecordID>? {
        if filter.isEmpty { return nil }
        let filters = try FilterParser(tx, now: console.now).filters(filter)
        return Set(try tx.query(RecordQuery(filters)).rows.map(\.name.id))
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
