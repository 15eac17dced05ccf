/// Writes a body and notes where everything comes to lie, so that nobody need decode it again.
struct BodyEncoder {
    private(set) var bytes: [UInt8] = []
    private(set) var writes: [EncodedWrite] = []

    init(_ act: Act, most records: Int) {
        bytes.reserveCapacity(64 + records * 512)
        writes.reserveCapacity(records * 8)
        act.encode(into: &bytes)
    }

    mutating func append(_ records: [RecordImage]) throws(MalformedBytes) -> [RecordGroup] {
        bytes.append(varint: UInt64(records.count))
        var groups: [RecordGroup] = []
        groups.reserveCapacity(records.count)
        for record in records {
            if let last = groups.last, last.name >= record.name { throw failure(.outOfOrder, "group") }
            groups.append(try append(record))
        }
        return groups
    }

    private mutating func append(_ record: RecordImage) throws(MalformedBytes) -> RecordGroup {
        guard !record.registers.isEmpty else { throw failure(.notAllowed, "empty group") }
        bytes.append(groupOf: record.registers.count, record.name)
        let first = writes.count
        var last: RegisterName?
        for register in record.registers {
            if let last, last >= register.name { throw failure(.outOfOrder, "write") }
            try append(register)
            last = register.name
        }
        return RecordGroup(name: record.name, writes: first..<writes.count)
    }

    @inline(__always)
    private mutating func append(_ register: RegisterImage) throws(MalformedBytes) {
        let key = bytes.append(head: register.name)
        if let key, key.isEmpty || key.count > RegisterName.longestKey { throw failure(.notAllowed, "key") }
        let start = bytes.count
        switch register.value {
        // What consists of parts may be too deep, or be no item at all.
        case .list, .other: bytes += try checked(register.value.encoded)
        default: register.value.encode(into: &bytes)
        }
        writes.append(EncodedWrite(field: register.name.field, key: key, value: start..<bytes.count))
    }

    private func checked(_ item: [UInt8]) throws(MalformedBytes) -> [UInt8] {
        _ = try Value(decoding: item)
        return item
    }

    private func failure(_ reason: MalformedBytes.Reason, _ what: String) -> MalformedBytes {
        MalformedBytes(reason, at: bytes.count, reading: what)
    }
}
