package import ParleyCore

/// One analyst's probability of a judgment or a hypothesis, as it was given on one day. Estimates are only
/// ever added: older ones stay for scoring.
package struct Estimate: Equatable, Sendable {
    package var record: RecordID
    /// The judgment or hypothesis.
    package var about: RecordID
    /// A handle, or a voice (`~name`).
    package var analyst: String
    /// Millionths, 0 to 1,000,000.
    package var p: Int64
    package var confidence: String?
    /// The day it was made on, as written; where nobody wrote one, the day of the record's first change.
    package var madeOn: Day
    /// Somebody wrote the day.
    package var isDated: Bool
    package var why: String?
    /// When the record was created: of two on one day the later counts.
    package var created: Instant

    package var probability: Double { Double(p) / 1_000_000 }

    /// What an estimate's record says: one entry of each analyst who has a probability there.
    static func all(of record: DossierRecord) -> [Estimate] {
        guard let about = record.ref("judgment") ?? record.ref("hypothesis"),
            let type = record.kind[name: "value"]?.type
        else { return [] }
        return record.each("value").compactMap { entry in
            guard let tuple = DossierTuple(entry.value, type), let p = tuple.probability("p") else {
                return nil
            }
            let date = tuple.text("made_on")
            return Estimate(
                record: record.id, about: about, analyst: entry.analyst, p: p,
                confidence: tuple.text("confidence"),
                madeOn: Day(madeOn: date, entered: record.facts.created.milliseconds), isDated: date != nil,
                why: tuple.text("why"), created: record.facts.created)
        }
    }

    /// By the day they were made on, then by creation, record and analyst.
    static func isEarlier(_ left: Estimate, _ right: Estimate) -> Bool {
        if left.madeOn != right.madeOn { return left.madeOn < right.madeOn }
        if left.created != right.created { return left.created < right.created }
        return left.record == right.record
            ? left.analyst.utf8.lexicographicallyPrecedes(right.analyst.utf8) : left.record < right.record
    }
}

extension Dossier {
    /// All estimates of a judgment or a hypothesis, the earliest first.
    package func estimates(of id: RecordID) -> [Estimate] { index.estimates[id] ?? [] }

    /// The latest estimate of each analyst, by handle in the order of bytes.
    package func currentEstimates(of id: RecordID) -> [Estimate] {
        var latest: [String: Estimate] = [:]
        for estimate in estimates(of: id) { latest[estimate.analyst] = estimate }
        return latest.values.sorted { $0.analyst.utf8.lexicographicallyPrecedes($1.analyst.utf8) }
    }
}
