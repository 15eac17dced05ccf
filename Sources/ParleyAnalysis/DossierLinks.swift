package import ParleyCore

/// One link between two records; either end may dangle.
package struct DossierLink: Equatable, Sendable {
    package var id: RecordID
    package var from: RecordID
    package var relation: String
    package var to: RecordID

    init?(_ record: DossierRecord) {
        guard let from = record.ref("from"), let relation = record.choice("rel"), let to = record.ref("to")
        else { return nil }
        (id, self.from, self.relation, self.to) = (record.id, from, relation, to)
    }
}

extension Dossier {
    package var links: [DossierLink] { index.links }

    /// The links that begin at a record, of one relation or of all.
    package func links(from id: RecordID, _ relation: String? = nil) -> [DossierLink] {
        (index.outward[id] ?? []).map { index.links[$0] }.filter {
            relation == nil || $0.relation == relation
        }
    }

    /// The links that end at a record.
    package func links(to id: RecordID, _ relation: String? = nil) -> [DossierLink] {
        (index.inward[id] ?? []).map { index.links[$0] }.filter {
            relation == nil || $0.relation == relation
        }
    }

    // MARK: What a record rests on

    /// Relations by which the record at the far end carries the one at the near end.
    private static let carriers: Set = ["supports", "undermines", "bears_on"]
    private static let needs: Set = ["depends_on", "cites"]

    /// What a record rests on directly: what it depends on or cites, and what supports, undermines or bears
    /// on it.
    package func grounds(of id: RecordID) -> [(link: DossierLink, ground: RecordID)] {
        links(from: id).filter { Self.needs.contains($0.relation) }.map { ($0, $0.to) }
            + links(to: id).filter { Self.carriers.contains($0.relation) }.map { ($0, $0.from) }
    }

    /// The other way: what rests on a record directly.
    package func resting(on id: RecordID) -> [(link: DossierLink, above: RecordID)] {
        links(to: id).filter { Self.needs.contains($0.relation) }.map { ($0, $0.from) }
            + links(from: id).filter { Self.carriers.contains($0.relation) }.map { ($0, $0.to) }
    }

    /// For each item of evidence on which a record rests, through whatever lies between, the shortest chain of
    /// links to it, from the record on. Cycles end where they began.
    package func evidenceChains(of id: RecordID) -> [EvidenceChain] {
        reach(id) { grounds(of: $0).map { ($0.link, $0.ground) } }
            .filter { self[$0.end]?.kind.name == "evidence" }
            .map { EvidenceChain(evidence: $0.end, links: $0.links) }
    }

    /// The judgments that rest on a record, through whatever lies between, in order.
    package func judgments(on id: RecordID) -> [DossierRecord] {
        let reached = reach(id) { resting(on: $0).map { ($0.link, $0.above) } }.map(\.end)
        return reached.compactMap { index.places[$0] }.sorted().map { records[$0] }
            .filter { $0.kind.name == "judgment" }
    }

    /// All that one comes to from `start` by `step`, nearest first, with the way there.
    private func reach(
        _ start: RecordID, _ step: (RecordID) -> [(DossierLink, RecordID)]
    ) -> [(end: RecordID, links: [DossierLink])] {
        var (seen, found): (Set<RecordID>, [(end: RecordID, links: [DossierLink])]) = ([start], [])
        var open: [(end: RecordID, links: [DossierLink])] = [(start, [])]
        while !open.isEmpty {
            var next: [(end: RecordID, links: [DossierLink])] = []
            for place in open {
                for (link, end) in step(place.end) where seen.insert(end).inserted {
                    next.append((end, place.links + [link]))
                }
            }
            found += next
            open = next
        }
        return found
    }
}

/// The way from a record to an item of evidence on which it rests.
package struct EvidenceChain: Equatable, Sendable {
    package var evidence: RecordID
    /// From the record on; never empty.
    package var links: [DossierLink]
}
