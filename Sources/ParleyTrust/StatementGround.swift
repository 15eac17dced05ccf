import ParleyCore

/// What is true of a set's statements whatever counts: their order, and who could have given whom a voice.
/// A statement is meant by its place in that order.
struct StatementGround {
    /// By (depth, hash), as far as nothing is missing. What one rests on has a lesser place.
    private(set) var statements: [Statement] = []
    private(set) var places: [StatementHash: Int] = [:]
    private(set) var depths: [StatementHash: Int] = [:]
    /// Rested on, but not held; ascending.
    let missing: [StatementHash]
    /// The places that each rests on.
    private(set) var rests: [[Int]] = []
    /// The one among them that introduced the signer; nil unless there is exactly one.
    private(set) var authorities: [Int?] = []
    /// Where the signer's analyst came in (the founding, or the enrolment on a grant to a new analyst), along
    /// authorities from the workspace's founding; for a grant, the issuer's. Nil for what is not rooted there.
    private(set) var roots: [Int?] = []

    init(_ set: StatementSet, workspace: WorkspaceID) {
        var resting: [StatementHash: [StatementHash]] = [:]
        var open: [StatementHash: Int] = [:]
        for statement in set.statements.values {
            open[statement.hash] = statement.restsOn.count
            for rest in statement.restsOn { resting[rest, default: []].append(statement.hash) }
        }
        missing = resting.keys.filter { set[$0] == nil }.sorted()
        rise(from: open.filter { $0.value == 0 }.map(\.key), resting, &open)
        order(set)
        for place in statements.indices { findSigner(of: place, in: workspace) }
    }

    /// Walks level by level: a statement is reached once all it rests on have been, hence at its depth.
    private mutating func rise(
        from ground: [StatementHash], _ resting: [StatementHash: [StatementHash]],
        _ open: inout [StatementHash: Int]
    ) {
        var level = ground
        var depth = 0
        while !level.isEmpty {
            var next: [StatementHash] = []
            for hash in level {
                depths[hash] = depth
                for above in resting[hash] ?? [] {
                    open[above, default: 0] -= 1
                    if open[above] == 0 { next.append(above) }
                }
            }
            level = next
            depth += 1
        }
    }

    private mutating func order(_ set: StatementSet) {
        let ordered = depths.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        statements = ordered.compactMap { set[$0.key] }
        for (place, statement) in statements.enumerated() { places[statement.hash] = place }
        rests = statements.map { $0.restsOn.compactMap { places[$0] } }
    }

    private mutating func findSigner(of place: Int, in workspace: WorkspaceID) {
        let statement = statements[place]
        let sources = rests[place].filter { statements[$0].introduces == statement.signer }
        let authority = sources.count == 1 ? sources[0] : nil
        authorities.append(authority)
        if case .found = statement.content {
            roots.append(statement.workspace == workspace ? place : nil)
        } else if let authority, admittedRole(place) != nil {
            roots.append(roots[authority] == nil ? nil : place)
        } else {
            roots.append(authority.flatMap { roots[$0] })
        }
    }

    /// The role with which a founding, or an enrolment on a grant to a new analyst, brings an analyst in.
    func admittedRole(_ place: Int) -> Role? {
        switch statements[place].content {
        case .found: return .admin
        case .enrol:
            guard case .grant(let grant)? = authorities[place].map({ statements[$0].content }) else {
                return nil
            }
            return grant.purpose.role
        case .grant, .role, .revoke, .epoch, .share, .unknown: return nil
        }
    }

    /// The device that a founding or an enrolment brings in, and its analyst; nil for anything else.
    func voice(_ place: Int) -> Voice? {
        switch statements[place].content {
        case .found(let founding): Voice(handle: founding.handle, device: founding.keys.device)
        case .enrol(let enrolment): Voice(handle: enrolment.handle, device: enrolment.keys.device)
        case .grant, .role, .revoke, .epoch, .share, .unknown: nil
        }
    }

    /// The device that signed, and its analyst; nil where an invite's key did, or nobody with a voice.
    func signer(of place: Int) -> Voice? { authorities[place].flatMap { voice($0) } }
}

/// A device speaking for its analyst.
struct Voice: Equatable {
    let handle: Handle
    let device: DeviceID
}

extension Grant.Purpose {
    /// The role of the analyst whom it brings in.
    var role: Role? {
        switch self {
        case .newAnalyst(let role): role
        case .furtherDevice: nil
        }
    }
}

/// Which of some statements (the columns) lie in the past of each statement (the rows).
struct Past: Equatable {
    private let words: Int
    /// The column of each place; -1 for none.
    private var columns: [Int]
    private var bits: [UInt64]

    init() { (words, columns, bits) = (0, [], []) }

    /// - Parameter columns: places.
    init(_ ground: StatementGround, columns places: [Int]) {
        columns = Array(repeating: -1, count: ground.statements.count)
        for (column, place) in places.enumerated() { columns[place] = column }
        words = (places.count + 63) / 64
        bits = [UInt64](repeating: 0, count: words * ground.statements.count)
        for place in ground.statements.indices {
            for rest in ground.rests[place] { inherit(place, from: rest) }
        }
    }

    private mutating func inherit(_ place: Int, from rest: Int) {
        let (to, from, count) = (place * words, rest * words, words)
        bits.withUnsafeMutableBufferPointer { bits in
            for word in 0..<count { bits[to + word] |= bits[from + word] }
        }
        let column = columns[rest]
        if column >= 0 { bits[to + column / 64] |= 1 << UInt64(column % 64) }
    }

    /// Whether the row's statement rests on the column's, directly or not.
    func holds(_ row: Int, _ column: Int) -> Bool {
        let column = columns[column]
        return column >= 0 && bits[row * words + column / 64] & 1 << UInt64(column % 64) != 0
    }
}
