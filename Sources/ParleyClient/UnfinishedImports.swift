package import ParleyCore
package import ParleyStore

/// An import that lacks parts, as people are told of it.
package struct UnfinishedImport: Equatable, Sendable {
    package var source: String
    /// The file's name, and how many of its rows are dealt with.
    package var file: String
    package var rows: Int64
    /// Any of its parts: undoing that undoes it all.
    package var change: ChangeID
    /// Whether it was made here, so that it was ended. Of another replica's the rest may be on its way.
    package var isOwn: Bool

    init(_ open: IncompleteImport, device: DeviceID) {
        source = open.act[.source]?.text ?? ""
        file = open.act[.file]?.text ?? source
        rows = open.act[.rows]?.int ?? 0
        change = open.change
        isOwn = open.change.device == device
    }
}

extension Workspace {
    /// By batch.
    package func unfinishedImports(_ tx: ReadTransaction) throws -> [[UInt8]: UnfinishedImport] {
        let found = try tx.incompleteImports().map { ($0.batch, UnfinishedImport($0, device: device)) }
        return Dictionary(found) { first, _ in first }
    }
}
