internal import ParleyCore

/// What an import is about to write: the parts that become changesets, and what of a record stands in any of them.
struct CollectedWrites: Sendable {
    struct Part: Sendable {
        var written: [RecordImage] = []
        var said: [RecordImage] = []

        var isEmpty: Bool { written.isEmpty && said.isEmpty }
    }

    private var parts: [Part] = []
    /// Where what is said of a record stands in the parts, in the order of the rows.
    private var places: [RecordName: [Place]] = [:]

    private struct Place: Sendable {
        var part: Int
        var index: Int
        var isWritten: Bool
    }

    mutating func beginPart() { parts.append(Part()) }

    /// The part that was begun last.
    var last: Part { parts.last ?? Part() }

    mutating func write(_ values: [RegisterImage], to record: RecordName) {
        guard !values.isEmpty, let last = parts.indices.last else { return }
        places[record, default: []].append(
            Place(part: last, index: parts[last].written.count, isWritten: true))
        parts[last].written.append(RecordImage(name: record, registers: values))
    }

    /// What the source newly said and what is not written.
    mutating func say(_ values: [RegisterImage], of record: RecordName) {
        guard !values.isEmpty, let last = parts.indices.last else { return }
        places[record, default: []].append(
            Place(part: last, index: parts[last].said.count, isWritten: false))
        parts[last].said.append(RecordImage(name: record, registers: values))
    }

    /// Whether something of this record is about to be written.
    func holds(_ record: RecordName) -> Bool { places[record]?.contains(where: \.isWritten) ?? false }

    /// What is about to be written to a register.
    func value(of register: RegisterName, in record: RecordName) -> Value? {
        latest(register, record) { $0.isWritten }
    }

    /// What the source said of a register in these rows, written or not.
    func statement(of register: RegisterName, in record: RecordName) -> Value? {
        latest(register, record) { _ in true }
    }

    private func latest(
        _ register: RegisterName, _ record: RecordName, _ counts: (Place) -> Bool
    ) -> Value? {
        guard let places = places[record] else { return nil }
        for place in places.reversed() where counts(place) {
            let part = parts[place.part]
            let image = place.isWritten ? part.written[place.index] : part.said[place.index]
            if let found = image.registers.last(where: { $0.name == register }) { return found.value }
        }
        return nil
    }
}

extension [RecordImage] {
    /// Each record once and in order, and each one's registers so too: as a body wants them.
    var inOrder: [RecordImage] {
        var ordered: [RecordImage] = []
        ordered.reserveCapacity(count)
        for index in indices.sorted(by: { (self[$0].name, $0) < (self[$1].name, $1) }) {
            if ordered.last?.name == self[index].name {
                ordered[ordered.count - 1].registers += self[index].registers
            } else {
                ordered.append(self[index])
            }
        }
        for index in ordered.indices { ordered[index].registers.sortKeepingLast() }
        return ordered
    }
}
