internal import ParleyClient
internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore

/// The merge law by definition (the design's section 3), from the set of changesets and the ledger: a write
/// is a head if and only if nobody who had received it has written the register since. Slow, and sharing
/// nothing with the store.
struct Model {
    struct Write {
        let deed: Int
        let origin: Origin
        let value: Value
    }

    struct Register: Equatable {
        var value: Value
        var shown: Origin
        var equal: [Origin]
        var aside: [AsideHead]
    }

    struct Record: Equatable {
        var created: Int64
        var author: String?
        var changed: Int64
        var changedBy: String?
        var review: Int
        var isDeleted: Bool
        var registers: [RegisterName: Register]
        var overlooked: Set<Pair>
    }

    struct Pair: Hashable {
        var register: RegisterName
        var edit: ChangeID
        var deletion: ChangeID
    }

    private let ledger: Ledger
    private var writes: [RecordName: [RegisterName: [Write]]] = [:]
    private(set) var records: [RecordName: Record] = [:]
    /// Writes under another analyst's key, and bodies that nobody can read.
    private(set) var voids = 0
    private(set) var sequential = 0

    init(_ changesets: Changesets, _ ledger: Ledger, _ handles: [DeviceID: String]) {
        self.ledger = ledger
        for item in changesets.items { take(item, handles) }
        for (name, registers) in writes { records[name] = record(name, registers, handles) }
    }

    private mutating func take(_ item: Changesets.Item, _ handles: [DeviceID: String]) {
        guard let body = item.body else {
            voids += 1
            return
        }
        for group in body.written {
            for encoded in body.writes(of: group) {
                let register = body.register(of: encoded)
                if isVoid(register, of: group.name.kind, by: handles[item.header.change.device]) {
                    voids += 1
                    continue
                }
                let write = Write(deed: item.deed, origin: item.header.origin, value: body.value(of: encoded))
                writes[group.name, default: [:]][register, default: []].append(write)
            }
        }
    }

    private func isVoid(_ register: RegisterName, of kind: UInt32, by handle: String?) -> Bool {
        guard let key = register.key, let field = Schema.assessments[tag: kind]?[tag: register.field] else {
            return false
        }
        return field.merge == .each && !key.hasPrefix("~") && key != handle
    }

    // MARK: The law

    private func heads(_ writes: [Write]) -> [Write] {
        writes.filter { write in !writes.contains { ledger.saw($0.deed, write.deed) } }
            .sorted { $0.origin.stamp > $1.origin.stamp }
    }

    private func register(_ heads: [Write]) -> Register {
        let shown = heads[0]
        return Register(
            value: shown.value, shown: shown.origin,
            equal: heads.dropFirst().filter { $0.value == shown.value }.map(\.origin),
            aside: heads.filter { $0.value != shown.value }.map {
                AsideHead(origin: $0.origin, value: $0.value)
            })
    }

    private mutating func record(
        _ name: RecordName, _ registers: [RegisterName: [Write]], _ handles: [DeviceID: String]
    ) -> Record {
        let heads = registers.mapValues { self.heads($0) }
        sequential += registers.reduce(0) { $0 + $1.value.count - (heads[$1.key]?.count ?? 0) }
        let merged = heads.mapValues { register($0) }
        let stamps = registers.values.joined().map(\.origin.stamp)
        let (first, last) = (stamps.min() ?? Self.never, stamps.max() ?? Self.never)
        let isKnown = Schema.assessments[tag: name.kind] != nil
        let deleted = merged[Self.deleted]?.value == .bool(true)
        return Record(
            created: first.time.milliseconds, author: handles[first.device],
            changed: last.time.milliseconds, changedBy: handles[last.device],
            review: merged.values.reduce(0) { $0 + $1.aside.count }, isDeleted: isKnown && deleted,
            registers: merged, overlooked: isKnown ? overlooked(heads) : [])
    }

    private static let never = Stamp(time: HybridTime(number: 0), device: DeviceID(0))
    private static let deleted = RegisterName(field: Field.deletedTag)

    /// Heads `deleted = true`, and heads of other registers, that have not seen each other.
    private func overlooked(_ heads: [RegisterName: [Write]]) -> Set<Pair> {
        let deletions = (heads[Self.deleted] ?? []).filter { $0.value == .bool(true) }
        var pairs: Set<Pair> = []
        for (register, edits) in heads where register != Self.deleted {
            for edit in edits {
                for deletion in deletions
                where edit.deed != deletion.deed && !ledger.saw(edit.deed, deletion.deed)
                    && !ledger.saw(deletion.deed, edit.deed)
                {
                    pairs.insert(
                        Pair(register: register, edit: edit.origin.change, deletion: deletion.origin.change))
                }
            }
        }
        return pairs
    }

    func count(into tally: inout Tally) {
        tally[.sequential] += sequential
        tally[.voids] += voids
        for record in records.values {
            tally[.conflicts] += record.review
            tally[.overlooked] += record.overlooked.count
            tally[.equals] += record.registers.values.reduce(0) { $0 + $1.equal.count }
        }
    }

    // MARK: Comparison

    func compare(with replica: Replica) throws {
        try replica.workspace.store.read { tx in
            for name in records.keys.sorted() {
                let shown = try Self.shown(name, tx)
                guard shown == records[name] else { throw difference(name, shown, replica) }
            }
            let counts = try tx.counts()
            let count = counts.records.values.reduce(0, +) + counts.deleted
            guard count == records.count else {
                throw Failure("the law", "\(replica.name) has \(count) records, the model \(records.count)")
            }
            guard counts.voided == voids else {
                throw Failure("the law", "\(replica.name) has \(counts.voided) voids, the model \(voids)")
            }
        }
    }

    /// What the tables say, in the model's words.
    private static func shown(_ name: RecordName, _ tx: ReadTransaction) throws -> Record? {
        guard let book = try tx.bookkeeping(of: name), let details = try tx.detail(of: name) else {
            return nil
        }
        var registers: [RegisterName: Register] = [:]
        for detail in details {
            registers[detail.name] = Register(
                value: detail.value, shown: detail.shown, equal: detail.equal, aside: detail.aside)
        }
        let pairs = try tx.overlooked(limit: 10_000, of: name).map {
            Pair(register: $0.register, edit: $0.edit, deletion: $0.deletion)
        }
        return Record(
            created: book.created, author: book.author, changed: book.changed, changedBy: book.changedBy,
            review: book.review, isDeleted: book.isDeleted, registers: registers, overlooked: Set(pairs))
    }

    private func difference(_ name: RecordName, _ shown: Record?, _ replica: Replica) -> Failure {
        let wanted = records[name]
        let registers = Set((wanted?.registers.keys).map { Array($0) } ?? []).union(
            shown?.registers.keys.map { $0 } ?? [])
        for register in registers.sorted() where shown?.registers[register] != wanted?.registers[register] {
            let (one, other) = (shown?.registers[register], wanted?.registers[register])
            return Failure(
                "the law",
                "\(replica.name), record \(name.id.text.prefix(4)) field \(register.field)\(register.key.map { "@" + $0 } ?? ""): "
                    + "\(text(one)), by the law \(text(other))")
        }
        return Failure(
            "the law",
            "\(replica.name), record \(name.id.text.prefix(4)): \(bare(shown)), by the law \(bare(wanted))")
    }

    private func text(_ register: Register?) -> String {
        guard let register else { return "nothing" }
        let asides = register.aside.map { "\($0.value) (\($0.origin.number))" }
        return "\(register.value) (\(register.shown.number)), \(register.equal.count) equal, aside \(asides)"
    }

    private func bare(_ record: Record?) -> String {
        guard let record else { return "nothing" }
        return "created \(record.created) by \(record.author ?? "?"), changed \(record.changed) by "
            + "\(record.changedBy ?? "?"), review \(record.review), \(record.overlooked.count) overlooked"
    }
}
