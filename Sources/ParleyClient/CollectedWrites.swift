internal import ParleyCore

/// What a chunk writes, by record: each record's writes together and in order, so that encoding them needs
/// no sorting of all.
struct CollectedWrites {
    private var written: [RecordName: [DraftResolver.Registered]] = [:]
    private var noted: [RecordName: [DraftResolver.Registered]] = [:]
    private var said: [RegisterWrite] = []

    /// Whether the chunk writes something of this record.
    func writes(_ record: RecordName) -> Bool { written[record] != nil }

    /// What the chunk writes to a register, if it does.
    func value(_ register: RegisterName, of record: RecordName) -> Value? {
        written[record]?.last { $0.register == register }?.value
    }

    /// What the source said of a register in this chunk, written or not.
    func statement(_ register: RegisterName, of record: RecordName) -> Value? {
        noted[record]?.last { $0.register == register }?.value ?? value(register, of: record)
    }

    mutating func add(_ values: [DraftResolver.Registered], to record: RecordName) {
        guard !values.isEmpty else { return }
        written[record, default: []] += values.sorted { $0.register < $1.register }
    }

    /// What the source newly said and what is not written.
    mutating func say(_ value: DraftResolver.Registered, of record: RecordName) {
        said.append(RegisterWrite(record, value.register, value.value))
        noted[record, default: []].append(value)
    }

    var writes: Writes {
        var writes = Writes(said: said)
        for record in written.keys.sorted() {
            for value in written[record] ?? [] {
                writes.written.append(RegisterWrite(record, value.register, value.value))
            }
        }
        return writes
    }
}
