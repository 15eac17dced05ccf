import ParleyAnalysis
import ParleyCore
import ParleyStore

/// What stood in each assessment when it was last published, from the history.
struct Publications {
    let tx: ReadTransaction
    let dossier: Dossier

    init(_ tx: ReadTransaction, _ dossier: Dossier) {
        self.tx = tx
        self.dossier = dossier
    }

    func all() throws -> [RecordID: Publication] {
        var found: [RecordID: Publication] = [:]
        for assessment in dossier.all("assessment") {
            guard let change = try tx.publication(of: assessment.name) else { continue }
            let at = Instant(milliseconds: change.stamp.time.milliseconds)
            var likelihoods: [RecordID: String] = [:]
            for judgment in dossier.tree(of: assessment.id) where judgment.kind.name == "judgment" {
                likelihoods[judgment.id] = try likelihood(of: judgment, at: change, at)
            }
            found[assessment.id] = Publication(at: at, likelihoods: likelihoods)
        }
        return found
    }

    /// What the publisher had before them; what nobody has touched since is read from the present.
    private func likelihood(of judgment: DossierRecord, at change: Origin, _ time: Instant) throws -> String?
    {
        guard let tag = judgment.kind[name: "likelihood"]?.tag else { return nil }
        if judgment.facts.created > time { return nil }
        if judgment.facts.changed <= time { return judgment.choice("likelihood") }
        let moment = Moment.change(change.change)
        return try tx.past(of: judgment.name, at: moment).image(at: moment)?[tag].text
    }
}

extension ReadTransaction {
    /// The newest change that made an assessment published; nil where none did. What shows now says it, for
    /// most: only where it shows something else is the history read.
    func publication(of assessment: RecordName) throws -> Origin? {
        guard let tag = assessment.schema[name: "status"]?.tag else { return nil }
        let status = RegisterName(field: tag)
        let shown = try detail(of: assessment)?.first { $0.name == status }
        if let shown, shown.value == .text("published") { return shown.shown }
        guard try history(of: assessment, limit: 2).count > 1 else { return nil }
        return try past(of: assessment).changes.last { $0[status] == .text("published") }?.origin
    }
}
