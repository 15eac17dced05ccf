internal import ParleyCore

/// A register of the record at hand in which changes of the batch stand that had not all seen each other: its
/// heads lie in memory until the record is done, and are compared with each other and with the tables once.
struct OpenRegister {
    let field: UInt32
    /// nil for a plain field.
    let key: UnsafeRawBufferPointer?
    /// The shown one first.
    var heads: [Head<ValueBytes>]
    /// What the tables and the row show.
    let shown: Origin
    /// The set-aside heads that stand in the table.
    let stored: [AsideStatements.Stored]
    /// How many set-aside heads the row has counted here.
    let counted: Int

    /// The heads that have the shown value, the greatest first.
    var equal: [Origin] { heads.filter { $0.content == heads[0].content }.map(\.origin) }

    /// The heads that are set aside and not in the table yet, and the rows of the table that are it no more.
    func difference() -> (added: [Head<ValueBytes>], removed: [Int64], count: Int) {
        var (added, removed, count): ([Head<ValueBytes>], [Int64], Int) = ([], [], 0)
        var rest = stored.sorted { $0.head.origin > $1.head.origin }[...]
        for head in heads {
            while let next = rest.first, next.head.origin > head.origin {
                removed.append(next.rowid)
                rest.removeFirst()
            }
            let isAside = head.content != heads[0].content
            if isAside { count += 1 }
            if let next = rest.first, next.head.origin == head.origin {
                if !isAside { removed.append(next.rowid) }
                rest.removeFirst()
            } else if isAside {
                added.append(head)
            }
        }
        return (added, removed + rest.map(\.rowid), count)
    }
}

/// The open registers of the record at hand; one for all records, one after the other.
final class OpenRegisters {
    private struct Name: Hashable {
        let field: UInt32
        let key: ValueBytes?
    }

    private var places: [Name: Int] = [:]
    private var registers: [OpenRegister] = []
    /// The plain fields among them, those below the limit of tags.
    private(set) var plain: UInt64 = 0

    func place(_ field: UInt32, _ key: UnsafeRawBufferPointer?) -> Int? {
        if registers.isEmpty { return nil }
        return places[Name(field: field, key: key.map { ValueBytes(buffer: $0) })]
    }

    /// - Returns: its place.
    func open(_ register: OpenRegister) -> Int {
        let name = Name(field: register.field, key: register.key.map { ValueBytes(buffer: $0) })
        places[name] = registers.count
        if register.key == nil, register.field < Field.tagLimit { plain |= 1 << UInt64(register.field) }
        registers.append(register)
        return registers.count - 1
    }

    /// The merge law for one more write.
    /// - Returns: the heads afterwards, the shown one first.
    func merge(
        _ write: Head<ValueBytes>, at place: Int, covers: (ChangeID) -> Bool
    ) -> [Head<ValueBytes>] {
        registers[place].heads.merge(write, covers: covers)
        return registers[place].heads
    }

    func takeAll() -> [OpenRegister] {
        if registers.isEmpty { return [] }
        defer {
            registers.removeAll(keepingCapacity: true)
            places.removeAll(keepingCapacity: true)
            plain = 0
        }
        return registers
    }
}
