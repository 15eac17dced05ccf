import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyStore

/// What was ever written of each register of a record, for `export --history`.
struct RegisterHistory {
    let tx: ReadTransaction
    let attribution: Attribution

    /// So many records' pasts are read together, since they lie in the same changesets.
    static let many = 2_048

    func writes(of records: [RecordName]) throws -> [[RegisterPast]] {
        try zip(records, try tx.changes(of: records)).map { try writes(of: $0, $1) }
    }

    private func writes(of record: RecordName, _ changes: [PastChange]) throws -> [RegisterPast] {
        let asides = Set(
            try tx.asides(of: record).map { Place(register: $0.register, change: $0.head.origin.change) })
        var writes: [RegisterName: [PastWrite]] = [:]
        for change in changes.reversed() {
            let source = try attribution.source(change.origin)
            for write in change.writes {
                let isAside = asides.contains(Place(register: write.name, change: change.id))
                writes[write.name, default: []].append(
                    PastWrite(
                        value: write.value, by: source.author, at: source.moment, act: source.act,
                        device: change.id.device.text, number: change.id.number, isAside: isAside))
            }
        }
        return writes.map { RegisterPast(name: $0, writes: $1) }
    }

    private struct Place: Hashable {
        var register: RegisterName
        var change: ChangeID
    }
}
