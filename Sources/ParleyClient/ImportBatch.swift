internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore

/// The batch that a run's changesets belong to.
struct ImportBatch {
    private(set) var id: [UInt8]
    /// The parts there are.
    var part: Int64 = 0
    /// By what the ids of rows without a name are made.
    private var seed: [UInt8]

    init(id: [UInt8]) {
        self.id = id
        seed = id
    }

    /// Rows of a stream may be others than last time, so theirs get ids of their own.
    mutating func goOn(with open: IncompleteImport, _ random: [UInt8]) {
        id = open.batch
        part = open.part
        seed = open.act[.digest] == nil ? random : open.batch
    }

    /// - Parameter twin: how many files of the same bytes stand before this one in the run.
    func id(ofRow row: Int, digest: [UInt8], twin: Int) -> [UInt8] {
        var hash = ContentDigest()
        var place: [UInt8] = []
        place.append(varint: UInt64(twin))
        place.append(varint: UInt64(row))
        hash.update(seed + digest + place)
        return Array(hash.bytes.prefix(16))
    }
}

extension ReadTransaction {
    /// What a device has imported of one of these files, or of a stream of the same source, and not to its end.
    func unfinishedImport(of files: [ImportFile], by device: DeviceID) throws -> IncompleteImport? {
        try incompleteImports().first { open in
            guard open.change.device == device else { return false }
            return try files.contains { file in
                guard open.act[.source] == .text(file.source) else { return false }
                return try open.act[.digest] == file.digest?.get().map { Value.bytes($0) }
            }
        }
    }
}

/// Records that a source had and that this run has not come upon.
struct AbsentRecords {
    private let tx: ReadTransaction
    private let ledger: ImportLedger

    init(_ tx: ReadTransaction, _ ledger: ImportLedger) {
        self.tx = tx
        self.ledger = ledger
    }

    /// Those that are deleted are missed by nobody.
    func forEach(of source: String, _ body: (RecordName) throws -> Void) throws {
        var kind: UInt32 = 0
        try tx.eachRecord(saidBy: source) { id in
            guard try ledger.place(of: id) == nil, let name = try name(of: id, likely: kind) else { return }
            kind = name.kind
            if try tx.bookkeeping(of: name)?.isDeleted == false { try body(name) }
        }
    }

    /// Neighbours are mostly of one kind, which saves looking into every table.
    private func name(of id: RecordID, likely kind: UInt32) throws -> RecordName? {
        let likely = RecordName(kind: kind, id: id)
        if kind != 0, try tx.exists(likely) { return likely }
        return try tx.find(id...id, limit: 1).first
    }
}
