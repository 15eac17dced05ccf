package import ParleyCore

/// Statements that somebody hands over, sorted by what a replica makes of them. It keeps what those that it
/// holds bear out, which is what a server keeps too, so digests come to agree, and whoever sends statements of
/// nobody's cannot fill the set.
package struct StatementIntake: Sendable {
    /// Verified and borne out by what is held, those before it included: to be kept, in this order.
    package var new: [Statement] = []
    /// They rest on something that is not here, and may hold once it is. Not verified.
    package var waiting: [Statement] = []
    /// Signed by nobody to whom what it rests on gave a voice, or founding another workspace.
    package var strange = 0
    /// Not a statement that this version reads, or not signed as it says.
    package var bad = 0
    /// What was handed over and can be read, held before or not.
    package var named: Set<StatementHash> = []
}

extension StatementSet {
    /// Each is looked at when all it rests on is held, however they stand; its signature, which costs the most,
    /// last.
    package func intake(of offered: [[UInt8]], workspace: WorkspaceID) throws(TrustError) -> StatementIntake {
        var intake = StatementIntake()
        var set = self
        var ready: [Statement] = []
        for bytes in offered {
            guard let statement = try? Statement(held: bytes) else { intake.bad += 1; continue }
            let isNew = intake.named.insert(statement.hash).inserted && self[statement.hash] == nil
            if isNew { ready.append(statement) }
        }
        var waiting: [StatementHash: [Statement]] = [:]
        while let statement = ready.popLast() {
            if let missing = statement.restsOn.first(where: { set[$0] == nil }) {
                waiting[missing, default: []].append(statement)
            } else if !set.bearsOut(statement, workspace) {
                intake.strange += 1
            } else if (try? statement.verify()) == nil {
                intake.bad += 1
            } else {
                try set.insert(statement)
                intake.new.append(statement)
                ready += waiting.removeValue(forKey: statement.hash) ?? []
            }
        }
        intake.waiting = waiting.values.flatMap { $0 }
        return intake
    }

    private func bearsOut(_ statement: Statement, _ workspace: WorkspaceID) -> Bool {
        if case .found = statement.content { return statement.workspace == workspace }
        return supports(statement)
    }
}
