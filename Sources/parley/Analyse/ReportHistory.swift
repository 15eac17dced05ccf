import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

/// What stood in an assessment at an earlier moment, as far as a report tells of it.
struct ReportHistory {
    let tx: ReadTransaction
    let dossier: Dossier
    let assessment: RecordName
    let now: Instant

    init(_ tx: ReadTransaction, _ dossier: Dossier, _ assessment: RecordName, now: Instant) {
        (self.tx, self.dossier, self.assessment, self.now) = (tx, dossier, assessment, now)
    }

    private static let told: Set<String> = ["judgment", "driver", "hypothesis", "indicator", "assumption"]

    /// - Parameter since: a change or a time as people type it; nil for the newest publication.
    /// - Returns: nil where it was never published.
    func past(since text: String?) throws -> ReportPast? {
        if let text {
            let moment = try Moment(text, tx, now: now)
            return ReportPast(
                at: try time(of: moment), occasion: "the state asked for", images: try images(at: moment))
        }
        guard let publication = try tx.publication(of: assessment) else { return nil }
        let at = Instant(publication)
        // What is published now and was not touched since has nothing to tell.
        return ReportPast(
            at: at, occasion: "it was published", images: try images(at: .change(publication.change)))
    }

    private func time(of moment: Moment) throws -> Instant {
        switch moment {
        case .time(let time): Instant(milliseconds: time)
        case .change(let change):
            Instant(milliseconds: try tx.log.entry(of: change)?.header.stamp.time.milliseconds ?? 0)
        }
    }

    /// Of what lies under the assessment now, deleted records too: those that were there then.
    private func images(at moment: Moment) throws -> [RecordID: RecordImage] {
        var images: [RecordID: RecordImage] = [:]
        for name in try tx.below(assessment.id) where Self.told.contains(name.kindName) {
            let image = try tx.past(of: name, at: moment).image(at: moment)
            if let image, !image.isDeleted { images[name.id] = image }
        }
        return images
    }
}
