internal import ParleyCore

/// The bodies opened last within a transaction: neighbours in an import lie in the same changeset.
struct BodyCache {
    struct Opened {
        var header: ChangesetHeader
        /// nil is void, or waits for a key.
        var body: ChangesetBody?
    }

    private var opened: [Int64: Opened] = [:]
    private var order: [Int64] = []
    private static let most = 16

    mutating func opened(at position: Int64, in log: Log, by rules: StoreRules) throws -> Opened? {
        if let known = opened[position] { return known }
        guard let entry = try log.entry(at: position) else { return nil }
        let counts = try log.voidReason(at: position) == nil
        let fresh = Opened(header: entry.header, body: counts ? try rules.open(entry).readable : nil)
        opened[position] = fresh
        order.append(position)
        if order.count > Self.most { opened[order.removeFirst()] = nil }
        return fresh
    }
}

extension ReadTransaction {
    func opened(at position: Int64) throws -> BodyCache.Opened? {
        try bodies.opened(at: position, in: log, by: rules)
    }
}

extension ChangesetBody {
    /// The writes of one record among ascending groups.
    func group(of record: RecordName, in groups: [RecordGroup]) -> RecordGroup? {
        var range = groups.startIndex..<groups.endIndex
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if groups[middle].name == record { return groups[middle] }
            range = groups[middle].name < record ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}
