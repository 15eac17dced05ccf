internal import Chance
internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// What analysts do.
extension Run {
    static let judgment: UInt32 = 3
    static let note: UInt32 = 12
    static let strange: UInt32 = 99
    private static let words = ["north", "south", "harbour", "convoy", "порт", "two\nlines", "convoy north"]

    /// Makes one changeset, and writes down what its author held.
    /// - Returns: whether anything was written.
    @discardableResult
    func write(_ replica: Replica, _ kind: Act.Kind, _ writes: [RegisterWrite]) throws -> Bool {
        guard replica.workspace.role() != nil else { return false }
        let note = nextNote()
        try catchUp(replica)
        let changes = try replica.workspace.commit(Act(kind, [.note: .text(note)])) { _ in Writes(writes) }
        try noteDeeds(of: replica)
        journal.note("\(replica.name) \(kind) \(writes.map(\.short)) as \(changes.map(\.number))")
        return !changes.isEmpty
    }

    /// What has come into the replica's log since it was last read; all of it, if the replica has mended it.
    func catchUp(_ replica: Replica) throws {
        ledger.keep(replica.workspace.membership.ring)
        let device = replica.device
        try replica.withFile { log in
            if try device == replica.knownDevice && replica.reading.stands(in: log) {
                try ledger.read(log, &replica.reading)
            } else {
                try reread(replica, log, as: device)
            }
        }
    }

    func reread(_ replica: Replica, _ log: SQLConnection, as device: DeviceID) throws {
        replica.reading = Ledger.Reading()
        let rewriter = Ledger.Origin.rewriter(former: replica.knownDevice, device: device)
        try ledger.read(log, &replica.reading, by: rewriter)
        handles[device] = replica.handle
        replica.knownDevice = device
    }

    private static let unread = """
        SELECT c.hash FROM waiting w JOIN changeset s ON s.position = w.position
        JOIN changeset c ON c.device = s.device AND c.number >= s.number
        """

    /// What the replica has just written itself.
    func noteDeeds(of replica: Replica) throws {
        ledger.keep(replica.workspace.membership.ring)
        let new = try replica.withFile { file in
            var unread: [[UInt8]] = []
            try file.each(Self.unread) { unread.append($0.bytes(0)) }
            return try ledger.read(file, &replica.reading, by: .author(unread: unread))
        }
        tally[.deeds] += new.count
    }

    func edit(_ replica: Replica) throws {
        let writes = (0...dice.below(3)).map { _ in plainWrite(dice.pick(records)) }
        try write(replica, .hand, writes)
    }

    private func plainWrite(_ record: RecordName) -> RegisterWrite {
        let text = Value.text(dice.pick(Self.words))
        let (field, value): (UInt32, Value)
        switch dice.below(record.kind == Self.judgment ? 11 : 5) {
        case 0, 1: (field, value) = (1, text)
        case 2: (field, value) = (2, text)
        case 3: (field, value) = (dice.pick([1, 2]), .null)
        case 4: (field, value) = (40, .int(Int64(dice.below(3))))
        case 5, 6: (field, value) = (16, .text(dice.pick(["likely", "unlikely", "even"])))
        case 7, 8: (field, value) = (17, .text(dice.pick(["low", "high", "mauve"])))
        case 9: (field, value) = (21, .list([.text(dice.pick(["yes", "no"])), .text("2026")]))
        default: (field, value) = (4, .bytes([UInt8](repeating: UInt8(dice.below(3)), count: 16)))
        }
        return RegisterWrite(record, RegisterName(field: field), value)
    }

    func editKeyed(_ replica: Replica) throws {
        let record = dice.pick(records)
        let (field, key, value): (UInt32, String, Value)
        switch dice.below(6) {
        case 0, 1: (field, key, value) = (8, dice.pick(["ports", "rail"]), .bool(dice.chance(70)))
        case 2: (field, key, value) = (10, "column", .text(dice.pick(Self.words)))
        default:
            let whose = dice.pick(weighted: [(replica.handle, 6), ("~Анна", 2), ("ben", 1), ("olga", 1)])
            key = whose
            field = record.kind == Self.note ? 19 : 22
            value =
                field == 19
                ? .text(dice.pick(Self.words)) : .list([.text(dice.pick(["agree", "neutral"]))])
        }
        tally[.keyed] += 1
        try write(replica, .hand, [RegisterWrite(record, RegisterName(field: field, key: key), value)])
    }

    func create(_ replica: Replica) throws {
        guard records.count < 8 else { return try edit(replica) }
        let kind = dice.pick([Self.judgment, Self.judgment, Self.note, Self.strange])
        let record = RecordName(kind: kind, id: RecordID(UInt128(folding: replica.machine.random(16))))
        records.append(record)
        let title = RegisterWrite(record, RegisterName(field: 1), .text(dice.pick(Self.words)))
        try write(replica, .hand, [title, plainWrite(record)])
    }

    func delete(_ replica: Replica) throws {
        let write = RegisterWrite(
            dice.pick(records), RegisterName(field: Field.deletedTag), .bool(dice.chance(60)))
        if try self.write(replica, .hand, [write]) { tally[.deletions] += 1 }
    }

    /// Decides about something that waits for review, as `conflicts keep`, `take` and `write` do.
    func resolve(_ replica: Replica) throws {
        let waiting = try replica.workspace.store.read { tx in
            let asides = try tx.asides(limit: 5).map { ($0.record, $0.register, $0.head.value) }
            let edits = try tx.overlooked(limit: 3).map {
                ($0.record, RegisterName(field: Field.deletedTag), Value.bool(false))
            }
            return asides + edits
        }
        guard !waiting.isEmpty else { return }
        let (record, register, aside) = dice.pick(waiting)
        let shown = try replica.workspace.store.read { try $0.image(of: record) }?[
            register.field, register.key]
        let value = dice.pick([shown ?? .null, aside, .text("decided")])
        let isDecision = register.field == Field.deletedTag
        let write = RegisterWrite(record, register, isDecision ? .bool(dice.chance(50)) : value)
        if try self.write(replica, .resolve, [write]) { tally[.resolutions] += 1 }
    }
}

extension RegisterWrite {
    /// For the journal.
    fileprivate var short: String {
        let key = register.key.map { "@" + $0 } ?? ""
        return "\(record.kind).\(record.id.text.prefix(4)).\(register.field)\(key)=\(value)"
    }
}
