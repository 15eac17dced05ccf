package import ParleyCore

/// Which membership statement a chain had named last, at any of its changesets: a header names one only where
/// it differs from the one before it. Chains are read as far as they are asked for.
package struct NamedStatements {
    private struct Chapter {
        /// How far the chain has been read.
        var end: UInt64 = 0
        var namings: [(at: UInt64, statement: [UInt8])] = []

        mutating func add(_ header: ChangesetHeader) {
            end = header.change.number
            if let statement = header.statement { namings.append((end, statement)) }
        }
    }

    private let log: Log
    private var chapters: [DeviceID: Chapter] = [:]

    package init(_ log: Log) { self.log = log }

    /// A header that goes by anyway, in the order of its chain; spares reading it again.
    package mutating func note(_ header: ChangesetHeader) {
        let known = chapters[header.change.device] ?? (header.change.number == 1 ? Chapter() : nil)
        guard var chapter = known, chapter.end + 1 == header.change.number else { return }
        chapter.add(header)
        chapters[header.change.device] = chapter
    }

    /// - Returns: the statement that the chain had named last at `change`, itself included; nil for none.
    package mutating func last(in change: ChangeID) throws -> [UInt8]? {
        var chapter = chapters.removeValue(forKey: change.device) ?? Chapter()
        defer { chapters[change.device] = chapter }
        if chapter.end < change.number {
            try log.eachHeader(of: change.device, from: chapter.end + 1, through: change.number) {
                chapter.add($0)
            }
        }
        return chapter.namings.last { $0.at <= change.number }?.statement
    }
}

extension Log {
    /// - Returns: nil where the changeset is not held.
    package func header(of change: ChangeID) throws -> ChangesetHeader? {
        var found: ChangesetHeader?
        try eachHeader(of: change.device, from: change.number, through: change.number) { found = $0 }
        return found
    }

    /// Hands over the headers of one chain, ascending by number, both ends included.
    package func eachHeader(
        of device: DeviceID, from first: UInt64, through last: UInt64,
        _ body: (ChangesetHeader) throws -> Void
    ) throws {
        let rows = try HotStatement(
            db,
            """
            SELECT substr(bytes, 1, \(ChangesetHeader.longest)) FROM changeset
            WHERE device = ? AND number BETWEEN ? AND ? ORDER BY number
            """)
        rows.bind(1, id: device.number)
        rows.bind(2, Int64(clamping: first))
        rows.bind(3, Int64(clamping: last))
        defer { rows.reset() }
        while try rows.step() { try body(try ChangesetHeader(prefixOf: rows.bytes(0))) }
    }
}
