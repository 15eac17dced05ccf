internal import ParleyCore
internal import ParleyProtocol

/// What really happened: who wrote what, holding which other deeds at that moment. The checks judge by this
/// and not by what changesets say of their contexts.
///
/// A deed is told by its note, which every act of a run carries, and its part; so it stays the same deed if
/// it is stamped or authored anew under another number or device.
struct Ledger {
    struct Deed {
        let id: Int
        let note: String
        /// The device that wrote it first.
        let device: DeviceID
        /// What its author's replica held.
        let held: DeedSet
    }

    private struct Key: Hashable {
        var note: String
        var part: Int64
    }

    private(set) var deeds: [Deed] = []
    private var ids: [Key: Int] = [:]
    private var known: [[UInt8]: Int] = [:]
    /// Deeds whose last copy an accident destroyed before anybody else had it.
    var destroyed = DeedSet()

    /// How far a file's log has been read.
    struct Reading {
        var deeds = DeedSet()
        var position: Int64 = 0
        var count = 0
    }

    /// Reads on in a log.
    /// - Parameter isAuthor: what is new and unknown was written there just now.
    /// - Returns: the deeds that are new to this log.
    @discardableResult
    mutating func read(_ log: SQLConnection, _ reading: inout Reading, isAuthor: Bool = false) throws -> [Int]
    {
        var found: [Int] = []
        var rows: [(position: Int64, hash: [UInt8], bytes: [UInt8])] = []
        let sql =
            "SELECT position, hash, bytes FROM changeset WHERE position > \(reading.position) ORDER BY 1"
        try log.each(sql) { rows.append(($0.int(0), $0.bytes(1), $0.bytes(2))) }
        for row in rows {
            let deed = try deed(row.hash, row.bytes, held: isAuthor ? reading.deeds : nil)
            guard !reading.deeds.contains(deed) else { throw Failure("once", "\(deeds[deed].note) twice") }
            reading.deeds.insert(deed)
            reading.position = row.position
            reading.count += 1
            found.append(deed)
        }
        return found
    }

    /// - Parameter held: what the author held; nil where a deed that is not known is an invention.
    mutating func deed(_ hash: [UInt8], _ bytes: [UInt8], held: DeedSet? = nil) throws -> Int {
        if let id = known[hash] { return id }
        let (header, range) = try ChangesetHeader.decode(bytes)
        let body = try ChangesetBody(decoding: try Packing.unpack(bytes, in: range))
        let key = Key(note: body.act[.note]?.text ?? "", part: body.act[.part]?.int ?? 0)
        if let id = ids[key] {
            known[hash] = id
            return id
        }
        guard let held, !key.note.isEmpty else {
            throw Failure("invented", "changeset \(header.change.number) of \(header.change.device.text)")
        }
        let id = deeds.count
        deeds.append(Deed(id: id, note: key.note, device: header.change.device, held: held))
        ids[key] = id
        known[hash] = id
        return id
    }

    /// Had the author of `later` received `earlier`?
    func saw(_ later: Int, _ earlier: Int) -> Bool { deeds[later].held.contains(earlier) }
}
