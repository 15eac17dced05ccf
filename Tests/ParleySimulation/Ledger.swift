internal import ParleyCore
internal import ParleyProtocol
internal import ParleyTrust

/// What really happened: who wrote what, holding which other deeds at that moment. The checks judge by this
/// and not by what changesets say of their contexts.
///
/// A deed is told by its note, which every act of a run carries, its part, and its device: written again
/// under a fresh identity it is another deed of the same act.
struct Ledger {
    struct Deed {
        let id: Int
        let act: Int
        let note: String
        let device: DeviceID
        /// What its author's replica held.
        var held: DeedSet
    }

    private struct Act: Hashable {
        var note: String
        var part: Int64
    }

    private struct Key: Hashable {
        var act: Int
        var device: DeviceID
    }

    private(set) var deeds: [Deed] = []
    private(set) var actCount = 0
    private var acts: [Act: Int] = [:]
    private var ids: [Key: Int] = [:]
    private var known: [[UInt8]: Int] = [:]
    /// All keys that replicas ever held: the ledger reads everything.
    private var rings: [KeyRing] = []
    /// Acts whose last copy an accident destroyed before anybody else had it.
    var destroyed = DeedSet()

    /// How far a file's log has been read.
    struct Reading {
        var deeds = DeedSet()
        var position: Int64 = 0
        var count = 0

        /// Does all that was read still stand there?
        func stands(in log: SQLConnection) throws -> Bool {
            try log.number(of: "SELECT count(*) FROM changeset WHERE position <= ?1", position) == count
        }
    }

    /// Who may have written what is not known yet.
    enum Origin {
        /// Nobody: it would be an invention.
        case nobody
        /// The owner of this log, just now, who could not read some of what it holds: sealed under a key that has
        /// not come, and what follows it in its chain.
        case author(unread: [[UInt8]])
        /// The owner has written work anew, whose device was `former` before.
        case rewriter(former: DeviceID, device: DeviceID)
    }

    /// Reads on in a log.
    /// - Returns: the deeds that are new to this log.
    @discardableResult
    mutating func read(_ log: SQLConnection, _ reading: inout Reading, by origin: Origin = .nobody) throws
        -> [Int]
    {
        var found: [Int] = []
        var rows: [(position: Int64, hash: [UInt8], bytes: [UInt8])] = []
        let sql = "SELECT position, hash, bytes FROM changeset WHERE position > ?1 ORDER BY 1"
        try log.each(sql, reading.position) { rows.append(($0.int(0), $0.bytes(1), $0.bytes(2))) }
        for row in rows {
            let deed = try deed(row.hash, row.bytes, by: origin, holding: reading.deeds)
            guard !reading.deeds.contains(deed) else { throw Failure("once", "\(deeds[deed].note) twice") }
            reading.deeds.insert(deed)
            reading.position = row.position
            reading.count += 1
            found.append(deed)
        }
        return found
    }

    /// The deed that a changeset is.
    /// - Parameter held: what the log held before it.
    mutating func deed(
        _ hash: [UInt8], _ bytes: [UInt8], by origin: Origin = .nobody, holding held: DeedSet = DeedSet()
    ) throws -> Int {
        if let id = known[hash] { return id }
        let device = try ChangesetHeader.decode(bytes).header.change.device
        let (act, note) = try self.act(of: bytes, by: origin)
        let key = Key(act: act, device: device)
        switch origin {
        case .nobody:
            guard let id = ids[key] else { throw Failure("invented", "\(note) of \(device.text)") }
            known[hash] = id
            return id
        case .author(let unread):
            var seen = held
            for hash in unread { if let deed = known[hash] { seen.remove(deed) } }
            return add(key, note, hash, seen)
        case .rewriter(let former, let new):
            guard device == new else { return try deed(hash, bytes) }
            return try rewritten(key, former, note, hash, held)
        }
    }

    /// Written anew, a deed saw what it had seen before, as far as that still stands; of the work written anew
    /// with it, it saw the new form.
    private mutating func rewritten(
        _ key: Key, _ former: DeviceID, _ note: String, _ hash: [UInt8], _ held: DeedSet
    ) throws -> Int {
        guard let old = ids[Key(act: key.act, device: former)] else {
            throw Failure("invented", "\(note), written anew")
        }
        var seen = DeedSet()
        for deed in held.members {
            let isNew = deeds[deed].device == key.device
            let before = isNew ? ids[Key(act: deeds[deed].act, device: former)] ?? deed : deed
            if deeds[old].held.contains(deed) || deeds[old].held.contains(before) { seen.insert(deed) }
        }
        guard ids[key] == nil else {
            deeds[old].held = seen
            known[hash] = old
            return old
        }
        return add(key, note, hash, seen)
    }

    private mutating func add(_ key: Key, _ note: String, _ hash: [UInt8], _ held: DeedSet) -> Int {
        let id = deeds.count
        deeds.append(Deed(id: id, act: key.act, note: note, device: key.device, held: held))
        ids[key] = id
        known[hash] = id
        return id
    }

    private mutating func act(of bytes: [UInt8], by origin: Origin) throws -> (Int, String) {
        guard let body = try body(of: bytes) else { throw Failure("readable", "a body that nobody can read") }
        let act = Act(note: body.act[.note]?.text ?? "", part: body.act[.part]?.int ?? 0)
        if let number = acts[act] { return (number, act.note) }
        guard case .author = origin, !act.note.isEmpty else {
            throw Failure("invented", "an act nobody made")
        }
        actCount += 1
        acts[act] = actCount - 1
        return (actCount - 1, act.note)
    }

    mutating func keep(_ ring: KeyRing) {
        let isKnown = rings.contains { $0.keys.count == ring.keys.count && $0.keys.keys == ring.keys.keys }
        if !isKnown { rings.append(ring) }
    }

    /// What a changeset says, read by the protocol's own rules; nil where it cannot be read.
    func body(of bytes: [UInt8]) throws -> ChangesetBody? {
        let (header, range) = try ChangesetHeader.decode(bytes)
        var packed = header.epoch == 0 ? Array(bytes[range]) : nil
        for ring in rings where packed == nil {
            if case .packed(let opened) = ring.open(bytes, in: range, header: header) { packed = opened }
        }
        guard let packed, let plain = try? Packing.unpack(packed, in: packed.indices) else { return nil }
        return try? ChangesetBody(decoding: plain)
    }

    /// The act that a changeset outside of any log belongs to.
    mutating func act(of bytes: [UInt8]) throws -> Int { try act(of: bytes, by: .nobody).0 }

    func acts(of held: DeedSet) -> DeedSet {
        var acts = DeedSet()
        for deed in held.members { acts.insert(deeds[deed].act) }
        return acts
    }

    /// Had the author of `later` received `earlier`?
    func saw(_ later: Int, _ earlier: Int) -> Bool { deeds[later].held.contains(earlier) }
}
