internal import ParleyCore

/// Where everything stands, found once: one walk over the records.
struct DossierIndex: Sendable {
    private(set) var places: [RecordID: Int] = [:]
    private(set) var children: [RecordID: [Int]] = [:]
    private(set) var notes: [RecordID: [Int]] = [:]
    private(set) var links: [DossierLink] = []
    /// Places in `links`, by the ends of a link.
    private(set) var outward: [RecordID: [Int]] = [:]
    private(set) var inward: [RecordID: [Int]] = [:]
    private(set) var estimates: [RecordID: [Estimate]] = [:]

    init(_ records: [DossierRecord]) {
        places.reserveCapacity(records.count)
        for (place, record) in records.enumerated() {
            places[record.id] = place
            if let parent = record.ref("parent") { children[parent, default: []].append(place) }
            switch record.kind.name {
            case "link": add(link: record)
            case "estimate": add(estimates: Estimate.all(of: record))
            case "note": if let about = record.ref("about") { notes[about, default: []].append(place) }
            default: break
            }
        }
        for about in estimates.keys { estimates[about]?.sort(by: Estimate.isEarlier) }
    }

    private mutating func add(link record: DossierRecord) {
        guard let link = DossierLink(record) else { return }
        outward[link.from, default: []].append(links.count)
        inward[link.to, default: []].append(links.count)
        links.append(link)
    }

    private mutating func add(estimates made: [Estimate]) {
        for estimate in made { estimates[estimate.about, default: []].append(estimate) }
    }
}
