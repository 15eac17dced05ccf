import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

/// `parley lint --waive`: a note with the reason, about each record.
struct LintWaiving {
    var rule: String
    var reason: String

    func run(_ addresses: [String], _ console: Console) throws {
        guard let rule = LintRule.named(rule) else { return }
        guard rule.isWaivable else {
            throw CommandFailure(
                .notPermitted, "not-waivable",
                "\(rule.id) is a rule of handling and cannot be waived. Nothing was written.",
                hint:
                    "lower the marking, where that is yours to do: parley set ID tlp=..    or leave it out: report --tlp"
            )
        }
        let workspace = try console.openWorkspace()
        let records = try workspace.store.read { tx in try addresses.map { try Resolver(tx).record($0) } }
        for record in records { try waive(rule, at: record, workspace, console) }
    }

    private func waive(
        _ rule: LintRule, at record: RecordName, _ workspace: Workspace, _ console: Console
    ) throws {
        let (name, owner, known) = try workspace.store.read { tx in
            let dossier = try DossierLoading(tx, now: console.now).assessment(record)
            let owner = try tx.assessment(of: record)?.fullAddress
            return (
                try tx.address(of: record), owner, Waiver.of(rule.id, at: record.id, in: dossier)
            )
        }
        if let known {
            return try console.note("\(name): \(rule.id) is waived already by \(known.by): \(known.reason)")
        }
        let note = RecordName(kind: try New.kind(named: "note").tag, id: workspace.randomID())
        let fields = [
            ("title", Waiver.title(rule.id)), ("kind", "review"), ("about", record.fullAddress),
            ("body", reason),
        ]
        let report = try workspace.write(.command("lint"), to: note) { maker in
            try maker.writes(
                (fields + (owner.map { [("parent", $0)] } ?? [])).map { Assignment(field: $0.0, text: $0.1) },
                to: note)
        }
        try report.sayNew(console)
        try console.note(
            "\(name): \(rule.id) does not count any more. Back again: parley set \(report.name) resolved=yes")
    }
}
