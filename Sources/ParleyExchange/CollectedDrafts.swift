import ParleyCore

/// Records that several elements speak of, each under its first key, in the order of their first mention.
struct CollectedDrafts {
    /// Values kept at most, all records together.
    static let mostValues = 1_000_000

    private(set) var drafts: [RecordDraft] = []
    private var indices: [Name: Int] = [:]
    /// Of each record: where among its writes each register is.
    private var places: [[RegisterName: Int]] = []
    private var count = 0
    /// Whether something was beyond what is kept.
    private(set) var isFull = false

    private struct Name: Hashable {
        var kind: UInt32
        var key: [UInt8]
    }

    mutating func add(_ draft: RecordDraft) throws(MappedFault) {
        let name = Name(kind: draft.kind, key: Array((draft.keys.first ?? "").utf8))
        let index = indices[name] ?? drafts.count
        if index == drafts.count {
            indices[name] = index
            var empty = draft
            empty.writes = []
            drafts.append(empty)
            places.append([:])
        }
        for write in draft.writes { try add(write, to: index) }
    }

    private mutating func add(_ write: DraftWrite, to index: Int) throws(MappedFault) {
        if let place = places[index][write.register] {
            guard drafts[index].writes[place] != write else { return }
            let key = drafts[index].keys.first ?? ""
            throw MappedFault(reason: "\(key): says something else than line \(drafts[index].line)")
        }
        count += 1
        guard count <= Self.mostValues else {
            isFull = true
            throw MappedFault(
                reason: "collect holds at most \(Self.mostValues) values: from here on nothing is collected")
        }
        places[index][write.register] = drafts[index].writes.count
        drafts[index].writes.append(write)
    }
}
