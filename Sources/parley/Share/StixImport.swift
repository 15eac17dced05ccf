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
    private let here: StixSurroundings

    /// - Parameter workspace: where objects of others may refer to records by the ids of their export.
    init(me: String, _ workspace: Workspace) {
        self.me = me
        here = StixSurroundings(workspace)
    }

    /// Hands on the records of the source.
    /// - Returns: what to tell of objects that became none.
    func read(_ input: ImportInput, into sink: (ReadRow) throws -> Void) throws -> [String] {
        input.frame = .bundle
        let (fitted, broken) = try input.forEachRow(by: FittedStixReader(here, me: me), sink)
        let reader = fitted.reader
        if let broken {
            // What stood before the place where a document breaks off counts.
            guard reader.count > 0 else { throw Self.failure(broken, input) }
            try sink(ReadRow(.failure(broken)))
        }
        let unused =
            "of \(reader.count) objects say nothing new: what every export makes, or ours without their extension"
        return reader.unused > 0 ? ["  \(reader.unused) \(unused)"] : []
    }

    private static func failure(_ fault: DraftFault, _ input: ImportInput) -> CommandFailure {
        CommandFailure(
            .failed, "document", "\(input.name), \(fault.place): \(fault.reason). \(input.nothingWritten)",
            hint: "a STIX bundle is {\"type\":\"bundle\",\"id\":\"bundle--..\",\"objects\":[..]}")
    }
}

/// Reads a bundle beside the workspace, on the thread of the workspace.
private struct FittedStixReader: DraftReader {
    private(set) var reader: StixReader
    private let here: StixSurroundings

    init(_ here: StixSurroundings, me: String) {
        self.here = here
        reader = StixReader(.parley, me: me) { here[$0] }
    }

    var frame: RowFrame { reader.frame }

    mutating func feed(
        _ chunk: ArraySlice<UInt8>, into sink: (Result<RecordDraft, DraftFault>) -> Void
    ) throws(DraftFault) {
        let here = here
        try reader.feed(chunk) { sink($0.map(here.fitted)) }
    }

    mutating func finish(into sink: (Result<RecordDraft, DraftFault>) -> Void) throws(DraftFault) {
        let here = here
        try reader.finish { sink($0.map(here.fitted)) }
    }
}

/// The workspace that a bundle comes into, as it was before. By a connection of its own, since the import may
/// have a transaction open on the workspace's.
private final class StixSurroundings {
    private let workspace: Workspace
    private lazy var beside = try? Workspace(
        folder: workspace.folder, readOnly: true, ambient: workspace.ambient)
    private lazy var records = (try? recordsByID()) ?? [:]

    init(_ workspace: Workspace) { self.workspace = workspace }

    /// The record that is exported under an id. All are looked through when it is first asked for: only a
    /// bundle that refers to our objects and does not bring them asks.
    subscript(id: StixID) -> RecordName? { records[id] }

    private func recordsByID() throws -> [StixID: RecordName] {
        var records: [StixID: RecordName] = [:]
        try beside?.store.read { tx in
            try tx.eachRecord(of: tx.kinds()) { image in
                if StixWriter.isOwn(image, .parley) {
                    records[StixWriter.id(of: image, .parley)] = image.name
                }
                return true
            }
        }
        return records
    }

    /// A bundle that comes back to where it was exported says nothing new of a record's times.
    func fitted(_ draft: RecordDraft) -> RecordDraft {
        guard let version = draft.version, let beside else { return draft }
        let isKnown = try? beside.store.read { tx -> Bool in
            guard let record = try self.record(of: draft, tx), let image = try tx.image(of: record) else {
                return false
            }
            guard let stated = image.value(of: StixWriter.stated(of: image, .parley))?.text else {
                return draft.id != nil
            }
            guard Instant(stated) != version else { return false }
            return StixWriter.modified(of: image, try StixExport(tx).ownFacts(of: image), .parley) == version
        }
        return isKnown == true ? draft.withoutStatedTimes : draft
    }

    private func record(of draft: RecordDraft, _ tx: ReadTransaction) throws -> RecordName? {
        if let id = draft.id { return RecordName(kind: draft.kind, id: id) }
        let id = try draft.keys.first.flatMap { try tx.findByKey(DerivedID.canonical($0), kind: draft.kind) }
        return id.map { RecordName(kind: draft.kind, id: $0) }
    }
}
