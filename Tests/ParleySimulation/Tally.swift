/// What a run did and saw, counted: a workload that no longer exercises something must be noticed.
struct Tally {
    enum Item: String, CaseIterable {
        case seeds = "simulated-seeds"
        case deeds = "simulated-changesets"
        case keyed = "simulated-keyed-edits"
        case deletions = "simulated-deletions"
        case imports = "simulated-imports"
        case undone = "simulated-undos"
        case resolutions = "simulated-resolutions"
        case sessions = "simulated-sessions"
        case cuts = "simulated-cuts"
        case clientCrashes = "simulated-client-crashes"
        case serverCrashes = "simulated-server-crashes"
        case failedWrites = "simulated-failed-writes"
        case bundles = "simulated-bundles"
        case restoredServers = "simulated-restored-servers"
        case restoredClients = "simulated-restored-clients"
        case copies = "simulated-copied-folders"
        case healed = "simulated-healings"
        case restamped = "simulated-restamped"
        case setApart = "simulated-set-apart"
        case wrongClocks = "simulated-wrong-clocks"
        case joins = "simulated-joins"
        case tampered = "simulated-tampered-runs"
        case rebuilds = "simulated-rebuilds"
        case sequential = "simulated-sequential-overwrites"
        case conflicts = "simulated-conflicts"
        case equals = "simulated-equal-heads"
        case overlooked = "simulated-overlooked-edits"
        case voids = "simulated-void-writes"
        case acknowledged = "simulated-acknowledged"
        case signatures = "simulated-signatures"
    }

    private var counts = [Int](repeating: 0, count: Item.allCases.count)

    subscript(item: Item) -> Int {
        get { counts[Self.places[item, default: 0]] }
        set { counts[Self.places[item, default: 0]] = newValue }
    }

    private static let places = Dictionary(
        uniqueKeysWithValues: Item.allCases.enumerated().map { ($1, $0) })

    mutating func add(_ other: Tally) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// As `Scripts/count-promises` sums them.
    var lines: [String] { Item.allCases.map { "promise: \($0.rawValue) count=\(self[$0])" } }
}
