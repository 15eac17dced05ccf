internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// A server restored from a backup may not know a device any more that came in since. If nobody else has
/// heard of it yet, only the device itself can say by what it belongs: it introduces itself again.
extension Workspace {
    /// Bytes of statements in a hello, which is bounded before the welcome.
    private static let room = 3 * 1024

    /// Writes down what makes this device a member, for the next hello.
    /// - Returns: false where there is nothing to show.
    func introduceAgain() throws -> Bool {
        let lineage = lineage()
        guard !lineage.isEmpty else { return false }
        try store.write {
            try $0.log.setMeta(
                Meta.introduction, Introductions.encode(Introduction(statements: lineage)))
        }
        return true
    }

    /// The own enrolment and what it rests on, the nearest first, as far as there is room.
    private func lineage() -> [[UInt8]] {
        let statements = membership.statements
        var next = membership.roster.devices[device].map { [$0.statement] } ?? []
        var lineage: [Statement] = []
        var room = Self.room
        while !next.isEmpty {
            guard let statement = statements[next.removeFirst()] else { continue }
            if lineage.contains(where: { $0.hash == statement.hash }) { continue }
            room -= statement.bytes.count
            guard room >= 0 else { break }
            lineage.append(statement)
            next += statement.restsOn
        }
        return lineage.map(\.bytes)
    }
}
