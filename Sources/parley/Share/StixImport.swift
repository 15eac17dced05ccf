import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyProtocol
import ParleyStore

extension StixNames {
    static let parley = StixNames(
        record: { DerivedID.record(kind: $0, key: $1) }, derived: { DerivedID.named($0) })
}

/// Reads a source as a STIX bundle.
struct StixImport {
    private let me: String
    private let index: StixIndex?

    /// - Parameter workspace: where objects of others may refer to records by the ids of their export.
    init(me: String, _ workspace: Workspace? = nil) {
        self.me = me
        index = workspace.map(StixIndex.init)
    }

    /// Hands on the records of the source.
    /// - Returns: what to tell of objects that became none.
    func read(
        _ source: ByteSource, into sink: (Result<RecordDraft, DraftFault>) throws -> Void
    ) throws -> [String] {
        let index = index
        var reader = StixReader(.parley, me: me) { index?[$0] }
        let broken = try source.forEachDraft(
            sink, feed: { try reader.feed($0, into: $1) }, finish: { try reader.finish(into: $0) })
        if let broken {
            // What stood before the place where a document breaks off counts.
            guard reader.count > 0 else {
                throw CommandFailure(
                    .failed, "document", "\(source.name), \(broken.place): \(broken.reason). Nothing was written.",
                    hint: "a STIX bundle is {\"type\":\"bundle\",\"id\":\"bundle--..\",\"objects\":[..]}")
            }
            try sink(.failure(broken))
        }
        let unused = "\(reader.unused) of \(reader.count) objects are no records: definitions and opinions of an export"
        return reader.unused > 0 ? ["  " + unused] : []
    }
}

/// The records of a workspace by the ids under which they are exported, made when first asked for: only a
/// bundle that refers to our objects and does not bring them asks.
final class StixIndex {
    private let workspace: Workspace
    private var records: [StixID: RecordName]?

    init(_ workspace: Workspace) { self.workspace = workspace }

    subscript(id: StixID) -> RecordName? {
        if let records { return records[id] }
        let made = (try? make()) ?? [:]
        records = made
        return made[id]
    }

    /// By a connection of its own, since an import may have a transaction open on the workspace's.
    private func make() throws -> [StixID: RecordName] {
        let beside = try Workspace(folder: workspace.folder, readOnly: true, ambient: workspace.ambient)
        var records: [StixID: RecordName] = [:]
        try beside.store.read { tx in
            try tx.eachRecord(of: tx.kinds()) { image in
                records[StixWriter.id(of: image, .parley)] = image.name
                return true
            }
        }
        return records
    }
}
