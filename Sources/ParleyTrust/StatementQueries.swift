extension Statement {
    /// Can it take a right from somebody?
    package var isRemoval: Bool {
        switch content {
        case .role, .revoke: true
        case .found, .grant, .enrol, .epoch, .share, .unknown: false
        }
    }
}

extension StatementSet {
    /// What was granted, used or not, whether it counts or not.
    package var grants: [Grant] {
        statements.values.compactMap { if case .grant(let grant) = $0.content { grant } else { nil } }
    }
}
