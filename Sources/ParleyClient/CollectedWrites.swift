internal import ParleyCore

/// What an import is about to write: the parts that become changesets, and what of a record stands in any of them.
struct CollectedWrites {
    struct Part {
        var written: [RecordImage] = []
        var said: [RecordImage] = []

        var isEmpty: Bool { written.isEmpty && said.isEmpty }
    }

    private var parts: [Part] = []
    private var written = Places()
    private var said = Places()

    mutating func beginPart() { parts.append(Part()) }

    /// Hands a part over; nothing is looked up in it any more.
    mutating func removePart(_ index: Int) -> Part {
        defer { parts[index] = Part() }
        return parts[index]
    }

    mutating func write(_ values: [RegisterImage], to record: RecordName) {
        guard !values.isEmpty, let last = parts.indices.last else { return }
        written.add(record, Place(part: last, index: parts[last].written.count))
        parts[last].written.append(RecordImage(name: record, registers: values))
    }

    mutating func say(_ values: [RegisterImage], of record: RecordName) {
        guard !values.isEmpty, let last = parts.indices.last else { return }
        said.add(record, Place(part: last, index: parts[last].said.count))
        parts[last].said.append(RecordImage(name: record, registers: values))
    }

    func holds(_ record: RecordName) -> Bool { written.holds(record) }

    /// What is about to be written to a register.
    func value(of register: RegisterName, in record: RecordName) -> Value? {
        Self.value(of: register, written[record]) { parts[$0.part].written[$0.index] }
    }

    /// Whether the file has said this register already, in what is not stored yet.
    func holds(_ register: RegisterName, of record: RecordName) -> Bool {
        value(of: register, in: record) != nil
            || Self.value(of: register, said[record]) { parts[$0.part].said[$0.index] } != nil
    }

    private static func value(
        of register: RegisterName, _ places: [Place], _ image: (Place) -> RecordImage
    ) -> Value? {
        for place in places.reversed() {
            if let found = image(place).registers.last(where: { $0.name == register }) { return found.value }
        }
        return nil
    }
}

private struct Place {
    var part: Int
    var index: Int
}

/// Where something of a record stands; hardly any record stands at more than one place.
private struct Places {
    private var first: [RecordName: Place] = [:]
    private var more: [RecordName: [Place]] = [:]

    mutating func add(_ record: RecordName, _ place: Place) {
        guard let known = first.updateValue(place, forKey: record) else { return }
        first[record] = known
        more[record, default: []].append(place)
    }

    func holds(_ record: RecordName) -> Bool { first[record] != nil }

    subscript(record: RecordName) -> [Place] {
        first[record].map { [$0] + (more[record] ?? []) } ?? []
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
